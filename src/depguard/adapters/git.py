"""A git repository, read only: revisions, their files, the working tree. Nothing of it is ever run.

Only plumbing commands are used (rev-parse, merge-base, ls-tree, ls-files, cat-file, config), with an
environment that knows no hook, filter, pager, credential helper, network or file system monitor: what a
pull request brings cannot make git run anything.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from depguard.adapters.git_trees import FILE_LIMIT, Blob, CommitTree, WorkingTree
from depguard.errors import InputError, OutOfReachError, Problem

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

    def list_commit(self, commit: str) -> dict[str, Blob]:
        """The files of a commit by path: mode and object id. Submodules are left out."""
        out = self._asked("ls-tree", "-r", "-z", "--full-tree", commit)
        found: dict[str, Blob] = {}
        for entry in out.split(b"\0"):
            facts, tab, name = entry.partition(b"\t")
            if tab:
                mode, kind, oid = facts.decode().split()
                if kind == "blob":
                    found[os.fsdecode(name)] = Blob(mode, oid)
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
