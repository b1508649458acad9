"""Appends to a log that several processes share: whole lines, one at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from depguard.errors import OutOfReachError, Problem
from depguard.model.location import Location


def append_line(path: Path, line: str) -> None:
    """Append a line, after a line end if somebody broke off in the middle of one. Raises OutOfReachError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as stream:
            _wait_for(stream.fileno())
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(size - 1)
                if stream.read(1) != b"\n":
                    line = f"\n{line}"
            stream.write(line.encode())  # at the end, wherever the stream was read: it is open to append
    except OSError as error:
        raise OutOfReachError(
            Problem(
                code="disk.write",
                message=f"cannot write {path}: {error.strerror or error}",
                location=Location(str(path)),
            )
        ) from None


def _wait_for(descriptor: int) -> None:
    """Until no other process appends; closing the file lets go."""
    try:
        import fcntl
    except ImportError:  # Windows: one short write at the end is as good as whole
        return
    with suppress(OSError):  # a network file system without locks
        fcntl.flock(descriptor, fcntl.LOCK_EX)
