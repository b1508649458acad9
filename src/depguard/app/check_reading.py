"""Reading what a target names: files of the same revision, and nothing else.

``-r`` and ``-c`` of paths, of the repository's own raw URLs, of files that ``wget`` or ``curl`` fetched from
there; a path that leaves the repository, and any other URL, is refused and stays a doubt.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import unquote, urlsplit

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.request import InstallCommand, Item
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_lines import resolve_reference
from depguard.parse.requirement_text import decode_requirements
from depguard.records import dataclass, replace

_URL = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_RAW_HOSTS = {"raw.githubusercontent.com": "github.com"}
_HERE = re.compile(r"(?:/content/|/kaggle/working/|/home/\w+/)?(?P<rest>[^/].*)")


class Tree(Protocol):
    """One revision of a repository: files by paths relative to its root, with ``/``."""

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    def paths(self) -> Sequence[str]:
        """All files, sorted."""
        ...

    def identity(self, path: str) -> str | None:
        """Equal for equal bytes; None where there is no such file. Two trees agree on it."""
        ...

    def data(self, path: str) -> bytes:
        """A file's bytes. Raises InputError (missing, too large, a link that leaves), OutOfReachError."""
        ...


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the repository is on the web: ``(host, "owner/repo")``."""

    places: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, addresses: Sequence[str]) -> Homes:
        """From the URLs of remotes, in any of git's spellings, and those of the policy."""
        places: dict[tuple[str, str], None] = {}
        for address in addresses:
            found = re.fullmatch(r"(?:[\w.+-]+@)?([\w.-]+):(?!//)(.+)", address)
            if found is not None:
                host, path = found[1], found[2]
            else:
                try:
                    parts = urlsplit(address)
                    host, path = parts.hostname or "", parts.path
                except ValueError:
                    continue
            path = path.strip("/").removesuffix(".git")
            if host and path:
                places[host.lower(), path] = None
        return cls(tuple(places))

    @property
    def folders(self) -> frozenset[str]:
        """What ``git clone`` calls the checkout."""
        return frozenset(path.rpartition("/")[2] for _, path in self.places)

    def path_of(self, url: str) -> str | None:
        """The file of the checkout that a raw URL of this repository means; None for any other URL.

        GitHub's raw host and ``/raw/REF/`` paths, GitLab's ``/-/raw/REF/``, Bitbucket's ``/raw/REF/``.
        """
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return None
        if parts.scheme.lower() not in ("http", "https"):
            return None
        path = unquote(parts.path).strip("/")
        for home, repository in self.places:
            if not path.lower().startswith(f"{repository.lower()}/"):
                continue
            rest = path[len(repository) + 1 :]
            if _RAW_HOSTS.get(host) == home:
                found = re.fullmatch(r"(?:refs/(?:heads|tags)/)?[^/]+/(.+)", rest)
            elif host == home:
                found = re.fullmatch(r"(?:-/)?(?:raw|blob)/(?:refs/(?:heads|tags)/)?[^/]+/(.+)", rest)
            else:
                continue
            if found is not None:
                return found[1]
        return None


class TargetReader:
    """Reads for one target and remembers every path that it looked for (``tried``)."""

    def __init__(
        self, tree: Tree, folder: str, homes: Homes, *, mapped: Callable[[str], str | None] | None = None
    ) -> None:
        self._tree = tree
        self._folder = folder
        self._homes = homes
        self._mapped = mapped
        self._found: dict[str, str] = {}
        self.tried: set[str] = set()

    def read(self, reference: str, including: str | None) -> str:
        """The port `parse.requirement_lines.Reader`."""
        label = resolve_reference(reference, including)
        for path in self._candidates(reference, including):
            inside = _inside(path, reference)
            self.tried.add(inside)
            if self._tree.identity(inside) is not None:
                self._found[label] = inside
                return decode_requirements(self._tree.data(inside), inside)
        raise InputError(
            Problem(code="requirements.missing", message=f"there is no file {without_secrets(reference)}")
        )

    def read_root(self, path: str) -> str:
        """The target's own text, by its path from the root."""
        self._found[path] = path
        return decode_requirements(self._tree.data(path), path)

    def placed(self, command: InstallCommand) -> InstallCommand:
        """The command with its places in the files of the repository, not as the command calls them."""
        return replace(
            command,
            items=tuple(self._item(item) for item in command.items),
            constraints=tuple(self._item(item) for item in command.constraints),
            index=replace(
                command.index,
                origins=tuple((field, self._origin(origin)) for field, origin in command.index.origins),
            ),
        )

    def _origin(self, origin: str) -> str:
        """``requirements.txt:3:5`` likewise."""
        label, colon, rest = origin.partition(":")
        return f"{self._found[label]}{colon}{rest}" if label in self._found else origin

    def _item(self, item: Item) -> Item:
        place = item.location
        if place is None or place.file not in self._found or place.cell is not None:
            return item
        return replace(item, location=Location(self._found[place.file], place.line, place.column))

    def _candidates(self, reference: str, including: str | None) -> list[str]:
        own = self._found.get(including) if including is not None else None
        label = resolve_reference(reference, including)
        if re.match(r"https?:", label, re.IGNORECASE):
            path = self._homes.path_of(label)
            if path is None:
                raise InputError(
                    Problem(
                        code="requirements.url",
                        message=f"{without_secrets(label)} is not read: it is no file of this repository",
                    )
                )
            return [path]
        if _URL.match(reference):
            raise InputError(
                Problem(code="requirements.url", message=f"{without_secrets(reference)} is not read")
            )
        if own is not None:
            return [posixpath.join(posixpath.dirname(own), reference)]
        if self._mapped is not None:
            source = self._mapped(reference)
            if source is not None:
                return [posixpath.join(self._folder, source), source]
        beside = posixpath.join(self._folder, reference)
        # A shell starts in the notebook's folder, or in the root of the checkout.
        from_root = [] if reference.startswith("..") else [reference]
        return [*self._below_clone(reference), beside, *from_root]

    def _below_clone(self, reference: str) -> list[str]:
        """``/content/REPO/requirements.txt`` and ``REPO/requirements.txt``, as after a ``git clone``."""
        found = _HERE.fullmatch(posixpath.normpath(reference))
        if found is None:
            return []
        folder, slash, rest = found["rest"].partition("/")
        return [rest] if slash and folder in self._homes.folders else []


def _inside(path: str, reference: str) -> str:
    flat = posixpath.normpath(path)
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path:
        what = "is no path inside the repository"
    elif flat == ".." or flat.startswith("../"):
        what = "leaves the repository"
    elif flat == ".git" or flat.startswith(".git/"):
        what = "is no file of the repository"
    else:
        return flat
    raise InputError(
        Problem(code="requirements.outside", message=f"{without_secrets(reference)} {what}, and is not read")
    )
