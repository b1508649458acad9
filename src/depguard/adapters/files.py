"""Files on disk: written whole or not at all, read up to a bound."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from depguard.adapters.witness import saw_content
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location

TEXT_LIMIT = 16 * 1024 * 1024
"""Bytes; no policy, requirements file or notebook that people write is larger."""


def write_whole(path: Path, data: str | bytes) -> None:
    """Write a file so that readers see the old content or the new one, never half of it.

    Missing folders are made. An existing file keeps its permissions, a symbolic link stays a link.
    Text is written as UTF-8 with the line ends it has. Raises OutOfReachError with the path; the
    target is then as it was.
    """
    write_all(((path, data),))


def write_all(files: Iterable[tuple[Path, str | bytes]]) -> None:
    """Write files that belong together, each as ``write_whole`` does, and none while one has no room.

    All of them are on the disk beside their targets before the first takes its place. Raises
    OutOfReachError with the path that could not be written.
    """
    import secrets

    staged: list[tuple[Path, Path, Path]] = []
    at = Path()
    try:
        for path, data in files:
            at = path
            target = path.resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            # In the same folder, because a replace is atomic only within one file system.
            part = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
            staged.append((path, part, target))
            _stage(part, target, data.encode() if isinstance(data, str) else data)
        for path, part, target in staged:
            at = path
            part.replace(target)
    except OSError as error:
        raise OutOfReachError(
            Problem(
                code="disk.write",
                message=f"cannot write {at}: {error.strerror or error}",
                location=Location(str(at)),
            )
        ) from None
    finally:  # also after a Ctrl-C: nothing half-written stays behind
        for _, part, _ in staged:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def _stage(part: Path, target: Path, content: bytes) -> None:
    with part.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    if target.exists():
        part.chmod(stat.S_IMODE(target.stat().st_mode))


def read_bytes(path: Path, *, label: str | None = None, limit: int = TEXT_LIMIT) -> bytes:
    """A file's bytes, ``limit`` at most.

    ``label`` is what messages call it. Raises InputError when it is missing, a folder or larger,
    OutOfReachError when it cannot be read.
    """
    shown = label or str(path)
    at = Location(shown)
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
        saw_content(path, data)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            Problem(code="file.missing", message=f"there is no file {shown}", location=at)
        ) from None
    except IsADirectoryError:
        raise InputError(Problem(code="file.folder", message=f"{shown} is a folder", location=at)) from None
    except OSError as error:
        raise OutOfReachError(
            Problem(code="disk.read", message=f"cannot read {shown}: {error.strerror or error}", location=at)
        ) from None
    if len(data) > limit:
        raise InputError(
            Problem(code="file.too-large", message=f"{shown} is larger than {limit} bytes", location=at)
        )
    return data


def read_text(path: Path, *, label: str | None = None, limit: int = TEXT_LIMIT) -> str:
    """A file's text, UTF-8 with or without a byte order mark. Raises as ``read_bytes`` does."""
    return decode(read_bytes(path, label=label, limit=limit), label or str(path))


def decode(data: bytes, label: str) -> str:
    """UTF-8 bytes as text; the byte order mark stays, for a hash of the text to be that of the bytes.

    Raises InputError with the place of the first byte that is no UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        raise InputError(
            Problem(
                code="file.encoding",
                message=f"not UTF-8: byte 0x{data[error.start]:02x}",
                location=Location(label, before.count(b"\n") + 1, column),
                hint="save the file as UTF-8",
            )
        ) from None
