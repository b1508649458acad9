"""Which cell did it: IPython's own record of a session."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from depguard.adapters.notebook_history import commands_here, commands_of_kernel

BEGAN = datetime(2026, 11, 22, 9, 0, 0, tzinfo=UTC)


def history(path: Path, *cells: str, start: str = "2026-11-22 09:00:05+00:00") -> Path:
    """IPython's tables, as it makes them."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE sessions (session integer primary key, start timestamp, end timestamp,"
            " num_cmds integer, remark text)"
        )
        database.execute("CREATE TABLE history (session integer, line integer, source text, source_raw text)")
        for session, when in ((1, "2026-11-21 09:00:00+00:00"), (2, start)):
            database.execute("INSERT INTO sessions VALUES (?, ?, NULL, NULL, '')", (session, when))
        database.execute("INSERT INTO history VALUES (1, 1, '', '!pip install of-yesterday')")
        for line, cell in enumerate(cells, start=1):
            database.execute("INSERT INTO history VALUES (2, ?, '', ?)", (line, cell))
    database.close()
    return path


def test_the_install_lines_of_the_newest_session(tmp_path: Path) -> None:
    found = commands_of_kernel(
        history(
            tmp_path / "history.sqlite",
            "import numpy",
            "!pip install -q captum==0.8.0\nimport captum",
            "%pip install --index-url https://ada:secret@example.org/simple einops",
            "!pip install 'broken",
            "!ls",
        ),
        BEGAN,
    )
    assert found[0][0] == "cell [2]"
    assert "captum==0.8.0" in found[0][1]
    assert found[1][0] == "cell [3]"
    assert "secret" not in found[1][1]
    assert not any("yesterday" in line for _, line in found)


def test_a_session_before_the_kernel_is_not_its_own(tmp_path: Path) -> None:
    old = history(tmp_path / "h.sqlite", "!pip install einops", start="2026-11-22 08:00:00+00:00")
    assert commands_of_kernel(old, BEGAN) == ()
    assert len(commands_of_kernel(old, None)) == 1


def test_no_record_and_a_broken_one_say_nothing(tmp_path: Path) -> None:
    assert commands_of_kernel(tmp_path / "none.sqlite", BEGAN) == ()
    (tmp_path / "broken.sqlite").write_bytes(b"no database, and long enough to be looked at" * 50)
    assert commands_of_kernel(tmp_path / "broken.sqlite", BEGAN) == ()


def test_outside_of_a_kernel_there_are_no_cells() -> None:
    assert commands_here() == ()
