"""Tiers solved bottom-up, lower pins given, on all hosts at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import cache

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.policy import Severity, Tier
from depguard.planning.case import Case
from depguard.planning.conflicts import Setting
from depguard.planning.fallback import Fallback, fallbacks
from depguard.planning.guard import ROUNDS, Guarded, GuardRequest, Wanted, guard
from depguard.records import dataclass
from depguard.resolve.joint import Kept
from depguard.resolve.prereleases import PrereleaseRule

Stage = tuple[str, tuple[Wanted, ...]]
"""A tier's name and what it asks for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPlan:
    """The answer for a row of tiers: the last one's when all solved, else the failing one's.

    ``stage`` is the tier that the answer is of; ``pins`` are the versions fixed by the tiers below
    it, each with the tier that fixed it. ``wanted`` is the whole request up to and with ``stage``.
    """

    guarded: Guarded
    stage: str
    wanted: tuple[Wanted, ...]
    pins: Mapping[NormalizedName, Version]
    pinned_by: Mapping[NormalizedName, str]
    setting: Setting

    @property
    def solved(self) -> bool:
        """Whether every tier of the row has a plan."""
        return self.guarded.changes is not None


def stages_of(tiers: Sequence[Tier]) -> tuple[Stage, ...]:
    """What each tier of a row asks for itself."""
    return tuple(
        (tier.name, tuple(Wanted(item.requirement, item.location) for item in tier.requires))
        for tier in tiers
    )


def solve_row(
    cases: Sequence[Case],
    stages: Sequence[Stage],
    prereleases: PrereleaseRule,
    solved: MutableMapping[tuple[str, ...], TierPlan] | None = None,
    kept: Kept | None = None,
    *,
    rounds: int = ROUNDS,
) -> TierPlan:
    """Solve tier after tier; each one's pins are given to the next. Stops at the first that fails.

    ``solved`` has the plans of rows that were solved before on the same cases, by the names of their stages;
    those of this row are added. What a row begins with is solved once for all that go on from it, with as
    many ``rounds`` a pass. ``kept`` is what was found out on these cases about projects that stay.
    """
    solved = {} if solved is None else solved
    kept = kept if kept is not None else Kept()
    _look_ahead(cases, stages)
    row: tuple[str, ...] = ()
    pins: dict[NormalizedName, Version] = {}
    pinned_by: dict[NormalizedName, str] = {}
    wanted: tuple[Wanted, ...] = ()
    answer: TierPlan | None = None
    for name, own in stages:
        wanted += own
        row += (name,)
        if row not in solved:
            at = (name, wanted)
            solved[row] = _solve(cases, at, pins, pinned_by, prereleases, kept=kept, rounds=rounds)
        answer = solved[row]
        if not answer.solved:
            return answer
        for package, version in answer.guarded.pins.items():
            if package not in pins:
                pins[package] = version
                pinned_by[package] = name
    if answer is None:
        raise ValueError("a row of tiers has at least one")
    return answer


def _look_ahead(cases: Sequence[Case], stages: Sequence[Stage]) -> None:
    """Hint at all that the row will come to: the tiers are solved one after the other."""
    wanted = [item.requirement for _, own in stages for item in own]
    universes = [case.guarded.view.universe for case in cases]
    lacking = [name for each in universes for name in each.ahead.request(wanted, guarded=True)]
    universes[0].prefetch(dict.fromkeys(lacking))


def _solve(
    cases: Sequence[Case],
    stage: Stage,
    pins: Mapping[NormalizedName, Version],
    pinned_by: Mapping[NormalizedName, str],
    prereleases: PrereleaseRule,
    *,
    kept: Kept,
    rounds: int,
) -> TierPlan:
    name, wanted = stage
    outs = [case.kept_out() for case in cases]

    @cache
    def forbidden(package: NormalizedName) -> bool:
        return any(out(package) for out in outs)

    request = GuardRequest(
        wanted=wanted, forbidden=forbidden, pins=dict(pins), prereleases=prereleases, rounds=rounds
    )
    hosts = [case.guarded for case in cases]
    guarded = guard(hosts, request, acceptable=_acceptable(cases, wanted), kept=kept)
    setting = Setting(hosts=hosts, forbidden=forbidden, pins=frozenset(pins), request=name)
    return TierPlan(
        guarded=guarded,
        stage=name,
        wanted=wanted,
        pins=dict(pins),
        pinned_by=dict(pinned_by),
        setting=setting,
    )


def case_fallbacks(
    case: Case,
    guarded: Guarded,
    index: int,
    wanted: Sequence[Wanted],
    against: Mapping[NormalizedName, SpecifierSet] | None = None,
) -> tuple[Fallback, ...]:
    """What a plan takes older than need be, on one of its hosts.

    ``against`` replaces the request's own specifier for some projects.
    """
    if guarded.changes is None:
        return ()
    own = {**specifiers(wanted), **(against or {})}
    return fallbacks(case.guarded.view, guarded.changes[index], own, case.kept)


def specifiers(wanted: Sequence[Wanted]) -> dict[NormalizedName, SpecifierSet]:
    """The request's own specifiers by project."""
    merged: dict[NormalizedName, SpecifierSet] = {}
    for item in wanted:
        merged[item.name] = merged.get(item.name, SpecifierSet()) & item.requirement.specifier
    return merged


def _acceptable(cases: Sequence[Case], wanted: Sequence[Wanted]) -> Callable[[Guarded], bool]:
    policy = cases[0].policy
    severity = policy.rules.get("DG404", Severity.ERROR) if policy is not None else Severity.ERROR
    if severity is not Severity.ERROR:
        return lambda _: True
    return lambda guarded: (
        not any(
            found.far
            for index, case in enumerate(cases)
            for found in case_fallbacks(case, guarded, index, wanted)
        )
    )
