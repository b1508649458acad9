"""Wiring of ``depguard check``: the repository's two revisions, what judges them, and the indexes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.adapters.folder_tree import FolderTree
from depguard.adapters.git import Repository
from depguard.adapters.policy_places import project_root
from depguard.adapters.policy_store import PolicyFound
from depguard.app.check_reading import Homes, Tree
from depguard.app.check_sides import CheckQuestion, Side
from depguard.app.check_targets import targets_in
from depguard.app.check_trust import IndexGate, addresses
from depguard.app.plan import Question
from depguard.cli.caching import compiled_forms
from depguard.cli.check_finding import Fetched, Finder, Judges
from depguard.errors import InputError, Problem
from depguard.model.check import Revisions
from depguard.model.host import Host
from depguard.model.location import Location
from depguard.records import dataclass, replace

if TYPE_CHECKING:
    from depguard.adapters.index.client import IndexClient
    from depguard.cli.console import Console
    from depguard.model.file_table import FileTable
    from depguard.model.host_abi import HostAbi
    from depguard.model.policy import Installer, Policy
    from depguard.model.request import IndexOptions, InstallCommand
    from depguard.resolve.offers import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSetup:
    """A check ready to run. ``root`` is the repository's, ``found`` the policy of the change."""

    question: CheckQuestion
    root: Path
    found: PolicyFound | None


@contextmanager
def checking(args: argparse.Namespace, console: Console) -> Iterator[CheckSetup]:
    """The check with its index clients, open as long as it runs. Raises InputError, OutOfReachError."""
    here = Path.cwd()
    repository = Repository.around(here)
    root = repository.root if repository is not None else project_root(here / "any").resolve()
    revisions, base_tree = _base(args, repository)
    head_tree: Tree = repository.working_tree() if repository is not None else FolderTree(root)
    finder = Finder(args, root, compiled_forms(args, console))
    base_fetch = Fetched(allowed=None)
    at_base = _at_base(finder, base_tree, base_fetch, console)
    head_fetch = Fetched(allowed=frozenset(base_fetch.urls) if base_tree is not None else None)
    judges, problems = _judging(finder, head_tree, head_fetch)
    if problems and at_base.found is None:
        raise InputError(*problems)
    if problems or judges.found is None:
        judges = at_base
    if judges.found is None:
        judges = finder.judges(head_tree, finder.shipped())
    found = judges.found
    head = judges.side(head_tree)
    base: Side | None = None
    if base_tree is not None:
        # Where the base has no policy, the change's judges both: only the change of the files then shows.
        base = (at_base if at_base.found is not None else judges).side(base_tree)
    if found is not None:
        from depguard.cli.setup import tell_policy

        tell_policy(found, console)
    addresses_ = repository.remotes() if repository is not None else ()
    homes = Homes.of((*addresses_, *(head.policy.repository if head.policy is not None else ())))
    gate = IndexGate(_known(base, at_base.found, homes) if base is not None else None)
    if base is not None and head.policy is not None:
        trusted, refused = gate.policy(head.policy)
        head = replace(head, policy=trusted)
        problems = (*problems, *(_untrusted(found, text) for text in refused))
    with ExitStack() as stack:
        ask = _Asking(args, console, stack, head.policy)
        question = CheckQuestion(
            head=head,
            base=base,
            ask=ask,
            gate=gate,
            cutoff=ask.moment,
            homes=homes,
            project=_project(found, root),
            paths=_paths(args.paths, root),
            installer=_stated_installer(args, head.policy),
            revisions=revisions,
            everything=args.all,
            problems=tuple(problems),
        )
        yield CheckSetup(question=question, root=root, found=found)


def _at_base(finder: Finder, tree: Tree | None, fetch: Fetched, console: Console) -> Judges:
    """The policy at the base with its hosts; what cannot be read there judges nothing, and is told."""
    if tree is None:
        return Judges()
    judges, problems = _judging(finder, tree, fetch)
    for problem in problems:
        console.note(f"note: the policy at the base is not used: {problem.message}")
    return judges


def _project(found: PolicyFound | None, root: Path) -> str | None:
    """The folder of the policy's project in the repository; None where the policy is from elsewhere."""
    if found is None or found.root is None or not found.root.is_relative_to(root):
        return None
    inside = found.root.relative_to(root).as_posix()
    return "" if inside == "." else f"{inside}/"


def _base(args: argparse.Namespace, repository: Repository | None) -> tuple[Revisions | None, Tree | None]:
    if args.against is None:
        return None, None
    if repository is None:
        raise InputError(
            Problem(
                code="git.none", message="--against compares with a revision, and this is no git repository"
            )
        )
    commit = repository.merge_base(args.against)
    return Revisions(against=args.against, base=commit, head=repository.head()), repository.tree(commit)


def _judging(finder: Finder, tree: Tree, fetch: Fetched) -> tuple[Judges, tuple[Problem, ...]]:
    """The policy and the hosts of a revision, or what is wrong with them."""
    try:
        found = finder.policy(tree, fetch)
        return finder.judges(tree, found) if found is not None else Judges(), ()
    except InputError as error:
        return Judges(), error.problems


def _untrusted(found: PolicyFound | None, text: str) -> Problem:
    from depguard.app.check_trust import ONLY_HERE

    return Problem(
        code="policy.untrusted",
        message=f"sources: {text}: {ONLY_HERE}",
        location=Location(found.label) if found is not None else None,
    )


def _known(base: Side, found: PolicyFound | None, homes: Homes) -> Callable[[], Iterable[str]]:
    """The addresses that the base names: its policy, and the commands of its files."""

    def known() -> Iterable[str]:
        if found is not None:
            yield from addresses(found.policy.sources)
        for path in sorted(base.watched()):
            for target in targets_in(base.tree, path, homes=homes, installer=base.installer).targets:
                for command in target.steps:
                    yield from addresses(command.index)

    return known


def _paths(given: Iterable[str], root: Path) -> tuple[str, ...]:
    """The paths of the command line, from the repository's root."""
    import os

    found: list[str] = []
    for name in given:
        path = Path(os.path.normpath(Path.cwd().resolve() / name))
        if not path.is_relative_to(root):
            raise InputError(
                Problem(code="usage", message=f"{name} is not in the repository", location=Location(name))
            )
        found.append(path.relative_to(root).as_posix())
    return tuple(found)


def _stated_installer(args: argparse.Namespace, policy: Policy | None) -> Installer | None:
    from depguard.cli.asking import which_installer

    return which_installer(args, policy)[0] if args.installer else None


class _Asking:
    """`app.check_sides.Ask`: one index client for each set of options, all at one moment."""

    def __init__(
        self,
        args: argparse.Namespace,
        console: Console,
        stack: ExitStack,
        policy: Policy | None,
    ) -> None:
        self._args = args
        self._console = console
        self._stack = stack
        self._clients: dict[tuple[Installer, IndexOptions], IndexClient] = {}
        self._shelf: Shelf = {}
        stated = args.exclude_newer or (policy.sources.exclude_newer if policy is not None else None)
        self._limit: datetime | None = stated
        self.moment: datetime = stated or datetime.now(UTC).replace(microsecond=0)

    def __call__(
        self,
        side: Side,
        hosts: tuple[Host, ...],
        command: InstallCommand | None,
        cutoff: datetime | None = None,
    ) -> Question:
        from depguard.cli.asking import which_installer
        from depguard.cli.live import captured_binaries, host_files
        from depguard.cli.options import effective_options
        from depguard.resolve.runnable import Looks

        policy = side.policy
        stated, pip = which_installer(self._args, policy)
        installer = stated if command is None or self._args.installer else command.installer
        options = effective_options(
            self._args,
            self._console,
            policy=policy,
            installer=installer,
            command=command.index if command is not None else None,
            ignore_config=command is not None and command.ignore_config,
        )
        own = command.index.exclude_newer if command is not None else None
        limit = cutoff or own or self._limit or options.exclude_newer
        source = self._client(options, installer)

        def table(host: Host) -> FileTable | None:
            """Who owns which files there: as captured, or as this machine has them, before what ships."""
            known = side.captured.get(host.name)
            return host_files(host, known.files if known is not None else None, self._args.python)

        def abi(host: Host) -> HostAbi | None:
            """What the host offers compiled modules, as captured, or as this machine does."""
            known = side.captured.get(host.name)
            return known.abi if known is not None else captured_binaries(host, None, self._args.python)

        return Question(
            policy=policy,
            hosts=hosts,
            source=source,
            binaries=Looks(source=source, table=table, captured=abi),
            shelf=self._shelf,
            cutoff=limit,
            moment=limit or self.moment,
            installer=installer,
            pip=pip,
        )

    def _client(self, options: IndexOptions, installer: Installer) -> IndexClient:
        from depguard.cli.options import open_source

        key = (installer, replace(options, origins=(), exclude_newer=None))
        if key not in self._clients:
            opened = open_source(options, self._console, installer=installer)
            self._clients[key] = self._stack.enter_context(opened)
        return self._clients[key]
