"""A check as workflow commands: GitHub shows them on the lines of the change."""

from __future__ import annotations

from depguard.emit.check_chains import Chain, annotated, chains, compared, remarks, summary
from depguard.emit.check_quoting import quoted_check
from depguard.emit.github import github_command
from depguard.emit.wording import one_line, verdict_word
from depguard.model.check import CheckReport
from depguard.model.finding import Verdict


def render_check_github(report: CheckReport) -> str:
    """An annotation a problem, those that refuse first; a notice with the summary last. Ends in a newline."""
    report = quoted_check(report)
    lines = [_annotation("error", chain) for chain in chains(report.failing)]
    lines += [_annotation("warning", chain) for chain in chains(remarks(report))]
    head = {"title": f"depguard: {verdict_word(report.verdict)}"}
    lines.append(github_command("notice", head, f"{summary(report)}, {compared(report)}"))
    return "\n".join(lines) + "\n"


def _annotation(kind: str, chain: Chain) -> str:
    found = chain.first
    finding = found.finding
    file, line, column = annotated(found)
    properties = {"file": file}
    if line is not None:
        properties["line"] = str(line)
    if line is not None and column is not None:
        properties["col"] = str(column)
    where = f" on {chain.hosts[0]}" if len(chain.hosts) == 1 else ""
    where = f" on {len(chain.hosts)} hosts" if len(chain.hosts) > 1 else where
    text = one_line(finding.message)
    place = finding.location
    if place is not None and place.cell is not None:
        text = f"cell {place.cell}, line {place.line}: {text}"
    safe = next((way for way in chain.ways_out if way.verdict is Verdict.SAFE), None)
    if safe is not None:
        text += f" (fix: {one_line(safe.change)})"
    elif finding.hint:
        text += f" ({one_line(finding.hint)})"
    return github_command(kind, {**properties, "title": f"depguard {finding.code}{where}"}, text)
