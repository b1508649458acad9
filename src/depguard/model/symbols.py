"""A large set of symbol names in little room: what torch's libraries or an interpreter export."""

from __future__ import annotations

import base64
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from typing import Self

from depguard.records import dataclass

_MOST_PACKED = 1 << 25


@dataclass(frozen=True, slots=True, eq=False)
class SymbolSet:
    """The CRC-32 of each name, sorted.

    A name that is there is always found; one that is not is taken for one that is in ``len / 2**32`` of all
    cases: for torch's 200,000 once in 20,000. Symbols prove that a module cannot load, never that it can.
    """

    hashes: array[int]

    @classmethod
    def of(cls, names: Iterable[bytes]) -> Self:
        """The set of these names."""
        return cls(array("I", sorted({zlib.crc32(name) for name in names})))

    @classmethod
    def decode(cls, text: str) -> Self:
        """What ``encode`` gave. Raises ValueError."""
        unpacking = zlib.decompressobj()
        try:
            packed = unpacking.decompress(base64.b85decode(text), _MOST_PACKED)
        except (zlib.error, ValueError):
            packed = b""
        if not unpacking.eof:
            raise ValueError("not a set of symbols")
        hashes = array("I")
        value = shift = total = 0
        for byte in packed:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                total += value
                if total > 0xFFFFFFFF or shift > 35:
                    raise ValueError("not a set of symbols")
                hashes.append(total)
                value = shift = 0
        return cls(hashes)

    def encode(self) -> str:
        """Text: distances in base 128, packed, base 85."""
        out = bytearray()
        last = 0
        for value in self.hashes:
            distance, last = value - last, value
            while distance >= 0x80:
                out.append(distance & 0x7F | 0x80)
                distance >>= 7
            out.append(distance)
        return base64.b85encode(zlib.compress(bytes(out), 9)).decode()

    def __len__(self) -> int:
        return len(self.hashes)

    def __contains__(self, name: str) -> bool:
        value = zlib.crc32(name.encode("ascii", "replace"))
        at = bisect_left(self.hashes, value)
        return at < len(self.hashes) and self.hashes[at] == value

    def missing(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of the names that are not in the set, in order, each once."""
        return tuple(name for name in dict.fromkeys(names) if name not in self)
