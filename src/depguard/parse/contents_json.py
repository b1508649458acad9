"""A wheel's contents as JSON text and back: what the cache keeps. A name that many files use stands once.

A wheel has up to ten thousand files, of which few are ever looked at: their paths are one string, their sizes
and checksums hexadecimal, eight digits each (little-endian). Where that will not do (an odd name, a file of
4 GiB) they are lists.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from packaging.version import Version

from depguard.model.binary import (
    Binary,
    NumpyMark,
    NumpyUse,
    Unread,
    VersionNeed,
    WheelContents,
)
from depguard.model.file_list import BETWEEN, Columns, FileList, Joined

FORMAT = 3


def dump_contents(answer: WheelContents) -> str:
    """The text; ``load_contents`` gives the same value back."""
    words: dict[str, int] = {}

    def refer(texts: Iterable[str]) -> list[int]:
        return [words.setdefault(text, len(words)) for text in texts]

    binaries = [
        {
            "path": b.path,
            "size": b.size,
            "numpy": [b.numpy.mark.name, b.numpy.how, str(b.numpy.floor) if b.numpy.floor else ""],
            "soname": b.soname,
            "needed": refer(b.needed),
            "versions": refer(f"{need.library} {need.version}" for need in b.versions),
            "torch": refer(b.torch),
            "python": refer(b.python),
            "damaged": b.damaged,
        }
        for b in answer.binaries
    ]
    return json.dumps(
        {
            "format": FORMAT,
            "files": {top: _listed(answer.files.columns(top)) for top in answer.files.tops},
            "binaries": binaries,
            "unread": [[u.path, u.cost] for u in answer.unread],
            "words": list(words),
        },
        separators=(",", ":"),
    )


def load_contents(text: str) -> WheelContents | None:
    """The value; None where the text is of another format, or damaged."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            return None
        words: list[str] = data["words"]
        return WheelContents(
            files=FileList({top: _columns(each) for top, each in data["files"].items()}),
            binaries=tuple(_binary(entry, words) for entry in data["binaries"]),
            unread=tuple(Unread(path=path, cost=cost) for path, cost in data["unread"]),
        )
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None


def _listed(columns: Columns) -> list[Any]:
    paths, sizes, crcs = columns
    joined = BETWEEN.join(paths)
    if joined.count(BETWEEN) == len(paths) - 1:
        with suppress(TypeError, OverflowError):
            return [joined, _packed(sizes), _packed(crcs)]
    return [list(column) for column in columns]


def _packed(numbers: Sequence[Any]) -> str:
    """The numbers as text. Raises TypeError for a None, OverflowError for one of more than 32 bits."""
    row: array[int] = array("I", numbers)
    if sys.byteorder == "big":
        row.byteswap()
    return row.tobytes().hex()


def _columns(lists: list[Any]) -> Columns | Joined:
    paths, sizes, crcs = lists
    made: Columns | Joined
    if isinstance(paths, str):
        made, count = Joined(paths, _unpacked(sizes), _unpacked(crcs)), paths.count(BETWEEN) + 1
    else:
        made, count = Columns(paths, sizes, crcs), len(paths)
    if not count == len(made.sizes) == len(made.crcs):
        raise ValueError("columns of different lengths")
    return made


def _unpacked(text: str) -> array[int]:
    """The numbers. Raises ValueError."""
    row: array[int] = array("I")
    row.frombytes(bytes.fromhex(text))
    if sys.byteorder == "big":
        row.byteswap()
    return row


def _binary(entry: dict[str, Any], words: list[str]) -> Binary:
    mark, how, floor = entry["numpy"]
    return Binary(
        path=entry["path"],
        size=entry["size"],
        numpy=NumpyUse(mark=NumpyMark[mark], how=how, floor=Version(floor) if floor else None),
        soname=entry["soname"],
        needed=tuple(words[i] for i in entry["needed"]),
        versions=tuple(_version(words[i]) for i in entry["versions"]),
        torch=tuple(words[i] for i in entry["torch"]),
        python=tuple(words[i] for i in entry["python"]),
        damaged=entry["damaged"],
    )


def _version(text: str) -> VersionNeed:
    library, _, version = text.rpartition(" ")
    return VersionNeed(library=library, version=version)
