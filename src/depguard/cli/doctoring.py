"""Wiring of the doctor: from arguments to a judged snapshot. `install` uses it too."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.model.environment import Depth, Snapshot
from depguard.records import replace

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

    from depguard.adapters.host_store import HostStore
    from depguard.adapters.policy_store import PolicyFound
    from depguard.model.environment import ActiveSetting
    from depguard.model.examination import Examination
    from depguard.model.finding import Finding
    from depguard.model.host import Host
    from depguard.model.policy import Policy

Progress = Callable[[str], None]
Live = Mapping["NormalizedName", "Version | None"]
"""The versions of what is installed."""


def look_at(
    policy: Policy | None,
    *,
    depth: Depth,
    python: str | None = None,
    only_protected: bool = False,
    cache_dir: str | None = None,
    working: Path | None = None,
    progress: Progress = lambda _: None,
) -> Snapshot:
    """The files of ``python`` (default: this interpreter). Raises InputError, OutOfReachError."""
    import os
    import sys

    from depguard.adapters.cache_place import cache_dir as cache_folder
    from depguard.adapters.snapshot import Look, take_snapshot
    from depguard.app.doctor import protects

    return take_snapshot(
        Look(
            protects=protects(policy),
            depth=depth,
            python=python,
            only_protected=only_protected,
            cache=cache_folder(os.environ, cache_dir),
            working=working,
            # In a notebook's kernel what it did to its own path counts as well.
            running=sys.path if python is None and "ipykernel" in sys.modules else (),
            progress=progress,
        )
    )


def with_processes(snapshot: Snapshot, pids: Sequence[int], *, own: bool) -> Snapshot:
    """The snapshot with what running processes have loaded, and a kernel's install commands.

    ``own``: it is this interpreter's, so a kernel that started this command, or is this very process,
    counts without being named. Raises InputError, OutOfReachError for a process that is named.
    """
    import sys

    from depguard.adapters.processes import kernel_above, process, this_process
    from depguard.errors import DepguardError

    processes = [process(pid, snapshot.folders) for pid in pids]
    commands = snapshot.commands
    if own and "ipykernel" in sys.modules:
        from depguard.adapters.notebook_history import commands_here

        processes.append(this_process(snapshot.folders))
        commands = commands_here()
    elif own and not pids and (kernel := kernel_above()) is not None:
        with suppress(DepguardError):  # nobody asked for it: it may be another user's, or gone by now
            processes.append(process(kernel, snapshot.folders))
    if not commands and (kernels := [item for item in processes if item.kernel]):
        from depguard.adapters.notebook_history import commands_of_kernel

        history = Path("~/.ipython/profile_default/history.sqlite").expanduser()
        commands = commands_of_kernel(history, kernels[0].started)
    return replace(snapshot, processes=tuple(processes), commands=commands)


def with_probes(
    snapshot: Snapshot,
    *,
    custom: Sequence[str] = (),
    accelerator: str | None = None,
    progress: Progress = lambda _: None,
) -> Snapshot:
    """The snapshot with the built-in probes of what is installed, and a policy's own."""
    from depguard.adapters.probing import run_probes

    probes = run_probes(
        snapshot.executable,
        (item.name for item in snapshot.distributions),
        custom=custom,
        facts={"accelerator": accelerator} if accelerator else {},
        progress=progress,
    )
    return replace(snapshot, probes=probes)


def active_settings(snapshot: Snapshot) -> tuple[ActiveSetting, ...]:
    """What pip and uv are configured with on this machine that changes what an install does."""
    from depguard.adapters.installer_config import read_installer_config
    from depguard.adapters.machine import live_machine
    from depguard.errors import InputError
    from depguard.model.environment import ActiveSetting
    from depguard.model.policy import Installer

    machine = replace(live_machine(), prefix=Path(snapshot.prefix))
    found: list[ActiveSetting] = []
    for installer in Installer:
        try:
            config = read_installer_config(installer, machine)
        except InputError as error:
            problem = error.problems[0]
            found.append(
                ActiveSetting(
                    installer=installer.value,
                    name="configuration",
                    value=problem.message,
                    origin=str(problem.location or "its files"),
                )
            )
            continue
        fetching = {(item.name, item.origin) for item in config.fetch}
        found += [
            ActiveSetting(installer=installer.value, name=name, value=value, origin=origin)
            for name, value, origin in config.describe()
            if (name, origin) not in fetching
        ]
    return tuple(found)


def policy_of(args: argparse.Namespace) -> PolicyFound:
    """--policy, else the project's own, else the shipped one: what it protects matters anywhere."""
    from depguard.adapters.policy_store import PolicyStore
    from depguard.cli.setup import DEFAULT_FAMILY, find_policy

    found = find_policy(args) or PolicyStore(Path.cwd(), fetch=None).shipped(DEFAULT_FAMILY)
    assert found is not None  # noqa: S101 - it ships with depguard
    return found


def judge_snapshot(
    snapshot: Snapshot,
    policy: Policy | None,
    planned: Host | None = None,
    *,
    nearest: str | None = None,
    build: bool = False,
    further: Sequence[Finding] = (),
) -> Examination:
    """A snapshot judged today."""
    from depguard.app.doctor import examine

    today = datetime.now(UTC).date()
    return examine(
        snapshot, policy, planned=planned, today=today, nearest=nearest, build=build, further=further
    )


def binaries_of(snapshot: Snapshot, progress: Progress) -> tuple[Finding, ...]:
    """DG301 to DG303 of what is installed: which was built for another NumPy or torch than is there."""
    from packaging.utils import canonicalize_name

    from depguard.adapters.installed_binaries import installed_binaries, live_abi
    from depguard.doctor.abi import abi_findings

    versions = {item.name: item.version for item in snapshot.distributions}
    host = live_abi(
        snapshot.executable,
        versions.get(canonicalize_name("numpy")),
        versions.get(canonicalize_name("torch")),
    )
    return tuple(abi_findings(installed_binaries(snapshot.distributions, progress=progress), host))


def planned_host(
    args: argparse.Namespace, snapshot: Snapshot, policy: Policy | None
) -> tuple[Host | None, str | None]:
    """The host to compare with, and a host of the same family that fits better, where there is one.

    --host names it. Without, a machine of a known family is compared with the nearest of the policy's
    hosts, and anything else with nothing. Hosts come without their metadata: versions are compared.
    Raises InputError for a host that does not exist.
    """
    from depguard.cli.live import FAMILIES
    from depguard.cli.setup import host_store

    store = host_store(args)
    live = {item.name: item.version for item in snapshot.distributions}
    family = next((FAMILIES[name] for name in FAMILIES if name in live), None)
    of_family = [name for name in store.names() if family and name.startswith(f"{family}/")]
    planned: Host | None
    if args.host:
        planned = store.outline(args.host[0])
        best = _nearest(store, of_family, live)
    elif family is not None:
        hosts = policy.hosts if policy is not None and policy.hosts else of_family
        planned = _nearest(store, hosts, live)
        best = _nearest(store, of_family, live)
    else:
        return None, None
    if planned is None or best is None:
        return planned, None
    better = alike(best, live) > alike(planned, live)
    return planned, best.name if better else None


def _nearest(store: HostStore, names: Sequence[str], live: Live) -> Host | None:
    hosts = [store.outline(name) for name in names]
    return max(hosts, key=lambda host: (alike(host, live), host.name), default=None)


def alike(host: Host, live: Live) -> int:
    """How many distributions are the same here and there."""
    return sum(1 for name, item in host.installed.items() if name in live and live[name] == item.version)
