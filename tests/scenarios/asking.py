"""A scenario's answer, as short lines that can be compared with what it expects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from depguard.app.plan import Question, plan_tier
from depguard.app.simulate import simulate_command
from depguard.errors import DepguardError
from depguard.model.finding import Finding, Link
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.policy import Severity
from depguard.model.report import Report
from scenarios.loading import UNSOLVABLE, Expectation, Scenario


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One report a host, or the codes of the problems that ended it all."""

    reports: tuple[Report, ...] = ()
    apart: bool = False
    errors: tuple[str, ...] = ()


def question_of(scenario: Scenario) -> Question:
    """The question that a scenario asks."""
    policy = scenario.policy
    stated = policy.sources.exclude_newer if policy is not None else None
    return Question(
        policy=policy,
        hosts=scenario.hosts,
        source=scenario.source(),
        cutoff=scenario.cutoff or stated,
        moment=scenario.cutoff or scenario.moment,
        installer=scenario.installer,
        pip=scenario.pip,
    )


def answer(scenario: Scenario) -> Answer:
    """Ask depguard."""
    question = question_of(scenario)
    try:
        if scenario.command is not None:
            return Answer(reports=simulate_command(question, scenario.command).reports)
        planned = plan_tier(question, scenario.tier or "")
    except DepguardError as error:
        return Answer(errors=tuple(problem.code for problem in error.problems))
    return Answer(reports=planned.reports.reports, apart=planned.apart is not None)


def differences(scenario: Scenario, got: Answer) -> Iterator[str]:
    """Where an answer is not what the scenario expects, a line each."""
    for index, expected in enumerate(scenario.expected):
        if expected.error is not None or got.errors:
            if got.errors != (expected.error,):
                yield f"error: expected {expected.error}, got {got.errors or 'an answer'}"
            continue
        report = got.reports[index]
        if expected.apart is not None and expected.apart is not got.apart:
            yield f"apart: expected {expected.apart}, got {got.apart}"
        for line in _of_report(expected, report):
            yield f"{report.host.name}: {line}" if len(scenario.hosts) > 1 else line


def _of_report(expected: Expectation, report: Report) -> Iterator[str]:
    if report.verdict.value != expected.verdict:
        yield f"verdict: expected {expected.verdict}, got {report.verdict.value}"
    errors = [f for f in report.findings if f.severity is Severity.ERROR]
    yield from _compared("simulation", _listed(expected.simulation), simulated(report))
    yield from _compared("plan", _listed(expected.plan), planned(report))
    loud = [finding_line(f) for f in report.findings if f.severity is not Severity.NOTE]
    quiet = [finding_line(f) for f in report.findings if f.severity is Severity.NOTE]
    yield from _compared("findings", _listed(expected.findings), sorted(loud))
    yield from _compared("notes", _listed(expected.notes), sorted(quiet))
    ways = [f"{way.verdict.value}: {way.change}" for f in report.findings for way in f.ways_out]
    yield from _compared("ways_out", list(expected.ways_out) if expected.ways_out is not None else None, ways)
    chain = next(([link_line(link) for link in f.chain] for f in errors if f.chain), [])
    yield from _compared("chain", list(expected.chain) if expected.chain is not None else None, chain)
    if expected.held_back is not None:
        held = held_back(report)
        if held != dict(expected.held_back):
            yield f"held_back: expected {dict(expected.held_back)}, got {held}"
    prose = "\n".join(_prose(report))
    for text in expected.says:
        if text not in prose:
            yield f"nothing says {text!r}; the prose is:\n{prose}"
    for text in expected.silent:
        if text in prose:
            yield f"something says {text!r}"


def _listed(lines: tuple[str, ...] | str | None) -> list[str] | None:
    if lines is None:
        return None
    return [lines] if isinstance(lines, str) else sorted(lines)


def _compared(what: str, expected: list[str] | None, got: list[str]) -> Iterator[str]:
    if expected is None or expected == got:
        return
    for line in expected:
        if line not in got:
            yield f"{what}: missing  {line}"
    for line in got:
        if line not in expected:
            yield f"{what}: odd      {line}"
    if sorted(expected) == sorted(got):
        yield f"{what}: expected the order {expected}, got {got}"


def simulated(report: Report) -> list[str]:
    """The simulation's changes, or "unsolvable"."""
    simulation = report.simulation
    if simulation is None or simulation.changes is None:
        return [UNSOLVABLE]
    return change_lines(simulation.changes)


def planned(report: Report) -> list[str]:
    """The plan's changes, "unsolvable", or "none" where no plan was made."""
    if report.plan is None:
        return ["none"]
    return change_lines(report.plan.changes) if report.plan.changes is not None else [UNSOLVABLE]


def change_lines(changes: ChangeSet) -> list[str]:
    """All changes but what is kept, sorted as text."""
    return sorted(action_line(action) for action in changes.changes)


def action_line(action: Action) -> str:
    """One action in a line (see `scenarios.loading`)."""
    new = str(action.new) if action.new is not None else f"@ {action.url}" if action.url else "?"
    match action.kind:
        case ActionKind.ADD:
            return f"+ {action.name} {new}"
        case ActionKind.REMOVE:
            return f"- {action.name} {action.old or '?'}"
        case ActionKind.REPLACE:
            return f"{action.name} {action.old or '?'} => {new}"
        case _:
            return f"{action.name} {action.old or '?'} -> {new}"


def finding_line(finding: Finding) -> str:
    """``DG101 simulation numpy error``, with ``waived`` behind where it is."""
    waived = " waived" if finding.waived is not None else ""
    return f"{finding.code} {finding.about.value} {finding.package} {finding.severity.value}{waived}"


def link_line(link: Link) -> str:
    """``captum 0.8.0 -> numpy<2``."""
    version = f" {link.version}" if link.version is not None else ""
    return f"{link.name}{version} -> {link.requirement}"


def told(report: Report) -> list[str]:
    """All of a report that a person would compare."""
    return [
        report.verdict.value,
        *simulated(report),
        *planned(report),
        *(
            f"{finding_line(f)} {f.message} {f.because} {[link_line(link) for link in f.chain]} "
            f"{[(way.change, way.verdict, way.note) for way in f.ways_out]}"
            for f in report.findings
        ),
        *report.unknown,
        *report.notices,
        str(held_back(report)),
    ]


def held_back(report: Report) -> dict[str, str]:
    """For each package that the plan takes older than the newest: that version and the reason."""
    changes = report.plan.changes if report.plan is not None else None
    return {
        action.name: f"{action.held_back.newest}: {action.held_back.reason}"
        for action in (changes.changes if changes is not None else ())
        if action.held_back is not None
    }


def _prose(report: Report) -> Iterable[str]:
    for finding in report.findings:
        yield finding.message
        yield from finding.because
        yield finding.hint
        yield from (f"{way.change} {way.note}" for way in finding.ways_out)
    yield from report.unknown
    yield from report.notices
    if report.simulation is not None:
        yield from report.simulation.failure
    if report.plan is not None:
        yield from report.plan.failure
