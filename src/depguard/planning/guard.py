"""The guarded solve: honour the policy on one or several hosts at once, in two passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.plan import Action, Cause, ChangeSet
from depguard.planning.changes import action_for, change_set
from depguard.records import dataclass, field, replace
from depguard.resolve.guarded import GuardedProvider
from depguard.resolve.guarded_choice import GuardRules
from depguard.resolve.joint import GuardedHost, JointCandidate, JointNeed, Kept
from depguard.resolve.outcome import Exhausted, Refused, Solved, Unsolvable
from depguard.resolve.prereleases import PrereleaseRule, mentions_prerelease
from depguard.resolve.search import is_sound, search
from depguard.resolve.solve import solve

ROUNDS = 10_000
"""A pass's budget in rounds, so that the answer is the same on a slow machine. A round is one pin tried."""

SEARCH_ROUNDS = 2_000
"""The budget of the thorough search, in candidates."""

JointOutcome = (
    Solved[JointNeed, JointCandidate]
    | Unsolvable[JointNeed, JointCandidate]
    | Exhausted[JointNeed, JointCandidate]
)
JointRefusal = Refused[JointNeed, JointCandidate]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requirement of a request and where it was written."""

    requirement: Requirement
    location: Location | None = None

    @property
    def name(self) -> NormalizedName:
        """The normalized project name."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRequest:
    """What the guarded solve is asked: requirements, lower tiers' pins, and what never comes in.

    ``rounds`` is the budget of each pass.
    """

    wanted: tuple[Wanted, ...]
    forbidden: Callable[[NormalizedName], bool]
    pins: Mapping[NormalizedName, Version] = field(default_factory=dict)
    prereleases: PrereleaseRule = PrereleaseRule.CLASSIC
    rounds: int = ROUNDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """The answer on all hosts: a change set each, or None with the refusals that ended the search.

    ``explored`` are all needs that the solver met, for explanations. ``second_pass`` tells whether
    free distributions had to be allowed to move. ``doubts`` are per host.
    """

    changes: tuple[ChangeSet, ...] | None
    outcome: JointOutcome
    explored: tuple[JointNeed, ...]
    doubts: tuple[tuple[str, ...], ...]
    second_pass: bool

    @property
    def refusals(self) -> tuple[JointRefusal, ...]:
        """What was given up on the way."""
        return self.outcome.refusals

    @property
    def exhausted(self) -> bool:
        """Whether the round budget ran out."""
        return isinstance(self.outcome, Exhausted)

    @property
    def pins(self) -> dict[NormalizedName, Version]:
        """The versions that a requirements file has to state: all that is added or moved anywhere."""
        found: dict[NormalizedName, Version] = {}
        for changes in self.changes or ():
            found.update({action.name: action.new for action in changes.changes if action.new is not None})
        return found


def guard(
    hosts: Sequence[GuardedHost],
    request: GuardRequest,
    acceptable: Callable[[Guarded], bool] = lambda _: True,
    kept: Kept | None = None,
) -> Guarded:
    """Solve with everything kept that the request does not name; if that fails, let free ones move.

    ``acceptable`` judges a first-pass solution (DG404: fallen back too far); where it says no and the
    second pass finds one that it accepts, that one is taken. ``kept`` is shared by solves on the same hosts.
    Raises OutOfReachError.
    """
    kept = kept if kept is not None else Kept()
    first = _pass(hosts, request, kept, moves=False)
    if first.changes is not None and acceptable(first):
        return first
    second = _pass(hosts, request, kept, moves=True)
    if first.changes is not None and (second.changes is None or not acceptable(second)):
        return first
    return second


def _pass(hosts: Sequence[GuardedHost], request: GuardRequest, kept: Kept, *, moves: bool) -> Guarded:
    rules = GuardRules(
        moves=moves,
        named=frozenset(wanted.name for wanted in request.wanted),
        forbidden=request.forbidden,
        pins=request.pins,
        prereleases=request.prereleases,
        early=_early(request),
    )
    roots: list[JointNeed] = []
    with closing(GuardedProvider(hosts, rules, kept)) as provider:
        for name, version in sorted(request.pins.items()):
            roots += provider.roots(Requirement(f"{name}=={version}"))
        for wanted in request.wanted:
            roots += provider.roots(wanted.requirement, location=wanted.location)
        outcome = _solve(provider, roots, request.rounds)
        explored = (*roots, *provider.explored())
    changes = None
    doubts: tuple[tuple[str, ...], ...] = tuple(() for _ in hosts)
    if isinstance(outcome, Solved):
        changes = tuple(_changes(hosts, index, outcome) for index in range(len(hosts)))
        doubts = tuple(_doubts(hosts, index, outcome) for index in range(len(hosts)))
    return Guarded(
        changes=changes,
        outcome=outcome,
        explored=explored,
        doubts=doubts,
        second_pass=moves,
    )


def _solve(provider: GuardedProvider, roots: Sequence[JointNeed], rounds: int) -> JointOutcome:
    """Solve; what is said to be unsolvable is searched thoroughly, and so is what does not hold up."""
    outcome = solve(provider, roots, rounds=rounds)
    match outcome:
        case Exhausted():
            return outcome
        case Solved(chosen=chosen) if is_sound(provider, roots, chosen):
            return outcome
        case _:
            found = search(provider, roots, rounds=min(SEARCH_ROUNDS, rounds))
    if isinstance(found, Solved):
        return replace(found, refusals=outcome.refusals)
    if isinstance(outcome, Solved):
        # Not sound, and nothing better is known.
        return replace(found, refusals=outcome.refusals)
    return outcome


def _early(request: GuardRequest) -> frozenset[NormalizedName]:
    """Projects of which uv before 0.12 takes pre-releases: those that the request itself names one of."""
    if request.prereleases is not PrereleaseRule.UV_CLASSIC:
        return frozenset()
    return frozenset(w.name for w in request.wanted if mentions_prerelease(w.requirement.specifier))


def _changes(
    hosts: Sequence[GuardedHost], index: int, outcome: Solved[JointNeed, JointCandidate]
) -> ChangeSet:
    causes: dict[NormalizedName, list[Cause]] = {}
    for key, needs in outcome.asked.items():
        own = [need for need in needs if index in need.hosts and need.exact is None]
        # A lower tier's pin stands nowhere: whoever asked for the package in the first place is the cause.
        stated = [need for need in own if need.parent is not None or need.location is not None]
        causes.setdefault(key.name, []).extend(need.cause(index) for need in stated or own)
    actions: list[Action] = []
    for key, candidate in outcome.chosen.items():
        pick = candidate.picks[index]
        if key.extras or pick is None:
            continue
        actions.append(action_for(hosts[index].view.host, pick, causes.get(key.name, ())))
    return change_set(actions)


def _doubts(
    hosts: Sequence[GuardedHost], index: int, outcome: Solved[JointNeed, JointCandidate]
) -> tuple[str, ...]:
    """What could not be known about what the plan reaches on this host."""
    found: dict[str, None] = {}
    for key in sorted(outcome.chosen):
        pick = outcome.chosen[key].picks[index]
        reached = any(index in need.hosts for need in outcome.asked.get(key, ()))
        if pick is not None and (reached or pick.installed is None):
            found.update(dict.fromkeys(hosts[index].view.requires(pick).doubts))
    return tuple(found)
