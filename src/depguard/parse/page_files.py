"""What a page of an index lists, in strings and numbers alone; of thousands of files few are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, overload

Skipped = tuple[str, str]


class PageFile(NamedTuple):
    """One file as a page lists it, in strings and numbers alone.

    ``url`` is absolute, without fragment and credentials. ``hashes`` is ``algorithm=hex`` joined by ``&``.
    ``core_metadata`` is None when not offered, else its hashes in the same form. ``yanked`` is a reason.
    """

    filename: str
    url: str
    hashes: str = ""
    size: int | None = None
    requires_python: str | None = None
    uploaded: str | None = None
    yanked: str | None = None
    core_metadata: str | None = None


Entry = Mapping[str, Any]
"""What a page says of a file: an object of a PEP 691 page, an anchor's attributes on a PEP 503 page."""
Head = tuple[str, str | None]
"""File name and Requires-Python: by these two, most files can be told not to fit."""


class Entries(Sequence[PageFile]):
    """The files of a page, each made of its entry when it is asked for; others give less of it for less."""

    __slots__ = ("_entries", "_head", "_is_yanked", "_make")

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        head: Callable[[Entry], Head],
        is_yanked: Callable[[Entry], bool],
        make: Callable[[Entry], PageFile],
    ) -> None:
        self._entries = entries
        self._head = head
        self._is_yanked = is_yanked
        self._make = make

    @property
    def heads(self) -> list[Head]:
        """Of each file the head."""
        return list(map(self._head, self._entries))

    def is_yanked(self, at: int) -> bool:
        """Whether a file was yanked."""
        return self._is_yanked(self._entries[at])

    @overload
    def __getitem__(self, at: int) -> PageFile: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[PageFile, ...]: ...
    def __getitem__(self, at: int | slice) -> PageFile | tuple[PageFile, ...]:
        if isinstance(at, slice):
            return tuple(map(self._make, self._entries[at]))
        return self._make(self._entries[at])

    def __iter__(self) -> Iterator[PageFile]:
        return map(self._make, self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class Listing(NamedTuple):
    """All files of one page, in its order, and those passed over with the reason.

    ``source`` is the PEP 691 page that they were read from, empty for a page of another form.
    """

    files: Sequence[PageFile] = ()
    skipped: tuple[Skipped, ...] = ()
    source: str = ""

    @property
    def heads(self) -> list[Head]:
        """Of each file the head, in their order."""
        if isinstance(self.files, Entries):
            return self.files.heads
        return [(file.filename, file.requires_python) for file in self.files]

    def is_yanked(self, at: int) -> bool:
        """Whether a file was yanked."""
        if isinstance(self.files, Entries):
            return self.files.is_yanked(at)
        return self.files[at].yanked is not None
