"""What judges a revision: its policy, its hosts, and what was captured beside their files."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.adapters.file_view import FileView, Revision
from depguard.adapters.host_store import (
    LIVE,
    HostStore,
    binaries_path_of,
    files_path_of,
    read_binaries,
    read_files,
)
from depguard.adapters.policy_store import PolicyFound, PolicyStore, web_fetch
from depguard.adapters.shipped import shipped_root
from depguard.app.check_reading import Tree
from depguard.app.check_sides import Captured, Side
from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.model.location import Location
from depguard.records import dataclass, field, replace

if TYPE_CHECKING:
    from depguard.adapters.compiled import CompiledForms


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """The policy and the hosts that judge, and what was captured of these, by name."""

    found: PolicyFound | None = None
    hosts: tuple[Host, ...] = ()
    captured: Mapping[str, Captured] = field(default_factory=dict)

    def side(self, tree: Tree) -> Side:
        """A revision that they judge."""
        policy = self.found.policy if self.found is not None else None
        return Side(tree=tree, policy=policy, hosts=self.hosts, captured=self.captured)


class Fetched:
    """Fetches policies from the web; for the change only those that the base has fetched."""

    def __init__(self, *, allowed: frozenset[str] | None) -> None:
        self.urls: set[str] = set()
        self._allowed = allowed

    def __call__(self, url: str, at: Location | None) -> bytes:
        """The text at an address. Raises InputError, OutOfReachError."""
        if self._allowed is not None and url not in self._allowed:
            raise InputError(
                Problem(
                    code="policy.untrusted",
                    message=f"{url} is named only in this change, and is not fetched",
                    location=at,
                    hint="extend it on the base branch first",
                )
            )
        self.urls.add(url)
        return web_fetch(url, at)


class Finder:
    """Finds policy and hosts of one revision."""

    def __init__(self, args: argparse.Namespace, root: Path, forms: CompiledForms) -> None:
        self._args = args
        self._root = root
        self._forms = forms
        self._made: dict[tuple[str, str, str], Host] = {}
        self._shipped = shipped_root()

    def policy(self, tree: Tree, fetch: Fetched) -> PolicyFound | None:
        """--policy, else the revision's own; None where it has none."""
        store = PolicyStore(
            Path.cwd().resolve(),
            fetch=None if self._args.offline else fetch,
            forms=self._forms,
            files=self._files(tree),
        )
        if self._args.policy:
            return store.named(self._args.policy)
        return store.project()

    def shipped(self) -> PolicyFound | None:
        """The policy that judges where the repository has none."""
        from depguard.cli.setup import find_policy

        return find_policy(self._args, self._forms)

    def judges(self, tree: Tree, found: PolicyFound | None) -> Judges:
        """A policy with --host, else with its own hosts, and what was captured of them."""
        root = found.root if found is not None and found.root is not None else self._root
        files = self._files(tree)
        store = HostStore(
            [root / "policies" / "hosts", self._shipped / "hosts"],
            self._live,
            self._forms,
            files=files,
            made=self._made,
        )
        names = list(self._args.host) or (list(found.policy.hosts) if found is not None else [])
        if not names:
            raise InputError(
                Problem(
                    code="host.none",
                    message="no host to look at: the policy names none",
                    hint="name one: --host colab/2026.07-gpu",
                )
            )
        hosts: list[Host] = []
        captured: dict[str, Captured] = {}
        for name in names:
            try:
                named = str(root / name) if files.is_file(root / name) else name
                host = store.find(named)
                known = _captured(store.path(named), files) if named != LIVE else None
            except InputError as error:
                stated = found.policy.host_locations.get(name) if found is not None else None
                raise InputError(*(self._told(problem, stated) for problem in error.problems)) from None
            hosts.append(host)
            if known is not None:
                captured[host.name] = known
        return Judges(found=found, hosts=tuple(hosts), captured=captured)

    def _told(self, problem: Problem, stated: Location | None) -> Problem:
        """A problem with its place in the repository, not on this machine."""
        place = problem.location or stated
        lead = f"{self._root}/"
        if place is not None and place.file.startswith(lead):
            place = replace(place, file=place.file.removeprefix(lead))
        return replace(problem, location=place, message=problem.message.replace(lead, ""))

    def _files(self, tree: Tree) -> FileView:
        return Revision(self._root, tree, trusted=(self._shipped, *self._named_outside()))

    def _named_outside(self) -> tuple[Path, ...]:
        """What the command line names itself may be anywhere."""
        named = [Path(name).absolute() for name in (self._args.policy, *self._args.host) if name]
        return tuple(path for path in named if not path.is_relative_to(self._root))

    def _live(self) -> Host:
        from depguard.cli.live import live_host

        return live_host(self._args.python)


def _captured(path: Path, files: FileView) -> Captured | None:
    """What ``baseline capture`` left beside a host's file."""
    beside = [place for place in (binaries_path_of(path), files_path_of(path)) if files.is_file(place)]
    if not beside:
        return None
    texts = "\0".join(files.text(place) for place in beside)
    return Captured(
        abi=read_binaries(path, files),
        files=read_files(path, files),
        sha256=hashlib.sha256(texts.encode()).hexdigest(),
    )
