"""A check as JSON: a stable contract, additions only (docs/check.schema.json)."""

from __future__ import annotations

from typing import Any

from depguard.emit.json_report import finding_document, report_document
from depguard.emit.quoting import json_text
from depguard.emit.wording import moment
from depguard.model.check import CheckedFinding, CheckReport, HostOutcome, Standing, TargetOutcome

CHECK_SCHEMA = "depguard.check/1"


def render_check_json(report: CheckReport) -> str:
    """The check as ``depguard.check/1``. ASCII, ends in a newline."""
    return json_text(check_document(report))


def check_document(report: CheckReport) -> dict[str, Any]:
    """The check as JSON values. Its key order is part of the golden tests, not of the contract."""
    revisions = report.revisions
    return {
        "schema": CHECK_SCHEMA,
        "verdict": report.verdict.value,
        "fails": "all" if report.everything or revisions is None else "new",
        "against": None
        if revisions is None
        else {"revision": revisions.against, "base": revisions.base, "head": revisions.head},
        "cutoff": moment(report.cutoff),
        "policy": None
        if report.policy is None
        else {
            "name": report.policy,
            "sources": [{"label": s.label, "sha256": s.sha256} for s in report.policy_sources],
        },
        "counts": {
            "watched": report.watched,
            "touched": report.touched,
            **{standing.value: report.count(standing) for standing in Standing},
        },
        "findings": [_finding(found) for found in report.findings],
        "targets": [_target(target) for target in report.targets],
        "notes": list(report.notes),
    }


def _finding(found: CheckedFinding) -> dict[str, Any]:
    return {
        "standing": found.standing.value,
        "fingerprint": found.fingerprint,
        "target": {"path": found.target.path, "part": found.target.part or None},
        "hosts": list(found.hosts),
        "file_line": found.file_line,
        **finding_document(found.finding),
    }


def _target(target: TargetOutcome) -> dict[str, Any]:
    return {
        "path": target.name.path,
        "part": target.name.part or None,
        "kind": target.kind.value,
        "hosts": [_outcome(outcome) for outcome in target.hosts],
    }


def _outcome(outcome: HostOutcome) -> dict[str, Any]:
    return {
        "name": outcome.host,
        "before": outcome.before.value if outcome.before is not None else None,
        "after": outcome.after.value if outcome.after is not None else None,
        "reports": [report_document(report) for report in outcome.reports],
    }
