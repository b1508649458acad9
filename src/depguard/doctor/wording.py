"""Words that the doctor's findings share: names with versions, a few of many files, moments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from depguard.model.environment import Installed

LOOKED = "as recorded when depguard looked at "
"""Begins the line that says when a package was whole the last time."""
SHOWN = 3
"""How many files a message names; the rest is counted."""


def named(item: Installed) -> str:
    """``numpy 2.4.6``."""
    return f"{item.name} {item.version}" if item.version is not None else str(item.name)


def some(names: Sequence[str], shown: int = SHOWN) -> str:
    """``a, b, c and 4 more``."""
    if len(names) <= shown:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {len(names) - shown} more"


def counted(number: int, noun: str) -> str:
    """``1 file``, ``2 files``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def at(moment: datetime | None) -> str:
    """``2026-11-22 10:02 UTC``; empty for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment is not None else ""
