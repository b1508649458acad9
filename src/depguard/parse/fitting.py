"""What of a project's page a host can take, and the text as which that is kept for the next time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple, overload

from packaging.version import Version

from depguard.parse.filenames import version_of
from depguard.parse.page_files import PageFile

FORMAT = 3
"""Raised whenever a kept `Fitting` of before would be misread."""


class FittingFile(NamedTuple):
    """One file that fits, by the part of the page that lists it (``part``) and its place among ``files``."""

    part: int
    files: Sequence[PageFile]
    at: int

    @property
    def file(self) -> PageFile:
        """What the page says of it, found out when it is asked for."""
        return self.files[self.at]


WHEEL, SDIST = "w", "s"
"""The kinds of files; those of yanked ones (PEP 592) are capitals."""
_KINDS = "wWsS"


class FittingVersion(NamedTuple):
    """A version and its files that fit, best first: of each the kind, and the file itself."""

    version: Version
    kinds: str
    files: Sequence[FittingFile]


Fitting = tuple[FittingVersion, ...]
"""All versions that a host can take something of, newest first."""


def fitting_text(fitting: Fitting) -> str:
    """A `Fitting` as text, to be kept: a line for each version; below, in their order, its files as JSON.

    What a version's line says of its files is how many characters they take: few are ever read.
    """
    lines = [_TITLE]
    rows = []
    for version, kinds, files in fitting:
        row = json.dumps([[found.part, *found.file] for found in files], separators=(",", ":"))
        lines.append(f"{version}\t{kinds}\t{len(row)}")
        rows.append(row)
    return "\n".join(lines) + _BETWEEN + "".join(rows)


_TITLE = f"what fits, {FORMAT}"
_BETWEEN = "\n\n"
_MOST = 1 << 10
_fittings: dict[str, Fitting] = {}


def fitting_of(text: str) -> Fitting:
    """The `Fitting` of a text: the same object for the same text. Raises ValueError for one that is none.

    A file whose row turns out to be broken when it is asked for raises ValueError there.
    """
    known = _fittings.get(text)
    if known is None:
        if len(_fittings) >= _MOST:
            _fittings.clear()
        known = _fittings[text] = _read_fitting(text)
    return known


def _read_fitting(text: str) -> Fitting:
    title, *lines = text[: text.find(_BETWEEN)].split("\n")
    if title != _TITLE:
        raise ValueError("not what fits a host: another title")
    begin = text.find(_BETWEEN) + len(_BETWEEN)
    found: list[FittingVersion] = []
    try:
        for line in lines:
            version, begin = _read_line(line, text, begin)
            found.append(version)
    except ValueError as error:
        raise ValueError(f"not what fits a host: {error}") from error
    if begin != len(text):
        raise ValueError("not what fits a host: its rows are not as long as they should be")
    return tuple(found)


def _read_line(line: str, text: str, begin: int) -> tuple[FittingVersion, int]:
    """A version whose files begin there in the text, and where they end."""
    version, kinds, length = line.split("\t")
    if not kinds or kinds.strip(_KINDS) or not text.startswith("[[", begin):
        raise ValueError(f"kinds {kinds!r}, then {text[begin : begin + 20]!r}")
    end = begin + int(length)
    return FittingVersion(version_of(version), kinds, _Rows(text, begin, end, len(kinds))), end


class _Rows(Sequence[FittingFile]):
    """Files as they were kept, read when they are looked at: of most versions nobody does."""

    __slots__ = ("_begin", "_count", "_end", "_read", "_text")

    def __init__(self, text: str, begin: int, end: int, count: int) -> None:
        self._text = text
        self._begin = begin
        self._end = end
        self._count = count
        self._read: tuple[FittingFile, ...] | None = None

    @overload
    def __getitem__(self, at: int) -> FittingFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[FittingFile, ...]: ...
    def __getitem__(self, at: int | slice) -> FittingFile | tuple[FittingFile, ...]:
        if self._read is None:
            try:
                rows = json.loads(self._text[self._begin : self._end])
                files = [PageFile(*row[1:]) for row in rows]
                read = tuple([FittingFile(row[0], files, place) for place, row in enumerate(rows)])
            except (ValueError, TypeError, IndexError) as error:
                raise ValueError(f"not what fits a host: {error}") from error
            if len(read) != self._count:
                raise ValueError("not what fits a host: its kinds are not as many as its files")
            self._read = read
        return self._read[at]

    def __len__(self) -> int:
        return self._count
