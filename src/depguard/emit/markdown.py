"""Reports as Markdown, for a comment on a change or a job summary.

Everything that comes from elsewhere (names, requirements, reasons) is shown as code or escaped:
none of it makes a heading, a link, a mention or a cell.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from depguard.emit.binary_notes import binary_notes
from depguard.emit.markdown_size import COMMENT_BYTES, fitted
from depguard.emit.quoting import quoted
from depguard.emit.selection import (
    blocking,
    subject_changes,
    subject_failure,
    told_as_broken,
    waived,
    warnings,
)
from depguard.emit.text_changes import needed
from depguard.emit.text_refusal import outcome, place
from depguard.emit.wording import (
    counts,
    described,
    megabytes,
    moment,
    one_line,
    plural,
    size_of,
    title,
    verdict_word,
)
from depguard.model.finding import Finding, Verdict
from depguard.model.location import Location
from depguard.model.plan import Action, ActionKind
from depguard.model.report import Report, Reports

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~&$])")
_BLOCK = re.compile(r"^(\d*)([-+=.)])")
_LONGEST = 500
_SHOWN_PACKAGES = 20


def render_markdown(reports: Reports, *, limit: int = COMMENT_BYTES) -> str:
    """A heading with the verdict, what is wrong, a table of hosts and requests, the details folded away.

    ``limit`` bytes at most; what does not fit is left out, and said so.
    """
    reports = quoted(reports)
    parts = [_heading(reports), *_culprits(reports), _verdicts(reports), *_folded(reports)]
    return fitted(parts, closing=_footer(reports), limit=limit)


def escaped(text: str) -> str:
    """Text as it stands: no markup, no mention, no reference, no automatic link."""
    safe = _SPECIAL.sub(r"\\\1", _clipped(text))
    safe = _BLOCK.sub(r"\1\\\2", safe)
    return _unlinked(safe)


def _clipped(text: str) -> str:
    """One line of a length that people read."""
    line = one_line(text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}... ({len(line)} characters)"


def _unlinked(text: str) -> str:
    """Text in which GitHub finds nothing to link: an empty comment cuts @name, #1, GH-1, www. and https://."""
    safe = re.sub(r"@(?=\w)", "@<!-- -->", text)
    safe = re.sub(r"(?i)(#|\bgh-)(?=\d)", r"\1<!-- -->", safe)
    safe = re.sub(r"(?i)\b(www)(?=\.)", r"\1<!-- -->", safe)
    return safe.replace("://", ":<!-- -->//")


def code(text: str, *, cell: bool = False) -> str:
    """Text in a code span, whatever backticks it has. In a table's cell a bar is escaped even there."""
    line = _clipped(text).replace("|", "\\|" if cell else "|")
    if not line:
        return ""
    if "`" not in line:
        return f"`{line}`"
    ticks = "`" * (max(len(run) for run in re.findall("`+", line)) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def _heading(reports: Reports) -> str:
    found = len(_by_culprit(reports))
    said = f", {plural(found, 'problem')}" if found else ""
    return f"### depguard: {verdict_word(reports.verdict)}{said}"


def _culprits(reports: Reports) -> list[str]:
    """Each culprit once, with where it stands, and its fix."""
    return [_sentence(finding) for finding in _by_culprit(reports).values()]


def _by_culprit(reports: Reports) -> dict[str, Finding]:
    """The first finding of each requirement that started a chain; one a package where none did."""
    found: dict[str, Finding] = {}
    for report in reports.reports:
        for finding in blocking(report):
            found.setdefault(finding.culprit or f"{finding.code} {finding.package}", finding)
    return found


def _sentence(finding: Finding) -> str:
    where = f"{where_words(finding.location)}: " if finding.location is not None else ""
    # With a chain the requirement that does it is named, and what it names is in the message.
    text = f"{where}{escaped(finding.message)} ({finding.code})."
    safe = next((way for way in finding.ways_out if way.verdict is Verdict.SAFE), None)
    if safe is not None:
        return f"{text}\n**Fix:** {code(safe.change)} is SAFE{_note(safe.note)}."
    return f"{text}\n**Hint:** {escaped(finding.hint)}." if finding.hint else text


def _note(note: str) -> str:
    return f", {escaped(note)}" if note else ""


def where_words(location: Location) -> str:
    """A place in words, the file as code."""
    parts = [code(location.file)]
    if not location.file.startswith("<"):
        parts += [f"cell {location.cell}"] if location.cell is not None else []
        parts += [f"line {location.line}"] if location.line is not None else []
    return ", ".join(parts)


def _verdicts(reports: Reports) -> str:
    """Hosts down, requests across."""
    titles = list(dict.fromkeys(title(report.request) for report in reports.reports))
    hosts = list(dict.fromkeys(report.host.name for report in reports.reports))
    cells = {(r.host.name, title(r.request)): verdict_cell(r) for r in reports.reports}
    lines = [
        f"| | {' | '.join(code(each, cell=True) for each in titles)} |",
        "|---" * (len(titles) + 1) + "|",
    ]
    for host in hosts:
        row = " | ".join(cells.get((host, each), "") for each in titles)
        lines.append(f"| {code(host, cell=True)} | {row} |")
    return "\n".join(lines)


def verdict_cell(report: Report) -> str:
    """A report in a cell of a table: the verdict, and why."""
    word = verdict_word(report.verdict)
    changes = subject_changes(report)
    if report.verdict is Verdict.SAFE:
        return f"{word}: {counts(changes)}" if changes is not None else word
    errors = blocking(report)
    codes = f" ({', '.join(dict.fromkeys(f.code for f in errors))})" if errors else ""
    said = escaped(errors[0].message) if errors else escaped("; ".join(subject_failure(report)))
    broken = {b.name for b in report.simulation.broken} if report.simulation is not None else set()
    harm = f"; {plural(len(broken), 'package')} break{'' if len(broken) > 1 else 's'}" if broken else ""
    return f"{word}: {said}{harm}{codes}"


def _folded(reports: Reports) -> list[str]:
    """The details, folded away; those that are the same on several hosts once."""
    groups: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for report in reports.reports:
        if lines := report_details(report):
            groups.setdefault((title(report.request), tuple(lines)), []).append(report.host.name)
    folded = []
    for (asked, listed), hosts in groups.items():
        folded.append(fold(f"{asked} on {', '.join(hosts)}", listed))
    return folded


def fold(summary: str, lines: Iterable[str]) -> str:
    """Lines of Markdown folded away under a summary."""
    # The summary stands in a line of HTML, where Markdown's own escapes mean nothing.
    shown = _unlinked(html.escape(_clipped(summary), quote=False))
    return "\n".join([f"<details><summary>{shown}</summary>", "", *lines, "", "</details>"])


def report_details(report: Report) -> list[str]:
    """What a report has behind its verdict, as a list: chains, changes, what breaks, ways out."""
    lines = []
    for finding in blocking(report):
        if told_as_broken(report, finding):
            continue
        lines.append(f"- {finding.code} {escaped(finding.message)}")
        for link in finding.chain:
            who = f"{link.name} {link.version}" if link.version is not None else link.name
            where = f" ({code(place(link.location))})" if link.location is not None else ""
            lines.append(f"  - {code(who)} asks for {code(link.requirement)}{where}")
        if finding.policy_location is not None:
            lines.append(f"  - {code(place(finding.policy_location))}: {escaped(finding.policy_reason)}")
    changes = subject_changes(report)
    shown = [a for a in changes.changes if a.kind is not ActionKind.KEEP] if changes is not None else []
    lines += [f"- {code(described(action))}{_size_of(action)}" for action in shown]
    broken = report.simulation.broken if report.simulation is not None else ()
    if report.verdict is not Verdict.SAFE:
        for item in broken[:_SHOWN_PACKAGES]:
            lines.append(f"- breaks {code(f'{item.name} {item.version}')}: needs {code(needed(item))}")
        if len(broken) > _SHOWN_PACKAGES:
            lines.append(f"- and {len(broken) - _SHOWN_PACKAGES} more")
    ways = [way for finding in blocking(report) for way in finding.ways_out]
    lines += [f"- way out: {code(way.change)}: {escaped(outcome(way))}" for way in ways]
    lines += [f"- could not be known: {escaped(line)}" for line in report.unknown]
    lines += [f"- warning {f.code}: {escaped(f.message)}" for f in warnings(report)]
    lines += [f"- waived {f.code} {code(f.package)}: {escaped(f.waived or '')}" for f in waived(report)]
    return lines + [
        f"- {escaped(notice)}"
        for notice in (*report.notices, *binary_notes(report.binaries, report.host.name))
    ]


def _size_of(action: Action) -> str:
    size = size_of(action)
    return f", {megabytes(size)}" if size is not None else ""


def _footer(reports: Reports) -> str:
    cutoffs = sorted({report.cutoff for report in reports.reports if report.cutoff is not None})
    said = [f"index as of {moment(cutoffs[-1])[:10]}"] if cutoffs else []
    commands = dict.fromkeys(_command(report) for report in reports.reports)
    if len(commands) == 1:
        said.append(f"Reproduce: {code(next(iter(commands)))}")
    return ". ".join(said)


def _command(report: Report) -> str:
    if report.request.tier is not None:
        return f"depguard plan {report.request.tier}"
    return f"depguard simulate -- {report.request.command}" if report.request.command else "depguard simulate"
