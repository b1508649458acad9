"""Run resolvelib and turn what it says into an outcome, refusals on the way included."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Criterion, RequirementInformation, RequirementsConflicted

from depguard.resolve.needs import Key
from depguard.resolve.outcome import Exhausted, Refused, Solved, Unsolvable
from depguard.resolve.provider import C, Provider, R
from depguard.resolve.rounds import Rounds


class _SpentError(Exception):
    """The budget of rounds is used up."""


class Recorder(BaseReporter[R, C, Key], Generic[R, C]):
    """Keeps every candidate that was given up, with the requirements that met, each once; counts rounds."""

    def __init__(self, rounds: int) -> None:
        self.refusals: dict[tuple[int, Key], Refused[R, C]] = {}
        self._rounds = rounds

    def starting_round(self, index: int) -> None:
        """End it when the budget is used up."""
        if index >= self._rounds:
            raise _SpentError

    def rejecting_candidate(self, criterion: Criterion[R, C], candidate: C) -> None:
        """Keep it."""
        met = tuple(information.requirement for information in criterion.information)
        if met:
            self.refusals.setdefault(
                (id(candidate), met[-1].key), Refused(key=met[-1].key, needs=met, candidate=candidate)
            )


class Repin(enum.Enum):
    """When a candidate may unseat what is chosen already, if that does not meet its requirements.

    ALWAYS: resolvelib's own way, and so pip's. UNLESS_SELF_DEFEATING: not what alone brought the candidate
    in (else a dependency of the newest release, dropped with it, decides for an older one).
    """

    ALWAYS = "always"
    UNLESS_SELF_DEFEATING = "unless-self-defeating"


class Steady(Rounds[R, C], Generic[R, C]):
    """A resolution that refuses some candidates which unseat what is chosen already."""

    def __init__(self, provider: Provider[R, C], reporter: Recorder[R, C], repin: Repin) -> None:
        super().__init__(provider, reporter)
        self._repin = repin

    # The one hook at which a candidate and what it brings can be refused like any other conflict.
    def _get_updated_criteria(self, candidate: C) -> dict[Key, Criterion[R, C]]:
        criteria = super()._get_updated_criteria(candidate)
        if self._repin is Repin.ALWAYS:
            return criteria
        unseated = {
            key
            for key in self._touched
            if key != candidate.key
            and key in self.state.mapping
            and not self._is_current_pin_satisfying(key, criteria[key])
        }
        for key in self.state.mapping if unseated else ():
            if key in unseated and self._hangs_on(candidate.key, key):
                raise RequirementsConflicted(criteria[key])
        return criteria

    # A jump back adds to what is given up the same once more, and again at the next jump: lists that double.
    # What is in them counts, not how often.
    def _patch_criteria(self, incompatibilities_from_broken: list[tuple[Key, list[C]]]) -> bool:
        patched = super()._patch_criteria(incompatibilities_from_broken)
        for _, given_up in incompatibilities_from_broken:
            if given_up:
                given_up[:] = dict.fromkeys(given_up)
        return patched

    def _hangs_on(self, key: Key, other: Key) -> bool:
        """Whether nothing but ``other`` (with or without extras) is the reason that ``key`` is needed."""
        rest = {k: pin for k, pin in self.state.mapping.items() if k.name != other.name}
        return key not in _reached(self.state.criteria, rest)


def solve(
    provider: Provider[R, C],
    roots: Sequence[R],
    *,
    rounds: int,
    repin: Repin = Repin.UNLESS_SELF_DEFEATING,
    patience: int | None = None,
    search: Callable[[Provider[R, C], Recorder[R, C], Repin], Steady[R, C]] = Steady,
) -> Solved[R, C] | Unsolvable[R, C] | Exhausted[R, C]:
    """Solve within a budget of rounds (pins tried), which does not depend on the clock.

    ``patience`` is the budget that resolvelib is told of: it jumps far back for a tenth of it before it
    goes step by step. Raises whatever the provider's port raises (OutOfReachError).
    """
    recorder: Recorder[R, C] = Recorder(rounds)
    # Resolution is what resolvelib's Resolver drives. The Resolver's own last step, leaving out what
    # nothing reaches any more, recurses without end where that is a circle: it is done here instead.
    resolution = search(provider, recorder, repin)
    try:
        result = resolution.resolve(list(roots), max_rounds=patience or rounds)
    except ResolutionImpossible as error:
        return Unsolvable(refusals=(*recorder.refusals.values(), *_last(error.causes)))
    except (ResolutionTooDeep, _SpentError):
        return Exhausted(rounds=rounds, refusals=tuple(recorder.refusals.values()))
    finally:
        resolution.close()
    reached = _reached(result.criteria, result.mapping)
    chosen = {key: candidate for key, candidate in result.mapping.items() if key in reached}
    return Solved(
        chosen=chosen,
        asked=_asked(result.criteria, chosen),
        refusals=tuple(recorder.refusals.values()),
    )


def _last(causes: Collection[RequirementInformation[R, C]]) -> list[Refused[R, C]]:
    """The conflict that ended the search, by key."""
    by_key: dict[Key, list[R]] = {}
    for cause in causes:
        by_key.setdefault(cause.requirement.key, []).append(cause.requirement)
    return [Refused(key=key, needs=tuple(needs), candidate=None) for key, needs in by_key.items()]


def _reached(criteria: Mapping[Key, Criterion[R, C]], mapping: Mapping[Key, C]) -> set[Key]:
    """What the request needs, directly or through a pin: re-pinning leaves behind what nobody asks for."""
    keys = {id(candidate): key for key, candidate in mapping.items()}
    children: dict[Key | None, list[Key]] = {}
    for key, criterion in criteria.items():
        for information in criterion.information:
            parent = information.parent
            if parent is None:
                children.setdefault(None, []).append(key)
            elif id(parent) in keys:
                children.setdefault(keys[id(parent)], []).append(key)
    reached: set[Key] = set()
    waiting = list(children.get(None, ()))
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            waiting += children.get(key, ())
    return reached


def _asked(criteria: Mapping[Key, Criterion[R, C]], chosen: Mapping[Key, Any]) -> dict[Key, tuple[R, ...]]:
    """Who asked for what is chosen: requirements of the request and of chosen parents only."""
    asked: dict[Key, tuple[R, ...]] = {}
    for key, criterion in criteria.items():
        if key not in chosen:
            continue
        asked[key] = tuple(
            information.requirement
            for information in criterion.information
            if information.parent is None or chosen.get(information.parent.key) is information.parent
        )
    return asked
