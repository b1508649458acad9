"""A zip archive's central directory and one member's bytes, from foreign data (PKWARE APPNOTE 6.3.9).

Unlike ``zipfile`` it bounds how many members are listed and how much is unpacked, refuses members that
overlap or claim more than is there, and works on pieces: who fetches by ranges has no whole file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_DIRECTORY: Final = 16 << 20
"""Bytes. Torch's directory, the longest of well-known wheels, has 1.4 MB."""
MOST_MEMBERS: Final = 100_000
LOCAL_HEADER: Final = 30
"""Bytes before a member's name; name, extra field and data follow."""

_END, _END_64, _LOCATOR_64, _ENTRY, _LOCAL = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2", b"PK\3\4"
_END_SIZE, _END_64_SIZE, _LOCATOR_SIZE, _ENTRY_SIZE = 22, 56, 20, 46
_ENCRYPTED: Final = 1
_STORED, _DEFLATED = 0, 8
_FULL_16, _FULL_32 = 0xFFFF, 0xFFFFFFFF


class ZipDamagedError(ValueError):
    """The bytes are no zip archive, or one that was tampered with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry. ``begin`` is where its local header lies, ``end`` the first byte that is another's."""

    path: str
    begin: int
    end: int
    packed: int
    size: int
    crc: int
    method: int

    @property
    def folder(self) -> bool:
        """Whether it is a folder's own entry."""
        return self.path.endswith("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the central directory lies, how many entries it states, and how much stands before the zip."""

    begin: int
    end: int
    count: int
    shift: int


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


def read_directory(data: bytes, place: Place) -> tuple[Member, ...]:
    """The members, in the directory's order; of a name that comes twice the last. Raises ZipDamagedError."""
    found: dict[str, Member] = {}
    at = 0
    for _ in range(place.count):
        if at + _ENTRY_SIZE > len(data) or data[at : at + 4] != _ENTRY:
            raise ZipDamagedError("its directory is cut off or damaged")
        flags, method = struct.unpack_from("<HH", data, at + 8)
        crc, packed, size, named, extra, comment = struct.unpack_from("<IIIHHH", data, at + 16)
        (offset,) = struct.unpack_from("<I", data, at + 42)
        name = data[at + _ENTRY_SIZE : at + _ENTRY_SIZE + named]
        more = data[at + _ENTRY_SIZE + named : at + _ENTRY_SIZE + named + extra]
        at += _ENTRY_SIZE + named + extra + comment
        if at > len(data):
            raise ZipDamagedError("its directory is cut off")
        if _FULL_32 in (size, packed, offset):
            size, packed, offset = _wide(more, size, packed, offset)
        if flags & _ENCRYPTED:
            raise ZipDamagedError("a member is encrypted")
        path = _path(name, flags)
        found[path] = Member(
            path=path,
            begin=offset + place.shift,
            end=offset + place.shift + LOCAL_HEADER + named + packed,
            packed=packed,
            size=size,
            crc=crc,
            method=method,
        )
    _apart(found.values(), place.begin)
    return tuple(found.values())


def unpack(member: Member, data: bytes, *, most: int) -> bytes:
    """A member's content, of at most ``most`` bytes, from its bytes as packed. Raises ZipDamagedError."""
    if len(data) < LOCAL_HEADER or data[:4] != _LOCAL:
        raise ZipDamagedError(f"{member.path} is not where the directory says")
    named, extra = struct.unpack_from("<HH", data, 26)
    begin = LOCAL_HEADER + named + extra
    packed = data[begin : begin + member.packed]
    if len(packed) != member.packed:
        raise ZipDamagedError(f"{member.path} is cut off")
    if member.size > most:
        raise ZipDamagedError(f"{member.path} unpacks to more than {most >> 20} MB")
    if member.method == _STORED:
        content = packed
    elif member.method == _DEFLATED:
        try:
            # One byte more than stated would be a lie, and is enough to see it.
            content = zlib.decompressobj(-15).decompress(packed, member.size + 1)
        except zlib.error:
            raise ZipDamagedError(f"{member.path} cannot be unpacked") from None
    else:
        raise ZipDamagedError(f"{member.path} is packed in a way that wheels are not")
    if len(content) != member.size or zlib.crc32(content) != member.crc:
        raise ZipDamagedError(f"{member.path} is not what the directory says")
    return content


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


def _apart(members: Iterable[Member], directory: int) -> None:
    """No member shares bytes with another: what a bomb of overlapping members does."""
    at = 0
    for member in sorted(members, key=lambda m: m.begin):
        if member.begin < at or member.end > directory:
            raise ZipDamagedError(f"{member.path} overlaps another member, or lies outside of the archive")
        at = member.end
