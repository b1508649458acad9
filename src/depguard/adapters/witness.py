"""What a run looked at: files, folders, cached answers. A later run can tell whether all is as it was.

Whatever decides an answer and is read from this machine is asked for through this module or through the
cache. Without a witness (`watch`) the functions only do what their names say. A run that looked at
something that cannot be told again (the network beside the cache, a live interpreter) spoils its witness.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

FILE, FOLDER, OTHER, ABSENT = "file", "folder", "other", "absent"


class Witness:
    """What was seen: contents by path, kinds by path, names by folder, rows of the cache by kind and key."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.rows: dict[tuple[str, str], str | None] = {}
        self.spoiled: str | None = None


_current: Witness | None = None


@contextmanager
def watch() -> Iterator[Witness]:
    """A witness of what the run looks at from here on."""
    global _current  # noqa: PLW0603 - one run, one witness; passing it through every reader would say no more
    before, _current = _current, Witness()
    try:
        yield _current
    finally:
        _current = before


def spoil(why: str) -> None:
    """Say that the run rests on something that cannot be told again."""
    if _current is not None and _current.spoiled is None:
        _current.spoiled = why


def saw_content(path: Path | str, data: bytes) -> None:
    """A file was read."""
    if _current is not None:
        _current.contents[os.path.abspath(path)] = hashlib.sha256(data).hexdigest()


def saw_row(kind: str, key: str, identity: str | None) -> None:
    """The cache was asked, and had the row of that identity; None: it had none."""
    if _current is not None:
        _current.rows.setdefault((kind, key), identity)


def wrote_row(kind: str, key: str, identity: str | None) -> None:
    """What the cache has now in the place of a row that was asked for."""
    if _current is not None and (kind, key) in _current.rows:
        _current.rows[kind, key] = identity


def overlook_row(kind: str, key: str) -> None:
    """What was seen of a row does not count: another process replaces it, and it is read after that."""
    if _current is not None:
        _current.rows.pop((kind, key), None)


def kind_of(path: Path | str) -> str:
    """Whether there is a file, a folder, something else (a pipe, a device) or nothing."""
    text = os.path.abspath(path)
    kind = FILE if os.path.isfile(text) else FOLDER if os.path.isdir(text) else ABSENT
    if kind == ABSENT and os.path.exists(text):
        kind = OTHER
    if _current is not None:
        _current.kinds[text] = kind
    return kind


def is_file(path: Path | str) -> bool:
    """Whether there is a file."""
    return kind_of(path) == FILE


def is_folder(path: Path | str) -> bool:
    """Whether there is a folder."""
    return kind_of(path) == FOLDER


def exists(path: Path | str) -> bool:
    """Whether there is anything."""
    return kind_of(path) != ABSENT


def names_in(folder: Path | str) -> list[str]:
    """The names in a folder, sorted; none where there is no folder."""
    text = os.path.abspath(folder)
    try:
        names = sorted(os.listdir(text))
    except OSError:
        names = []
    if _current is not None:
        _current.names[text] = names_hash(names)
    return names


def names_hash(names: list[str]) -> str:
    """What a folder's names are kept as."""
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
