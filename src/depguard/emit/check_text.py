"""A check as text: the verdict, then each new problem with where it is and what to do."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.emit.check_chains import (
    Chain,
    chains,
    compared,
    errors,
    looked_at,
    outcome_word,
    place,
    remarks,
    summary,
)
from depguard.emit.check_quoting import quoted_check
from depguard.emit.text_refusal import outcome, policy_verb
from depguard.emit.wording import inert, listed, one_line, plural, table, verdict_word, wrapped
from depguard.model.check import CheckedFinding, CheckReport, Standing, TargetOutcome
from depguard.model.finding import Finding

SHOWN_HOSTS = 4
SHOWN_BESIDE = 5


def render_check_text(report: CheckReport, *, colour: bool = False, verbose: int = 0) -> str:
    """The check as text, ending in a newline. ``verbose`` (1 or more) leaves nothing out."""
    report = quoted_check(report)
    failing = set(map(id, report.failing))
    new = errors(report, Standing.NEW)
    still = errors(report, Standing.STILL)
    gone = errors(report, Standing.GONE)
    paragraphs = [_head(report, colour=colour)]
    told = [*new, *(found for found in still if id(found) in failing)]
    paragraphs += [_problem(chain, verbose=verbose) for chain in chains(told)]
    paragraphs.append(_brief("Still there:", [f for f in still if id(f) not in failing], verbose=verbose))
    paragraphs.append(_brief("Gone:", gone, verbose=verbose))
    paragraphs.append(_brief("New warnings:", remarks(report), verbose=verbose))
    paragraphs.append([line for note in report.notes for line in wrapped(one_line(note), first="note: ")])
    paragraphs.append(_verdicts(report.targets) if verbose else [])
    paragraphs.append(_closing(report))
    return inert("\n\n".join("\n".join(lines) for lines in paragraphs if lines) + "\n")


def _head(report: CheckReport, *, colour: bool) -> list[str]:
    plain = verdict_word(report.verdict)
    said = f"{summary(report)} in {looked_at(report)}"
    if report.revisions is not None:
        said = f"{summary(report)}; {looked_at(report)}, {compared(report)}"
    lines = wrapped(said, first=f"{plain}  ")
    return [verdict_word(report.verdict, colour=colour) + lines[0].removeprefix(plain), *lines[1:]]


def _problem(chain: Chain, *, verbose: int) -> list[str]:
    first = chain.first
    finding = first.finding
    lines = wrapped(f"{place(first)}: {one_line(finding.message)}  [{finding.code}]", rest="  ")
    if chain.hosts:
        lines += wrapped(
            f"on {listed(chain.hosts, len(chain.hosts) if verbose else SHOWN_HOSTS)}", first="  "
        )
    lines += table(_links(finding))
    beside = [found for found in chain.findings[1:] if found.finding.message != finding.message]
    shown = beside if verbose else beside[:SHOWN_BESIDE]
    rows = table(((f.finding.code, one_line(f.finding.message)) for f in shown), indent="  also  ")
    lines += rows
    if len(beside) > len(shown):
        lines.append(f"  also  {len(beside) - len(shown)} more (-v)")
    if chain.ways_out:
        ways = chain.ways_out if verbose else chain.ways_out[:2]
        lines += table(((one_line(way.change), outcome(way)) for way in ways), indent="  Fix:  ")
    elif finding.hint:
        lines += wrapped(one_line(finding.hint), first="  Hint: ")
    return lines


def _links(finding: Finding) -> Iterable[tuple[str, str, str]]:
    for link in finding.chain[1:]:
        name = f"{one_line(link.name)} {link.version}" if link.version is not None else one_line(link.name)
        yield name, "needs", one_line(link.requirement.partition(";")[0])
    if finding.policy_location is not None:
        reason = f": {one_line(finding.policy_reason)}" if finding.policy_reason else ""
        yield str(finding.policy_location), policy_verb(finding.code), f"{finding.package}{reason}"


def _brief(lead: str, findings: Iterable[CheckedFinding], *, verbose: int) -> list[str]:
    """A line a problem."""
    grouped = chains(findings)
    if not grouped:
        return []
    shown = grouped if verbose else grouped[:SHOWN_BESIDE]
    rows = [(place(c.first), f"{one_line(c.first.finding.message)}  [{c.first.finding.code}]") for c in shown]
    rest = [f"  and {len(grouped) - len(shown)} more (-v)"] if len(grouped) > len(shown) else []
    return [lead, *table(rows), *rest]


def _verdicts(targets: Iterable[TargetOutcome]) -> list[str]:
    rows = [
        (
            one_line(str(target.name)) if index == 0 else "",
            host.host,
            f"{outcome_word(host.before)} -> {outcome_word(host.after)}"
            if host.before is not host.after
            else outcome_word(host.after),
        )
        for target in targets
        for index, host in enumerate(target.hosts)
    ]
    return ["Verdicts:", *table(rows)] if rows else []


def _closing(report: CheckReport) -> list[str]:
    if report.targets or report.findings:
        return []
    what = "installs anything" if report.revisions is None else "the change touches installs anything"
    return [f"Nothing that {what} ({plural(report.watched, 'file')} watched)."]
