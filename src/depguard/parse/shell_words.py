"""Shell text taken apart into commands."""

from __future__ import annotations

from dataclasses import dataclass

from depguard.model.location import Location


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line. ``doubt`` says why its text may not be what the installer is given."""

    text: str
    location: Location | None = None
    doubt: str | None = None
