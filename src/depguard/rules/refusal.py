"""Findings for a guarded solve that failed: the conflict as a rule's code, with its chain."""

from __future__ import annotations

from collections.abc import Sequence

from depguard.model.abi_report import Clash
from depguard.model.finding import About, Finding, Link, WayOut
from depguard.model.policy import Severity
from depguard.planning.absence import absence, advice, describe
from depguard.planning.case import Case
from depguard.planning.conflicts import Conflict, Obstacle
from depguard.planning.families import Split, cuda_split
from depguard.planning.tiers import TierPlan
from depguard.resolve.needs import PYTHON
from depguard.resolve.own_distributions import Requires

_CODES = {
    Obstacle.PROTECTED: "DG101",
    Obstacle.HELD: "DG201",
    Obstacle.FORBIDDEN: "DG203",
    Obstacle.DEPENDENT: "DG202",
    Obstacle.LOWERED: "DG201",
    Obstacle.PINNED: "DG201",
    Obstacle.PLATFORM: "DG303",
    Obstacle.CLASH: "DG303",
    Obstacle.UNFIT: "DG303",
}


def finding_of(conflict: Conflict, case: Case, plan: TierPlan, ways_out: Sequence[WayOut] = ()) -> Finding:
    """One conflict as a finding about the plan."""
    grip = case.grips.get(conflict.name)
    entry = grip.entry if grip is not None else None
    forbidden = case.forbidden(conflict.name)
    links = conflict.links
    stated = entry if conflict.obstacle in (Obstacle.PROTECTED, Obstacle.HELD) else forbidden
    return Finding(
        code=_code(conflict, case),
        about=About.PLAN,
        severity=Severity.ERROR,
        package=conflict.name,
        message=message(conflict, case, plan),
        hint=_hint(conflict, case),
        because=tuple(f"{link.name} {link.version or ''} requires {link.requirement}" for link in links[1:]),
        location=links[0].location if links else None,
        culprit=links[0].requirement if links else None,
        chain=links,
        ways_out=tuple(ways_out),
        policy_location=stated.location if stated is not None else None,
        policy_reason=stated.reason if stated is not None else "",
    )


def message(conflict: Conflict, case: Case, plan: TierPlan) -> str:
    """The conflict in one sentence, the culprit first."""
    who = _who(conflict.links)
    name = conflict.name
    installed = case.host.installed.get(name)
    has = f"{name} {installed.version}" if installed is not None else name
    match conflict.obstacle:
        case Obstacle.PROTECTED:
            return f"{who} would replace {name}"
        case Obstacle.HELD:
            return f"{who} needs {conflict.need.requirement}; {name} is held at {case.ranges.get(name)}"
        case Obstacle.FORBIDDEN:
            split = _split(conflict, case)
            if split is not None:
                return (
                    f"{who} brings in {name}, which does not go with the host's {split.head}: {split.detail}"
                )
            return f"{who} brings in {name}, which is forbidden"
        case Obstacle.DEPENDENT:
            return f"{_mover(conflict)} would break {has}, which needs {conflict.need.requirement}"
        case Obstacle.LOWERED:
            return (
                f"{who} needs {conflict.need.requirement}; the host has {has}, and a plan never goes below it"
            )
        case Obstacle.PINNED:
            pinned = f"{name}=={plan.pins[name]}"
            return f"{who} needs {conflict.need.requirement}; {plan.pinned_by[name]} pins {pinned}"
        case Obstacle.PLATFORM | Obstacle.UNFIT:
            return failure_lines(conflict, case)[0]
        case Obstacle.CLASH:
            return f"no version of {name} meets all requirements"


def failure_lines(conflict: Conflict, case: Case) -> tuple[str, ...]:
    """What met, and why nothing fits, in lines."""
    if conflict.need.key == PYTHON:
        found = _impossible(conflict, case)
        reason = found.impossible if found is not None else None
        return (reason or f"{conflict.name} cannot be installed on this host",)
    if conflict.obstacle is Obstacle.PLATFORM:
        specifier = conflict.need.requirement.specifier
        return describe(absence(case.guarded.view, conflict.name, specifier), case.host)
    index = conflict.host
    lines: dict[str, None] = {}
    for need in conflict.needs:
        if need.moved:
            installed = case.host.installed[need.key.name]
            lines[f"{installed.spelled} {installed.version} requires {need.requirement}"] = None
        else:
            lines[str(need.cause(index))] = None
    return tuple(lines)


def _code(conflict: Conflict, case: Case) -> str:
    """DG104 for a split family, DG304 where a build would help, DG405 where no index knows the project."""
    if _split(conflict, case) is not None:
        return "DG104"
    clash = _clash(conflict, case)
    if clash is not None:
        return clash.code
    if conflict.obstacle is not Obstacle.PLATFORM:
        return _CODES[conflict.obstacle]
    missing = absence(case.guarded.view, conflict.name, conflict.need.requirement.specifier)
    if not missing.known:
        return "DG405"
    return "DG304" if missing.needs_build else "DG303"


def _impossible(conflict: Conflict, case: Case) -> Requires | None:
    """Why one release cannot be installed on the host, where that is the conflict."""
    parent = conflict.need.parent if conflict.need.key == PYTHON else None
    pick = parent.picks[conflict.host] if parent is not None else None
    return case.guarded.view.requires(pick) if pick is not None else None


def _clash(conflict: Conflict, case: Case) -> Clash | None:
    found = _impossible(conflict, case)
    return found.clash if found is not None else None


def _split(conflict: Conflict, case: Case) -> Split | None:
    """The family that a kept-out name would split, where no entry forbids the name itself."""
    if conflict.obstacle is not Obstacle.FORBIDDEN or case.forbidden(conflict.name) is not None:
        return None
    return cuda_split(case.policy, case.host, case.grips, conflict.name)


def _mover(conflict: Conflict) -> str:
    """The candidate that would break a host distribution."""
    parent = conflict.need.parent
    if parent is None:
        return "the request"
    return f"{parent.name} {parent.version_on(conflict.host) or ''}".rstrip()


def _who(links: Sequence[Link]) -> str:
    """Who asks for it: the last link's parent, or the request itself."""
    if not links:
        return "the request"
    last = links[-1]
    return f"{last.name} {last.version}" if last.version is not None else f"{last.name} ({last.requirement})"


def _hint(conflict: Conflict, case: Case) -> str:
    match conflict.obstacle:
        case Obstacle.UNFIT if _clash(conflict, case) is not None:
            return "ask for a release whose compiled modules run on this host, if there is one"
        case Obstacle.PLATFORM if conflict.need.key != PYTHON:
            return advice(absence(case.guarded.view, conflict.name, conflict.need.requirement.specifier))
        case Obstacle.PLATFORM | Obstacle.UNFIT:
            return "ask for a release that has a wheel for this host"
        case Obstacle.CLASH:
            return "loosen one of the requirements"
        case Obstacle.PINNED:
            return "move the requirement to the lower tier, so that both agree"
        case _:
            return ""
