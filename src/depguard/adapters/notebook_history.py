"""The install commands of the notebook whose kernel runs here: what IPython keeps of its cells.

https://ipython.readthedocs.io/en/stable/interactive/reference.html#input-caching-system
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from depguard.errors import InputError
from depguard.parse.install_cells import commands_in_cell
from depguard.parse.requirement_item import without_secrets


def commands_here() -> tuple[tuple[str, str], ...]:
    """Those of this very process, where it is a kernel: ``(cell [7], !pip install ...)``."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    cells = getattr(shell, "user_ns", {}).get("In", ())
    return tuple(_commands((number, text) for number, text in enumerate(cells)))


def commands_of_kernel(history: Path, started: datetime | None) -> tuple[tuple[str, str], ...]:
    """Those of the newest session in IPython's own record, if it began no earlier than ``started``.

    None of them where there is no record, or one that cannot be read.
    """
    if not history.is_file():
        return ()
    try:
        with closing(
            sqlite3.connect(f"{history.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
        ) as database:
            row = database.execute(
                "SELECT session, start FROM sessions ORDER BY session DESC LIMIT 1"
            ).fetchone()
            if row is None or (started is not None and _moment(row[1]) < started):
                return ()
            cells: Sequence[tuple[int, object]] = database.execute(
                "SELECT line, source_raw FROM history WHERE session = ? ORDER BY line", (row[0],)
            ).fetchall()
    except (sqlite3.Error, ValueError, TypeError):
        return ()
    return tuple(_commands(cells))


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text)).astimezone(UTC)


def _commands(cells: Iterable[tuple[int, object]]) -> Iterator[tuple[str, str]]:
    for number, text in cells:
        if not isinstance(text, str):
            continue
        try:
            commands = commands_in_cell(text, "notebook", cell=number)
        except InputError:
            continue  # it did not run either
        for command in commands:
            yield f"cell [{number}]", without_secrets(command.command)
