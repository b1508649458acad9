"""What of a project's page a host can take, and the text as which that is kept for the next time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, overload

from packaging.version import Version

from depguard.parse.filenames import version_of
from depguard.parse.page_files import PageFile

FORMAT = 4
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


class Fitting(NamedTuple):
    """All versions that a host can take something of, newest first, as columns of one length.

    Of each version the kinds of the files that fit, best first, and these files.
    """

    versions: Sequence[Version]
    kinds: Sequence[str]
    files: Sequence[Sequence[FittingFile]]


def fitting_text(fitting: Fitting) -> str:
    """A `Fitting` as text, to be kept: a line for each column, but for the files, whose rows (JSON) follow.

    The third line says how many characters each row takes: few are ever read.
    """
    rows = [
        json.dumps([[found.part, *found.file] for found in files], separators=(",", ":"))
        for files in fitting.files
    ]
    columns = (map(str, fitting.versions), fitting.kinds, (str(len(row)) for row in rows))
    return "\n".join([_TITLE, *map(" ".join, columns), "".join(rows)])


_TITLE = f"what fits, {FORMAT}"
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
        try:
            known = _fittings[text] = _read_fitting(text)
        except ValueError as error:
            raise ValueError(f"not what fits a host: {error}") from error
    return known


def _read_fitting(text: str) -> Fitting:
    begin = len(_TITLE)
    if not text.startswith(f"{_TITLE}\n"):
        raise ValueError("another title")
    columns: list[list[str]] = []
    for _ in range(3):
        end = text.index("\n", begin + 1)
        columns.append(text[begin + 1 : end].split())
        begin = end
    versions, kinds, lengths = columns
    edges = list(accumulate(map(int, lengths), initial=begin + 1))
    if not len(versions) == len(kinds) == len(lengths) or edges[-1] != len(text):
        raise ValueError("its columns are not as long as they should be")
    if "".join(kinds).strip(_KINDS):
        raise ValueError("a file of no kind")
    if not all(text.startswith("[[", edge) for edge in edges[:-1]):
        raise ValueError("its rows are not where they should be")
    return Fitting([version_of(version) for version in versions], kinds, _Rows(text, edges, kinds))


class _Rows(Sequence[Sequence[FittingFile]]):
    """The files of each version as they were kept, read when they are looked at: of most nobody does."""

    __slots__ = ("_edges", "_kinds", "_read", "_text")

    def __init__(self, text: str, edges: Sequence[int], kinds: Sequence[str]) -> None:
        self._text = text
        self._edges = edges
        self._kinds = kinds
        self._read: dict[int, tuple[FittingFile, ...]] = {}

    @overload
    def __getitem__(self, at: int) -> tuple[FittingFile, ...]: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[tuple[FittingFile, ...], ...]: ...
    def __getitem__(self, at: int | slice) -> tuple[FittingFile, ...] | tuple[tuple[FittingFile, ...], ...]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(len(self))[at])
        known = self._read.get(at)
        if known is None:
            known = self._read[at] = self._row(range(len(self))[at])
        return known

    def _row(self, at: int) -> tuple[FittingFile, ...]:
        try:
            rows = json.loads(self._text[self._edges[at] : self._edges[at + 1]])
            files = [PageFile(*row[1:]) for row in rows]
            read = tuple([FittingFile(row[0], files, place) for place, row in enumerate(rows)])
        except (ValueError, TypeError, IndexError) as error:
            raise ValueError(f"not what fits a host: {error}") from error
        if len(read) != len(self._kinds[at]):
            raise ValueError("not what fits a host: its kinds are not as many as its files")
        return read

    def __len__(self) -> int:
        return len(self._kinds)
