"""Reports as text, for somebody in a hurry: the verdict, then what to do. Plain ASCII signs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from depguard.emit.binary_notes import binary_notes
from depguard.emit.quoting import quoted
from depguard.emit.selection import (
    about_subject,
    blocking,
    explained,
    subject_changes,
    subject_failure,
    subject_of,
    told_as_broken,
    waived,
    warnings,
)
from depguard.emit.text_changes import (
    already_there,
    avoided,
    change_flow,
    change_table,
    damage,
    installer_word,
)
from depguard.emit.text_details import details
from depguard.emit.text_refusal import chain_table, failure, other_findings, override, ways_out
from depguard.emit.wording import (
    counts,
    inert,
    listed,
    megabytes,
    move,
    one_line,
    plural,
    table,
    title,
    total_size,
    verdict_word,
    wrapped,
)
from depguard.model.finding import About, Finding, Verdict
from depguard.model.plan import ActionKind, ChangeSet
from depguard.model.policy import Severity
from depguard.model.report import Report, Reports

Paragraph = list[str]

NAMED_ADDITIONS = 3
"""How many additions the line of a safe simulation names."""


def render_text(
    reports: Reports, *, colour: bool = False, verbose: int = 0, next_step: str | None = "depguard lock"
) -> str:
    """Reports as text, ending in a newline.

    One report is told in full. Several hosts come in a compact form, those with the same outcome
    once; ``verbose`` (1 or more) leaves nothing out. ``next_step`` is what a safe plan of a tier is
    followed by.
    """
    reports = quoted(reports)
    by_title: dict[str, list[Report]] = {}
    for report in reports.reports:
        by_title.setdefault(title(report.request), []).append(report)
    parts: list[str] = []
    for group in by_title.values():
        paragraphs = (
            single(group[0], colour=colour, verbose=verbose)
            if len(group) == 1
            else several(group, colour=colour, verbose=verbose)
        )
        parts.append("\n\n".join("\n".join(lines) for lines in paragraphs if lines))
    closing = _closing(reports, next_step)
    return inert("\n\n".join([part for part in parts if part] + ([closing] if closing else [])) + "\n")


def single(report: Report, *, colour: bool, verbose: int) -> list[Paragraph]:
    """The paragraphs of one report on one host."""
    where = f"{title(report.request)} on {report.host.name}"
    return _told([report], where, colour=colour, verbose=verbose, compact=False)


def several(reports: Sequence[Report], *, colour: bool, verbose: int) -> list[Paragraph]:
    """The paragraphs of one request on several hosts: the worst first, equal outcomes once."""
    groups: dict[object, list[Report]] = {}
    for report in reports:
        groups.setdefault(_outcome(report), []).append(report)
    ordered = sorted(groups.values(), key=lambda group: -group[0].verdict.rank)
    asked = title(reports[0].request)
    if len(ordered) == 1:
        return _told(reports, asked, colour=colour, verbose=verbose, compact=True)
    worst = ordered[0][0].verdict
    tally = ", ".join(
        f"{verdict_word(verdict)} on {sum(r.verdict is verdict for r in reports)}"
        for verdict in sorted({r.verdict for r in reports}, key=lambda v: -v.rank)
    )
    paragraphs = [[f"{verdict_word(worst, colour=colour)}  {asked} on {len(reports)} hosts: {tally}"]]
    for group in ordered:
        names = ", ".join(report.host.name for report in group)
        paragraphs += _told(group, names, colour=colour, verbose=verbose, compact=True, shared=False)
    return paragraphs


def _told(
    group: Sequence[Report], where: str, *, colour: bool, verbose: int, compact: bool, shared: bool = True
) -> list[Paragraph]:
    """The first report of a group of equal outcomes. ``shared``: the headline says how many there are."""
    report = group[0]
    same = f" (same on {plural(len(group), 'host')})" if shared and len(group) > 1 else ""
    head = _headline(report, where, same, colour=colour, compact=compact)
    if report.verdict is Verdict.SAFE:
        body = _safe(group, head, verbose=verbose, compact=compact)
    else:
        body = _refused(group, head, verbose=verbose)
    return [*body, _remarks(report, verbose=verbose), *([details(each) for each in group] if verbose else [])]


def _headline(report: Report, where: str, same: str, *, colour: bool, compact: bool) -> Paragraph:
    if report.verdict is Verdict.SAFE:
        summary = _safe_summary(report, compact=compact)
    else:
        summary = _refusal_summary(report)
    plain = verdict_word(report.verdict)
    lines = wrapped(f"{where}: {summary}{same}", first=f"{plain}  ", rest="  ")
    # Coloured after wrapping, which would count the invisible characters.
    return [verdict_word(report.verdict, colour=colour) + lines[0].removeprefix(plain), *lines[1:]]


def _safe_summary(report: Report, *, compact: bool) -> str:
    changes = subject_changes(report)
    if changes is None:
        return "nothing to do"
    if subject_of(report) is About.SIMULATION:
        return _simulated(report, changes)
    said = counts(changes)
    full = not compact
    if not full or not changes.changes:
        return said
    moved = sum(action.kind is not ActionKind.ADD for action in changes.changes)
    parts = [said.removesuffix(", nothing replaced")]
    if report.host.installed:
        parts.append(f"{report.host.installed - moved} installed unchanged")
    size = total_size(changes)
    if size:
        parts.append(megabytes(size))
    return ", ".join(parts)


def _simulated(report: Report, changes: ChangeSet) -> str:
    """The counts; a few additions by name, as they have no lines of their own."""
    if not changes.changes and "uninstall" in (report.request.command or "").split():
        return "not installed, nothing to do"
    added = [f"{a.name} {move(a)}" for a in changes.changes if a.kind is ActionKind.ADD]
    said = counts(changes)
    few = 0 < len(added) <= NAMED_ADDITIONS
    return said.replace(f"{len(added)} added", f"{listed(added, len(added))} added", 1) if few else said


def _refusal_summary(report: Report) -> str:
    errors = blocking(report)
    if errors:
        return f"{one_line(errors[0].message)}  [{errors[0].code}]"
    if report.verdict is Verdict.UNPROVEN:
        return "something could not be known"
    return "no solution" if subject_changes(report) is None else "refused"


def _safe(group: Sequence[Report], head: Paragraph, *, verbose: int, compact: bool) -> list[Paragraph]:
    report = group[0]
    changes = subject_changes(report)
    if changes is None or not changes.changes:
        return [head, already_there(report, changes) if changes is not None and verbose else []]
    if subject_of(report) is About.SIMULATION:
        moved = ChangeSet(
            actions=tuple(a for a in changes.changes if verbose or a.kind is not ActionKind.ADD)
        )
        return [head + change_table(moved, verbose=verbose)]
    alike = all(avoided(other) == avoided(report) for other in group)
    shown = "" if alike else f" on {report.host.name}"
    if compact and not verbose:
        return [head + change_flow(changes), avoided(report, shown)]
    listing = change_table(changes, verbose=verbose) + already_there(report, changes)
    return [head, listing, avoided(report, shown)]


def _refused(group: Sequence[Report], head: Paragraph, *, verbose: int) -> list[Paragraph]:
    report = group[0]
    errors = blocking(report)
    simulated = subject_of(report) is About.SIMULATION
    paragraphs = [head]
    if errors:
        # What did not solve is told once, in the lines of the failure.
        failed = subject_changes(report) is None
        paragraphs.append(chain_table(report, errors[0]) or ([] if failed else _because(errors[0])))
    if subject_changes(report) is None and (verbose or not (errors and explained(errors[0]))):
        paragraphs.append(failure(subject_failure(report)))
    # What breaks is told below, package by package.
    others = tuple(f for f in errors[1:] if not told_as_broken(report, f))
    paragraphs.append(other_findings(report, others, verbose=verbose))
    if report.simulation is not None and report.verdict is not Verdict.UNPROVEN:
        who = "it" if simulated else f"plain {installer_word(report.simulation)}"
        alike = all(damage(other, "", verbose=1) == damage(report, "", verbose=1) for other in group)
        lead = f"{who[0].upper()}{who[1:]} would" if alike else f"On {report.host.name} {who} would"
        paragraphs.append(damage(report, lead, verbose=verbose))
    if report.verdict is Verdict.UNPROVEN:
        paragraphs.append(_unknown(report))
    paragraphs += _proposals(report, errors, verbose=verbose)
    return paragraphs


def _proposals(report: Report, errors: tuple[Finding, ...], *, verbose: int) -> list[Paragraph]:
    alone = [f for f in errors if not told_as_broken(report, f)]
    ways = ways_out(report) + (override(report, errors[0]) if len(alone) == 1 else [])
    # What to take instead of the forbidden is in no chain.
    told = bool(errors) and explained(errors[0]) and errors[0].code != "DG203"
    needs_hint = bool(errors) and bool(errors[0].hint) and not told
    if not ways and told and _nothing_helped(report):
        ways = ["No way out was found: neither another release nor leaving one requirement out helps."]
    paragraphs = [ways or (wrapped(one_line(errors[0].hint), first="Hint: ") if needs_hint else [])]
    plan = report.plan.changes if report.plan is not None else None
    if subject_of(report) is About.SIMULATION:
        planned = [f for f in report.findings if f.about is About.PLAN and f.severity is Severity.ERROR]
        simulated = subject_changes(report)
        other = simulated is None or plan is None or plan.changes != simulated.changes
        if plan is not None and not planned and plan.changes and other:
            listing = change_table(plan, verbose=verbose) if verbose else change_flow(plan)
            paragraphs.append([f"Proposed instead (SAFE, {counts(plan)}):", *listing])
        return paragraphs
    if plan is not None and plan.changes and (verbose or report.verdict is Verdict.UNPROVEN):
        paragraphs.append([f"The plan so far ({counts(plan)}):", *change_flow(plan)])
    return paragraphs


def _nothing_helped(report: Report) -> bool:
    """Whether a guarded plan was looked for and not found, ways out included."""
    return report.plan is not None and report.plan.changes is None


def _because(finding: Finding) -> Paragraph:
    return [part for line in finding.because for part in wrapped(one_line(line), first="  ", rest="    ")]


def _unknown(report: Report) -> Paragraph:
    if not report.unknown:
        return []
    lines = [part for line in report.unknown for part in wrapped(one_line(line), first="  - ")]
    return ["Could not be known:", *lines]


def _remarks(report: Report, *, verbose: int) -> Paragraph:
    """Warnings, what the policy accepts, and notices: a line each, with what to do."""
    rows: list[tuple[str, str]] = []
    # Warnings about what will not be done can wait.
    for finding in warnings(report) if verbose or report.verdict is Verdict.SAFE else ():
        hint = f" ({one_line(finding.hint)})" if finding.hint else ""
        rows.append(("warning", f"{one_line(finding.message)}{hint}  [{finding.code}]"))
    rows += [("waived", f"{f.package}: {one_line(f.waived or '')}  [{f.code}]") for f in waived(report)]
    rows += [
        ("note", one_line(notice))
        for notice in (*report.notices, *binary_notes(report.binaries, report.host.name))
    ]
    return table(rows, indent="")


def _closing(reports: Reports, next_step: str | None) -> str:
    if any(subject_of(report) is not About.PLAN for report in reports.reports) or next_step is None:
        return ""
    if any(report.request.tier is None for report in reports.reports):
        return ""
    if reports.verdict is not Verdict.SAFE:
        return "Nothing written."
    return f"Next: {next_step}" if next_step else ""


def _outcome(report: Report) -> object:
    """What two hosts must agree in to be told as one."""
    changes = subject_changes(report)
    return (
        report.verdict,
        report.subject,
        None if changes is None else tuple((a.name, a.kind, a.old, a.new) for a in changes.changes),
        _keys(about_subject(report)),
        subject_failure(report),
    )


def _keys(findings: Iterable[Finding]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (f.code, f.package, f.message) for f in findings if f.severity in (Severity.ERROR, Severity.WARNING)
    )
