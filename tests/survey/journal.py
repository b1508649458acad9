"""What was found, a JSON object a line, so that a run that was broken off goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kit.referees import Change

Outcome = frozenset[Change] | None
"""What is changed; None where the installer refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody said to a line. ``by`` is an installer, with its version, or what stood in for it.

    ``apart`` says why there is no outcome (it took too long, the index was out of reach). ``said`` is the
    end of what a refusing installer printed.
    """

    line: str
    by: str
    seconds: float
    outcome: Outcome = None
    apart: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict on a line: the errors about what would happen, by code, who is to blame, what is hit."""

    line: str
    seconds: float
    verdict: str
    codes: tuple[str, ...] = ()
    culprits: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    by: str = field(default="verdict", init=False)


Entry = Answer | Judged


class Journal:
    """One file of entries; each line and who spoke to it once, the last one counts."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, entry: Entry) -> None:
        """Write it down, at once."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_plain(entry)) + "\n")


def read_journals(paths: Iterable[Path]) -> dict[tuple[str, str], Entry]:
    """All entries by line and speaker. A last line that was cut off is passed over."""
    found: dict[tuple[str, str], Entry] = {}
    for path in paths:
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = _entry(json.loads(text))
            except ValueError:
                continue
            found[entry.line, entry.by] = entry
    return found


def _plain(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    fields["seconds"] = round(entry.seconds, 2)
    if isinstance(entry, Answer) and entry.outcome is not None:
        fields["outcome"] = sorted((list(change) for change in entry.outcome), key=str)
    return fields


def _entry(fields: Mapping[str, Any]) -> Entry:
    given = dict(fields)
    if given["by"] == "verdict":
        del given["by"]
        codes, culprits, touched = (tuple(given.pop(name)) for name in ("codes", "culprits", "touched"))
        return Judged(**given, codes=codes, culprits=culprits, touched=touched)
    outcome = given.pop("outcome")
    return Answer(**given, outcome=None if outcome is None else frozenset(Change(*c) for c in outcome))
