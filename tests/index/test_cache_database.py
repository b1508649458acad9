"""The cache's file: what is put there comes back, whatever others do to it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

import depguard
from depguard.adapters.cache import FORMAT, Cache, Entry


def entry(text: str = '"x"') -> Entry:
    return Entry(text=text, stored=5.0, fresh_until=9.0, facts={"etag": "e"})


def test_entries_come_back(tmp_path: Path) -> None:
    notes: list[str] = []
    cache = Cache.in_folder(tmp_path / "new" / "folder", note=notes.append)
    cache.put("page", "k", entry("[1]"))
    cache.put("page", "k", entry("[2]"))
    cache.renew("page", "k", stored=6.0, fresh_until=10.0)
    assert cache.get("page", "k") == Entry(text="[2]", stored=6.0, fresh_until=10.0, facts={"etag": "e"})
    assert cache.get("metadata", "k") is None
    cache.drop("page", "k")
    assert cache.get("page", "k") is None
    cache.close()
    assert cache.get("page", "k") is None
    assert notes == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET body = x'00'",
        "UPDATE entry SET facts = '{}'",
        "UPDATE entry SET checksum = checksum + 1",
        "UPDATE entry SET format = 999",
        "UPDATE entry SET key = 'k2'",
        "UPDATE entry SET stored = 'soon'",
    ],
)
def test_a_row_that_was_changed_is_dropped(tmp_path: Path, change: str) -> None:
    cache = Cache.in_folder(tmp_path, note=print)
    cache.put("page", "k", entry())
    with sqlite3.connect(tmp_path / "index.sqlite3") as connection:
        connection.execute(change)
    connection.close()
    assert cache.get("page", "k2" if "k2" in change else "k") is None
    assert cache.get("page", "k") is None
    cache.close()


@pytest.mark.parametrize("facts", ["[]", "7", '{"sha256": 7}', '{"etag": null}', "{"])
def test_a_row_with_foreign_facts_is_dropped(tmp_path: Path, facts: str) -> None:
    cache = Cache.in_folder(tmp_path, note=print)
    body = b"x"
    checksum = zlib.crc32(body, zlib.crc32(f"page\0k\0{facts}".encode()))
    with sqlite3.connect(tmp_path / "index.sqlite3") as connection:
        row = ("page", "k", FORMAT, 5.0, 9.0, facts, body, checksum)
        connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.close()
    assert cache.get("page", "k") is None
    assert not cache.has("page", "k")
    cache.close()


def test_a_damaged_database_is_moved_away_and_made_again(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite3").write_bytes(b"this is no database" * 100)
    notes: list[str] = []
    cache = Cache.in_folder(tmp_path, note=notes.append)
    cache.put("page", "k", entry())
    assert cache.get("page", "k") == entry()
    cache.close()
    assert (tmp_path / "index.sqlite3.damaged").read_bytes().startswith(b"this is no database")
    assert len(notes) == 1
    assert "damaged" in notes[0]


def test_a_database_that_is_damaged_under_way(tmp_path: Path) -> None:
    notes: list[str] = []
    cache = Cache.in_folder(tmp_path, note=notes.append)
    for number in range(300):
        cache.put("metadata", f"k{number}", entry(json.dumps(str(number) * 2000)))
    cache.close()
    path = tmp_path / "index.sqlite3"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    cache = Cache.in_folder(tmp_path, note=notes.append)
    assert cache.get("metadata", "k7") is None
    cache.put("metadata", "k7", entry())
    assert cache.get("metadata", "k7") == entry()
    cache.close()
    assert "damaged" in notes[0]


def test_a_folder_that_cannot_be_made_means_no_cache(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notes: list[str] = []
    cache = Cache.in_folder(tmp_path / "file" / "cache", note=notes.append)
    cache.put("metadata", "k", entry())
    assert cache.get("metadata", "k") is None
    cache.close()
    assert len(notes) == 1
    assert "no cache is used" in notes[0]


def test_a_database_that_cannot_be_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache.in_folder(tmp_path, note=print)
    cache.put("metadata", "k", entry())
    cache.close()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # file permissions do not hold for root, which test machines often run as
    monkeypatch.setattr("depguard.adapters.cache.os.open", refuse)
    notes: list[str] = []
    cache = Cache.in_folder(tmp_path, note=notes.append)
    assert cache.get("metadata", "k") == entry()
    cache.put("metadata", "k", entry('"other"'))
    assert cache.get("metadata", "k") == entry()
    cache.close()
    assert "used for reading alone: Permission denied" in notes[0]


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from depguard.adapters.cache import Cache, Entry
who = sys.argv[2]
cache = Cache.in_folder(Path(sys.argv[1]), note=lambda text: sys.exit(text))
for number in range(100):
    cache.put("page", f"{who}{number}", Entry(text='"x"', stored=1e12, facts={}))
    cache.put("page", "shared", Entry(text=f'"{who}"', stored=1e12, facts={}))
    assert cache.get("page", f"{who}{number}") is not None
cache.close()
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(depguard.__file__).parents[1])}
    workers = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), who], env=environ) for who in "abc"
    ]
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    cache = Cache.in_folder(tmp_path, note=print)
    assert all(cache.get("page", f"{who}{number}") for who in "abc" for number in range(100))
    cache.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs copies of a process")
def test_several_processes_begin_a_cache_at_once(tmp_path: Path) -> None:
    """SQLite waits for no one who begins the log of a new database, or who clears it away."""
    program = """
import os, sys, time
from depguard.adapters.cache import Cache, Entry
def begin(folder, who):
    notes = []
    cache = Cache.in_folder(folder, note=notes.append)
    cache.put("page", who, Entry(text="x", stored=time.time(), facts={}))
    found = cache.get("page", who)
    cache.close()
    return notes or found is None
for number in range(60):
    ready, go = os.pipe()
    copies = []
    for who in "abcdef":
        copies.append(os.fork())
        if not copies[-1]:
            os.close(go)
            os.read(ready, 1)
            os._exit(bool(begin(f"{sys.argv[1]}/{number}", who)))
    os.close(go)
    if any([os.waitpid(copy, 0)[1] for copy in copies]):
        sys.exit("one has no cache")
"""
    environ = {**os.environ, "PYTHONPATH": str(Path(depguard.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environ, check=True, timeout=60)
