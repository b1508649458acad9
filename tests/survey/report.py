"""The report of a survey, in Markdown. Pure: the same figures give the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kit.referees import Change
from survey.figures import Bout, Difference, Pips, Verdicts, middle

MOST = 15
"""So many of the most common culprits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a report says of the survey itself. ``apart`` counts lines that are not plain pip, by reason."""

    host: str
    cutoff: str
    seed: int
    sampled: int
    seconds: float
    lines: int
    apart: Mapping[str, int]


def render(facts: Facts, bouts: Sequence[Bout], pips: Pips, verdicts: Verdicts) -> str:
    """The whole report."""
    parts = [
        _head(facts),
        _agreement(bouts, pips),
        _times(bouts, verdicts),
        _verdicts(verdicts),
        _differences([difference for bout in bouts for difference in bout.differences]),
    ]
    return "\n".join("\n".join((*part, "")) for part in parts)


def _head(facts: Facts) -> Iterator[str]:
    plain = facts.lines - sum(facts.apart.values())
    yield f"# Survey of install lines on {facts.host}"
    yield ""
    yield f"Cut-off {facts.cutoff}, `--only-binary :all:`, sample of {facts.sampled} with seed {facts.seed}."
    yield f"An installer may take {facts.seconds:g} seconds."
    yield ""
    apart = ", ".join(f"{why} {count}" for why, count in _sorted(facts.apart))
    yield f"{facts.lines} lines, {plain} of them plain pip. Apart: {apart or 'none'}."


def _agreement(bouts: Iterable[Bout], pips: Pips) -> Iterator[str]:
    yield "## Agreement: the same changes, or both refuse"
    yield ""
    yield "| installer | lines | same | share | refused | apart |"
    yield "|---|--:|--:|--:|--:|---|"
    for bout in bouts:
        apart = ", ".join(f"{why} {count}" for why, count in _sorted(bout.apart))
        share = _share(bout.same, bout.lines)
        yield f"| {bout.label} | {bout.lines} | {bout.same} | {share} | {bout.refused} | {apart} |"
    yield ""
    yield (
        f"Both pips agree on {pips.agreed} lines: depguard gives their answer on {pips.as_either}"
        f" ({_share(pips.as_either, pips.agreed)})."
    )
    yield (
        f"They differ on {pips.differed}: as the pip that it names depguard is right in {pips.as_named}"
        f" of {pips.named} trials ({_share(pips.as_named, pips.named)})."
    )


def _times(bouts: Iterable[Bout], verdicts: Verdicts) -> Iterator[str]:
    yield "## Time in seconds: median, and nine of ten stay under"
    yield ""
    yield "| | itself | | depguard | |"
    yield "|---|--:|--:|--:|--:|"
    for bout in bouts:
        cells = (*middle(bout.seconds), *middle(bout.own_seconds))
        yield f"| {bout.label} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |"
    if verdicts.seconds:
        yield ""
        typical, most = middle(verdicts.seconds)
        yield f"A verdict, without a plan beside it: {typical:.2f} and {most:.2f}."


def _verdicts(verdicts: Verdicts) -> Iterator[str]:
    yield f"## Verdicts on {verdicts.lines} plain lines"
    yield ""
    for title, counts in (
        ("Verdict", verdicts.verdicts),
        ("Errors, by rule (lines)", verdicts.codes),
        ("Culprit (lines)", verdicts.culprits),
        ("What is hit (lines)", verdicts.touched),
    ):
        rows = _sorted(counts)[:MOST]
        yield f"- {title}: " + (", ".join(f"{name} {count}" for name, count in rows) or "none")


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    yield f"## Differences ({len(differences)})"
    for difference in sorted(differences, key=lambda d: (d.line, d.by)):
        yield ""
        yield f"- {difference.line}, {difference.by}"
        yield f"  - only {difference.by}: {_changes(difference.theirs)}"
        yield f"  - only depguard: {_changes(difference.ours)}"
        if difference.said:
            yield f"  - said: {' / '.join(difference.said.split(chr(10))[-4:])[-400:]}"


def _changes(changes: Sequence[Change] | None) -> str:
    if changes is None:
        return "refuses"
    return ", ".join(f"{c.name} {c.old or '-'} -> {c.new or '-'}" for c in changes) or "nothing"


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
