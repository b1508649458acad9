"""A guarded install as JSON: ``depguard.install/1``, a stable contract, additions only."""

from __future__ import annotations

from typing import Any

from depguard.emit.json_report import finding_document, report_document
from depguard.emit.quoting import json_text
from depguard.errors import Problem
from depguard.model.environment import ByteChange, ProbeResult
from depguard.model.examination import Examination
from depguard.model.install import Compared, InstallReport, WheelFile

INSTALL_SCHEMA = "depguard.install/1"


def render_install_json(report: InstallReport) -> str:
    """The report as one JSON document, ASCII, ending in a newline."""
    return json_text(install_document(report))


def install_document(report: InstallReport) -> dict[str, Any]:
    """The report as JSON values."""
    landed = {wheel.name for wheel in report.landed}
    before, after = report.examination, report.after
    return {
        "schema": INSTALL_SCHEMA,
        "outcome": report.outcome.value,
        "stage": report.stage.value,
        "tier": report.tier,
        "about": report.about,
        "overrides": [
            {"package": str(o.package), "drop": [str(dropped) for dropped in o.drop]}
            for o in report.overrides
            if o.drop
        ],
        "runtime": None if before is None else _runtime(before),
        "plan": None if report.plan is None else report_document(report.plan),
        "wheels": [_wheel(wheel, installed=wheel.name in landed) for wheel in report.wheels],
        "installer": report.installer,
        "restart": report.restart,
        "finished": report.finished,
        "protected": None if report.compared is None else _compared(report.compared),
        "findings": [finding_document(f) for each in (before, after) if each for f in each.findings],
        "probes": [_probe(probe) for probe in (after.snapshot.probes if after is not None else ())],
        "why": [_problem(problem) for problem in report.why],
        "seconds": round(report.seconds, 1),
        "record": report.record,
        "bundle": report.bundle,
    }


def _runtime(examination: Examination) -> dict[str, Any]:
    snapshot = examination.snapshot
    return {
        "kind": snapshot.kind.value,
        "python": snapshot.python,
        "executable": snapshot.executable,
        "host": examination.host,
        "installed": len({item.name for item in snapshot.distributions}),
        "same": examination.same,
        "verdict": examination.verdict.value,
    }


def _wheel(wheel: WheelFile, *, installed: bool) -> dict[str, Any]:
    return {
        "name": wheel.name,
        "version": str(wheel.version),
        "filename": wheel.filename,
        "sha256": wheel.sha256,
        "size": wheel.size,
        "installed": installed,
    }


def _compared(compared: Compared) -> dict[str, Any]:
    return {
        "distributions": compared.distributions,
        "files": compared.files,
        "changes": [_change(change) for change in compared.changes],
    }


def _change(change: ByteChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "before": str(change.before) if change.before is not None else None,
        "after": str(change.after) if change.after is not None else None,
        "added": list(change.added),
        "removed": list(change.removed),
        "changed": list(change.changed),
    }


def _probe(probe: ProbeResult) -> dict[str, Any]:
    return {
        "name": probe.name,
        "package": probe.project,
        "outcome": probe.outcome.value,
        "detail": probe.detail,
        "seconds": round(probe.seconds, 2),
    }


def _problem(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message, "hint": problem.hint}
