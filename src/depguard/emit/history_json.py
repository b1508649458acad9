"""A log of runs summed up, as JSON: ``depguard.history/1``, additions only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from depguard.emit.quoting import json_text
from depguard.emit.wording import moment
from depguard.model.run_log import History, Tally

HISTORY_SCHEMA = "depguard.history/1"


def render_history_json(history: History) -> str:
    """The history as one JSON document, ASCII, ending in a newline."""
    document = {
        "schema": HISTORY_SCHEMA,
        "first": moment(history.first),
        "last": moment(history.last),
        "by": history.by,
        "hosts": dict(history.hosts),
        "totals": _tallies(history.totals),
        "periods": [
            {"begin": period.begin.isoformat(), "tallies": _tallies(period.tallies)}
            for period in history.periods
        ],
        "causes": dict(history.causes),
        "bad_lines": [
            {"line": problem.location.line if problem.location else None, "message": problem.message}
            for problem in history.bad_lines
        ],
    }
    return json_text(document)


def _tallies(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {
        command: {
            "runs": tally.runs,
            "good": tally.good,
            "rate": round(tally.rate, 4),
            "median_seconds": round(tally.median, 1),
        }
        for command, tally in tallies.items()
    }
