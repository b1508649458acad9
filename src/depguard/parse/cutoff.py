"""Cut-off dates (``--exclude-newer``, ``--uploaded-prior-to``): a moment before which uploads count."""

from __future__ import annotations

import re
from datetime import UTC, datetime

ALLOWED = "a date (2026-11-01, which is 00:00 UTC) or a time (2026-11-01T12:00:00Z)"
"""What is taken, for messages."""

_DURATION = re.compile(r"-?P(?=[\dT])[\dYMWDTHS.,]+|\d+\s*[a-z]+( ago)?", re.IGNORECASE)


def parse_cutoff(text: str) -> datetime:
    """The moment in UTC. ISO 8601; a bare date is 00:00 UTC, and so is a time without an offset.

    (pip and uv read those in the machine's own time zone; an answer that depends on where it is asked
    is no answer.) Raises ValueError with a message that says what was found.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no date") from None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # year 1 or 9999 with an offset
        raise ValueError(f"{text!r} is out of range") from None


def is_duration(text: str) -> bool:
    """Whether this is a span of time before now (``P3D``, ``30 days``), which needs a clock."""
    return _DURATION.fullmatch(text.strip()) is not None
