"""``depguard init``: propose a policy from what the repository installs."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from depguard.app.ci_files import CiFile
    from depguard.app.init_project import Proposal
    from depguard.cli.console import Console

TIER = "lab"
"""What the proposed tier is called where nobody says."""

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
    parser.add_argument(
        "--tier", metavar="NAME", default=TIER, help=f"what to call the tier (default: {TIER})"
    )
    parser.add_argument(
        "--ci",
        metavar="OWNER/REPO@COMMIT",
        nargs="?",
        const="",
        help="also a workflow for pull requests and a pre-commit hook, which take depguard from there on"
        " GitHub; where there is a policy already, these alone",
    )


def run(args: argparse.Namespace, console: Console) -> int:
    """Show the proposal, perhaps write it: 0. An existing policy is InputError, but not with --ci."""
    from pathlib import Path

    from depguard.adapters.policy_places import project_root
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
    files: list[tuple[Path, str]] = []
    wanted = _ci_files(args.ci) if args.ci is not None else ()
    if not wanted or _existing(root, here) is None:
        _refuse_existing(root, here)
        proposal = propose_policy(FolderOfProject(root), hosts=_newest_hosts(), tier=args.tier)
        _report(proposal, console)
        files.append((root / "depguard.yaml", proposal.text))
    additions = [_proposed(root, file, files) for file in wanted]
    _show(root, files, console)
    if args.ci == "" and len(files) > 0:
        additions.append("OWNER/depguard@COMMIT: say where you have depguard from, --ci OWNER/REPO@COMMIT")
    for addition in filter(None, additions):
        console.note(addition)
    if files and (args.write or _agreed(files, root, console)):
        _write(root, here, files, console)
    elif files:
        flags = "" if args.tier == TIER else f" --tier {args.tier}"
        flags += "" if args.ci is None else f" --ci {args.ci}".rstrip()
        console.note(f"Nothing written. To write it: depguard init{flags} --write")
    return 0


def _ci_files(source: str) -> tuple[CiFile, ...]:
    """The files of --ci. Raises InputError for a source that is none."""
    from depguard.app.ci_files import SOURCE, UNKNOWN_SOURCE, ci_files
    from depguard.errors import InputError, Problem

    if source and not SOURCE.fullmatch(source):
        raise InputError(
            Problem(
                code="usage",
                message=f"--ci {source!r} is no repository and revision",
                allowed="OWNER/REPO@COMMIT: the repository on GitHub that has depguard's action, a commit",
            )
        )
    return ci_files(source or UNKNOWN_SOURCE)


def _proposed(root: Path, file: CiFile, files: list[tuple[Path, str]]) -> str:
    """Adds the file to those to write, or says what is to be done about the one that is there."""
    target = root / file.path
    if not (target.is_symlink() or target.exists()):
        files.append((target, file.text))
        return ""
    if file.addition and "depguard-check" not in target.read_text(encoding="utf-8", errors="replace"):
        return f"{file.path} is there already; add to its repos:\n{file.addition.rstrip()}"
    return f"{file.path} is there already, and stays as it is"


def _show(root: Path, files: list[tuple[Path, str]], console: Console) -> None:
    if len(files) == 1:
        console.out(files[0][1])
        return
    for path, text in files:
        console.out(f"# --- {path.relative_to(root).as_posix()}\n{text}")


def _existing(root: Path, here: Path) -> str | None:
    """The policy that is there already."""
    from depguard.adapters.policy_store import PolicyStore

    target = root / "depguard.yaml"
    if target.is_symlink() or target.exists():
        return target.name
    own = PolicyStore(here, fetch=None).project()
    return own.label if own is not None else None


def _refuse_existing(root: Path, here: Path) -> None:
    from depguard.errors import InputError, Problem
    from depguard.model.location import Location

    label = _existing(root, here)
    if label is not None:
        shown = str(root / "depguard.yaml") if label == "depguard.yaml" else label
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


def _agreed(files: list[tuple[Path, str]], root: Path, console: Console) -> bool:
    """Ask, where somebody is there to answer."""
    import sys

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    names = ", ".join(path.relative_to(root).as_posix() for path, _ in files)
    console.note(f"Write it to {names}? [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(root: Path, here: Path, files: list[tuple[Path, str]], console: Console) -> None:
    from depguard.adapters.files import write_all

    policy = any(path.name == "depguard.yaml" for path, _ in files)
    if policy:
        _refuse_existing(root, here)  # somebody may have written one while we asked
    write_all(files)
    shown = ", ".join(path.relative_to(root).as_posix() if root == here else str(path) for path, _ in files)
    console.note(f"wrote {shown}\n\nNext: {'depguard lock' if policy else 'commit, and open a pull request'}")
