"""Wiring of an install: plans and files for the live environment, and the doctor's looks at it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from depguard.records import replace

if TYPE_CHECKING:
    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.policy_store import PolicyFound
    from depguard.app.install import Tools
    from depguard.app.plan import Question
    from depguard.cli.console import Console
    from depguard.model.environment import ProtectedBytes, Snapshot
    from depguard.model.examination import Examination
    from depguard.model.host import Host
    from depguard.model.install import InstallReport, WheelFile
    from depguard.model.release import Artifact
    from depguard.model.report import Report


@contextmanager
def installing(args: argparse.Namespace, console: Console, found: PolicyFound) -> Iterator[Tools]:
    """The tools of an install, while no other depguard installs there. Raises InputError, OutOfReachError."""
    from depguard.adapters.install_bench import InstallBench
    from depguard.adapters.install_work import InstallWork
    from depguard.adapters.installer_process import find_installer, site_of
    from depguard.app.install import Tools
    from depguard.cli.asking import asking
    from depguard.cli.caching import cache_folder
    from depguard.cli.commands.lock import kept_cutoff
    from depguard.cli.setup import Setup
    from depguard.emit.install_json import render_install_json

    python = interpreter(args.python)
    site = site_of(python)
    setup = Setup(found=found, hosts=(), root=found.root or Path.cwd())
    cutoff = kept_cutoff(args, setup, [args.tier]) if found.root is not None else None
    cache = cache_folder(args).absolute()  # the installer works in another folder
    work = InstallWork(cache, site.prefix)
    with work.alone() as lock, asking(args, console, setup, cutoff=cutoff) as question:
        bench = InstallBench(
            site,
            find_installer(site, question.installer),
            work,
            hold=(lock,),
            override_system=overrides_system(),
            showing=lambda total: _installing(console, total),
        )
        yield Tools(
            runtime=LiveRuntime(args, found, python, cache, console),
            plans=LivePlans(question, python, work.wheels, console),
            bench=bench,
            record=render_install_json,
        )


@contextmanager
def _installing(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    with console.progress("installing", total) as progress:
        yield progress.update


def interpreter(given: str | None) -> str:
    """The path of an interpreter, as given (an environment's is a link: never resolved) or found on PATH."""
    import shutil
    import sys

    from depguard.errors import InputError, Problem

    if given is None:
        return sys.executable
    path = Path(given).expanduser()
    if path.is_dir():
        path = next((p for p in (path / "bin/python", path / "Scripts/python.exe") if p.is_file()), path)
    found = shutil.which(str(path))
    if found is None:
        raise InputError(
            Problem(
                code="python.none",
                message=f"{given} is no interpreter",
                allowed="the path of a Python interpreter or of a virtual environment",
            )
        )
    return str(Path(found).absolute())


class _Meant(NamedTuple):
    """The host that a live environment is held against, and the name of one that fits better."""

    planned: Host | None
    nearest: str | None


def _host_meant(args: argparse.Namespace, found: PolicyFound, snapshot: Snapshot) -> Host | None:
    """The policy's host that a live environment is most like, if at least half of what that has is here."""
    from depguard.cli.doctoring import alike
    from depguard.cli.setup import below_root, host_store

    live = {item.name: item.version for item in snapshot.distributions}
    store = host_store(args, found.root)
    best: tuple[int, Host] | None = None
    for name in found.policy.hosts:
        host = store.outline(below_root(name, found))
        if 2 * sum(dist in live for dist in host.installed) < len(host.installed):
            continue
        same = alike(host, live)
        if best is None or same > best[0]:
            best = (same, host)
    return best[1] if best is not None else None


def overrides_system() -> bool:
    """Whether the user's own settings let installers into a managed Python, as images of NVIDIA's do."""
    import os

    names = ("PIP_BREAK_SYSTEM_PACKAGES", "UV_BREAK_SYSTEM_PACKAGES")
    return any(os.environ.get(name, "").lower() in {"1", "true", "yes", "on", "y", "t"} for name in names)


_AT_ONCE = 4
"""Files that are fetched at a time."""


class LivePlans:
    """As ``app.install_ports.Plans`` says. ``folder`` is where files go."""

    def __init__(self, question: Question, python: str, folder: Path, console: Console) -> None:
        self._question = question
        # `asking` opens nothing else; the core sees only as much of it as the port has.
        self._source = cast("IndexClient", question.source)
        self._python = python
        self._folder = folder
        self._console = console

    def plan(self, tier: str) -> Report:
        """As the port says."""
        from depguard.app.plan import plan_tier
        from depguard.cli.live import live_host

        host = live_host(self._python)
        (report,) = plan_tier(replace(self._question, hosts=(host,)), tier).reports.reports
        return report

    def artifact(self, wheel: WheelFile) -> Artifact | None:
        """As the port says."""
        page = self._source.page(wheel.name)
        return next((a for a in page.artifacts if a.sha256 == wheel.sha256), None)

    def fetch(self, artifacts: Sequence[Artifact]) -> None:
        """As the port says."""
        from concurrent.futures import ThreadPoolExecutor

        sizes = [self._source.size(artifact) for artifact in artifacts]
        total = sum(size or 0 for size in sizes)
        so_far: dict[str, int] = {}
        self._folder.mkdir(parents=True, exist_ok=True)
        with (
            self._console.progress("fetching, MB", max(total // 10**6, 1)) as progress,
            ThreadPoolExecutor(_AT_ONCE) as pool,
        ):

            def fetch(artifact: Artifact) -> None:
                def told(received: int) -> None:
                    so_far[artifact.filename] = received
                    progress.update(sum(so_far.values()) // 10**6, note=artifact.filename)

                self._source.download(artifact, self._folder, told=told)

            for done in [pool.submit(fetch, artifact) for artifact in artifacts]:
                done.result()


class LiveRuntime:
    """As ``app.install_ports.Runtime`` says."""

    def __init__(
        self, args: argparse.Namespace, found: PolicyFound, python: str, cache: Path, console: Console
    ) -> None:
        self._args = args
        self._found = found
        self._policy = found.policy
        self._python = python
        self._cache = cache
        self._console = console

    def examine(self) -> Examination:
        """As the port says."""
        snapshot = self._look()
        return self._judged(snapshot, self._host(snapshot))

    def examine_again(self) -> Examination:
        """As the port says: a policy's own probes run as well, where the command line asks for them too."""
        from depguard.cli.doctoring import with_probes

        snapshot = self._look()
        meant = self._host(snapshot)
        if not self._args.no_probes:
            custom = [probe.target for probe in self._policy.probes] if self._args.probes else []
            with self._console.progress("trying") as step:
                snapshot = with_probes(
                    snapshot,
                    custom=custom,
                    accelerator=meant.planned.accelerator if meant.planned is not None else None,
                    progress=lambda name: step.advance(note=name),
                )
        return self._judged(snapshot, meant)

    def begin_bytes(self) -> Callable[[], tuple[ProtectedBytes, ...]]:
        """As the port says: in a thread, since hashing lets others run meanwhile."""
        from concurrent.futures import ThreadPoolExecutor

        from depguard.adapters.snapshot import protected_bytes
        from depguard.app.doctor import protects

        pool = ThreadPoolExecutor(1)
        future = pool.submit(protected_bytes, protects(self._policy), self._python)
        pool.shutdown(wait=False)
        return future.result

    def bundle(self, report: InstallReport) -> str | None:
        """As the port says."""
        from depguard.cli.bundling import bundle_install
        from depguard.errors import DepguardError

        path = self._cache / "bundles" / f"install-{report.tier}.zip"
        try:
            bundle_install(report, self._look(), path)
        except DepguardError:
            return None
        return str(path)

    def _look(self) -> Snapshot:
        import sys

        from depguard.cli.doctoring import look_at, with_processes
        from depguard.model.environment import Depth

        with self._console.progress("looking at distributions") as step:
            snapshot = look_at(
                self._policy,
                depth=Depth.FAST,
                python=self._python,
                cache_dir=str(self._cache),
                progress=lambda name: step.advance(note=name),
            )
        return with_processes(snapshot, self._args.pid, own=self._python == sys.executable)

    def _host(self, snapshot: Snapshot) -> _Meant:
        from depguard.cli.doctoring import planned_host

        planned, nearest = planned_host(self._args, snapshot, self._policy)
        return _Meant(planned or _host_meant(self._args, self._found, snapshot), nearest)

    def _judged(self, snapshot: Snapshot, meant: _Meant) -> Examination:
        from depguard.cli.doctoring import judge_snapshot

        return judge_snapshot(snapshot, self._policy, meant.planned, nearest=meant.nearest)
