"""A check's findings as people think of them: one problem a culprit, on all the hosts where it does harm."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.emit.selection import required_name
from depguard.emit.wording import VERDICT_WORDS, one_line, plural
from depguard.model.check import CheckedFinding, CheckReport, HostOutcome, Standing, TargetName
from depguard.model.finding import Finding, Verdict, WayOut
from depguard.model.location import Location
from depguard.model.policy import Severity
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What one requirement at one place does: its findings, the most telling first."""

    findings: tuple[CheckedFinding, ...]

    @property
    def first(self) -> CheckedFinding:
        """The finding that speaks for all."""
        return self.findings[0]

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts on which it does something."""
        return tuple(dict.fromkeys(host for found in self.findings for host in found.hosts))

    @property
    def targets(self) -> tuple[TargetName, ...]:
        """All targets that read the place."""
        return tuple(dict.fromkeys(found.target for found in self.findings))

    @property
    def ways_out(self) -> tuple[WayOut, ...]:
        """The proved changes of all hosts, each once; the safe ones first."""
        found: dict[str, WayOut] = {}
        for each in self.findings:
            for way in each.finding.ways_out:
                found.setdefault(way.change, way)
        return tuple(sorted(found.values(), key=lambda way: way.verdict is not Verdict.SAFE))


def chains(findings: Iterable[CheckedFinding]) -> tuple[Chain, ...]:
    """The findings by place and culprit, in their order: a line that several targets read counts once."""
    grouped: dict[tuple[object, ...], list[CheckedFinding]] = {}
    for found in findings:
        place = found.finding.location or found.target
        grouped.setdefault((place, found.standing, _culprit(found.finding)), []).append(found)
    return tuple(
        Chain(findings=tuple(sorted(group, key=lambda f: f.finding.unproven))) for group in grouped.values()
    )


def _culprit(finding: Finding) -> str:
    if finding.culprit is None:
        return f"{finding.code} {finding.package} {finding.message}"
    return required_name(finding.culprit) or finding.culprit


def errors(report: CheckReport, standing: Standing) -> tuple[CheckedFinding, ...]:
    """The errors with a standing."""
    return tuple(
        f for f in report.findings if f.standing is standing and f.finding.severity is Severity.ERROR
    )


def remarks(report: CheckReport) -> tuple[CheckedFinding, ...]:
    """The new warnings: told, and refusing nothing."""
    return tuple(
        f for f in report.findings if f.standing is Standing.NEW and f.finding.severity is Severity.WARNING
    )


def summary(report: CheckReport) -> str:
    """``1 new problem, 2 still there, 1 gone``."""
    counted = [(len(chains(errors(report, standing))), standing) for standing in Standing]
    words = {Standing.STILL: "still there", Standing.GONE: "gone"}
    parts = []
    if report.revisions is None:
        number = sum(count for count, standing in counted if standing is not Standing.GONE)
        return plural(number, "problem") if number else "no problem"
    for count, standing in counted:
        if standing is Standing.NEW:
            parts.append(plural(count, "new problem") if count else "no new problem")
        elif count:
            parts.append(f"{count} {words[standing]}")
    return ", ".join(parts)


def looked_at(report: CheckReport) -> str:
    """``2 of 14 files touched``."""
    if report.revisions is None:
        return plural(report.watched, "file")
    return f"{report.touched} of {plural(report.watched, 'watched file')} touched"


def compared(report: CheckReport) -> str:
    """``a1b2c3d against main 9f8e7d6``, short commits."""
    if report.revisions is None:
        return "the files as they are"
    revisions = report.revisions
    committed = revisions.head is not None and revisions.head != revisions.base
    head = (revisions.head or "")[:7] if committed else "the working tree"
    return f"{head} against {one_line(revisions.against)} {revisions.base[:7]}"


def place(found: CheckedFinding) -> str:
    """``lab.ipynb, cell 3, line 2``."""
    location = found.finding.location
    if location is None:
        return one_line(str(found.target))
    return ", ".join(place_parts(location))


def place_parts(location: Location) -> list[str]:
    """A place in words."""
    parts = [one_line(location.file)]
    parts += [f"cell {location.cell}"] if location.cell is not None else []
    parts += [f"line {location.line}"] if location.line is not None else []
    return parts


def annotated(found: CheckedFinding) -> tuple[str, int | None, int | None]:
    """File, line and column for tools that show files: of a notebook's cell the line in the file.

    A column within a cell is no column of the file.
    """
    location = found.finding.location
    if location is None:
        return found.target.path, None, None
    if location.cell is not None:
        return location.file, found.file_line, None
    return location.file, location.line, location.column


def outcome_word(verdict: Verdict | None) -> str:
    """SAFE, REFUSED, UNPROVEN, or a dash where there was nothing."""
    return VERDICT_WORDS[verdict] if verdict is not None else "-"


def changed_hosts(outcomes: Iterable[HostOutcome]) -> tuple[HostOutcome, ...]:
    """The hosts whose verdict is another one than before."""
    return tuple(outcome for outcome in outcomes if outcome.before is not outcome.after)
