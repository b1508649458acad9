"""``depguard baseline materialize`` and ``export-index``: a host to try real installers against."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from depguard.cli.console import Console

_HOST = "a name of the catalogue (2026.07-gpu), a host file, or live"


def register_materialize(add: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Add both actions to those of ``depguard baseline``; ``add(name, help)`` makes an action's parser."""
    copy = add("materialize", "a metadata-only copy of a host, for dry runs of a real pip or uv")
    copy.description = (
        "Write a virtual environment that has the host's metadata and no code: a dry run of a real pip or"
        " uv against it decides as on the host, whose own violations are left as they are."
    )
    _add_places(copy)
    copy.add_argument(
        "--interpreter",
        metavar="PATH",
        help="what to make the environment with (default: the Python at hand that is closest to the host's)",
    )
    wheels = add("export-index", "wheels without code for what a host has and no index does")
    wheels.description = (
        "Write a folder for --find-links with a metadata-only wheel of each local version and each URL,"
        " file and VCS install, so that any resolver can be shown the host's own versions."
    )
    _add_places(wheels)
    wheels.add_argument(
        "--all", action="store_true", dest="everything", help="a wheel of each distribution of the host"
    )


def _add_places(action: argparse.ArgumentParser) -> None:
    action.add_argument("host", metavar="HOST", help=_HOST)
    action.add_argument("directory", metavar="DIR", help="the folder to make")
    action.add_argument("--force", action="store_true", help="replace a folder that this command made")
    action.add_argument("--python", metavar="PATH", help="the interpreter that live means")


def run_materialize(args: argparse.Namespace, console: Console) -> int:
    """Make what ``args.action`` names and say how to use it: 0. Raises InputError, OutOfReachError."""
    from pathlib import Path

    directory = Path(args.directory)
    if args.action == "export-index":
        return _export_index(args, console, directory)
    return _materialize(args, console, directory)


def _materialize(args: argparse.Namespace, console: Console, directory: Path) -> int:
    import shlex

    from depguard.adapters import materialize as workshop
    from depguard.adapters.interpreters import Interpreters
    from depguard.app.baseline_materialize import materialize
    from depguard.cli.setup import host_store

    host = host_store(args).find(args.host)
    finder = Interpreters()
    minor = f"{host.python.major}.{host.python.minor}"
    at_hand = (finder.named(args.interpreter),) if args.interpreter else finder.at_hand(minor)
    made = materialize(host, at_hand, workshop, directory, force=args.force)
    for note in made.notes:
        console.note(f"note: {note}")
    shown = shlex.quote(str(directory))
    console.out(
        f"wrote {shown}: {made.distributions} distributions of {made.host}, metadata only,"
        f" under Python {made.python}\n\n"
        f"pip:  pip --python {shown} install --dry-run PACKAGE\n"
        f"uv:   uv pip install --python {shown} {shlex.join(made.uv_options)} --dry-run PACKAGE"
    )
    return 0


def _export_index(args: argparse.Namespace, console: Console, directory: Path) -> int:
    import shlex

    from depguard.adapters import materialize as workshop
    from depguard.app.baseline_materialize import export_index
    from depguard.cli.setup import host_store

    host = host_store(args).find(args.host)
    made = export_index(host, workshop, directory, everything=args.everything, force=args.force)
    for note in made.notes:
        console.note(f"note: {note}")
    shown = shlex.quote(str(directory))
    count = len(made.wheels)
    console.out(
        f"wrote {shown}: {count} wheel{'' if count == 1 else 's'} of {made.host}, metadata only\n\n"
        f"use with:  --find-links {shown}"
    )
    return 0
