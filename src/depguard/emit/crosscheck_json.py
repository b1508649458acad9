"""A crosscheck as JSON: ``depguard.crosscheck/1``, additions only."""

from __future__ import annotations

from typing import Any

from depguard.emit.quoting import json_text
from depguard.emit.wording import moment
from depguard.model.crosscheck import Change, Comparison, Crosscheck

SCHEMA = "depguard.crosscheck/1"


def crosscheck_json(found: Crosscheck) -> str:
    """The whole, comparisons in the order of tiers, hosts and referees."""
    value = {
        "schema": SCHEMA,
        "outcome": found.outcome.value,
        "cutoff": moment(found.cutoff),
        "refused": [{"tier": tier, "verdict": verdict} for tier, verdict in found.refused],
        "comparisons": [_comparison(comparison) for comparison in found.comparisons],
        "notes": list(found.notes),
    }
    return json_text(value)


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "tier": comparison.tier,
        "host": comparison.host,
        "referee": comparison.referee,
        "check": comparison.check.value,
        "outcome": comparison.outcome.value,
        "changes": comparison.changes,
        "differences": [
            {
                "name": difference.name,
                "depguard": _change(difference.ours),
                "referee": _change(difference.theirs),
                "depguard_reason": difference.our_reason,
                "referee_reason": difference.their_reason,
            }
            for difference in comparison.differences
        ],
        "failure": list(comparison.failure),
        "touched": list(comparison.touched),
        "reason": comparison.reason,
    }


def _change(change: Change | None) -> dict[str, str | None] | None:
    if change is None:
        return None
    return {
        "from": str(change.old) if change.old is not None else None,
        "to": str(change.new) if change.new is not None else None,
    }
