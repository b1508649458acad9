"""Why something did not solve, or not with its newest release: findings and lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.utils import NormalizedName

from depguard.model.finding import About, Finding
from depguard.model.policy import Held, SameMajor, Severity
from depguard.planning.absence import absence, advice, describe
from depguard.planning.case import Case
from depguard.planning.conflicts import Conflict, Obstacle, conflicts
from depguard.planning.fallback import Fallback
from depguard.planning.simulate import Simulation
from depguard.planning.tiers import TierPlan
from depguard.resolve.joint import JointNeed
from depguard.resolve.needs import PYTHON
from depguard.resolve.outcome import Solved


def plan_conflicts(plan: TierPlan) -> list[Conflict]:
    """Why a plan failed, most telling first; without the milder ones where a telling one is known."""
    found = conflicts(plan.guarded, plan.setting)
    if not found:
        return []
    order = list(Obstacle)
    worst = order.index(found[0].obstacle)
    clash = order.index(Obstacle.PLATFORM)
    return [c for c in found if order.index(c.obstacle) < clash or order.index(c.obstacle) == worst]


def simulation_findings(case: Case, simulation: Simulation) -> list[Finding]:
    """Findings about a request that the installer itself cannot solve."""
    found: list[Finding] = []
    view = case.free_view
    for refusal in simulation.refusals:
        name = refusal.key.name
        if refusal.key == PYTHON:
            continue
        installed = view.installed(refusal.key)
        has = installed.version if installed is not None else None
        for need in refusal.needs:
            if has is not None and need.specifier.contains(has, prereleases=True):
                continue
            missing = absence(view, name, need.specifier)
            if missing.matching:
                continue
            lines = describe(missing, case.host)
            code = "DG405" if not missing.known else "DG304" if missing.needs_build else "DG303"
            found.append(
                Finding(
                    code=code,
                    about=About.SIMULATION,
                    severity=Severity.ERROR,
                    package=name,
                    message=lines[0],
                    hint=advice(missing),
                    because=(str(need.cause), *lines[1:]),
                    location=need.location,
                    culprit=str(need.requirement),
                )
            )
            break
    return found


def simulation_failure(case: Case, simulation: Simulation) -> tuple[str, ...]:
    """The requirements that the installer's resolver could not bring together, in lines."""
    if simulation.failure:
        return simulation.failure
    if simulation.exhausted:
        return ("the search was given up: too many candidates to try",)
    lines: dict[str, None] = {}
    for refusal in simulation.refusals:
        if refusal.candidate is not None:
            continue
        for need in refusal.needs:
            lines[str(need.cause)] = None
        lines.update(dict.fromkeys(simulation.constraints.get(refusal.key.name, ())))
        if refusal.key != PYTHON:
            specifier = refusal.needs[-1].specifier
            missing = absence(case.free_view, refusal.key.name, specifier)
            if not missing.matching:
                lines.update(dict.fromkeys(describe(missing, case.host)))
    return tuple(lines)


def held_back_reason(fallback: Fallback, met: Sequence[Conflict], case: Case, plan: TierPlan) -> str:
    """What kept the newest release out, as far as the solver met it: on this host, else on another."""

    def rank(conflict: Conflict) -> tuple[int, bool]:
        elsewhere = plan.setting.hosts[conflict.host] is not case.guarded
        return list(Obstacle).index(conflict.obstacle), elsewhere

    its_own = [c for c in met if c.need.parent is not None and c.need.parent.name == fallback.name]
    if not its_own:
        return _asked_lower(fallback, case, plan) or _kept_elsewhere(fallback, plan)
    worst = min(its_own, key=rank)
    host = plan.setting.hosts[worst.host]
    if host is not case.guarded:
        return f"needs {worst.need.requirement} on {host.view.host.name}"
    return _reason(worst, case)


def _asked_lower(fallback: Fallback, case: Case, plan: TierPlan) -> str:
    """Who asks for an older one than the newest, among what was chosen: on this host, else on another."""
    outcome = plan.guarded.outcome
    if not isinstance(outcome, Solved):
        return ""
    elsewhere = ""
    for key, needs in outcome.asked.items():
        for need in needs if key.name == fallback.name else ():
            if need.requirement.specifier.contains(fallback.newest, prereleases=True):
                continue
            for index in sorted(need.hosts):
                host = plan.setting.hosts[index]
                said = _asks(need, index)
                if said and host is case.guarded:
                    return said
                if said and not elsewhere:
                    elsewhere = f"{said} on {host.view.host.name}"
    return elsewhere


def _asks(need: JointNeed, index: int) -> str:
    """A need as it is on one host, empty where nobody has it there."""
    if need.parent is None:
        return f"the request has {need.requirement}"
    version = need.parent.version_on(index)
    return f"{need.parent.name} {version} needs {need.requirement}" if version is not None else ""


def _kept_elsewhere(fallback: Fallback, plan: TierPlan) -> str:
    """The host that has this version already, where all hosts get one version."""
    for host in plan.setting.hosts:
        installed = host.view.host.installed.get(fallback.name)
        if installed is not None and installed.version == fallback.chosen:
            return f"{host.view.host.name} has {fallback.chosen}"
    return ""


def _reason(conflict: Conflict, case: Case) -> str:
    requirement = conflict.need.requirement
    installed = case.host.installed.get(conflict.name)
    has = str(installed.version) if installed is not None else ""
    match conflict.obstacle:
        case Obstacle.PROTECTED:
            return f"needs {requirement}, protected at {has}"
        case Obstacle.HELD:
            return f"needs {requirement}, held at {_range(case, conflict.name)}"
        case Obstacle.FORBIDDEN:
            entry = case.forbidden(conflict.name)
            why = "which is forbidden" if entry is not None else "which splits a protected family"
            return f"needs {conflict.name}, {why}"
        case Obstacle.DEPENDENT:
            return f"would break {conflict.name} {has}, which needs {requirement}"
        case _:
            return f"needs {requirement}"


def _range(case: Case, name: NormalizedName) -> str:
    """A held range for people: ``5.x`` where it is a whole major version."""
    entry = case.grips[name].entry
    version = case.host.installed[name].version
    if isinstance(entry, Held) and entry.allow is SameMajor.SAME_MAJOR and version is not None:
        return f"{version.major}.x"
    return str(case.ranges.get(name, ""))
