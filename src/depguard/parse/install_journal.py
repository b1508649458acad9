"""The journal of an unfinished install, as JSON text and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.install import InstallJournal, WheelFile

SCHEMA = "depguard.install-journal/1"


def journal_text(journal: InstallJournal) -> str:
    """The journal as JSON, ending in a newline."""
    return (
        json.dumps(
            {
                "schema": SCHEMA,
                "tier": journal.tier,
                "python": journal.python,
                "started": journal.started.isoformat(),
                "policy": journal.policy,
                "policy_sha256": journal.policy_sha256,
                "wheels": [wheel_fields(wheel) for wheel in journal.wheels],
                "moves": {name: str(old) if old is not None else None for name, old in journal.moves.items()},
                "leftovers": list(journal.leftovers),
            },
            indent=1,
        )
        + "\n"
    )


def read_journal(text: str) -> InstallJournal | None:
    """The journal of a text that depguard wrote; None for any other text, or another version's."""
    try:
        said = json.loads(text)
        if said["schema"] != SCHEMA:
            return None
        return InstallJournal(
            tier=said["tier"],
            python=said["python"],
            started=datetime.fromisoformat(said["started"]),
            policy=said["policy"],
            policy_sha256=said["policy_sha256"],
            wheels=tuple(_wheel(item) for item in said["wheels"]),
            moves={
                canonicalize_name(name): Version(old) if old is not None else None
                for name, old in said["moves"].items()
            },
            leftovers=tuple(said["leftovers"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def wheel_fields(wheel: WheelFile) -> dict[str, Any]:
    """A wheel as JSON values."""
    return {
        "name": wheel.name,
        "version": str(wheel.version),
        "filename": wheel.filename,
        "sha256": wheel.sha256,
        "size": wheel.size,
    }


def _wheel(fields: Mapping[str, Any]) -> WheelFile:
    return WheelFile(
        name=canonicalize_name(fields["name"]),
        version=Version(fields["version"]),
        filename=fields["filename"],
        sha256=fields["sha256"],
        size=fields["size"],
    )
