"""What indexes answered, kept in one SQLite file for later runs and for other processes.

Every row carries a checksum and the format's number: what does not fit is dropped, never believed. A database
that is damaged is moved aside and begun anew; one that cannot be opened, or written, costs time and nothing
else. Keys are URLs without credentials, or hashes; no value holds a secret.
"""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
import time
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from depguard.adapters.cache_place import cache_file
from depguard.adapters.witness import saw_row, wrote_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any, Self

FORMAT = 3
"""Raised whenever rows of older versions would be misread."""

_PATIENCE = 5.0
_PAUSE = 0.005
_TAKEN = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
_KEPT_SECONDS = 90 * 86400.0
_TABLE = """
CREATE TABLE IF NOT EXISTS entry (
    kind TEXT NOT NULL, key TEXT NOT NULL, format INTEGER NOT NULL, stored REAL NOT NULL,
    fresh_until REAL NOT NULL, facts TEXT NOT NULL, body BLOB NOT NULL, checksum INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
)
"""

# Most of what is kept is long: in pages of SQLite's own size it takes twice as long to read. Readers and a
# writer do not wait for each other, and nobody for the disk: who is killed loses nothing, and a machine that
# loses its power may damage the file, which is then begun anew. What is read is read once, and the system
# has it in memory: for SQLite to keep 2 MB of it as well costs more than it saves.
_BEGIN = (
    "PRAGMA page_size = 16384",
    "PRAGMA cache_size = -256",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",
    _TABLE,
)


class Entry(NamedTuple):
    """One cached answer: a text (JSON, mostly), and short facts beside it (``etag``).

    ``stored`` and ``fresh_until`` are seconds since 1970.
    """

    text: str
    stored: float
    facts: Mapping[str, str]
    fresh_until: float = 0.0


_LEFT_ALONE: list[object] = []
"""Connections of the process that this one is a copy of."""


class Cache:
    """Entries by kind and key. Safe for several threads and several processes at once; never raises."""

    def __init__(self, path: str | None, *, note: Callable[[str], None]) -> None:
        self.path = path
        self._note = note
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._read_only = False
        self._wrote = False
        self._process = os.getpid()
        if path is not None:
            with self._lock:
                self._open()

    @classmethod
    def in_folder(cls, folder: str | Path, *, note: Callable[[str], None]) -> Self:
        """The cache in ``folder``, which is made if need be."""
        return cls(cache_file(folder), note=note)

    @classmethod
    def none(cls) -> Self:
        """A cache that keeps nothing."""
        return cls(None, note=lambda _: None)

    @property
    def keeps(self) -> bool:
        """Whether what is put here will be found again, by another process too."""
        return self._connection is not None and not self._read_only

    def get(self, kind: str, key: str) -> Entry | None:
        """The entry, or None."""
        rows = self._do(
            "SELECT format, stored, fresh_until, facts, body, checksum FROM entry WHERE kind = ? AND key = ?",
            (kind, key),
        )
        if not rows:
            saw_row(kind, key, None)
            return None
        number, stored, fresh_until, facts, body, checksum = rows[0]
        saw_row(kind, key, _identity(number, facts, checksum, len(body)))
        try:
            if number != FORMAT or _checksum(kind, key, facts, body) != checksum:
                raise ValueError  # noqa: TRY301 - one way out for all that is wrong with a row
            read = json.loads(facts)
            if not isinstance(read, dict) or not all(isinstance(fact, str) for fact in read.values()):
                raise ValueError  # noqa: TRY301 - as above
            return Entry(
                text=body.decode(),
                stored=float(stored),
                fresh_until=float(fresh_until),
                facts=read,
            )
        except (ValueError, TypeError, AttributeError):
            self.drop(kind, key)
            return None

    def identity(self, kind: str, key: str) -> str | None:
        """What tells the entry from any other under its key, None where there is none. Costs little."""
        rows = self._do(
            "SELECT format, facts, checksum, length(body) FROM entry WHERE kind = ? AND key = ?", (kind, key)
        )
        return _identity(*rows[0]) if rows else None

    def is_fresh(self, kind: str, key: str, now: float) -> bool:
        """Whether there is an entry that need not be asked for again."""
        rows = self._do("SELECT stored, fresh_until FROM entry WHERE kind = ? AND key = ?", (kind, key))
        return bool(rows) and rows[0][0] <= now + 60 and now < rows[0][1]

    def any_fresh(self, kind: str, now: float) -> bool:
        """Whether there is any entry of a kind that need not be asked for again."""
        return bool(self._do("SELECT 1 FROM entry WHERE kind = ? AND fresh_until > ? LIMIT 1", (kind, now)))

    def has(self, kind: str, key: str) -> bool:
        """Whether there is an entry; it may turn out to be damaged."""
        return bool(self._do("SELECT 1 FROM entry WHERE kind = ? AND key = ?", (kind, key)))

    def put(self, kind: str, key: str, entry: Entry) -> None:
        """Keep the entry in the place of an older one."""
        self.put_bytes(kind, key, entry.text.encode(), entry)

    def put_bytes(self, kind: str, key: str, body: bytes, beside: Entry) -> None:
        """The same with a text, UTF-8, that is at hand as bytes; of the entry all else counts."""
        facts = json.dumps(dict(beside.facts), sort_keys=True)
        checksum = _checksum(kind, key, facts, body)
        self._write(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (kind, key, FORMAT, beside.stored, beside.fresh_until, facts, body, checksum),
        )
        wrote_row(kind, key, _identity(FORMAT, facts, checksum, len(body)))

    def renew(self, kind: str, key: str, *, stored: float, fresh_until: float) -> None:
        """The entry is as good as asked for now (an index answered 304)."""
        self._write(
            "UPDATE entry SET stored = ?, fresh_until = ? WHERE kind = ? AND key = ?",
            (stored, fresh_until, kind, key),
        )

    def drop(self, kind: str, key: str) -> None:
        """Forget the entry."""
        self._write("DELETE FROM entry WHERE kind = ? AND key = ?", (kind, key))
        wrote_row(kind, key, None)

    def close(self) -> None:
        """Let go of the file; old pages leave it."""
        with self._lock:
            if self._wrote:
                # What an artifact says of itself never changes; all else is made or fetched again.
                self._write(
                    "DELETE FROM entry WHERE kind NOT IN ('metadata', 'size') AND stored < ?",
                    (time.time() - _KEPT_SECONDS,),
                )
            self._forget()

    def _write(self, statement: str, values: tuple[object, ...]) -> None:
        if not self._read_only:
            self._wrote = True
            self._do(statement, values)

    def _do(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            if self._connection is not None and self._process != os.getpid():
                self._open_in_copy()
            if self._connection is None:
                return []
            try:
                return _patiently(self._connection.execute, statement, values).fetchall()
            except sqlite3.Error as error:
                match error.sqlite_errorcode & 0xFF:
                    case taken if taken in _TAKEN:
                        pass  # another process writes for longer than we wait: not cached, no more
                    case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                        self._begin_anew()
                    case sqlite3.SQLITE_READONLY:
                        self._only_read("it cannot be written")
                    case _:
                        self._give_up(str(error))
                return []

    def _open(self, *, again: bool = True) -> None:
        path = self.path
        if path is None:
            return
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True, mode=0o700)
            _make(path)
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            for statement in _BEGIN:
                _patiently(self._connection.execute, statement)
        except OSError as error:
            self._only_read(error.strerror or str(error))
        except sqlite3.Error as error:
            if again and error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                self._begin_anew()
            else:
                self._only_read(str(error))

    def _open_in_copy(self) -> None:
        """SQLite's connections must not be used, nor even closed, in a copy of the process that made them.

        SQLite takes their lock on the file for this process's own, and gets none. So the process that this
        one is a copy of has to keep the cache open as long as this one lives: else the next process to end
        would clear the log away.
        """
        _LEFT_ALONE.append(self._connection)
        self._connection = None
        self._process = os.getpid()
        self._note = lambda _: None  # what there is to say of this file was said
        self._open()

    def _only_read(self, why: str) -> None:
        """Go on with what is there, or without."""
        self._forget()
        self._read_only = True
        path = self.path
        try:
            if path is None or not os.path.isfile(path):
                raise OSError(why)  # noqa: TRY301 - one way out
            from pathlib import Path

            # immutable: without it, SQLite wants to write beside the file even for reading
            self._connection = sqlite3.connect(
                f"{Path(path).absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connection.execute("SELECT 1 FROM entry LIMIT 1")
        except (OSError, sqlite3.Error):
            self._give_up(why)
        else:
            self._note(f"the cache {path} is used for reading alone: {why}")

    def _begin_anew(self) -> None:
        path = self.path
        if path is None or self._read_only:
            self._give_up("it is damaged")
            return
        self._forget()
        aside = f"{path}.damaged"
        try:
            os.replace(path, aside)
            for ending in ("-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(path + ending)
        except OSError as error:
            self._give_up(f"it is damaged and cannot be moved: {error.strerror}")
            return
        self._note(f"the cache was damaged; it is now {aside}, and a new one begins")
        self._open(again=False)

    def _give_up(self, why: str) -> None:
        self._forget()
        self._note(f"no cache is used ({self.path}): {why}")

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _identity(number: object, facts: object, checksum: object, length: object) -> str:
    """What tells one row from any other under its key."""
    return f"{number}\n{facts}\n{checksum}\n{length}"


def _patiently(execute: Callable[..., sqlite3.Cursor], *given: object) -> sqlite3.Cursor:
    """SQLite waits for a writer, but not for who begins the log, nor for the last one who clears it away."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return execute(*given)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _TAKEN or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def _make(path: str) -> None:
    """An empty file for its owner alone, if there is none. Raises OSError where it cannot be written.

    One that is there is not even opened: to close it would let go of the locks of every connection that
    this process has to it, and the next process to end would clear the log away under them
    (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _checksum(kind: str, key: str, facts: str, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(f"{kind}\0{key}\0{facts}".encode()))
