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


BETWEEN = "|"
"""Stands between joined paths. A path that has it is not joined; no file that Windows can have does."""


class Joined(NamedTuple):
    """`Columns` whose paths are one text: most of them nobody asks for."""

    paths: str
    sizes: Sequence[int | None]
    crcs: Sequence[int | None]

    def apart(self) -> Columns:
        """The columns."""
        return Columns(self.paths.split(BETWEEN), self.sizes, self.crcs)


class FileList(Sequence[InstalledFile]):
    """Files by the first part of their paths. A file is made when it is asked for, not before."""

    __slots__ = ("_known",)

    def __init__(self, columns: Mapping[str, Columns | Joined]) -> None:
        self._known = dict(columns)

    @classmethod
    def of(cls, files: Iterable[InstalledFile]) -> Self:
        """The files, those of one top-level name together."""
        tops: dict[str, list[InstalledFile]] = {}
        for file in files:
            tops.setdefault(top_level(file.path), []).append(file)
        return cls({top: Columns(*zip(*below, strict=True)) for top, below in tops.items()})

    def columns(self, top: str) -> Columns:
        """The files of a top-level name that there is."""
        known = self._known[top]
        if isinstance(known, Joined):
            known = self._known[top] = known.apart()
        return known

    @property
    def tops(self) -> KeysView[str]:
        """The top-level names: folders, and files outside of any."""
        return self._known.keys()

    @property
    def paths(self) -> Iterator[str]:
        """The paths alone."""
        return chain.from_iterable(self.columns(top).paths for top in self._known)

    def has_name(self, begin: str) -> bool:
        """Whether any file or folder has a name that begins so."""
        return any(_has_name(known.paths, begin) for known in self._known.values())

    def below(self, tops: Iterable[str]) -> Iterator[InstalledFile]:
        """The files of some top-level names."""
        return chain.from_iterable(
            map(InstalledFile, *self.columns(top)) for top in tops if top in self._known
        )

    def __iter__(self) -> Iterator[InstalledFile]:
        return self.below(self._known)

    def __len__(self) -> int:
        return sum(len(known.sizes) for known in self._known.values())

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


def _has_name(paths: str | Sequence[str], begin: str) -> bool:
    if not isinstance(paths, str):
        return any(f"/{begin}" in f"/{path}" for path in paths)
    return f"/{begin}" in paths or f"{BETWEEN}{begin}" in paths or paths.startswith(begin)


def top_level(path: str) -> str:
    """The first part of a path."""
    return path.partition("/")[0]
