"""Whole files of an index: fetched into a folder, resumed where they broke off, kept if the hash is right."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from depguard.adapters.index.addresses import local_path, redact
from depguard.adapters.index.faults import InterruptedAnswerError, unreachable
from depguard.adapters.index.transport import Reply
from depguard.adapters.index.wire import Wire
from depguard.errors import OutOfReachError, Problem
from depguard.model.location import Location
from depguard.model.release import Artifact

_IDENTITY = {"Accept-Encoding": "identity"}
_PIECE = 1 << 20


class WrongHashError(OutOfReachError):
    """What an index serves is not the file that it listed. Nothing of it is kept."""


class Downloader:
    """Saves artifacts. ``retries`` is how often in a row a connection may bring nothing new."""

    def __init__(self, wire: Wire, *, retries: int) -> None:
        self._wire = wire
        self._retries = retries

    def save(self, artifact: Artifact, folder: Path, *, told: Callable[[int], None]) -> Path:
        """The artifact's file in ``folder``, which is there under its name only when its sha256 is right.

        A file that is there already is checked, not fetched. ``told`` hears how many bytes there are so
        far. Raises OutOfReachError (WrongHashError for other bytes than were listed), also for the disk.
        """
        target = folder / artifact.filename
        try:
            if target.is_file() and _sha256(target) == artifact.sha256:
                told(target.stat().st_size)
                return target
            part = folder / f"{artifact.filename}.part"
            self._get(artifact, part, told)
            found = _sha256(part)
            if found != artifact.sha256:
                part.unlink()
                raise WrongHashError(_other_bytes(artifact, found))
            part.replace(target)
        except OSError as error:
            raise OutOfReachError(
                Problem(
                    code="disk.write",
                    message=f"cannot write {target}: {error.strerror or error}",
                    location=Location(str(target)),
                    hint="--cache-dir chooses another folder for what is fetched",
                )
            ) from error
        return target

    def _get(self, artifact: Artifact, part: Path, told: Callable[[int], None]) -> None:
        own = local_path(artifact.url)
        if own is not None:
            shutil.copyfile(own, part)
            told(part.stat().st_size)
            return
        idle = 0
        while True:
            before = _length(part)
            ranged = {"Range": f"bytes={before}-"} if before else {}

            def read(reply: Reply, have: int = before) -> bool:
                return _append(reply, part, have, artifact, told)

            if self._wire.ask(artifact.url, read, headers=_IDENTITY | ranged):
                return
            idle = 0 if _length(part) > before else idle + 1
            if idle > self._retries:
                raise unreachable(artifact.url, "the connection breaks off again and again")


def _append(reply: Reply, part: Path, have: int, artifact: Artifact, told: Callable[[int], None]) -> bool:
    """Write the answer to where it belongs; whether that was the rest of the file."""
    match reply.status:
        case 206 if (reply.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
            mode = "ab"
        case 200:
            mode, have = "wb", 0
        case 206 | 416:  # no range of this file: from the beginning, next time
            part.unlink(missing_ok=True)
            return False
        case status:
            raise unreachable(
                artifact.url, f"the index lists {artifact.filename} and answers {status} for it"
            )
    with part.open(mode) as stream:
        try:
            while data := reply.piece():
                stream.write(data)
                have += len(data)
                told(have)
        except InterruptedAnswerError:
            return False
        finally:
            with suppress(OSError):  # a full disk has been told by then
                stream.flush()
                os.fsync(stream.fileno())
    return True


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(_PIECE):
            digest.update(data)
    return digest.hexdigest()


def _other_bytes(artifact: Artifact, found: str) -> Problem:
    return Problem(
        code="index.hash",
        message=f"{artifact.filename} is not what the index listed: its sha256 is {found},"
        f" not {artifact.sha256}",
        location=Location(redact(artifact.url)),
        hint="nothing of it was kept or installed; ask whoever runs the index or a proxy on the way",
    )
