"""Reports made safe to print: what comes from elsewhere is one line that no terminal and no log obeys.

Names of hosts and files, requirements, reasons and messages come from pull requests, policies and indexes.
JSON alone keeps them as they are, in its own escapes.
"""

from __future__ import annotations

import json
from typing import Any

from packaging.utils import NormalizedName

from depguard.emit.wording import one_line, spelled_out
from depguard.model.finding import Finding, Link, WayOut
from depguard.model.location import Location
from depguard.model.report import (
    Asked,
    BinaryNotes,
    Broken,
    PlanResult,
    Report,
    Reports,
    SimulationResult,
    WheelNote,
)
from depguard.records import replace


def quoted(reports: Reports) -> Reports:
    """The same reports with every text from elsewhere on one line, control characters spelled out."""
    return Reports(reports=tuple(quoted_report(report) for report in reports.reports))


def json_text(value: Any) -> str:
    """JSON in ASCII, ending in a newline. What a log would obey is written as an escape."""
    text = json.dumps(value, indent=2)
    return text.replace("##[", "##\\u005b").replace("##vso[", "##vso\\u005b") + "\n"


def quoted_report(report: Report) -> Report:
    """One report, quoted."""
    return replace(
        report,
        host=replace(report.host, name=one_line(report.host.name)),
        request=replace(
            report.request,
            requirements=tuple(_asked(asked) for asked in report.request.requirements),
            tier=_maybe(report.request.tier),
            command=_maybe(report.request.command),
        ),
        simulation=_simulation(report.simulation) if report.simulation is not None else None,
        plan=_plan(report.plan) if report.plan is not None else None,
        findings=tuple(quoted_finding(finding) for finding in report.findings),
        unknown=_lines(report.unknown),
        assumed=_lines(report.assumed),
        policy=_maybe(report.policy),
        policy_sources=tuple(
            replace(source, label=spelled_out(source.label)) for source in report.policy_sources
        ),
        notices=_lines(report.notices),
        binaries=BinaryNotes(
            unlooked=_wheel_notes(report.binaries.unlooked),
            startup=_wheel_notes(report.binaries.startup),
            refused=_wheel_notes(report.binaries.refused),
        ),
    )


def _wheel_notes(notes: tuple[WheelNote, ...]) -> tuple[WheelNote, ...]:
    return tuple(replace(note, texts=_lines(note.texts)) for note in notes)


def quoted_finding(finding: Finding) -> Finding:
    """One finding, quoted."""
    return replace(
        finding,
        package=NormalizedName(one_line(finding.package)),  # of an unread file, its path
        message=one_line(finding.message),
        hint=one_line(finding.hint),
        because=_lines(finding.because),
        location=_place(finding.location),
        culprit=_maybe(finding.culprit),
        chain=tuple(_link(link) for link in finding.chain),
        ways_out=tuple(_way(way) for way in finding.ways_out),
        policy_location=_place(finding.policy_location),
        policy_reason=one_line(finding.policy_reason),
        waived=_maybe(finding.waived),
    )


def _link(link: Link) -> Link:
    return replace(
        link,
        name=one_line(link.name),
        requirement=one_line(link.requirement),
        location=_place(link.location),
    )


def _way(way: WayOut) -> WayOut:
    return replace(way, change=one_line(way.change), note=one_line(way.note))


def _asked(asked: Asked) -> Asked:
    return replace(asked, text=one_line(asked.text), location=_place(asked.location))


def _simulation(result: SimulationResult) -> SimulationResult:
    return replace(
        result,
        installer=one_line(result.installer),
        broken=tuple(_broken(item) for item in result.broken),
        failure=_lines(result.failure),
    )


def _broken(item: Broken) -> Broken:
    return replace(item, requirement=one_line(item.requirement), violated=one_line(item.violated))


def _plan(result: PlanResult) -> PlanResult:
    return replace(result, failure=_lines(result.failure))


def _place(location: Location | None) -> Location | None:
    # The blanks of a file's name stay: annotations find the file by it.
    return replace(location, file=spelled_out(location.file)) if location is not None else None


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one_line(text) for text in texts)


def _maybe(text: str | None) -> str | None:
    return one_line(text) if text is not None else None
