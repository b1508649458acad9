"""``depguard baseline files``: which files the distributions of hosts own, read from their wheels."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from depguard.cli.console import Console


def register_files(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add the action to those of ``depguard baseline``; ``add(name, help)`` makes its parser."""
    from depguard.cli.index_arguments import add_index_options

    files = add("files", "the table of which files the hosts' distributions own (for DG103)")
    files.description = (
        "Read the file lists of all wheels that are installed on hosts, by their ends alone, and write"
        " where each project has its files; of protected packages, every file."
    )
    files.add_argument("hosts", metavar="HOST", nargs="*", help="hosts (default: the whole catalogue)")
    files.add_argument("-o", "--output", metavar="FILE", required=True, help="the table: files.json")
    files.add_argument("--policy", metavar="POLICY", default="colab", help="says what is protected")
    add_index_options(files)


def run_files(args: argparse.Namespace, console: Console) -> int:
    """Write the table. 0, or 3 where something could not be read (what was is written)."""
    from pathlib import Path

    from depguard.adapters.files import write_whole
    from depguard.app.file_table import make_file_table
    from depguard.cli.options import effective_options, open_source
    from depguard.cli.setup import find_policy, host_store, tell_policy
    from depguard.model.policy import Installer

    store = host_store(args)
    hosts = [store.find(name) for name in args.hosts or store.names()]
    found = find_policy(args)
    if found is None:
        raise AssertionError("--policy names one")
    tell_policy(found, console)
    options = effective_options(args, console, policy=None, installer=Installer.PIP)
    count = len({(n, d.version) for host in hosts for n, d in host.installed.items()})
    with (
        open_source(options, console, installer=Installer.PIP) as source,
        console.progress("reading file lists", count) as step,
    ):
        made = make_file_table(hosts, found.policy, source, source, progress=step.update)
    write_whole(Path(args.output), made.table.dump())
    projects, whole = len(made.table.roots), len(made.table.packed)
    console.note(f"wrote {args.output}: {projects} projects, {whole} whole lists")
    for line in made.missing:
        console.note(f"not read: {line}")
    return 3 if made.missing else 0
