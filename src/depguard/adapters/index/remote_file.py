"""A file behind HTTP range requests, to be read like one on disk (RFC 9110, section 14)."""

from __future__ import annotations

import bisect
import io
from collections.abc import Callable

GetRange = Callable[[int, int], bytes]


class TooMuchReadError(Exception):
    """Reading would fetch more than is allowed."""


class RemoteFile(io.RawIOBase):
    """``size`` bytes, of which parts are fetched as they are read and then kept.

    ``get`` returns the bytes from its first argument up to, not including, its second. ``tail`` is the end
    of the file, fetched already; ``fetched`` counts all that was. A read fetches at least ``least`` bytes,
    those before the known tail included: what stands before a zip's directory is often what is read next.
    """

    def __init__(self, get: GetRange, size: int, tail: bytes, *, most: int, least: int = 1 << 14) -> None:
        super().__init__()
        self._get = get
        self._size = size
        self._most = most
        self.fetched = len(tail)
        self._least = least
        self._at = 0
        # Ordered, apart from each other, and never touching.
        self._begins: list[int] = [size - len(tail)]
        self._parts: list[bytes] = [tail]

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As every file; raises ValueError for a negative position."""
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError("negative position")
        self._at = at
        return at

    def read(self, size: int | None = -1) -> bytes:
        """The next ``size`` bytes, fetched where need be. Raises TooMuchReadError."""
        end = self._size if size is None or size < 0 else min(self._at + size, self._size)
        begin = self._at
        if begin >= end:
            return b""
        self.fetch(begin, end)
        at = bisect.bisect_right(self._begins, begin) - 1
        offset = begin - self._begins[at]
        self._at = end
        return self._parts[at][offset : offset + end - begin]

    def fetch(self, begin: int, end: int) -> None:
        """Have the bytes from ``begin`` up to ``end`` (cut to the file) at hand, in one piece."""
        begin, end = max(begin, 0), min(end, self._size)
        if begin >= end or self._known(begin, end):
            return
        begin, end = self._widened(begin, end)
        # Only what is missing is fetched: the ends may be known already.
        first = bisect.bisect_right(self._begins, begin) - 1
        if first >= 0 and self._end(first) >= begin:
            begin = self._begins[first]
        else:
            first += 1
        last = first
        while last < len(self._begins) and self._begins[last] <= end:
            last += 1
        end = max(end, self._end(last - 1)) if last > first else end
        joined = b""
        at = begin
        for part in range(first, last):
            joined += self._missing(at, self._begins[part]) + self._parts[part]
            at = self._end(part)
        joined += self._missing(at, end)
        self._begins[first:last] = [begin]
        self._parts[first:last] = [joined]

    def _missing(self, begin: int, end: int) -> bytes:
        if begin >= end:
            return b""
        self._most -= end - begin
        self.fetched += end - begin
        if self._most < 0:
            raise TooMuchReadError
        data = self._get(begin, end)
        if len(data) != end - begin:
            raise EOFError("a range has another length than asked for")
        return data

    def _widened(self, begin: int, end: int) -> tuple[int, int]:
        if any(begin < start <= end for start in self._begins):
            # A zip's directory, read up to the known tail: what it lists last stands right before it.
            return max(begin - self._least, 0), end
        return begin, min(max(end, begin + self._least), self._size)

    def _known(self, begin: int, end: int) -> bool:
        at = bisect.bisect_right(self._begins, begin) - 1
        return at >= 0 and self._end(at) >= end

    def _end(self, part: int) -> int:
        return self._begins[part] + len(self._parts[part])
