"""A file behind HTTP range requests, to be read like one on disk (RFC 9110, section 14)."""

from __future__ import annotations

import bisect
import io
import threading
from collections.abc import Iterator
from typing import IO, NamedTuple

from depguard.adapters.index.background import Job
from depguard.adapters.index.side_by_side import GetRange, side_by_side


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
        self._coming: _Coming | None = None
        # Ordered; none overlaps another.
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
        self._at = end
        first = bisect.bisect_right(self._begins, begin) - 1
        last = bisect.bisect_left(self._begins, end)
        # A slice that is all of a part is that part, and one alone is joined as it is: megabytes, not copied.
        return b"".join(
            [
                part[max(begin - start, 0) : end - start]
                for start, part in zip(self._begins[first:last], self._parts[first:last], strict=True)
            ]
        )

    def fetch(self, begin: int, end: int) -> None:
        """Have the bytes from ``begin`` up to ``end`` (cut to the file) at hand."""
        begin, end = max(begin, 0), min(end, self._size)
        first = next(self._gaps(begin, end), None)
        if first is None:
            return
        # Only what is missing is fetched: there may be known parts between.
        for gap in tuple(self._gaps(*self._widened(first[0], end))):
            begin = gap[0]
            for part in self._missing(*gap):
                at = bisect.bisect_left(self._begins, begin)
                self._begins.insert(at, begin)
                self._parts.insert(at, part)
                begin += len(part)

    def expect(self, begin: int, end: int) -> None:
        """Begin to fetch what `fetch` will be asked for next: meanwhile there is other work to do.

        Nothing is begun where part of it is at hand, or where it is too much: whoever asks finds that out.
        """
        begin, end = self._widened(max(begin, 0), min(end, self._size))
        apart = all(end <= self._begins[at] or begin >= self._end(at) for at in range(len(self._begins)))
        if self._coming is None and apart and 0 < end - begin <= self._most:
            job = Job(lambda: side_by_side(self._get, begin, end))
            threading.Thread(target=job.run, name="depguard-range", daemon=True).start()
            self._coming = _Coming(begin, end, job)

    def _missing(self, begin: int, end: int) -> list[bytes]:
        self._most -= end - begin
        self.fetched += end - begin
        if self._most < 0:
            raise TooMuchReadError
        coming = self._coming
        if coming is not None and (coming.begin, coming.end) == (begin, end):
            self._coming = None
            data = coming.data.result()
        else:
            if coming is not None and begin < coming.end and coming.begin < end:
                self._coming = None  # no longer what will be missing: neither waited for nor held
            data = side_by_side(self._get, begin, end)
        if sum(map(len, data)) != end - begin:
            raise EOFError("a range has another length than asked for")
        return data

    def _widened(self, begin: int, end: int) -> tuple[int, int]:
        if any(begin < start <= end for start in self._begins):
            # A zip's directory, read up to the known tail: what it lists last stands right before it.
            return max(begin - self._least, 0), end
        return begin, min(max(end, begin + self._least), self._size)

    def _gaps(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """What is not at hand of it."""
        at = begin
        for start, part in zip(self._begins, self._parts, strict=True):
            if start >= end:
                break
            if at < start:
                yield at, start
            at = max(at, start + len(part))
        if at < end:
            yield at, end

    def _end(self, part: int) -> int:
        return self._begins[part] + len(self._parts[part])


class _Coming(NamedTuple):
    """Bytes on their way."""

    begin: int
    end: int
    data: Job[list[bytes]]


class FilePieces:
    """Pieces of a seekable file (`parse.zip_directory.Pieces`)."""

    def __init__(self, file: IO[bytes] | RemoteFile) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)

    @property
    def fetched(self) -> int:
        """The bytes that came over the network; 0 for a file on this disk."""
        return self._file.fetched if isinstance(self._file, RemoteFile) else 0

    def expect(self, begin: int, end: int) -> None:
        """Have bytes fetched that are read next, where they have to be."""
        if isinstance(self._file, RemoteFile):
            self._file.expect(begin, end)

    def have(self, begin: int, end: int) -> None:
        """Fetch what is read in parts, all of it at once."""
        if isinstance(self._file, RemoteFile):
            self._file.fetch(begin, end)

    def read(self, begin: int, end: int) -> bytes:
        """The bytes from ``begin`` up to ``end``."""
        self._file.seek(begin)
        return self._file.read(end - begin)


class LeftOpen:
    """Files of which parts were fetched, for whoever reads on: up to ``most`` bytes of parts, by URL.

    Safe to be used by several threads: what one has taken, no other gets.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._files: dict[str, RemoteFile] = {}

    def take(self, url: str) -> RemoteFile | None:
        """The file, if it was left here."""
        with self._lock:
            return self._files.pop(url, None)

    def leave(self, url: str, file: RemoteFile) -> None:
        """Leave a file here; those that were left first go when there is no room."""
        with self._lock:
            self._files[url] = file
            held = sum(left.fetched for left in self._files.values())
            while held > self._most:
                held -= self._files.pop(next(iter(self._files))).fetched
