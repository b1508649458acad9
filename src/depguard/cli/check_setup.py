"""Wiring of ``depguard check``: the repository's two revisions, what judges them, and the indexes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.adapters.file_view import FileView, Revision
from depguard.adapters.folder_tree import FolderTree
from depguard.adapters.git import Repository
from depguard.adapters.host_store import HostStore
from depguard.adapters.policy_store import PolicyFound, PolicyStore, project_root, web_fetch
from depguard.adapters.shipped import shipped_root
from depguard.app.check_reading import Homes, Tree
from depguard.app.check_sides import CheckQuestion, Side
from depguard.app.check_targets import targets_in
from depguard.app.check_trust import IndexGate, addresses
from depguard.app.plan import Question
from depguard.cli.caching import compiled_forms
from depguard.errors import InputError, Problem
from depguard.model.check import Revisions
from depguard.model.host import Host
from depguard.model.location import Location
from depguard.model.values import dataclass, replace

if TYPE_CHECKING:
    from depguard.adapters.compiled import CompiledForms
    from depguard.adapters.index.client import IndexClient
    from depguard.cli.console import Console
    from depguard.model.policy import Installer, Policy
    from depguard.model.request import IndexOptions, InstallCommand
    from depguard.resolve.universe import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSetup:
    """A check ready to run. ``root`` is the repository's, ``found`` the policy of the change."""

    question: CheckQuestion
    root: Path
    found: PolicyFound | None


class _Fetched:
    """Fetches policies from the web; for the change only those that the base has fetched."""

    def __init__(self, *, allowed: frozenset[str] | None) -> None:
        self.urls: set[str] = set()
        self._allowed = allowed

    def __call__(self, url: str, at: Location | None) -> bytes:
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


class _Finder:
    """Finds policy and hosts of one revision."""

    def __init__(self, args: argparse.Namespace, root: Path, forms: CompiledForms) -> None:
        self._args = args
        self._root = root
        self._forms = forms
        self._made: dict[tuple[str, str, str], Host] = {}
        self._shipped = shipped_root()

    def policy(self, tree: Tree, fetch: _Fetched) -> PolicyFound | None:
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

    def hosts(self, tree: Tree, found: PolicyFound | None) -> tuple[Host, ...]:
        """--host, else the policy's."""
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
        return tuple(self._host(store, name, root, files, found) for name in names)

    def _host(
        self, store: HostStore, name: str, root: Path, files: FileView, found: PolicyFound | None
    ) -> Host:
        stated = found.policy.host_locations.get(name) if found is not None else None
        try:
            return store.find(str(root / name) if files.is_file(root / name) else name)
        except InputError as error:
            raise InputError(*(self._told(problem, stated) for problem in error.problems)) from None

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


@contextmanager
def checking(args: argparse.Namespace, console: Console) -> Iterator[CheckSetup]:
    """The check with its index clients, open as long as it runs. Raises InputError, OutOfReachError."""
    here = Path.cwd()
    repository = Repository.around(here)
    root = repository.root if repository is not None else project_root(here / "any").resolve()
    revisions, base_tree = _base(args, repository)
    head_tree: Tree = repository.working_tree() if repository is not None else FolderTree(root)
    finder = _Finder(args, root, compiled_forms(args, console))
    base_fetch = _Fetched(allowed=None)
    base_found, base_hosts = _at_base(finder, base_tree, base_fetch, console)
    head_fetch = _Fetched(allowed=frozenset(base_fetch.urls) if base_tree is not None else None)
    found, hosts, problems = _judging(finder, head_tree, head_fetch)
    if problems and base_found is None:
        raise InputError(*problems)
    if problems or (found is None and base_found is not None):
        found, hosts = base_found, base_hosts
    if found is None:
        found = finder.shipped()
        hosts = finder.hosts(head_tree, found)
    head = _side(head_tree, found, hosts)
    base: Side | None = None
    if base_tree is not None:
        # Where the base has no policy, the change's judges both: only the change of the files then shows.
        judges, judged = (base_found, base_hosts) if base_found is not None else (found, hosts)
        base = _side(base_tree, judges, judged)
    if found is not None:
        from depguard.cli.setup import tell_policy

        tell_policy(found, console)
    addresses_ = repository.remotes() if repository is not None else ()
    homes = Homes.of((*addresses_, *(head.policy.repository if head.policy is not None else ())))
    gate = IndexGate(_known(base, base_found, homes) if base is not None else None)
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


def _at_base(
    finder: _Finder, tree: Tree | None, fetch: _Fetched, console: Console
) -> tuple[PolicyFound | None, tuple[Host, ...]]:
    """The policy at the base with its hosts; what cannot be read there judges nothing, and is told."""
    if tree is None:
        return None, ()
    found, hosts, problems = _judging(finder, tree, fetch)
    for problem in problems:
        console.note(f"note: the policy at the base is not used: {problem.message}")
    return (None, ()) if problems else (found, hosts)


def _side(tree: Tree, found: PolicyFound | None, hosts: tuple[Host, ...]) -> Side:
    return Side(tree=tree, policy=found.policy if found is not None else None, hosts=hosts)


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


def _judging(
    finder: _Finder, tree: Tree, fetch: _Fetched
) -> tuple[PolicyFound | None, tuple[Host, ...], tuple[Problem, ...]]:
    """The policy and the hosts of a revision, or what is wrong with them."""
    try:
        found = finder.policy(tree, fetch)
        return found, finder.hosts(tree, found) if found is not None else (), ()
    except InputError as error:
        return None, (), error.problems


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
    from depguard.cli.setup import which_installer

    return which_installer(args, policy)[0] if args.installer else None


class _Asking:
    """`app.check_sides.Ask`: one index client for each set of options, all at one moment."""

    def __init__(
        self, args: argparse.Namespace, console: Console, stack: ExitStack, policy: Policy | None
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
        policy: Policy | None,
        hosts: tuple[Host, ...],
        command: InstallCommand | None,
        cutoff: datetime | None = None,
    ) -> Question:
        from depguard.adapters.shipped import shipped_file_table
        from depguard.cli.options import effective_options
        from depguard.cli.setup import which_installer
        from depguard.resolve.runnable import Looks

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
        return Question(
            policy=policy,
            hosts=hosts,
            source=source,
            binaries=Looks(source=source, table=lambda _: shipped_file_table()),
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
