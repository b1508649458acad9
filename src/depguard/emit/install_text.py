"""A guarded install as text, a line a step. What is told of one step stays as it is when later ones end."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.emit.text import render_text
from depguard.emit.text_changes import change_flow, change_table
from depguard.emit.wording import counts, listed, megabytes, one_line, plural, total_size, wrapped
from depguard.errors import Problem
from depguard.model.environment import ByteChange, ProbeOutcome
from depguard.model.examination import Examination, Remedy
from depguard.model.finding import Finding, Verdict
from depguard.model.install import InstallOutcome, InstallReport, Stage
from depguard.model.plan import ActionKind, ChangeSet
from depguard.model.policy import Severity
from depguard.model.report import Report, Reports

_LABEL = 10
_WORDS = {
    InstallOutcome.READY: ("READY", "32"),
    InstallOutcome.PLANNED: ("PLANNED", "32"),
    InstallOutcome.STOPPED: ("STOP", "31"),
    InstallOutcome.FAILED: ("FAILED", "31"),
    InstallOutcome.DEFECT: ("DEFECT", "31"),
}
_SHOWN = 5


def render_steps(report: InstallReport, *, verbose: int = 0) -> str:
    """The steps so far, ending in a newline: of two reports of one run the earlier's begins the later's."""
    return "".join(f"{line}\n" for line in _steps(report, verbose))


def render_install(report: InstallReport, *, colour: bool = False, verbose: int = 0) -> str:
    """The steps and how it ended, ending in a newline."""
    return render_steps(report, verbose=verbose) + "".join(
        f"{line}\n" for line in _ending(report, colour=colour, verbose=verbose)
    )


def _steps(report: InstallReport, verbose: int) -> list[str]:
    lines: list[str] = []
    examination, plan = report.examination, report.plan
    if examination is not None:
        lines += _labelled("Runtime", _runtime(examination)) + _remarks(examination)
        if report.finished is not None:
            said = f"an unfinished install of {report.finished} was found here, and put right"
            lines += _labelled("Before", said)
    changes = plan.plan.changes if plan is not None and plan.plan is not None else None
    if plan is not None and changes is not None and plan.verdict is Verdict.SAFE:
        lines += _labelled("Plan", _plan(report, changes))
        if verbose:
            lines += change_table(changes, verbose=verbose)
        else:
            moved = tuple(a for a in changes.changes if a.kind is not ActionKind.ADD)
            lines += change_table(ChangeSet(actions=moved), verbose=0)
    if report.installer is not None:
        by = f" by {report.installer}" if verbose else ""
        lines += _labelled("Install", f"{len(report.landed)}/{len(report.wheels)}{by}")
    return lines


def _runtime(examination: Examination) -> str:
    snapshot = examination.snapshot
    installed = {item.name for item in snapshot.distributions}
    errors = [f for f in examination.findings if f.severity is Severity.ERROR]
    health = f"{plural(len(errors), 'error')} found" if errors else "healthy"
    where = examination.host or f"Python {snapshot.python} at {snapshot.prefix}"
    if examination.same is None:
        return f"{where}, {health} ({len(installed)} installed)"
    own = "" if _was_used(examination) or len(installed) == examination.same else ", plus depguard"
    return f"{where}, {health} ({examination.same} as published{own})"


def _was_used(examination: Examination) -> bool:
    """Whether more than depguard itself came to the host since it was published."""
    return any(finding.code in {"DG503", "DG909"} for finding in examination.findings)


def _remarks(examination: Examination) -> list[str]:
    """What is worth knowing of a runtime that is good enough to go on."""
    lines: list[str] = []
    for finding in examination.findings:
        if finding.severity is Severity.WARNING or finding.code == "DG909":
            lines += _labelled("", f"{one_line(finding.message)}  [{finding.code}]")
    return lines


def _plan(report: InstallReport, changes: ChangeSet) -> str:
    if not changes.changes:
        return "nothing to add, all of it is there"
    said = counts(changes)
    parts = [said.removesuffix(", nothing replaced")]
    size = total_size(changes)
    parts += [megabytes(size)] if size else []
    parts += ["nothing replaced"] if said.endswith("nothing replaced") else []
    return ", ".join([*parts, "restart the session afterwards" if report.restart else "no restart"])


def _ending(report: InstallReport, *, colour: bool, verbose: int) -> list[str]:
    match report.outcome:
        case InstallOutcome.READY:
            return _verdict(report, _ready(report), colour=colour) + _after(report)
        case InstallOutcome.PLANNED:
            return _planned(report, colour=colour, verbose=verbose)
        case InstallOutcome.STOPPED:
            return _stopped(report, colour=colour, verbose=verbose)
        case InstallOutcome.FAILED:
            return _failed(report, colour=colour)
        case InstallOutcome.DEFECT:
            return _defect(report, colour=colour)


def _ready(report: InstallReport) -> str:
    if not report.wheels and report.compared is None:
        return f"{report.tier} is here already."
    return f"{report.tier} in {report.seconds:.0f} s. {_compared(report)}"


def _compared(report: InstallReport) -> str:
    if report.compared is None:
        return ""
    if not report.compared.distributions:
        return "The policy protects nothing that is installed here."
    return "Protected packages unchanged, compared byte for byte."


def _after(report: InstallReport) -> list[str]:
    lines: list[str] = []
    if report.restart and report.wheels:
        lines += _labelled("Do", "Restart the session before you go on: it may have the old versions loaded.")
    if report.after is not None:
        for finding in report.after.findings:
            if finding.severity is Severity.WARNING and not _known(report, finding):
                lines += _labelled("Note", f"{one_line(finding.message)}  [{finding.code}]")
    for problem in report.why:
        lines += _labelled("Note", one_line(problem.message))
    return lines


def _known(report: InstallReport, finding: Finding) -> bool:
    return report.examination is not None and finding in report.examination.findings


def _planned(report: InstallReport, *, colour: bool, verbose: int) -> list[str]:
    changes = report.plan.plan.changes if report.plan is not None and report.plan.plan is not None else None
    flow = change_flow(changes) if changes is not None and not verbose else []
    fetched = "its wheels are fetched and fit, " if report.wheels else ""
    return [*flow, *_verdict(report, f"{report.tier}: {fetched}nothing was changed.", colour=colour)]


def _stopped(report: InstallReport, *, colour: bool, verbose: int) -> list[str]:
    examination = report.examination
    if report.why:
        return _problems(report, report.why, colour=colour)
    if report.stage is Stage.RUNTIME and examination is not None:
        return told_findings(report, examination.findings, examination.remedy, colour=colour)
    lines = _verdict(report, f"{report.tier} is not installed: its plan is refused.", colour=colour)
    if report.plan is not None:
        lines += ["", *_refusal(report.plan, verbose)]
    return lines


def _refusal(plan: Report, verbose: int) -> list[str]:
    return render_text(Reports(reports=(plan,)), verbose=verbose, next_step=None).rstrip("\n").split("\n")


def told_findings(
    report: InstallReport, findings: Iterable[Finding], remedy: Remedy | None, *, colour: bool
) -> list[str]:
    """The first error, the others a line each, and the way out."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    lines: list[str] = []
    for finding in errors[:1]:
        lines += _verdict(report, f"{one_line(finding.message)}  [{finding.code}]", colour=colour)
    for finding in errors[1:_SHOWN]:
        lines += _labelled("Also", f"{one_line(finding.message)}  [{finding.code}]")
    if len(errors) > _SHOWN:
        lines += _labelled("Also", f"{len(errors) - _SHOWN} more: depguard doctor")
    if remedy is not None:
        lines += _labelled("Since", one_line(remedy.since)) if remedy.since else []
        lines += _labelled("By", one_line(remedy.by)) if remedy.by else []
        for number, line in enumerate(remedy.do):
            lines += _labelled("Do" if number == 0 else "", line)
        for line in remedy.dont:
            lines += _labelled("Don't", line)
    return lines


def _failed(report: InstallReport, *, colour: bool) -> list[str]:
    lines: list[str] = []
    if report.why:
        lines += _problems(report, report.why, colour=colour, hints=False)
        if report.wheels:
            lines += _labelled("Added", _landed(report))
        lines += [line for p in report.why[:1] if p.hint for line in _labelled("Do", _sentence(p.hint))]
    elif report.after is not None:
        lines += told_findings(report, report.after.findings, report.after.remedy, colour=colour)
        for probe in report.after.snapshot.probes:
            if probe.outcome not in {ProbeOutcome.PASSED, ProbeOutcome.SKIPPED}:
                lines += _labelled("Probe", f"{probe.name}: {probe.outcome.value} {one_line(probe.detail)}")
        lines += _labelled("Added", _landed(report))
    if report.compared is not None:
        lines += [_compared(report)]
    return lines


def _landed(report: InstallReport) -> str:
    names = [f"{wheel.name} {wheel.version}" for wheel in report.landed]
    said = listed(names, len(names)) if names else "nothing"
    return f"{len(names)} of {len(report.wheels)}: {said}" if names else said


def _defect(report: InstallReport, *, colour: bool) -> list[str]:
    changes = report.compared.changes if report.compared is not None else ()
    names = listed([str(change.name) for change in changes], _SHOWN)
    lines = _verdict(
        report, f"{names} changed while depguard installed {report.tier}. This is our fault.", colour=colour
    )
    for change in changes[:_SHOWN]:
        lines += _labelled("Changed", _change(change))
    if report.bundle is not None:
        lines += _labelled("Report", f"with {report.bundle}, which has no secrets in it")
    remedy = report.after.remedy if report.after is not None else None
    for number, line in enumerate(remedy.do if remedy is not None else ("Begin with a fresh runtime.",)):
        lines += _labelled("Do" if number == 0 else "", line)
    return lines


def _change(change: ByteChange) -> str:
    versions = f"{change.before} -> {change.after}" if change.before != change.after else f"{change.before}"
    parts = [
        f"{len(paths)} {word} ({listed(list(paths), 2)})"
        for paths, word in ((change.changed, "changed"), (change.removed, "gone"), (change.added, "new"))
        if paths
    ]
    return f"{change.name} {versions}: {'; '.join(parts) or 'no file of it is other'}"


def _problems(
    report: InstallReport, problems: Iterable[Problem], *, colour: bool, hints: bool = True
) -> list[str]:
    lines: list[str] = []
    for number, problem in enumerate(problems):
        code = f"  [{problem.code}]" if problem.code.startswith("DG") else ""
        said = f"{one_line(problem.message)}{code}"
        lines += _verdict(report, said, colour=colour) if number == 0 else _labelled("Also", said)
        if problem.hint and hints:
            lines += _labelled("Do", _sentence(problem.hint))
    return lines


def _sentence(text: str) -> str:
    line = one_line(text)
    return line[:1].upper() + line[1:] + ("" if line.endswith((".", "!")) else ".")


def _verdict(report: InstallReport, text: str, *, colour: bool) -> list[str]:
    word, code = _WORDS[report.outcome]
    lines = _labelled(word, text)
    return [lines[0].replace(word, f"\033[1;{code}m{word}\033[0m", 1), *lines[1:]] if colour else lines


def _labelled(label: str, text: str) -> list[str]:
    return wrapped(text, first=f"{label:{_LABEL}}")
