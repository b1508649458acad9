"""Where policies and host files are read from: this disk, or one revision of a repository."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from depguard.adapters.files import TEXT_LIMIT, decode, read_text
from depguard.adapters.witness import is_file, is_folder, names_in, spoil
from depguard.errors import InputError, Problem
from depguard.model.location import Location


class FileView(Protocol):
    """Files by absolute paths."""

    def is_file(self, path: Path) -> bool:
        """Whether there is such a file."""
        ...

    def is_dir(self, path: Path) -> bool:
        """Whether there is such a folder."""
        ...

    def below(self, folder: Path, suffixes: Sequence[str], *, deep: bool) -> Iterable[Path]:
        """The files of a folder (``deep``: of all folders below it, too) that end like this, sorted."""
        ...

    def text(self, path: Path, *, label: str | None = None, limit: int = TEXT_LIMIT) -> str:
        """A file's text. Raises as ``adapters.files.read_text`` does."""
        ...


class Disk:
    """The files of this disk."""

    def is_file(self, path: Path) -> bool:
        """As the port says."""
        return is_file(path)

    def is_dir(self, path: Path) -> bool:
        """As the port says."""
        return is_folder(path)

    def below(self, folder: Path, suffixes: Sequence[str], *, deep: bool) -> Iterable[Path]:
        """As the port says."""
        if not deep:
            return [folder / name for name in names_in(folder) if name.endswith(tuple(suffixes))]
        spoil("all files below a folder")
        return sorted(path for path in folder.rglob("*") if path.name.endswith(tuple(suffixes)))

    def text(self, path: Path, *, label: str | None = None, limit: int = TEXT_LIMIT) -> str:
        """As the port says."""
        return read_text(path, label=label, limit=limit)


class RevisionTree(Protocol):
    """One revision of a repository: files by paths relative to its root, with ``/``."""

    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        ...

    def data(self, path: str) -> bytes:
        """A file's bytes. Raises InputError, OutOfReachError."""
        ...


class Revision:
    """The files of one revision as if they lay under ``root``, and ``trusted`` folders of the disk.

    Everything else is not there: a text of the revision cannot make depguard read this machine's files.
    """

    def __init__(self, root: Path, tree: RevisionTree, *, trusted: Sequence[Path] = ()) -> None:
        self._root = root
        self._tree = tree
        self._files = frozenset(tree.paths())
        self._disk = Disk()
        self._trusted = tuple(trusted)

    def is_file(self, path: Path) -> bool:
        """As the port says."""
        return self._disk.is_file(path) if self._is_trusted(path) else self._inside(path) in self._files

    def is_dir(self, path: Path) -> bool:
        """As the port says."""
        if self._is_trusted(path):
            return self._disk.is_dir(path)
        folder = self._inside(path)
        return folder is not None and any(name.startswith(f"{folder}/") for name in self._files)

    def below(self, folder: Path, suffixes: Sequence[str], *, deep: bool) -> Iterable[Path]:
        """As the port says."""
        if self._is_trusted(folder):
            return self._disk.below(folder, suffixes, deep=deep)
        inside = self._inside(folder)
        if inside is None:
            return ()
        lead = "" if inside == "." else f"{inside}/"
        return [
            self._root / name
            for name in sorted(self._files)
            if name.startswith(lead)
            and name.endswith(tuple(suffixes))
            and (deep or "/" not in name[len(lead) :])
        ]

    def text(self, path: Path, *, label: str | None = None, limit: int = TEXT_LIMIT) -> str:
        """As the port says."""
        if self._is_trusted(path):
            return self._disk.text(path, label=label, limit=limit)
        inside = self._inside(path)
        shown = label or inside or str(path)
        if inside is None:
            problem = Problem(
                code="file.outside", message=f"{shown} is outside the repository", location=Location(shown)
            )
            raise InputError(problem)
        data = self._tree.data(inside)
        if len(data) > limit:
            problem = Problem(
                code="file.too-large",
                message=f"{shown} is larger than {limit} bytes",
                location=Location(shown),
            )
            raise InputError(problem)
        return decode(data, shown)

    def _is_trusted(self, path: Path) -> bool:
        if self._inside(path) is not None:
            return False
        return any(path.resolve().is_relative_to(folder.resolve()) for folder in self._trusted)

    def _inside(self, path: Path) -> str | None:
        """The path below the root, ``.`` for the root itself; None for one that leaves it."""
        import os

        flat = Path(os.path.normpath(path))
        return flat.relative_to(self._root).as_posix() if flat.is_relative_to(self._root) else None
