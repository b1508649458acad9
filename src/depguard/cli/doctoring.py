"""Wiring of the doctor: from a command's arguments to a judged snapshot. `install` uses it too."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.model.environment import Depth, Snapshot

if TYPE_CHECKING:
    from depguard.model.examination import Examination
    from depguard.model.host import Host
    from depguard.model.policy import Policy


def look_at(
    policy: Policy | None,
    *,
    depth: Depth,
    python: str | None = None,
    only_protected: bool = False,
    cache_dir: str | None = None,
    working: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """The snapshot of ``python`` (default: this interpreter). Raises InputError, OutOfReachError."""
    import os

    from depguard.adapters.cache import default_cache_dir
    from depguard.adapters.snapshot import Look, take_snapshot
    from depguard.app.doctor import protects

    cache = Path(cache_dir or default_cache_dir(os.environ)).expanduser()
    return take_snapshot(
        Look(
            protects=protects(policy),
            depth=depth,
            python=python,
            only_protected=only_protected,
            cache=cache,
            working=working,
            progress=progress,
        )
    )


def judge_snapshot(
    snapshot: Snapshot, policy: Policy | None, planned: Host | None = None, *, build: bool = False
) -> Examination:
    """A snapshot judged today."""
    from depguard.app.doctor import examine

    return examine(snapshot, policy, planned=planned, today=datetime.now(UTC).date(), build=build)


def planned_host(args: argparse.Namespace) -> Host | None:
    """The host that --host names, without its metadata: names and versions are compared. None without one."""
    from depguard.cli.setup import host_store

    names = list(args.host or ())
    return host_store(args).outline(names[0]) if names else None
