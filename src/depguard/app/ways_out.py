"""Ways out of a refusal: small changes to the request, each proved by a solve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.app.failures import plan_conflicts
from depguard.model.finding import Verdict, WayOut
from depguard.planning.conflicts import Conflict, Obstacle
from depguard.planning.guard import Wanted
from depguard.planning.tiers import Stage, TierPlan
from depguard.records import dataclass
from depguard.resolve.prereleases import pins_exactly

MOST_TOGETHER = 3
"""How many requirements of a request are changed together at most."""

MOST_CULPRITS = 2
"""For how many different requirements of the request changes are tried."""

MOST_HELD = 3
"""For how many held packages it is tried to let them move."""

TRIAL_ROUNDS = 1_000
"""The budget of each pass of a trial: what helps people is simple, and is found in a tenth of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a changed request gives: its plan, that plan's verdict, and why it is not safe."""

    plan: TierPlan
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Changes that were proved. ``given_up`` counts trials that ran out of rounds: they might have helped."""

    found: tuple[WayOut, ...] = ()
    given_up: int = 0

    @property
    def notices(self) -> tuple[str, ...]:
        """What to tell people about the search itself."""
        if not self.given_up:
            return ()
        changes = "1 change" if self.given_up == 1 else f"{self.given_up} changes"
        after = f"the trial of {changes} was given up after {TRIAL_ROUNDS:,} rounds"
        return (f"there may be other ways out: {after}",)


class Solver(Protocol):
    """Solves a changed request."""

    def __call__(
        self,
        stages: Sequence[Stage],
        *,
        let_move: frozenset[NormalizedName] = frozenset(),
        against: Mapping[NormalizedName, SpecifierSet] | None = None,
    ) -> Proof:
        """Solve, with the held names ``let_move`` let go. Raises OutOfReachError.

        ``against`` says, for a project, among which releases the newest is looked for when the
        distance of a fallback is judged; without it, among those that the request admits.
        """
        ...


class _Counting:
    """A solver that counts the trials that were given up."""

    def __init__(self, solver: Solver) -> None:
        self._solver = solver
        self.given_up = 0

    def __call__(
        self,
        stages: Sequence[Stage],
        *,
        let_move: frozenset[NormalizedName] = frozenset(),
        against: Mapping[NormalizedName, SpecifierSet] | None = None,
    ) -> Proof:
        proof = self._solver(stages, let_move=let_move, against=against)
        self.given_up += proof.plan.guarded.exhausted
        return proof


def ways_out(stages: Sequence[Stage], conflicts: Sequence[Conflict], plan: TierPlan, solver: Solver) -> Ways:
    """Changes that make the request solvable, best verdict first, then in the order tried.

    For the requirements at the start of the most telling chains: any other release, an older one
    than a pin, leaving it out; for what is held: letting it move.
    """
    found: dict[str, WayOut] = {}
    solver = counting = _Counting(solver)
    keeps = _keeps(conflicts, plan)
    for culprit in _culprits(conflicts, plan):
        for way in _changed(stages, culprit, solver, keeps):
            found.setdefault(way.change, way)
    if not any(way.verdict is Verdict.SAFE for way in found.values()):
        for way in _together(stages, conflicts, plan, solver):
            found.setdefault(way.change, way)
    held = dict.fromkeys(c.name for c in conflicts if c.obstacle is Obstacle.HELD)
    for name in list(held)[:MOST_HELD]:
        proof = solver(stages, let_move=frozenset({name}))
        if proof.plan.solved:
            way = _way(f"let {name} move (it is held)", proof)
            found.setdefault(way.change, way)
    ways = sorted(found.values(), key=lambda way: way.verdict.rank)
    return Ways(found=tuple(ways), given_up=counting.given_up)


def _keeps(conflicts: Sequence[Conflict], plan: TierPlan) -> str:
    """What a safe way out keeps: the protected or held package that was in the way."""
    for conflict in conflicts:
        if conflict.obstacle in (Obstacle.PROTECTED, Obstacle.HELD):
            installed = plan.setting.hosts[conflict.host].view.host.installed[conflict.name]
            return f"keeps {conflict.name} {installed.version}"
    return ""


def _culprits(conflicts: Sequence[Conflict], plan: TierPlan) -> list[Wanted]:
    """The request's requirements at the start of the chains, most telling first."""
    by_text = {str(wanted.requirement): wanted for wanted in plan.wanted}
    culprits: dict[str, Wanted] = {}
    for conflict in conflicts:
        root = conflict.links[0].requirement if conflict.links else ""
        if root in by_text:
            culprits.setdefault(root, by_text[root])
    return list(culprits.values())[:MOST_CULPRITS]


def _together(
    stages: Sequence[Stage], conflicts: Sequence[Conflict], plan: TierPlan, solver: Solver
) -> Iterator[WayOut]:
    """Several requirements at fault: let go of one after the other until it solves, then name the pins."""
    loosened: dict[NormalizedName, Wanted] = {}
    changed = list(stages)
    for _ in range(MOST_TOGETHER):
        culprit = next((c for c in _culprits(conflicts, plan) if len(c.requirement.specifier)), None)
        if culprit is None or culprit.name in loosened:
            return
        loose = Requirement(str(culprit.requirement))
        loose.specifier = SpecifierSet()
        loosened[culprit.name] = culprit
        changed = _replaced(changed, culprit, loose)
        proof = solver(changed)
        if proof.plan.solved:
            break
        conflicts, plan = plan_conflicts(proof.plan), proof.plan
    else:
        return
    if len(loosened) < 2:
        return  # a single change was tried already
    pins = proof.plan.guarded.pins
    words = [f"{name}=={pins[name]}" if name in pins else f"{name} without a version" for name in loosened]
    yield _way(", ".join(words), proof, proof.note)


def _changed(stages: Sequence[Stage], culprit: Wanted, solver: Solver, keeps: str) -> Iterator[WayOut]:
    requirement = culprit.requirement
    if requirement.url is None and len(requirement.specifier):
        yield from _with_specifier(stages, culprit, SpecifierSet(), solver, keeps=keeps)
        pinned = _pinned(requirement)
        if pinned is not None:
            # Held against the pinned release: an older one that is silent is no way round it (DG404).
            # No ordered comparison takes a local label (`torch==2.11.0+cpu`).
            older, against = SpecifierSet(f"<{pinned.public}"), SpecifierSet(f"<={pinned.public}")
            yield from _with_specifier(stages, culprit, older, solver, keeps=keeps, against=against)
    left = len([item for _, wanted in stages for item in wanted]) - 1
    if not left:
        return  # to ask for nothing is no way out
    proof = solver(_replaced(stages, culprit, None))
    if proof.plan.solved:
        note = f"the other {left} requirements stay" if left > 1 else ""
        if proof.verdict is not Verdict.SAFE:
            note = proof.note  # why not, is worth more
        yield _way(f"drop {requirement.name}", proof, note)


def _pinned(requirement: Requirement) -> Version | None:
    """The version of an exact pin; none of ``===text``, which need not be a version."""
    for clause in requirement.specifier:
        if pins_exactly(SpecifierSet(str(clause))):
            try:
                return Version(clause.version)
            except InvalidVersion:
                return None
    return None


def _with_specifier(
    stages: Sequence[Stage],
    culprit: Wanted,
    specifier: SpecifierSet,
    solver: Solver,
    *,
    keeps: str,
    against: SpecifierSet | None = None,
) -> Iterator[WayOut]:
    loose = Requirement(str(culprit.requirement))
    loose.specifier = specifier
    name = canonicalize_name(loose.name)
    proof = solver(
        _replaced(stages, culprit, loose), against={name: against} if against is not None else None
    )
    if not proof.plan.solved:
        return
    version = proof.plan.guarded.pins.get(name)
    if version is None:
        # Everything that is asked for is there already: naming it without a version is enough.
        yield _way(f"{loose.name} without a version", proof, "the host's own is taken")
    elif str(version) != next(iter(culprit.requirement.specifier)).version:
        # What is proposed is the pin, and a pin may let other versions of the rest come out.
        loose.specifier = SpecifierSet(f"=={version}")
        pinned = solver(_replaced(stages, culprit, loose), against={name: against or specifier})
        if pinned.plan.solved:
            yield _way(f"{loose.name}=={version}", pinned, pinned.note or keeps)


def _replaced(stages: Sequence[Stage], culprit: Wanted, by: Requirement | None) -> list[Stage]:
    changed: list[Stage] = []
    for name, wanted in stages:
        own: list[Wanted] = []
        for item in wanted:
            if item is not culprit:
                own.append(item)
            elif by is not None:
                own.append(Wanted(by, item.location))
        changed.append((name, tuple(own)))
    return changed


def _way(change: str, proof: Proof, note: str = "") -> WayOut:
    actions = proof.plan.guarded.changes[0].changes if proof.plan.guarded.changes else ()
    return WayOut(change=change, verdict=proof.verdict, note=note, actions=actions)
