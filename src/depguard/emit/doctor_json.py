"""What the doctor says, as JSON: ``depguard.doctor/1``, additions only."""

from __future__ import annotations

from typing import Any

from depguard.emit.json_report import finding_document
from depguard.emit.quoting import json_text
from depguard.emit.wording import moment
from depguard.model.examination import Examination

DOCTOR_SCHEMA = "depguard.doctor/1"


def render_examination_json(examined: Examination) -> str:
    """One examination as JSON, ASCII, ending in a newline."""
    return json_text(examination_document(examined))


def examination_document(examined: Examination) -> dict[str, Any]:
    """One examination as JSON values; findings have the shape that they have in ``depguard.report/1``."""
    snapshot = examined.snapshot
    return {
        "schema": DOCTOR_SCHEMA,
        "verdict": examined.verdict.value,
        "taken": moment(snapshot.taken),
        "depth": snapshot.depth.value,
        "python": snapshot.python,
        "prefix": snapshot.prefix,
        "kind": snapshot.kind.value,
        "host": examined.host,
        "same": examined.same,
        "policy": examined.policy,
        "distributions": len(snapshot.distributions),
        "files": sum(item.files for item in snapshot.distributions),
        "bytes": sum(item.size for item in snapshot.distributions),
        "findings": [finding_document(finding) for finding in examined.findings],
        "remedy": None
        if examined.remedy is None
        else {
            "kind": examined.remedy.kind.value,
            "do": list(examined.remedy.do),
            "dont": list(examined.remedy.dont),
            "since": examined.remedy.since,
            "by": examined.remedy.by,
        },
        "probes": [
            {
                "name": probe.name,
                "package": probe.project,
                "outcome": probe.outcome.value,
                "detail": probe.detail,
                "seconds": round(probe.seconds, 3),
            }
            for probe in snapshot.probes
        ],
        "tiers": [
            {"tier": tier.tier, "verdict": tier.verdict.value, "note": tier.note} for tier in examined.tiers
        ],
        "settings": [
            {"installer": s.installer, "name": s.name, "value": s.value, "origin": s.origin}
            for s in snapshot.settings
        ],
    }
