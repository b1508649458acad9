"""Use case: what an install command would do to a host, judged, with a guarded plan beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from depguard.app.failures import plan_conflicts
from depguard.app.judging import Occasion, asked, report
from depguard.app.plan import Question, prove_ways_out
from depguard.app.ways_out import Ways
from depguard.model.finding import About, Finding, Verdict, WayOut
from depguard.model.host import Host
from depguard.model.plan import ActionKind
from depguard.model.policy import Severity
from depguard.model.report import Asked, Report, Reports, RequestSummary
from depguard.model.request import InstallCommand, Verb
from depguard.planning.aftermath import after
from depguard.planning.case import make_case
from depguard.planning.guard import Wanted
from depguard.planning.simulate import Simulation, prerelease_rule, simulate
from depguard.planning.tiers import TierPlan, solve_row
from depguard.records import replace
from depguard.resolve.host_view import HostView
from depguard.rules.verdicts import verdict

Left = Callable[[], tuple[Host, ...]]
"""The hosts as a command leaves them, made when somebody asks. Raises OutOfReachError."""


def simulate_command(question: Question, command: InstallCommand) -> Reports:
    """Simulate and judge a command on each host of the question by itself."""
    return simulate_step(question, command)[0]


def simulate_step(
    question: Question, command: InstallCommand, *, advise: bool = True
) -> tuple[Reports, Left]:
    """The same as a step of a session: also the hosts as the command leaves them, for the next one.

    Without ``advise`` no guarded plan and no way out is looked for.
    """
    steps = [_on_host(question, command, index, advise=advise) for index in range(len(question.hosts))]

    @cache
    def left() -> tuple[Host, ...]:
        return tuple(after(view, simulation) for _, view, simulation in steps)

    return Reports(reports=tuple(judged for judged, _, _ in steps)), left


def wanted_of(command: InstallCommand) -> tuple[Wanted, ...]:
    """The requirements of a command that can be planned for."""
    return tuple(
        Wanted(item.requirement, item.location)
        for item in command.items
        if item.requirement is not None and item.doubt is None
    )


def _on_host(
    question: Question, command: InstallCommand, index: int, *, advise: bool
) -> tuple[Report, HostView, Simulation]:
    alone = replace(question, hosts=(question.hosts[index],), constraints=command.constraints)
    case = make_case(
        alone.hosts[0],
        question.policy,
        question.source,
        cutoff=question.cutoff,
        formats=command.formats,
        today=question.today,
        installer=command.installer,
        constraints=command.constraints,
        binaries=question.binaries,
        shelf=question.shelf,
    )
    simulation = simulate(case.free_view, command, pip=question.pip)
    wanted = wanted_of(command)
    occasion = Occasion(
        subject=About.SIMULATION,
        request=RequestSummary(requirements=_asked(command, wanted), command=command.command or None),
        policy=question.policy,
        cutoff=question.moment,
        today=question.today,
        source=question.source,
        user_site=command.user,
    )
    plan: TierPlan | None = None
    judged = report(occasion, case, 0, simulation, None)
    if advise and command.verb is Verb.INSTALL and wanted and judged.verdict is not Verdict.SAFE:
        stages = (("request", wanted),)
        rule = prerelease_rule(case.free_view, command.installer, question.pip)
        plan = solve_row([case], stages, rule)
        judged = report(occasion, case, 0, simulation, plan)
        if plan.solved:
            judged = _with_ways(judged, Ways(found=_guarded_way(judged, wanted, command)))
        elif plan_conflicts(plan):
            judged = _with_ways(judged, prove_ways_out(alone, stages, plan))
    return judged, case.free_view, simulation


def _guarded_way(judged: Report, wanted: tuple[Wanted, ...], command: InstallCommand) -> tuple[WayOut, ...]:
    """The guarded plan as a way out: what to ask for instead, where it differs from what would come."""
    if judged.plan is None or judged.plan.changes is None:
        return ()
    planned = {action.name: action for action in judged.plan.changes.actions}
    simulated = judged.simulation.changes if judged.simulation is not None else None
    coming = {action.name: action.new for action in simulated.actions} if simulated is not None else {}
    instead: dict[str, None] = {}
    kept: dict[str, None] = {}
    for item in wanted:
        action = planned.get(item.name)
        if action is None or action.new is None or action.new == coming.get(item.name):
            continue
        if action.kind is ActionKind.KEEP:
            kept[f"keep {item.name} {action.new}"] = None
        else:
            instead[f"{item.name}=={action.new}"] = None
    if not instead and not kept:
        if command.strategy is None and not command.upgrade_names:
            return ()
        kept["leave out -U"] = None  # what is there would do
    errors = [f for f in judged.findings if f.about is About.PLAN and f.severity is Severity.ERROR]
    return (
        WayOut(
            change=", ".join((*instead, *kept)),
            verdict=verdict(judged.findings, About.PLAN),
            note=errors[0].message if errors else _keeps(judged),
            actions=judged.plan.changes.changes,
        ),
    )


def _keeps(judged: Report) -> str:
    """What the guarded plan keeps where the simulation would not."""
    changes = judged.simulation.changes if judged.simulation is not None else None
    olds = {action.name: action.old for action in changes.changes} if changes is not None else {}
    for finding in judged.findings:
        if finding.about is About.SIMULATION and finding.code in ("DG101", "DG201"):
            return f"keeps {finding.package} {olds.get(finding.package) or ''}".rstrip()
    return ""


def _asked(command: InstallCommand, wanted: tuple[Wanted, ...]) -> tuple[Asked, ...]:
    unread = tuple(
        Asked(text=item.text, location=item.location)
        for item in command.items
        if item.requirement is None or item.doubt is not None
    )
    return asked(wanted) + unread


def _with_ways(judged: Report, ways: Ways) -> Report:
    """Hang the ways out on the first error about the simulation."""
    findings: list[Finding] = list(judged.findings)
    for index, finding in enumerate(findings):
        if finding.about is About.SIMULATION and finding.severity is Severity.ERROR:
            findings[index] = replace(finding, ways_out=ways.found)
            break
    return replace(judged, findings=tuple(findings), notices=(*judged.notices, *ways.notices))
