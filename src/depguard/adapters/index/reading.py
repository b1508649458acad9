"""The core metadata text of one artifact: from beside it (PEP 658), out of its archive, or from a folder."""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

from depguard.adapters.index.addresses import local_path, redact
from depguard.adapters.index.archives import (
    MOST_METADATA,
    sdist_tar_metadata,
    sdist_zip_metadata,
    wheel_metadata,
)
from depguard.adapters.index.faults import TooLargeError, unreachable
from depguard.adapters.index.remote_file import FilePieces, LeftOpen, RemoteFile, TooMuchReadError
from depguard.adapters.index.transport import Reply
from depguard.adapters.index.wire import Wire
from depguard.errors import OutOfReachError, Problem
from depguard.model.release import Artifact, ArtifactKind, MetadataUnknown
from depguard.parse.wheel_metadata import wheel_metadata_text
from depguard.parse.zip_directory import TAIL

_MOST_BY_RANGES = 64 << 20
_MOST_WHOLE = 512 << 20
_IN_MEMORY = 8 << 20
_LEFT_OPEN = 8 << 20
_LARGE = 4 << 20
_LONG_TAIL = 4 * TAIL
"""Bytes. Compiled packages have a thousand files and more; a second request costs more than these."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_IDENTITY = {"Accept-Encoding": "identity"}


class NoRangesError(Exception):
    """The server does not serve (this) range."""


class GoneError(Exception):
    """The file is listed but not there."""


class ArtifactReader:
    """Reads metadata, and notes sizes on the way. Safe to be used by several threads."""

    def __init__(self, wire: Wire, *, note: Callable[[str], None]) -> None:
        self._wire = wire
        self._note = note
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._left = LeftOpen(_LEFT_OPEN)

    def size(self, artifact: Artifact) -> int | None:
        """The size in bytes where it was met; None otherwise."""
        with self._lock:
            return self._sizes.get(artifact.url)

    def ask_size(self, artifact: Artifact) -> int | None:
        """The size that the server states, by HEAD."""
        try:
            found = self._wire.ask(artifact.url, _length, method="HEAD", headers=_IDENTITY)
        except OutOfReachError:
            return None
        if found is not None:
            self._learn(artifact, found)
        return found

    def read(self, artifact: Artifact) -> str | MetadataUnknown:
        """The metadata text. Raises OutOfReachError where it cannot be read now."""
        path = local_path(artifact.url)
        if path is not None:
            return self._local(artifact, path)
        if artifact.core_metadata is not None:
            text = self._beside(artifact)
            if text is not None:
                return text
        try:
            if artifact.kind is ArtifactKind.SDIST and not artifact.filename.endswith(".zip"):
                return self._wire.ask(artifact.url, lambda reply: self._stream(artifact, reply))
            return self._by_ranges(artifact)
        except GoneError:
            return MetadataUnknown("the index lists the file but does not have it")
        except (TooMuchReadError, TooLargeError):
            return MetadataUnknown("its metadata cannot be had without reading too much of the file")

    def _local(self, artifact: Artifact, path: Path) -> str | MetadataUnknown:
        try:
            with path.open("rb") as file:
                if artifact.kind is ArtifactKind.SDIST and not artifact.filename.endswith(".zip"):
                    return sdist_tar_metadata(file, artifact.filename)
                return self._from_zip(artifact, file)
        except OSError as error:
            raise OutOfReachError(
                Problem(code="index.file", message=f"cannot read {path}: {error.strerror or error}")
            ) from error

    def _beside(self, artifact: Artifact) -> str | None:
        """The PEP 658 file's text; None, with a note, when the archive has to be read after all."""
        path, mark, query = artifact.url.partition("?")
        url = f"{path}.metadata{mark}{query}"
        status, body = self._wire.ask(url, _status_and_body)
        if status != 200 or body is None:
            self._note(f"{redact(url)} is offered but answers {status}; the file itself is read")
            return None
        for algorithm, expected in artifact.core_metadata or ():
            if algorithm in hashlib.algorithms_guaranteed and not algorithm.startswith("shake"):
                if hashlib.new(algorithm, body, usedforsecurity=False).hexdigest() != expected:
                    self._note(f"{redact(url)} is not what the index promises; the file itself is read")
                    return None
                break
        return body.decode("utf-8", errors="replace")

    def _by_ranges(self, artifact: Artifact) -> str | MetadataUnknown:
        try:
            file = self.open(artifact)
            if not isinstance(file, RemoteFile):
                with file:
                    return self._from_zip(artifact, file)
            text = self._from_zip(artifact, cast("IO[bytes]", file), file.fetch)
            self._left.leave(artifact.url, file)
        except NoRangesError:
            with self._wire.ask(
                artifact.url, lambda reply: self._whole(artifact, reply), headers=_IDENTITY
            ) as whole:
                return self._from_zip(artifact, whole)
        return text

    @staticmethod
    def _from_zip(
        artifact: Artifact, file: IO[bytes], before: Callable[[int, int], None] | None = None
    ) -> str | MetadataUnknown:
        if artifact.kind is ArtifactKind.SDIST:
            return sdist_zip_metadata(file, before_reading=before)
        try:
            text = wheel_metadata_text(FilePieces(file), artifact.name, most=MOST_METADATA)
        except EOFError:  # a server that cuts its ranges short
            text = None
        if text is not None:
            return text
        return wheel_metadata(file, artifact.name, before_reading=before)

    def open(self, artifact: Artifact, *, most_whole: int = _MOST_WHOLE) -> RemoteFile | IO[bytes]:
        """The file with its tail at hand, or all of it from a server that knows no ranges.

        What was read of it for its metadata is not fetched again.
        Raises NoRangesError, GoneError, TooLargeError beyond ``most_whole`` bytes, OutOfReachError.
        """
        url = artifact.url
        left = self._left.take(url)
        if left is not None:
            return left
        size = artifact.size or self.size(artifact)
        length = _tail_of(artifact, size)
        wanted = f"bytes={max(size - length, 0)}-" if size else f"bytes=-{length}"
        opened = self._wire.ask(
            url, lambda reply: self._tail(artifact, reply, most_whole), headers={**_IDENTITY, "Range": wanted}
        )
        if opened is None:
            # Some servers know ranges but not "the last so many bytes".
            size = self.ask_size(artifact)
            if size is None:
                raise NoRangesError
            wanted = f"bytes={max(size - length, 0)}-"
            opened = self._wire.ask(
                url,
                lambda reply: self._tail(artifact, reply, most_whole),
                headers={**_IDENTITY, "Range": wanted},
            )
        if opened is None:
            raise NoRangesError
        if not isinstance(opened, tuple):
            return opened
        total, tail = opened

        def get(begin: int, end: int) -> bytes:
            headers = {**_IDENTITY, "Range": f"bytes={begin}-{end - 1}"}
            return self._wire.ask(url, lambda reply: _range(reply, begin, end, total), headers=headers)

        return RemoteFile(get, total, tail, most=_MOST_BY_RANGES)

    def _tail(
        self, artifact: Artifact, reply: Reply, most_whole: int
    ) -> tuple[int, bytes] | IO[bytes] | None:
        if reply.status == 200:
            return self._whole(artifact, reply, most_whole)
        if reply.status != 206:
            if reply.status in {400, 405, 416, 501}:
                return None
            raise _refused(reply)
        stated = _CONTENT_RANGE.fullmatch(reply.headers.get("Content-Range", ""))
        if stated is None:
            return None
        begin, last, total = (int(number) for number in stated.groups())
        if last != total - 1 or total - begin > 2 * _LONG_TAIL:
            return None
        tail = reply.body(2 * _LONG_TAIL)
        if len(tail) != total - begin:
            return None
        self._learn(artifact, total)
        return total, tail

    def _whole(self, artifact: Artifact, reply: Reply, most: int = _MOST_WHOLE) -> IO[bytes]:
        """All of the file, checked against its hash, in memory or in a temporary file."""
        if reply.status != 200:
            raise _refused(reply)
        stated = _length(reply)
        if stated is not None:
            self._learn(artifact, stated)
            if stated > most:
                raise TooLargeError
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
        digest = hashlib.sha256()
        length = 0
        try:
            while data := reply.piece():
                length += len(data)
                if length > most:
                    raise TooLargeError  # noqa: TRY301 - the file is closed on every way out
                digest.update(data)
                file.write(data)
        except BaseException:
            file.close()
            raise
        if artifact.sha256 is not None and digest.hexdigest() != artifact.sha256:
            file.close()
            raise unreachable(
                reply.url,
                "the file's sha256 is not the one that the index gives",
                hint="the index or something on the way to it is broken, or worse: do not install from it",
            )
        self._learn(artifact, length)
        file.seek(0)
        return cast("IO[bytes]", file)

    def _stream(self, artifact: Artifact, reply: Reply) -> str | MetadataUnknown:
        if reply.status != 200:
            raise _refused(reply)
        stated = _length(reply)
        if stated is not None and "Content-Encoding" not in reply.headers:
            self._learn(artifact, stated)
        return sdist_tar_metadata(cast("IO[bytes]", _Stream(reply)), artifact.filename)

    def _learn(self, artifact: Artifact, size: int) -> None:
        with self._lock:
            self._sizes[artifact.url] = size


class _Stream(io.RawIOBase):
    """A reply's body, read on and on."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._held = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = size if size is not None and size >= 0 else 1 << 62
        held = [self._held]
        length = len(self._held)
        while length < wanted and (data := self._reply.piece()):
            held.append(data)
            length += len(data)
        joined = b"".join(held)
        self._held = joined[wanted:]
        return joined[:wanted]


def _tail_of(artifact: Artifact, size: int | None) -> int:
    """How many bytes are asked for first: as many as the directory at the end is likely to have."""
    large = size > _LARGE if size else any(tag.platform != "any" for tag in artifact.tags)
    return _LONG_TAIL if large else TAIL


def _range(reply: Reply, begin: int, end: int, total: int) -> bytes:
    if reply.status != 206:
        if reply.status in {200, 400, 416}:
            raise NoRangesError
        raise _refused(reply)
    if reply.headers.get("Content-Range") != f"bytes {begin}-{end - 1}/{total}":
        raise NoRangesError
    return reply.body(end - begin)


def _length(reply: Reply) -> int | None:
    if reply.status != 200:
        return None
    stated = reply.headers.get("Content-Length", "")
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 16 else None


def _status_and_body(reply: Reply) -> tuple[int, bytes | None]:
    try:
        return reply.status, reply.body(MOST_METADATA) if reply.status == 200 else None
    except TooLargeError:
        return reply.status, None


def _refused(reply: Reply) -> Exception:
    if reply.status in {404, 410}:
        return GoneError()
    hint = "give the index's credentials in its URL, netrc or keyring" if reply.status in {401, 403} else None
    return unreachable(reply.url, f"it answers {reply.status}", hint=hint)
