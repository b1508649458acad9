"""A check made safe to print, as `emit.quoting` does it for reports: a pull request names the files."""

from __future__ import annotations

from depguard.emit.quoting import quoted_finding, quoted_report
from depguard.emit.wording import one_line, spelled_out
from depguard.model.check import (
    CheckedFinding,
    CheckReport,
    HostOutcome,
    Revisions,
    TargetName,
    TargetOutcome,
)
from depguard.records import replace


def quoted_check(report: CheckReport) -> CheckReport:
    """The same check with every text from elsewhere on one line, control characters spelled out."""
    return replace(
        report,
        targets=tuple(_target(target) for target in report.targets),
        findings=tuple(_found(found) for found in report.findings),
        revisions=_revisions(report.revisions) if report.revisions is not None else None,
        policy=one_line(report.policy) if report.policy is not None else None,
        policy_sources=tuple(
            replace(source, label=spelled_out(source.label)) for source in report.policy_sources
        ),
        notes=tuple(one_line(note) for note in report.notes),
    )


def _target(target: TargetOutcome) -> TargetOutcome:
    return replace(target, name=_name(target.name), hosts=tuple(_outcome(host) for host in target.hosts))


def _outcome(outcome: HostOutcome) -> HostOutcome:
    return replace(
        outcome,
        host=one_line(outcome.host),
        reports=tuple(quoted_report(report) for report in outcome.reports),
    )


def _found(found: CheckedFinding) -> CheckedFinding:
    return replace(
        found,
        finding=quoted_finding(found.finding),
        target=_name(found.target),
        hosts=tuple(one_line(host) for host in found.hosts),
    )


def _name(name: TargetName) -> TargetName:
    return TargetName(path=spelled_out(name.path), part=one_line(name.part))


def _revisions(revisions: Revisions) -> Revisions:
    return replace(revisions, against=one_line(revisions.against))
