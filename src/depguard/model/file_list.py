"""The files that a wheel installs: thousands, of which an answer mostly needs the top-level names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, Self, overload


class InstalledFile(NamedTuple):
    """A file that a wheel installs: below site-packages, or ``{scripts}/...``, ``{data}/...``.

    ``crc`` and ``size`` are the zip directory's; None where they are not known.
    """

    path: str
    size: int | None = None
    crc: int | None = None


class Columns(NamedTuple):
    """Files as three columns of one length."""

    paths: Sequence[str]
    sizes: Sequence[int | None]
    crcs: Sequence[int | None]


class FileList(Sequence[InstalledFile]):
    """Files by the first part of their paths. A file is made when it is asked for, not before."""

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, Columns]) -> None:
        self._columns = columns

    @classmethod
    def of(cls, files: Iterable[InstalledFile]) -> Self:
        """The files, those of one top-level name together."""
        tops: dict[str, list[InstalledFile]] = {}
        for file in files:
            tops.setdefault(top_level(file.path), []).append(file)
        return cls({top: Columns(*zip(*below, strict=True)) for top, below in tops.items()})

    @property
    def columns(self) -> Mapping[str, Columns]:
        """By top-level name, as they are kept."""
        return self._columns

    @property
    def tops(self) -> KeysView[str]:
        """The top-level names: folders, and files outside of any."""
        return self._columns.keys()

    @property
    def paths(self) -> Iterator[str]:
        """The paths alone."""
        return chain.from_iterable(columns.paths for columns in self._columns.values())

    def below(self, tops: Iterable[str]) -> Iterator[InstalledFile]:
        """The files of some top-level names."""
        return chain.from_iterable(
            map(InstalledFile, *self._columns[top]) for top in tops if top in self._columns
        )

    def __iter__(self) -> Iterator[InstalledFile]:
        return self.below(self._columns)

    def __len__(self) -> int:
        return sum(len(columns.paths) for columns in self._columns.values())

    @overload
    def __getitem__(self, index: int) -> InstalledFile: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[InstalledFile, ...]: ...
    def __getitem__(self, index: int | slice) -> InstalledFile | tuple[InstalledFile, ...]:
        return tuple(self)[index]

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, FileList) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.paths))

    def __repr__(self) -> str:
        return f"FileList.of({list(self)!r})"


def top_level(path: str) -> str:
    """The first part of a path."""
    return path.partition("/")[0]
