"""A log of runs, one JSON object a line, and back: ``depguard.run/1``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from depguard.errors import Problem
from depguard.model.location import Location
from depguard.model.run_log import RunRecord

RUN_SCHEMA = "depguard.run/1"


def run_line(record: RunRecord) -> str:
    """One run as one line of JSON, ASCII, ending in a newline."""
    fields = {
        "schema": RUN_SCHEMA,
        "at": record.at.isoformat().replace("+00:00", "Z"),
        "command": record.command,
        "tier": record.tier,
        "outcome": record.outcome,
        "good": record.good,
        "seconds": round(record.seconds, 1),
        "host": record.host,
        "python": record.python,
        "policy_sha256": record.policy_sha256,
        "depguard": record.depguard,
        "versions": {name: list(pair) for name, pair in sorted(record.versions.items())},
        "probes": dict(sorted(record.probes.items())),
        "causes": list(record.causes),
    }
    return json.dumps(fields) + "\n"


def read_runs(text: str, label: str) -> tuple[tuple[RunRecord, ...], tuple[Problem, ...]]:
    """The runs of a log in its order, and a problem for each line that is none; empty lines do not count."""
    runs: list[RunRecord] = []
    bad: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            runs.append(_run(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            bad.append(
                Problem(
                    code="log.line",
                    message=f"no run of depguard: {_why(error)}",
                    location=Location(label, number, 1),
                )
            )
    return tuple(runs), tuple(bad)


def _run(fields: Mapping[str, Any]) -> RunRecord:
    if fields["schema"] != RUN_SCHEMA:
        raise ValueError(f"its schema is {fields['schema']!r}, not {RUN_SCHEMA}")
    at = datetime.fromisoformat(fields["at"])
    if at.tzinfo is None:
        raise ValueError("its moment has no time zone")
    return RunRecord(
        at=at,
        command=_text(fields, "command"),
        outcome=_text(fields, "outcome"),
        good=bool(fields["good"]),
        seconds=float(fields["seconds"]),
        python=fields.get("python") or "",
        host=fields.get("host"),
        tier=fields.get("tier"),
        policy_sha256=fields.get("policy_sha256"),
        depguard=fields.get("depguard") or "",
        versions={name: (old, new) for name, (old, new) in fields.get("versions", {}).items()},
        probes=dict(fields.get("probes", {})),
        causes=tuple(str(code) for code in fields.get("causes", ())),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not value:
        raise ValueError(f"its {name} is {value!r}")
    return value


def _why(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"not JSON ({error.msg})"
        case KeyError():
            return f"it has no {error.args[0]}"
        case ValueError():
            return str(error)
        case _:
            return "not such an object"
