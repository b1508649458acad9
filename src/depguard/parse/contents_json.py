"""A wheel's contents as JSON text and back: what the cache keeps. A name that many files use stands once."""

from __future__ import annotations

import json
from collections.abc import Iterable
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
from depguard.model.file_list import Columns, FileList

FORMAT = 2


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
            "files": {
                top: [list(column) for column in columns] for top, columns in answer.files.columns.items()
            },
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


def _columns(lists: list[list[Any]]) -> Columns:
    paths, sizes, crcs = lists
    if not len(paths) == len(sizes) == len(crcs):
        raise ValueError("columns of different lengths")
    return Columns(paths, sizes, crcs)


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
