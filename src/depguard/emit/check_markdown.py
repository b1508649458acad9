"""A check as Markdown, for the comment on a pull request and the job summary.

Everything that comes from elsewhere is shown as code or escaped, as in `emit.markdown`.
"""

from __future__ import annotations

from collections.abc import Iterable

from depguard.emit.check_chains import (
    Chain,
    chains,
    compared,
    errors,
    looked_at,
    outcome_word,
    remarks,
    summary,
)
from depguard.emit.check_quoting import quoted_check
from depguard.emit.markdown import code, escaped, fold, report_details, verdict_cell, where_words
from depguard.emit.markdown_size import COMMENT_BYTES, fitted
from depguard.emit.wording import megabytes, moment, plural, total_size, verdict_word
from depguard.model.check import CheckedFinding, CheckReport, HostOutcome, Standing, TargetOutcome
from depguard.model.finding import Verdict
from depguard.model.report import Report

SHOWN_PROBLEMS = 20


def render_check_markdown(report: CheckReport, *, limit: int = COMMENT_BYTES) -> str:
    """The verdict in a line, what is new, a table of targets and hosts, the details folded away.

    ``limit`` bytes at most; what does not fit is left out, and said so.
    """
    report = quoted_check(report)
    parts = [
        f"### depguard: {verdict_word(report.verdict)}, {summary(report)}",
        *_problems(report),
        _table(report),
        *_notes(report),
        *_folded(report.targets),
        _listed("Still there", errors(report, Standing.STILL)),
        _listed("Gone", errors(report, Standing.GONE)),
        _listed("New warnings", remarks(report)),
    ]
    return fitted(parts, closing=_footer(report), limit=limit)


def _problems(report: CheckReport) -> list[str]:
    found = chains(report.failing)
    told = [_sentence(chain) for chain in found[:SHOWN_PROBLEMS]]
    rest = len(found) - len(told)
    return [*told, f"and {plural(rest, 'more problem')}, below."] if rest else told


def _sentence(chain: Chain) -> str:
    found = chain.first
    where = (
        where_words(found.finding.location) if found.finding.location is not None else code(str(found.target))
    )
    text = f"{where}: {escaped(found.finding.message)} ({found.finding.code})."
    safe = next((way for way in chain.ways_out if way.verdict is Verdict.SAFE), None)
    if safe is not None:
        note = f", {escaped(safe.note)}" if safe.note else ""
        return f"{text}\n**Fix:** {code(safe.change)} is SAFE{note}."
    return f"{text}\n**Hint:** {escaped(found.finding.hint)}." if found.finding.hint else text


def _table(report: CheckReport) -> str:
    """A row a target and host; hosts on which the same happens share one."""
    if not report.targets:
        return f"Nothing that installs anything: {looked_at(report)}."
    several = len(report.targets) > 1
    comparing = report.revisions is not None
    head = [
        "",
        *([""] if several else []),
        *(["before"] if comparing else []),
        "after" if comparing else "verdict",
    ]
    rows = []
    for target in report.targets:
        for hosts, outcome in _together(target.hosts):
            named = [code(str(target.name), cell=True)] if several else []
            before = [outcome_word(outcome.before)] if comparing else []
            rows.append(
                [*named, ", ".join(code(host, cell=True) for host in hosts), *before, _after(outcome)]
            )
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])


def _together(outcomes: Iterable[HostOutcome]) -> list[tuple[list[str], HostOutcome]]:
    grouped: dict[tuple[str, str], tuple[list[str], HostOutcome]] = {}
    for outcome in outcomes:
        key = (outcome_word(outcome.before), _after(outcome))
        grouped.setdefault(key, ([], outcome))[0].append(outcome.host)
    return list(grouped.values())


def _after(outcome: HostOutcome) -> str:
    worst = _worst(outcome)
    if worst is None:
        return outcome_word(outcome.after)
    size = sum(
        total_size(r.simulation.changes) or 0
        for r in outcome.reports
        if r.simulation is not None and r.simulation.changes is not None
    )
    if outcome.after is Verdict.SAFE and len(outcome.reports) > 1:
        text = f"{outcome_word(outcome.after)}: {plural(len(outcome.reports), 'command')}"
    else:
        text = verdict_cell(worst)
    return f"{text}, {megabytes(size)}" if size and outcome.after is Verdict.SAFE else text


def _worst(outcome: HostOutcome) -> Report | None:
    return max(outcome.reports, key=lambda report: report.verdict.rank, default=None)


def _notes(report: CheckReport) -> list[str]:
    return ["\n".join(f"> {escaped(note)}" for note in report.notes)] if report.notes else []


def _folded(targets: Iterable[TargetOutcome]) -> list[str]:
    """The details of each target, those that are the same on several hosts once."""
    parts = []
    for target in targets:
        groups: dict[tuple[str, ...], list[str]] = {}
        for outcome in target.hosts:
            lines = tuple(line for report in outcome.reports for line in report_details(report))
            if lines:
                groups.setdefault(lines, []).append(outcome.host)
        for lines, hosts in groups.items():
            parts.append(fold(f"{target.name} on {', '.join(hosts)}", lines))
    return parts


def _listed(lead: str, findings: tuple[CheckedFinding, ...]) -> str:
    grouped = chains(findings)
    if not grouped:
        return ""
    lines = []
    for chain in grouped:
        finding = chain.first.finding
        where = (
            where_words(finding.location) if finding.location is not None else code(str(chain.first.target))
        )
        lines.append(f"- {where}: {escaped(finding.message)} ({finding.code})")
    return fold(f"{lead}: {len(grouped)}", lines)


def _footer(report: CheckReport) -> str:
    said = f"{escaped(compared(report))}, index as of {moment(report.cutoff)[:10]}."
    against = f" --against {report.revisions.against}" if report.revisions is not None else ""
    return f"{said} Reproduce: {code(f'depguard check{against}')}"
