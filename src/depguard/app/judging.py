"""From a simulation and a plan on one host to its Report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.app.binary_notes import binary_notes
from depguard.app.evidence import assumed, plan_evidence, simulation_evidence
from depguard.model.finding import About, Finding, Verdict
from depguard.model.plan import Action, ChangeSet, HeldBack
from depguard.model.policy import Override, Policy, Waiver
from depguard.model.report import (
    Asked,
    HostSummary,
    PlanResult,
    Report,
    RequestSummary,
    SimulationResult,
)
from depguard.planning.case import Case
from depguard.planning.conflicts import REQUEST_OBSTACLES, Conflict, conflicts
from depguard.planning.fallback import Fallback
from depguard.planning.guard import Wanted
from depguard.planning.simulate import Simulation
from depguard.planning.tiers import TierPlan, case_fallbacks
from depguard.records import dataclass, replace
from depguard.resolve.ports import PackageSource
from depguard.rules.evidence import Evidence
from depguard.rules.registry import check, idle
from depguard.rules.verdicts import Judged, judge, verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is the same for all hosts of one question.

    ``subject`` says whose verdict is asked for. ``cutoff`` is the moment that the answer is tied to.
    ``source`` is asked for the sizes of artifacts, nothing else.
    """

    subject: About
    request: RequestSummary
    policy: Policy | None
    cutoff: datetime | None
    today: date
    source: PackageSource
    user_site: bool = False


def asked(wanted: Iterable[Wanted]) -> tuple[Asked, ...]:
    """A request for a report."""
    return tuple(Asked(text=str(item.requirement), name=item.name, location=item.location) for item in wanted)


def report(
    occasion: Occasion,
    case: Case,
    index: int,
    simulation: Simulation,
    plan: TierPlan | None,
) -> Report:
    """Judge one host. ``index`` is its place in the plan's hosts."""
    label = occasion.request.tier or "request"
    found: list[Finding] = []
    final: list[Finding] = []
    simulated = proposed = None
    if simulation.changes is not None:
        simulated = simulation_evidence(case, simulation, label, user_site=occasion.user_site)
        found += check(simulated)
    else:
        from depguard.app.failures import simulation_findings

        final += simulation_findings(case, simulation)
    if plan is not None and plan.solved:
        proposed = plan_evidence(case, plan, index)
        found += check(proposed)
    elif plan is not None:
        from depguard.app.failures import plan_conflicts
        from depguard.rules.refusal import finding_of

        final += [finding_of(c, case, plan) for c in plan_conflicts(plan) if c.host == index]
    judged = judge(found, occasion.policy, occasion.today, final=final)
    subject = proposed if occasion.subject is About.PLAN else simulated
    overrides = case.overrides_in(subject.changes) if subject is not None else frozenset()
    return Report(
        verdict=_verdict(occasion.subject, judged.findings, simulation, plan),
        subject=occasion.subject.value,
        host=HostSummary(
            name=case.host.name,
            sha256=case.host.sha256,
            python=str(case.host.python),
            installed=len(case.host.installed),
        ),
        request=occasion.request,
        simulation=_simulation_result(case, simulation, simulated),
        plan=_plan_result(occasion, case, index, plan),
        findings=(*judged.findings, *_without_effect(occasion, judged, subject, overrides)),
        cutoff=occasion.cutoff,
        unknown=_unknown(simulation, plan, index),
        policy=occasion.policy.name if occasion.policy is not None else None,
        policy_sources=occasion.policy.sources_used if occasion.policy is not None else (),
        assumed=_assumptions(case, simulation, plan, index),
        notices=_notices(judged, overrides),
        binaries=binary_notes(case, subject),
    )


def plan_findings(
    cases: Sequence[Case],
    plan: TierPlan,
    policy: Policy | None,
    today: date,
    against: Mapping[NormalizedName, SpecifierSet],
) -> list[Finding]:
    """The judged findings of a plan alone, over all its hosts (for ways out). None if it failed."""
    if not plan.solved:
        return []
    found: list[Finding] = []
    for index, case in enumerate(cases):
        evidence = plan_evidence(case, plan, index, against)
        found += judge(check(evidence), policy, today).findings
    return found


def _verdict(
    subject: About, findings: Sequence[Finding], simulation: Simulation, plan: TierPlan | None
) -> Verdict:
    if subject is About.SIMULATION:
        if simulation.changes is None:
            return Verdict.UNPROVEN if simulation.exhausted or simulation.doubts else Verdict.UNSOLVABLE
        return verdict(findings, subject)
    if plan is None or plan.solved:
        return verdict(findings, subject)
    if plan.guarded.exhausted:
        return Verdict.UNPROVEN
    if simulation.changes is None:
        return Verdict.UNSOLVABLE
    from depguard.app.failures import plan_conflicts

    met = plan_conflicts(plan)
    by_policy = any(c.obstacle not in REQUEST_OBSTACLES for c in met)
    return Verdict.UNSAFE if by_policy else Verdict.UNSOLVABLE


def _simulation_result(case: Case, simulation: Simulation, evidence: Evidence | None) -> SimulationResult:
    failure: tuple[str, ...] = ()
    if simulation.changes is None:
        from depguard.app.failures import simulation_failure

        failure = simulation_failure(case, simulation)
    return SimulationResult(
        installer=simulation.installer,
        changes=simulation.changes,
        broken=evidence.broken if evidence is not None else (),
        failure=failure,
    )


def _plan_result(occasion: Occasion, case: Case, index: int, plan: TierPlan | None) -> PlanResult | None:
    if plan is None:
        return None
    if plan.guarded.changes is None:
        from depguard.app.failures import plan_conflicts
        from depguard.rules.refusal import failure_lines, message

        lines: dict[str, None] = {}
        for conflict in plan_conflicts(plan):
            if conflict.host == index:
                lines[message(conflict, case, plan)] = None
                lines.update(dict.fromkeys(failure_lines(conflict, case)))
        if plan.guarded.exhausted:
            lines["the search was given up: too many candidates to try"] = None
        return PlanResult(changes=None, failure=tuple(lines))
    held = {f.name: f for f in case_fallbacks(case, plan.guarded, index, plan.wanted)}
    met = conflicts(plan.guarded, plan.setting, by_parent=True) if held else ()
    actions = tuple(
        _finished(occasion, action, _held_back(held.get(action.name), met, case, plan))
        for action in plan.guarded.changes[index].actions
    )
    return PlanResult(changes=ChangeSet(actions=actions))


def _held_back(
    fallback: Fallback | None, met: Sequence[Conflict], case: Case, plan: TierPlan
) -> HeldBack | None:
    if fallback is None:
        return None
    from depguard.app.failures import held_back_reason

    return HeldBack(newest=fallback.newest, reason=held_back_reason(fallback, met, case, plan))


def _finished(occasion: Occasion, action: Action, held_back: HeldBack | None) -> Action:
    if action.artifact is not None and action.size is None:
        action = replace(action, size=occasion.source.size(action.artifact))
    return replace(action, held_back=held_back) if held_back is not None else action


def _unknown(simulation: Simulation, plan: TierPlan | None, index: int) -> tuple[str, ...]:
    found = set(simulation.doubts)
    if plan is not None and plan.solved:
        found |= set(plan.guarded.doubts[index])
    return tuple(sorted(found))


def _without_effect(
    occasion: Occasion, judged: Judged, evidence: Evidence | None, used: Iterable[Override]
) -> tuple[Finding, ...]:
    """What the policy states in vain (DG505)."""
    policy = occasion.policy
    if policy is None or evidence is None:
        return ()
    return judge(idle(policy, judged.used, evidence, used, occasion.today), policy, occasion.today).findings


def _notices(judged: Judged, overrides: Iterable[Override]) -> tuple[str, ...]:
    """Overrides and waivers that were used."""
    by_name = sorted(overrides, key=lambda override: str(override.package))
    lines = [f"override used: {override.package} ({override.reason})" for override in by_name]
    lines += [f"waiver used: {w.code} {w.package} until {w.until} ({w.reason})" for w in _sorted(judged.used)]
    return tuple(lines)


def _sorted(waivers: Iterable[Waiver]) -> list[Waiver]:
    return sorted(waivers, key=lambda w: (w.code, w.package, w.until))


def _assumptions(case: Case, simulation: Simulation, plan: TierPlan | None, index: int) -> tuple[str, ...]:
    """What was reached and is known only by assumption, for `Report.assumed`."""
    reached = simulation.changes
    if plan is not None and plan.guarded.changes is not None:
        reached = plan.guarded.changes[index]
    names = assumed(case, reached) if reached is not None else ()
    return tuple(
        f"{name} {case.host.installed[name].version} requires what"
        f" {case.host.installed[name].requirements.source} does"
        for name in names
    )
