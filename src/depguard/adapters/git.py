"""A git repository, read only: revisions, their files, the working tree. Nothing of it is ever run.

Only plumbing commands are used (rev-parse, merge-base, ls-tree, ls-files, cat-file, config), with an
environment that knows no hook, filter, pager, credential helper, network or file system monitor: what a
pull request brings cannot make git run anything.
"""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location

FILE_LIMIT = 100_000_000
"""Bytes; notebooks carry their images."""
_LINKS = 8
_SECONDS = 120
_SETTINGS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.attributesFile=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=",
    "core.quotePath=false",
    "core.alternateRefsCommand=",
    "credential.helper=",
    "diff.external=",
    "protocol.allow=never",
    "submodule.recurse=false",
    "uploadpack.packObjectsHook=",
)
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}
_KEPT = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")


@dataclass(frozen=True, slots=True)
class _Blob:
    mode: str
    oid: str


class Repository:
    """The repository around a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._safe: tuple[str, ...] = ()

    @classmethod
    def around(cls, folder: Path) -> Repository | None:
        """The repository that a folder is in, None where there is none (or no git)."""
        here = folder.absolute()
        for candidate in (here, *here.parents):
            if (candidate / ".git").exists():  # a file in worktrees and submodules
                return cls(candidate.resolve())
        return None

    def commit(self, revision: str) -> str:
        """The commit that a revision names. Raises InputError when there is none."""
        code, out, _ = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if code:
            raise InputError(
                Problem(
                    code="git.revision",
                    message=f"there is no revision {revision} here",
                    hint="fetch it first (in GitHub Actions: actions/checkout with fetch-depth: 0)",
                )
            )
        return out.decode().strip()

    def merge_base(self, revision: str) -> str:
        """The newest commit that the checkout and a revision have in common. Raises InputError."""
        commit = self.commit(revision)
        code, out, _ = self._git("merge-base", "HEAD", commit)
        if code:
            raise InputError(
                Problem(
                    code="git.merge-base",
                    message=f"the checkout and {revision} have no commit in common",
                    hint="fetch the history (in GitHub Actions: actions/checkout with fetch-depth: 0)",
                )
            )
        return out.decode().split()[0]

    def head(self) -> str | None:
        """The commit that is checked out, None before the first one."""
        code, out, _ = self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return None if code else out.decode().strip()

    def tree(self, commit: str) -> CommitTree:
        """The files of a commit."""
        return CommitTree(self, commit)

    def working_tree(self) -> WorkingTree:
        """The files of the checkout as they are now, ignored ones left out."""
        return WorkingTree(self.root, self._listed(), algorithm=self._algorithm)

    def remotes(self) -> tuple[str, ...]:
        """The URLs of the remotes, ``origin`` first."""
        code, out, _ = self._git("config", "--local", "--null", "--get-regexp", r"^remote\..*\.url$")
        if code:
            return ()
        entries = [entry.partition("\n") for entry in out.decode("utf-8", "replace").split("\0") if entry]
        ordered = sorted(entries, key=lambda entry: (entry[0] != "remote.origin.url", entry[0]))
        return tuple(value for _, _, value in ordered if value)

    @cached_property
    def _algorithm(self) -> str:
        code, out, _ = self._git("rev-parse", "--show-object-format")
        return "sha1" if code else out.decode().strip()

    def _listed(self) -> tuple[str, ...]:
        out = self._asked("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--full-name")
        return tuple(sorted({os.fsdecode(name) for name in out.split(b"\0") if name}))

    def list_commit(self, commit: str) -> dict[str, _Blob]:
        """The files of a commit by path: mode and object id. Submodules are left out."""
        out = self._asked("ls-tree", "-r", "-z", "--full-tree", commit)
        found: dict[str, _Blob] = {}
        for entry in out.split(b"\0"):
            facts, tab, name = entry.partition(b"\t")
            if tab:
                mode, kind, oid = facts.decode().split()
                if kind == "blob":
                    found[os.fsdecode(name)] = _Blob(mode, oid)
        return found

    def blob(self, oid: str) -> bytes:
        """The bytes of an object, ``FILE_LIMIT`` + 1 at most."""
        return self._asked("cat-file", "blob", oid, limit=FILE_LIMIT + 1)

    def _asked(self, *words: str, limit: int | None = None) -> bytes:
        code, out, err = self._git(*words, limit=limit)
        if code and not (limit is not None and len(out) == limit):
            said = err.decode("utf-8", "replace").strip().splitlines()
            raise OutOfReachError(
                Problem(code="git.failed", message=f"git {words[0]}: {said[-1] if said else f'exit {code}'}")
            )
        return out

    def _git(self, *words: str, limit: int | None = None) -> tuple[int, bytes, bytes]:
        code, out, err = _run(self.root, (*self._safe, *words), limit)
        if code == 128 and b"dubious ownership" in err and not self._safe:
            # Somebody else's checkout, as in a container: git's own list of those that are trusted counts.
            self._safe = _trusted_folders(self.root)
            if self._safe:
                return _run(self.root, (*self._safe, *words), limit)
        return code, out, err


def _trusted_folders(root: Path) -> tuple[str, ...]:
    found: list[str] = []
    for scope in ("--global", "--system"):
        keep = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in os.environ}
        words = ("config", scope, "--null", "--get-all", "safe.directory")
        code, out, _ = _run(
            root, words, None, {**keep, "GIT_CONFIG_GLOBAL": None, "GIT_CONFIG_NOSYSTEM": None}
        )
        if not code:
            found += [value for value in out.decode("utf-8", "replace").split("\0") if value]
    return tuple(word for value in found for word in ("-c", f"safe.directory={value}"))


def _run(
    root: Path,
    words: Sequence[str],
    limit: int | None,
    changes: dict[str, str | None] | dict[str, str] | None = None,
) -> tuple[int, bytes, bytes]:
    import subprocess

    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _ENVIRONMENT
    for name, value in (changes or {}).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    command = ["git", "--no-pager", *settings, "-C", str(root), *words]
    try:
        with subprocess.Popen(  # noqa: S603 - git, with words of this module and a checked revision
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            if limit is None:
                out, err = process.communicate(timeout=_SECONDS)
                return process.returncode, out, err
            out = process.stdout.read(limit) if process.stdout is not None else b""
            if len(out) == limit:
                process.kill()
            _, err = process.communicate(timeout=_SECONDS)
            return process.returncode, out, err
    except FileNotFoundError:
        raise OutOfReachError(
            Problem(
                code="git.missing", message="git is not installed", hint="install git, or leave --against out"
            )
        ) from None
    except subprocess.TimeoutExpired:
        raise OutOfReachError(
            Problem(code="git.slow", message=f"git {words[0]} took longer than {_SECONDS} s")
        ) from None


class CommitTree:
    """The files of one commit. Symbolic links are followed inside the commit, and refused outside."""

    def __init__(self, repository: Repository, commit: str) -> None:
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
