"""Reports as JSON: a stable contract, additions only (docs/report.schema.json)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from depguard.emit.quoting import json_text
from depguard.emit.wording import moment, size_of
from depguard.model.finding import Finding, WayOut
from depguard.model.location import Location
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.report import Report, Reports, SimulationResult, WheelNote

REPORT_SCHEMA = "depguard.report/1"
REPORTS_SCHEMA = "depguard.reports/1"


def render_json(reports: Reports) -> str:
    """One report as ``depguard.report/1``, several as ``depguard.reports/1``. ASCII, ends in a newline."""
    if len(reports.reports) == 1:
        document = report_document(reports.reports[0])
    else:
        document = {
            "schema": REPORTS_SCHEMA,
            "verdict": reports.verdict.value,
            "reports": [report_document(report) for report in reports.reports],
        }
    return json_text(document)


def report_document(report: Report) -> dict[str, Any]:
    """One report as JSON values. Its key order is part of the golden tests, not of the contract."""
    return {
        "schema": REPORT_SCHEMA,
        "verdict": report.verdict.value,
        "subject": report.subject,
        "host": {
            "name": report.host.name,
            "sha256": report.host.sha256,
            "python": report.host.python,
            "installed": report.host.installed,
        },
        "request": {
            "tier": report.request.tier,
            "command": report.request.command,
            "requirements": [asked.text for asked in report.request.requirements],
        },
        "policy": None
        if report.policy is None
        else {
            "name": report.policy,
            "sources": [{"label": s.label, "sha256": s.sha256} for s in report.policy_sources],
        },
        "cutoff": moment(report.cutoff) if report.cutoff is not None else None,
        "simulation": _simulation(report.simulation),
        "plan": None
        if report.plan is None or report.plan.changes is None
        else {"actions": _actions(report.plan.changes)},
        "failure": {
            "simulation": list(report.simulation.failure) if report.simulation is not None else [],
            "plan": list(report.plan.failure) if report.plan is not None else [],
        },
        "findings": [finding_document(finding) for finding in report.findings],
        "unknown": list(report.unknown),
        "assumed": list(report.assumed),
        "notices": list(report.notices),
        "binaries": {
            "not_looked_at": _wheel_notes(report.binaries.unlooked),
            "startup_files": _wheel_notes(report.binaries.startup),
            "refused": _wheel_notes(report.binaries.refused),
        },
    }


def _wheel_notes(notes: Iterable[WheelNote]) -> list[dict[str, Any]]:
    return [
        {"name": n.name, "version": str(n.version) if n.version is not None else None, "texts": list(n.texts)}
        for n in notes
    ]


def _simulation(result: SimulationResult | None) -> dict[str, Any] | None:
    if result is None or result.changes is None:
        return None
    return {
        "installer": result.installer,
        "actions": _actions(result.changes),
        "broken": [
            {
                "name": item.name,
                "version": str(item.version) if item.version is not None else None,
                "requirement": item.requirement,
                "violated": item.violated,
            }
            for item in result.broken
        ],
    }


def _actions(changes: ChangeSet) -> list[dict[str, Any]]:
    return [_action(action) for action in changes.actions if action.kind is not ActionKind.KEEP]


def _action(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "kind": action.kind.value,
        "from": str(action.old) if action.old is not None else None,
        "to": str(action.new) if action.new is not None else None,
        "because": [str(cause) for cause in action.because],
        "artifact": None
        if action.artifact is None
        else {
            "filename": action.artifact.filename,
            "sha256": action.artifact.sha256,
            "size": size_of(action),
        },
        "held_back": None
        if action.held_back is None
        else {"newest": str(action.held_back.newest), "reason": action.held_back.reason},
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding as JSON values."""
    return {
        "code": finding.code,
        "about": finding.about.value,
        "severity": finding.severity.value,
        "package": finding.package,
        "message": finding.message,
        "hint": finding.hint,
        "because": list(finding.because),
        "location": _location(finding.location),
        "culprit": finding.culprit,
        "chain": [
            {
                "name": link.name,
                "version": str(link.version) if link.version is not None else None,
                "requirement": link.requirement,
                "file": link.location.file if link.location is not None else None,
                "line": link.location.line if link.location is not None else None,
            }
            for link in finding.chain
        ],
        "ways_out": [_way_out(way) for way in finding.ways_out],
        "policy": None
        if finding.policy_location is None
        else {"location": _location(finding.policy_location), "reason": finding.policy_reason},
        "unproven": finding.unproven,
        "waived": finding.waived,
    }


def _way_out(way: WayOut) -> dict[str, Any]:
    return {
        "change": way.change,
        "verdict": way.verdict.value,
        "note": way.note,
        "actions": [_action(action) for action in way.actions if action.kind is not ActionKind.KEEP],
    }


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    found: dict[str, Any] = {"file": location.file, "line": location.line, "column": location.column}
    if location.cell is not None:
        found["cell"] = location.cell
    return found
