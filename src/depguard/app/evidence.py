"""What the rules see of a simulation and of a plan on one host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.model.finding import About
from depguard.model.host import Knowledge
from depguard.model.plan import ChangeSet
from depguard.model.policy import Forbidden
from depguard.model.report import Broken
from depguard.planning.case import Case
from depguard.planning.changes import left_unmet, newly_broken
from depguard.planning.fallback import Fallback, fallbacks
from depguard.planning.families import splits
from depguard.planning.inspection import inspect
from depguard.planning.simulate import Simulation
from depguard.planning.tiers import TierPlan, case_fallbacks
from depguard.resolve.host_view import states
from depguard.rules.evidence import Evidence


def simulation_evidence(
    case: Case, simulation: Simulation, label: str, *, user_site: bool = False
) -> Evidence:
    """What the rules see of a simulation that solved."""
    changes = simulation.changes or ChangeSet(actions=())
    return _evidence(
        case,
        changes,
        about=About.SIMULATION,
        request=label,
        fallbacks=_simulated_fallbacks(case, simulation),
        doubts=simulation.doubts,
        user_site=user_site,
        unmet=_left_unmet(case, simulation, changes) if simulation.no_deps else (),
        option=simulation.option,
    )


def plan_evidence(
    case: Case,
    plan: TierPlan,
    index: int,
    against: Mapping[NormalizedName, SpecifierSet] | None = None,
) -> Evidence:
    """What the rules see of a plan: the same rules, which a guarded plan should not offend.

    ``against`` replaces the request's own specifiers where the distance of a fallback is judged.
    """
    return _evidence(
        case,
        (plan.guarded.changes or ())[index],
        about=About.PLAN,
        request=plan.stage,
        fallbacks=case_fallbacks(case, plan.guarded, index, plan.wanted, against),
        doubts=plan.guarded.doubts[index],
    )


def _evidence(case: Case, changes: ChangeSet, **fields: Any) -> Evidence:
    """What follows from a host and the changes to it, whoever makes them."""
    return Evidence(
        host=case.host,
        changes=changes,
        grips=case.grips,
        ranges=case.ranges,
        broken=newly_broken(case.host, case.needed_by_others, changes),
        forbidden=_forbidden(case, changes),
        splits=splits(case.policy, case.host, case.grips, changes),
        builds=case.builds,
        stated=_stated(case, changes),
        inspection=inspect(case, changes),
        **fields,
    )


def _left_unmet(case: Case, simulation: Simulation, changes: ChangeSet) -> tuple[Broken, ...]:
    requirements = {
        key.name: case.free_view.requires(candidate).requirements
        for key, candidate in simulation.chosen.items()
        if candidate.offer is not None
    }
    return left_unmet(case.host, changes, requirements)


def _forbidden(case: Case, changes: ChangeSet) -> dict[NormalizedName, Forbidden]:
    entries = {action.name: case.forbidden(action.name) for action in changes.changes}
    return {name: entry for name, entry in entries.items() if entry is not None}


def _stated(case: Case, changes: ChangeSet) -> frozenset[NormalizedName]:
    """What comes from a direct URL whose requirements the policy states."""
    overrides = case.policy.overrides if case.policy is not None else ()
    return frozenset(
        action.name
        for action in changes.changes
        if action.url is not None and any(states(o, action.name, action.url) for o in overrides)
    )


def _simulated_fallbacks(case: Case, simulation: Simulation) -> tuple[Fallback, ...]:
    if simulation.changes is None:
        return ()
    own: dict[NormalizedName, SpecifierSet] = {}
    for action in simulation.changes.actions:
        for cause in action.because:
            if cause.parent is None:
                own[action.name] = own.get(action.name, SpecifierSet()) & cause.requirement.specifier
    # An installer takes what is asked for, however old; only silence says that it fell back to it.
    found = fallbacks(case.free_view, simulation.changes, own, case.kept)
    return tuple(fallback for fallback in found if fallback.silence is not None)


def assumed(case: Case, changes: ChangeSet) -> tuple[NormalizedName, ...]:
    """What was reached and is known only by assumption (a local label read from the public release)."""
    return tuple(
        action.name
        for action in changes.actions
        if action.name in case.host.installed
        and case.host.installed[action.name].requirements.how is Knowledge.ASSUMED
    )
