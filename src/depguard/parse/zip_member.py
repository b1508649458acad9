"""One member of a zip archive, fetched and unpacked (PKWARE APPNOTE 6.3.9)."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from depguard.parse.zip_directory import LOCAL_HEADER, Member, Pieces, ZipDamagedError

_LOCAL: Final = b"PK\3\4"
_STORED, _DEFLATED = 0, 8
_EXTRA: Final = 64
"""Bytes. Most local headers' extra fields are shorter, so that a member is had in one piece."""


def expect_member(file: Pieces, member: Member) -> None:
    """Hint that a member is fetched next."""
    file.expect(member.begin, min(member.end + _EXTRA, file.size))


def fetch_member(file: Pieces, member: Member) -> bytes:
    """A member's bytes as packed, its local header first."""
    # The local header has an extra field of its own, of a length that only it knows.
    data = file.read(member.begin, min(member.end + _EXTRA, file.size))
    extra = int.from_bytes(data[28:30], "little") if len(data) >= LOCAL_HEADER else 0
    if extra > _EXTRA:
        return file.read(member.begin, min(member.end + extra, file.size))
    return data


def unpack(member: Member, data: bytes, *, most: int) -> bytes:
    """A member's content, of at most ``most`` bytes, from its bytes as packed. Raises ZipDamagedError."""
    if len(data) < LOCAL_HEADER or data[:4] != _LOCAL:
        raise ZipDamagedError(f"{member.path} is not where the directory says")
    named, extra = struct.unpack_from("<HH", data, 26)
    begin = LOCAL_HEADER + named + extra
    packed = memoryview(data)[begin : begin + member.packed]  # megabytes: not copied
    if len(packed) != member.packed:
        raise ZipDamagedError(f"{member.path} is cut off")
    if member.size > most:
        raise ZipDamagedError(f"{member.path} unpacks to more than {most >> 20} MB")
    if member.method == _STORED:
        content = bytes(packed)
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
