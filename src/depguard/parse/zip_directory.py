"""A zip archive's central directory and one member's bytes, from foreign data (PKWARE APPNOTE 6.3.9).

Unlike ``zipfile`` it bounds how many members are listed and how much is unpacked, refuses members that
overlap or claim more than is there, and works on pieces: who fetches by ranges has no whole file.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final, NamedTuple, Protocol

from depguard.records import dataclass

MOST_DIRECTORY: Final = 16 << 20
"""Bytes. Torch's directory, the longest of well-known wheels, has 1.4 MB."""
MOST_MEMBERS: Final = 100_000
LOCAL_HEADER: Final = 30
"""Bytes before a member's name; name, extra field and data follow."""

_END, _END_64, _LOCATOR_64, _ENTRY = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2"
_END_SIZE, _END_64_SIZE, _LOCATOR_SIZE, _ENTRY_SIZE = 22, 56, 20, 46
_ENCRYPTED: Final = 1
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF
_FIELDS: Final = struct.Struct("<4s4xHH4xIIIHHH8xI")
_LENGTHS: Final = struct.Struct("<4s4xH18xHHH")
_ODD: Final = ("\\", "\0", ":", "..", "\n/")
TAIL: Final = 1 << 16
"""Bytes at the end of a wheel that hold most directories whole."""


class ZipDamagedError(ValueError):
    """The bytes are no zip archive, or one that was tampered with."""


class Pieces(Protocol):
    """A file of which parts can be had. ``fetched`` counts the bytes that they took."""

    @property
    def size(self) -> int:
        """The whole file's size in bytes."""
        ...

    @property
    def fetched(self) -> int:
        """How many bytes were had from elsewhere so far."""
        ...

    def expect(self, begin: int, end: int) -> None:
        """A hint that these bytes are read next: they may be fetched meanwhile."""
        ...

    def have(self, begin: int, end: int) -> None:
        """Have these bytes fetched: what is read next is all among them."""
        ...

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from ``begin`` up to ``end``; what is read twice costs once."""
        ...


class Member(NamedTuple):
    """One entry. ``begin`` is where its local header lies, ``end`` the first byte that is another's."""

    path: str
    begin: int
    end: int
    packed: int
    size: int
    crc: int
    method: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the central directory lies, how many entries it states, and how much stands before the zip."""

    begin: int
    end: int
    count: int
    shift: int


class Directory(NamedTuple):
    """All members, in the directory's order, as columns: there are thousands, of which few are looked at."""

    paths: list[str]
    sizes: array[int]
    crcs: array[int]
    entries: array[int]
    data: bytes
    place: Place

    def member(self, at: int) -> Member:
        """One of them."""
        return member_at(self.entries[at], self.data, self.place, self.paths[at])

    def without_folders(self) -> Directory:
        """The files alone: some archives list folders as well."""
        if not any(map(str.endswith, self.paths, repeat("/"))):
            return self
        return self.only([at for at, path in enumerate(self.paths) if not path.endswith("/")])

    def only(self, members: Iterable[int]) -> Directory:
        """Some of them."""
        ats = tuple(members)

        def some(column: array[int]) -> array[int]:
            return array(column.typecode, [column[at] for at in ats])

        return self._replace(
            paths=[self.paths[at] for at in ats],
            sizes=some(self.sizes),
            crcs=some(self.crcs),
            entries=some(self.entries),
        )


def find_directory(tail: bytes, size: int) -> Place | int:
    """Where the directory is, from the last bytes of a file of ``size`` bytes.

    An int says from where on the tail is needed: a long comment, or a zip64 record before the tail.
    Raises ZipDamagedError.
    """
    start = size - len(tail)
    at = tail.rfind(_END, max(len(tail) - _END_SIZE - _FULL_16, 0))
    if at < 0 or at + _END_SIZE > len(tail):
        needed = max(size - _END_SIZE - _FULL_16, 0)
        if start > needed:
            return needed
        raise ZipDamagedError("it has no end record: no zip archive")
    disk, disk_2, count, total, length, offset, _ = struct.unpack_from("<HHHHIIH", tail, at + 4)
    end = start + at
    if _FULL_16 in (count, total) or _FULL_32 in (length, offset):
        locator = at - _LOCATOR_SIZE
        if locator < 0 and start > 0:
            return max(end - _LOCATOR_SIZE - _END_64_SIZE, 0)
        if locator >= 0 and tail[locator : locator + 4] == _LOCATOR_64:
            record = locator - _END_64_SIZE
            if record < 0:
                if start > 0:
                    return max(end - _LOCATOR_SIZE - _END_64_SIZE, 0)
                raise ZipDamagedError("its zip64 record is not there")
            if tail[record : record + 4] != _END_64:
                raise ZipDamagedError("its zip64 record is not where it should be")
            disk, disk_2, count, total, length, offset = struct.unpack_from("<IIQQQQ", tail, record + 16)
            end = start + record
    if disk or disk_2 or count != total:
        raise ZipDamagedError("it spans several disks")
    if count > MOST_MEMBERS or length > MOST_DIRECTORY:
        raise ZipDamagedError(f"its directory has over {MOST_MEMBERS} members or {MOST_DIRECTORY >> 20} MB")
    begin = end - length
    if begin < offset or count * _ENTRY_SIZE > length:
        raise ZipDamagedError("its directory lies outside of it")
    return Place(begin=begin, end=end, count=count, shift=begin - offset)


def fetch_directory(file: Pieces, *, ahead: Callable[[Place], int] = lambda _: 0) -> tuple[bytes, Place]:
    """The directory's bytes and where they lie. Raises ZipDamagedError, and whatever ``file`` raises.

    ``ahead`` says how many bytes before a directory come along where it has to be fetched.
    """
    tail = file.read(max(file.size - TAIL, 0), file.size)
    place = find_directory(tail, file.size)
    for _ in range(2):  # a long comment first, then a zip64 record before it
        if not isinstance(place, int):
            break
        place = find_directory(file.read(place, file.size), file.size)
    if isinstance(place, int):
        raise ZipDamagedError("its end record is out of reach")
    start = file.size - len(tail)
    if place.begin >= start:
        return tail[place.begin - start : place.end - start], place
    file.have(max(place.begin - ahead(place), 0), place.end)
    return file.read(place.begin, place.end), place


def read_directory(data: bytes, place: Place) -> Directory:
    """The members; of a name that comes twice the last. Raises ZipDamagedError."""
    text = data.decode("latin-1")  # names are cut out as texts, which nearly all of them are
    names: list[str] = []
    entries, sizes, crcs, begins, ends = array("Q"), array("Q"), array("I"), array("Q"), array("Q")
    at, last, shift, unpack_from = 0, len(data) - _ENTRY_SIZE, place.shift, _FIELDS.unpack_from
    # Wheels of 13,000 members are no rarity: this is all that is done for each of them.
    for _ in range(place.count):
        if at > last:
            raise ZipDamagedError("its directory is cut off or damaged")
        mark, flag, _method, crc, packed, size, named, extra, comment, offset = unpack_from(data, at)
        if mark != _ENTRY or flag & _ENCRYPTED:
            raise _odd_entry(mark)
        entries.append(at)
        name = at + _ENTRY_SIZE
        field = name + named
        at = field + extra + comment
        names.append(text[name:field])
        if _FULL_32 in (size, packed, offset):
            size, packed, offset = _wide(data[field : field + extra], size, packed, offset)
            if max(packed, offset) > place.begin:
                raise ZipDamagedError("a member lies outside of the archive")
        begin = offset + shift
        begins.append(begin)
        ends.append(begin + LOCAL_HEADER + named + packed)
        sizes.append(size)
        crcs.append(crc)
    if at > len(data):
        raise ZipDamagedError("its directory is cut off")
    _apart(names, begins, ends, place.begin)
    paths = names if _are_plain(names) else [_path(name, flags) for name, _, flags in _walk(data, place)]
    return _each_once(Directory(paths, sizes, crcs, entries, data, place))


def members_with(part: bytes, data: bytes, place: Place) -> Iterator[tuple[bytes, int]]:
    """The names that contain ``part``, in order, and where their entries begin. Raises ZipDamagedError.

    Where the mark that an entry begins with comes as often as there are entries, each is one, and the members
    are found without a look at the others: that these are as they should be, `read_directory` finds out.
    """
    found = data.find(part)
    if data.count(_ENTRY) != place.count:
        yield from ((name, begin) for name, begin, _ in _walk(data, place) if part in name)
        return
    while found >= 0:
        begin = data.rfind(_ENTRY, 0, found)
        if not 0 <= begin <= len(data) - _ENTRY_SIZE:
            raise ZipDamagedError("its directory is cut off or damaged")
        mark, flag, named, _, _ = _LENGTHS.unpack_from(data, begin)
        if flag & _ENCRYPTED:
            raise _odd_entry(mark)
        end = begin + _ENTRY_SIZE + named
        name = data[begin + _ENTRY_SIZE : end]
        if part in name:
            yield name, begin
        found = data.find(part, max(end, found + 1))


def _walk(data: bytes, place: Place) -> Iterator[tuple[bytes, int, int]]:
    """Every name, where its entry begins, and its flags. Raises ZipDamagedError."""
    at, last = 0, len(data) - _ENTRY_SIZE
    for _ in range(place.count):
        if at > last:
            raise ZipDamagedError("its directory is cut off or damaged")
        mark, flag, named, extra, comment = _LENGTHS.unpack_from(data, at)
        if mark != _ENTRY or flag & _ENCRYPTED:
            raise _odd_entry(mark)
        begin = at
        at = begin + _ENTRY_SIZE + named
        yield data[begin + _ENTRY_SIZE : at], begin, flag
        at += extra + comment
    if at > len(data):
        raise ZipDamagedError("its directory is cut off")


def member_at(begin: int, data: bytes, place: Place, path: str) -> Member:
    """What the entry that begins there says of the member at ``path``."""
    _, _, method, crc, packed, size, named, extra, _, offset = _FIELDS.unpack_from(data, begin)
    if _FULL_32 in (size, packed, offset):
        field = begin + _ENTRY_SIZE + named
        size, packed, offset = _wide(data[field : field + extra], size, packed, offset)
    begin = offset + place.shift
    return Member(path, begin, begin + LOCAL_HEADER + named + packed, packed, size, crc, method)


def _odd_entry(mark: bytes) -> ZipDamagedError:
    if mark != _ENTRY:
        return ZipDamagedError("its directory is cut off or damaged")
    return ZipDamagedError("a member is encrypted")


def _are_plain(names: Sequence[str]) -> bool:
    """Whether all names are ASCII, and none leads anywhere but down."""
    # Thousands, which nearly always are: looked at as one text, in ways that take no time.
    whole = "\n".join(["", *names])
    return whole.isascii() and whole.count("\n") == len(names) and not any(odd in whole for odd in _ODD)


def _path(name: bytes, flags: int) -> str:
    path = name.decode("utf-8" if flags & 0x800 else "cp437", "replace")
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "\0" in path or ".." in parts or ":" in parts[0]:
        raise ZipDamagedError(f"a member's name leads out of it: {path[:80]!r}")
    return path


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The fields that a zip64 extra field has instead (APPNOTE, section 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            values = [v for (v,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
            given = [size, packed, offset]
            for index, value in enumerate(given):
                if value == _FULL_32:
                    if not values:
                        break
                    given[index] = values.pop(0)
            return given[0], given[1], given[2]
        at += 4 + length
    return size, packed, offset


def _each_once(directory: Directory) -> Directory:
    """Of a path that comes twice the last member, in the place of the first."""
    if len(set(directory.paths)) == len(directory.paths):
        return directory
    return directory.only({path: at for at, path in enumerate(directory.paths)}.values())


def _apart(names: Sequence[str], begins: array[int], ends: array[int], directory: int) -> None:
    """No member shares bytes with another: what a bomb of overlapping members does."""
    at = 0
    for begin, end in zip(begins, ends, strict=True):  # in order, as nearly all archives have them
        if begin < at:
            break
        at = end
    else:
        if at <= directory:
            return
    at = 0
    for begin, end, number in sorted(zip(begins, ends, range(len(names)), strict=True)):
        if begin < at or end > directory:
            name = names[number].encode("latin-1").decode("utf-8", "replace")
            raise ZipDamagedError(f"{name} overlaps another member, or lies outside of the archive")
        at = end
