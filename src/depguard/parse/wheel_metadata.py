"""The core metadata of a well-made wheel, read from pieces of it: two of them, as a rule.

What is out of the ordinary gives None: a slower reader then says what it is.
"""

from __future__ import annotations

from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from depguard.parse.zip_directory import (
    Pieces,
    Place,
    ZipDamagedError,
    fetch_directory,
    member_at,
    members_with,
)
from depguard.parse.zip_member import fetch_member, unpack

_INFO: Final = b".dist-info"
_RECORDED: Final = 42
"""Bytes that a file's line of RECORD takes when it is packed, about."""
_MOST_AHEAD: Final = 384 << 10


def wheel_metadata_text(file: Pieces, name: NormalizedName, *, most: int) -> str | None:
    """The text of the one ``.dist-info/METADATA``, of at most ``most`` bytes. Raises what ``file`` raises."""
    try:
        data, place = fetch_directory(file, ahead=_before)
        folders: set[bytes] = set()
        found: list[tuple[bytes, int]] = []
        for named, entry in members_with(_INFO, data, place):
            folder, _, rest = named.partition(b"/")
            if folder.endswith(_INFO):
                folders.add(folder)
                if rest == b"METADATA":
                    found.append((named, entry))
        if len(folders) != 1 or len(found) != 1 or not found[0][0].isascii():
            return None
        (named, entry) = found[0]
        path = named.decode("ascii")
        if not canonicalize_name(path).startswith(name):
            return None
        member = member_at(entry, data, place, path)
        if member.packed > most or member.end > place.begin:
            return None
        return unpack(member, fetch_member(file, member), most=most).decode("utf-8", errors="replace")
    except ZipDamagedError:
        return None


def _before(directory: Place) -> int:
    """How many bytes before a directory are fetched with it.

    METADATA stands there and RECORD behind it (PEP 427 has them last), which has a hash for each file: those
    do not pack.
    """
    return min(directory.count * _RECORDED, _MOST_AHEAD)
