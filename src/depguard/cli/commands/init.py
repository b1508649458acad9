"""``depguard init``: propose a policy from what the repository installs."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from depguard.app.init_project import Proposal
    from depguard.cli.console import Console

_HOSTS = 2
_LEFT_OUT = 10


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard init``."""
    parser.description = (
        "Look at the notebooks, requirements files and pyproject.toml here, and propose a policy: it is"
        " shown, and written to depguard.yaml only with --write or after a yes. An existing policy is never"
        " changed."
    )
    parser.add_argument("--write", action="store_true", help="write depguard.yaml without asking")
    parser.add_argument("--tier", metavar="NAME", default="lab", help="what to call the tier (default: lab)")


def run(args: argparse.Namespace, console: Console) -> int:
    """Show the proposal, perhaps write it: 0. An existing policy is InputError."""
    from pathlib import Path

    from depguard.adapters.policy_store import project_root
    from depguard.adapters.project_files import FolderOfProject
    from depguard.app.init_project import propose_policy
    from depguard.errors import InputError, Problem

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", args.tier):
        raise InputError(
            Problem(
                code="usage",
                message=f"--tier {args.tier!r} is no name",
                allowed="letters, digits, - and _, beginning with a letter",
            )
        )
    here = Path.cwd()
    root = project_root(here / "any")
    _refuse_existing(root, here)
    proposal = propose_policy(FolderOfProject(root), hosts=_newest_hosts(), tier=args.tier)
    _report(proposal, console)
    console.out(proposal.text)
    if args.write or _agreed(console):
        _write(root, here, proposal, console)
    else:
        console.note("Nothing written. To write it: depguard init --write")
    return 0


def _refuse_existing(root: Path, here: Path) -> None:
    from depguard.adapters.policy_store import PolicyStore
    from depguard.errors import InputError, Problem
    from depguard.model.location import Location

    target = root / "depguard.yaml"
    label: str | None = target.name if target.is_symlink() or target.exists() else None
    if label is None:
        own = PolicyStore(here, fetch=None).project()
        label = own.label if own is not None else None
    if label is not None:
        shown = str(target) if label == target.name else label
        raise InputError(
            Problem(
                code="init.exists",
                message=f"there is a policy already: {shown}",
                location=Location(shown),
                hint="depguard policy check; depguard plan TIER",
            )
        )


def _newest_hosts() -> tuple[str, ...]:
    """The newest runtimes with a GPU of the shipped catalogue."""
    from depguard.adapters.shipped import shipped_hosts

    folder = shipped_hosts() / "colab"
    months = sorted(
        path.stem for path in folder.glob("*.yaml") if re.fullmatch(r"\d{4}\.\d{2}-gpu", path.stem)
    )
    return tuple(f"colab/{name}" for name in months[-_HOSTS:])


def _report(proposal: Proposal, console: Console) -> None:
    files = len(proposal.files)
    console.note(
        f"{len(proposal.wishes)} requirement{'s' if len(proposal.wishes) != 1 else ''} in"
        f" {files} file{'s' if files != 1 else ''}"
    )
    for wish in proposal.wishes:
        console.detail(f"  {wish.requirement}  {', '.join(map(str, wish.places))}")
    shown = proposal.left_out if console.verbose else proposal.left_out[:_LEFT_OUT]
    for text, reason, place in shown:
        console.note(f"left out  {place or ''}  {text}: {reason}")
    if len(shown) < len(proposal.left_out):
        console.note(f"left out  {len(proposal.left_out) - len(shown)} more (-v)")


def _agreed(console: Console) -> bool:
    """Ask, where somebody is there to answer."""
    import sys

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    console.note("Write it to depguard.yaml? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(root: Path, here: Path, proposal: Proposal, console: Console) -> None:
    from depguard.adapters.files import write_whole

    _refuse_existing(root, here)  # somebody may have written one while we asked
    target = root / "depguard.yaml"
    write_whole(target, proposal.text)
    console.note(f"wrote {target.name if root == here else target}\n\nNext: depguard lock")
