"""Files on disk against the RECORD of their distribution: sizes, hashes, what is missing.

RECORD: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from depguard.model.environment import ChangedFile
from depguard.records import dataclass, field

CODE = re.compile(r"\.(py|pyd|dll|dylib|so(\.\d+)*)$")
"""Files that an import or the loader may take: what of them nobody recorded can be from another version."""

_ELSEWHERE = ("..", "/")
_BYTE_CODE = (".pyc", ".pyo")
_REWRITTEN = frozenset(
    {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
)
"""In a metadata folder: written by installers and package managers afterwards, each in its own way."""


_SMALL = 1 << 16
"""Bytes that are read of a file at first."""
_LONGEST_SIZE = 20
"""Digits; no file is larger, and Python refuses to read thousands of them."""


class RecordRow(NamedTuple):
    """One line of RECORD: path, the sha256 as it is written there (base64), size in bytes."""

    path: str
    sha256: str
    size: int | None


@dataclass(slots=True)
class Looked:
    """What a look at one distribution's files gave. ``stats`` is a digest of sizes, times and inodes."""

    files: int = 0
    size: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[ChangedFile] = field(default_factory=list)
    stats: str = ""
    hashed: bool = False


def read_record(path: str, *, elsewhere: bool = False) -> list[RecordRow] | None:
    """The lines of a RECORD that speak of files inside its folder, byte code left out; None if there is none.

    Files ``elsewhere`` (scripts) are rewritten by installers: their size and bytes say nothing.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:  # noqa: PTH123 - a Path for each of 700 costs more than the reading
            text = stream.read()
        # Nearly every RECORD has no quoted field: then a line is split four times as fast.
        rows = list(csv.reader(io.StringIO(text, newline=""))) if '"' in text else _split(text)
    except (OSError, csv.Error):
        return None
    return [
        RecordRow(
            row[0],
            row[1][7:] if row[1].startswith("sha256=") else "",
            int(row[2]) if row[2].isdecimal() and len(row[2]) < _LONGEST_SIZE else None,
        )
        for row in rows
        if len(row) == 3
        and (elsewhere or not row[0].startswith(_ELSEWHERE))
        and not row[0].endswith(_BYTE_CODE)
    ]


def _split(text: str) -> list[list[str]]:
    # Not splitlines: it takes characters for line ends that may stand in a file's name.
    return [line.rsplit(",", 2) for line in text.replace("\r\n", "\n").split("\n") if line]


def look(folder: str, rows: Iterable[RecordRow]) -> Looked:
    """Compare sizes. Nothing is opened."""
    found = Looked()
    prints: list[str] = []
    stat = os.stat
    for path, digest, size in rows:
        try:
            state = stat(f"{folder}/{path}")  # a Path for each of 60,000 files takes longer than the call
        except (OSError, ValueError):
            found.missing.append(path)
            continue
        there = state.st_size
        found.size += there
        prints.append(f"{there} {state.st_mtime_ns} {state.st_ino}")
        if size is not None and there != size and not rewritten(path):
            found.changed.append(_changed(RecordRow(path, digest, size), state, None))
    found.files = len(prints)
    found.stats = hashlib.sha256("\n".join(prints).encode()).hexdigest()
    return found


def look_inside(folder: str, rows: Iterable[RecordRow], looked: Looked) -> None:
    """Compare hashes as well: the changed files of ``looked`` then have theirs."""
    changed = {item.path: item for item in looked.changed}
    gone = set(looked.missing)
    for row in rows:
        if row.path in gone or not row.sha256 or rewritten(row.path):
            continue
        path = f"{folder}/{row.path}"
        try:
            digest = file_sha256(path)
            if digest != row.sha256:
                state = os.stat(path)  # noqa: PTH116 - as above
                changed[row.path] = _changed(row, state, digest)
        except OSError:
            looked.missing.append(row.path)
    looked.changed = [changed[path] for path in sorted(changed)]
    looked.hashed = True


def file_sha256(path: str) -> str:
    """The sha256 of a file as RECORD writes it: URL-safe base64 without padding."""
    with open(path, "rb", buffering=0) as stream:  # noqa: PTH123 - as above
        # Most files are small: for them the buffer that file_digest makes would cost as much as the hash.
        digest = hashlib.sha256(stream.read(_SMALL))
        if more := stream.read(_SMALL):
            digest.update(more)
            hashlib.file_digest(stream, lambda: digest)
    return base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()


def hexadecimal(digest: str) -> str | None:
    """RECORD's spelling of a hash as hexadecimal; None for what is none."""
    try:
        return base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex() if digest else None
    except ValueError:
        return None


def rewritten(path: str) -> bool:
    """Whether a file of a metadata folder may differ from RECORD without being damaged."""
    head, _, name = path.rpartition("/")
    return head.endswith(".dist-info") and name in _REWRITTEN


def code_below(folder: str, top: str) -> Iterator[str]:
    """Code files below a top-level folder, as paths relative to ``folder``; byte code is none."""
    for where, folders, names in os.walk(f"{folder}/{top}"):
        folders[:] = [name for name in folders if name not in {"__pycache__", ".ipynb_checkpoints"}]
        relative = os.path.relpath(where, folder).replace(os.sep, "/")
        for name in names:
            if CODE.search(name):
                yield f"{relative}/{name}"


def moment(seconds: float) -> datetime:
    """A file's time, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)


def _changed(row: RecordRow, state: os.stat_result, digest: str | None) -> ChangedFile:
    return ChangedFile(
        path=row.path,
        recorded_size=row.size,
        size=state.st_size,
        recorded_sha256=hexadecimal(row.sha256),
        sha256=hexadecimal(digest) if digest else None,
        modified=moment(state.st_mtime),
    )
