"""The files of a repository: those of a commit, and those of the checkout. Nothing outside of it is read."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location
from depguard.records import dataclass

FILE_LIMIT = 100_000_000
"""Bytes; notebooks carry their images."""
_LINKS = 8


@dataclass(frozen=True, slots=True)
class Blob:
    """A file of a commit, or a link: its mode in octal digits and its object id."""

    mode: str
    oid: str


class Objects(Protocol):
    """Where a commit's files are had from."""

    def list_commit(self, commit: str) -> dict[str, Blob]:
        """The files of a commit by path; submodules are left out."""
        ...

    def blob(self, oid: str) -> bytes:
        """The bytes of an object, ``FILE_LIMIT`` + 1 at most."""
        ...


class CommitTree:
    """The files of one commit. Symbolic links are followed inside the commit, and refused outside."""

    def __init__(self, repository: Objects, commit: str) -> None:
        self.label = commit
        self._repository = repository
        self._blobs = repository.list_commit(commit)
        self._data: dict[str, bytes] = {}

    def paths(self) -> tuple[str, ...]:
        """All files, sorted."""
        return tuple(sorted(self._blobs))

    def identity(self, path: str) -> str | None:
        """Equal for equal bytes; None where there is no such file."""
        try:
            blob = self._blobs.get(self._target(path))
        except InputError as error:
            return f"refused: {error}"
        return blob.oid if blob is not None else None

    def data(self, path: str) -> bytes:
        """A file's bytes. Raises InputError, OutOfReachError."""
        blob = self._blobs.get(self._target(path))
        if blob is None:
            raise _missing(path)
        if blob.oid not in self._data:
            self._data[blob.oid] = _bounded(self._repository.blob(blob.oid), path)
        return self._data[blob.oid]

    def _target(self, path: str) -> str:
        for _ in range(_LINKS):
            blob = self._blobs.get(path)
            if blob is None or blob.mode != "120000":
                return path
            link = os.fsdecode(self._repository.blob(blob.oid))
            path = _joined(path, link)
        raise _refused_link(path)


class WorkingTree:
    """The files of a checkout as they are on the disk. Symbolic links that leave it are refused."""

    label = "the working tree"

    def __init__(self, root: Path, paths: Sequence[str], *, algorithm: str = "sha1") -> None:
        self._root = Path(os.path.realpath(root))
        self._paths = tuple(paths)
        self._algorithm = algorithm
        self._read: dict[str, bytes] = {}

    def paths(self) -> tuple[str, ...]:
        """All files, sorted; deleted ones may be among them."""
        return tuple(path for path in self._paths if os.path.lexists(self._root / path))

    def identity(self, path: str) -> str | None:
        """The object id that git would give the bytes; None where there is no such file."""
        try:
            data = self.data(path)
        except InputError as error:
            return None if error.problems[0].code == "file.missing" else f"refused: {error}"
        # What git calls a blob, so that it compares with a commit's; nobody's secret depends on it.
        return hashlib.new(
            self._algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False
        ).hexdigest()

    def data(self, path: str) -> bytes:
        """A file's bytes. Raises InputError, OutOfReachError."""
        if path not in self._read:
            self._read[path] = self._from_disk(path)
        return self._read[path]

    def _from_disk(self, path: str) -> bytes:
        if "\0" in path:
            raise _missing(path)
        target = Path(os.path.realpath(self._root / path))
        if not target.is_relative_to(self._root) or ".git" in target.relative_to(self._root).parts:
            raise _refused_link(path)
        try:
            if not stat.S_ISREG(target.stat().st_mode):
                raise InputError(
                    Problem(code="file.kind", message=f"{path} is no regular file", location=Location(path))
                )
            with target.open("rb") as stream:
                return _bounded(stream.read(FILE_LIMIT + 1), path)
        except (FileNotFoundError, NotADirectoryError):
            raise _missing(path) from None
        except OSError as error:
            # A link to itself, or a name that no disk has: the change's own doing, and no fault of the disk.
            if error.errno in (errno.ELOOP, errno.ENAMETOOLONG):
                raise _refused_link(path) if error.errno == errno.ELOOP else _missing(path) from None
            raise OutOfReachError(
                Problem(code="disk.read", message=f"cannot read {path}: {error.strerror or error}")
            ) from None


def _joined(path: str, link: str) -> str:
    if link.startswith("/"):
        raise _refused_link(path)
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
    if target.startswith("../") or target == "..":
        raise _refused_link(path)
    return target


def _bounded(data: bytes, path: str) -> bytes:
    if len(data) > FILE_LIMIT:
        raise InputError(
            Problem(
                code="file.too-large",
                message=f"{path} is larger than {FILE_LIMIT // 1_000_000} MB",
                location=Location(path),
            )
        )
    return data


def _missing(path: str) -> InputError:
    return InputError(
        Problem(code="file.missing", message=f"there is no file {path}", location=Location(path))
    )


def _refused_link(path: str) -> InputError:
    return InputError(
        Problem(
            code="file.link",
            message=f"{path} is a link that leaves the repository",
            location=Location(path),
            hint="commit the file itself",
        )
    )
