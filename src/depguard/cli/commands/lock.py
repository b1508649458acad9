"""``depguard lock``: write the requirements files, constraints and lockfiles of the tiers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from depguard.cli.setup import add_format_option, add_subject_options

if TYPE_CHECKING:
    from depguard.app.lock import Emitters, TierLocked, WrittenFile
    from depguard.app.plan import Question
    from depguard.cli.console import Console
    from depguard.cli.setup import Setup


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard lock``."""
    from depguard.cli.index_arguments import add_index_options

    parser.description = (
        "Plan tiers on all hosts of the policy and write what installs them safely. A lock keeps its"
        " cut-off date until --upgrade moves it."
    )
    parser.add_argument("tiers", metavar="TIER", nargs="*", help="default: all tiers")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--check", action="store_true", help="write nothing; refuse where a file is out of step [DG502]"
    )
    kind.add_argument("--upgrade", action="store_true", help="take what is on the index now")
    parser.add_argument(
        "--pylock", metavar="PATH", help="also write a pylock.toml (PEP 751) of one tier for one host"
    )
    add_format_option(parser)
    add_subject_options(parser)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Lock or check. 0 safe and in step, 1 refused."""
    from depguard.cli.setup import set_up

    return write_tiers(args, console, set_up(args, console))


def write_tiers(args: argparse.Namespace, console: Console, setup: Setup, *, below: str | None = None) -> int:
    """Plan the asked tiers, then write all of their files, or none if one of them is refused.

    ``below`` asks for one tier and all that it extends (``plan TIER --write``).
    """
    from depguard.adapters.forks import Forks
    from depguard.app.lock import constraint_files, lock_tier
    from depguard.app.lock_check import check_step, out_of_step
    from depguard.app.plan import Shared
    from depguard.cli.asking import asking
    from depguard.cli.reporting import exit_code, show
    from depguard.model.report import Reports

    tiers = _tiers(args, setup, below)
    checking = bool(getattr(args, "check", False))
    cutoff = kept_cutoff(args, setup, tiers)
    per_host = len(args.host) == 1
    command = _command(args, hosts=args.host)
    locked: list[TierLocked] = []
    with asking(args, console, setup, cutoff=cutoff) as question:
        emitters = lock_emitters()
        shared = Shared(question, Forks())
        locked += [
            lock_tier(question, tier, emitters, command=command, per_host=per_host, shared=shared)
            for tier in tiers
        ]
        files = [file for tier in locked for file in tier.files]
        # A host's constraints are the same whichever hosts are locked with it.
        files += constraint_files(question, emitters, command=_command(args, hosts=()))
        if getattr(args, "pylock", None):
            files.append(_pylock(args, question, locked))
    reports = Reports(reports=tuple(r for tier in locked for r in tier.planned.reports.reports))
    for tier in locked:
        if tier.planned.apart is not None:
            console.note(f"note: {tier.tier}: {tier.planned.apart}")
    if checking and not exit_code(reports):
        reports = check_step(locked, files, lambda path: _on_disk(setup.root, path), setup.policy)
    show(reports, args, console)
    if checking:
        if not exit_code(reports) and not out_of_step(reports):
            console.note(f"in step: {len(files)} files")
        return exit_code(reports)
    if exit_code(reports):
        console.note("nothing written")
        return exit_code(reports)
    return _write(files, args, setup, console)


def _tiers(args: argparse.Namespace, setup: Setup, below: str | None) -> list[str]:
    from depguard.errors import InputError, Problem

    policy = setup.policy
    if policy is None or not policy.tiers:
        problem = Problem(
            code="lock.no-tiers", message="there is no tier to lock", hint="depguard init proposes a policy"
        )
        raise InputError(problem)
    if below is not None and below in policy.tiers:
        return [tier.name for tier in policy.row(below)]
    return [below] if below is not None else list(args.tiers) or list(policy.tiers)


def kept_cutoff(args: argparse.Namespace, setup: Setup, tiers: Sequence[str]) -> datetime | None:
    """The cut-off of the locks that are there, unless the user or the policy states another.

    Several locks that were made at different times keep the newest of their cut-offs.
    """
    from depguard.adapters.files import read_text
    from depguard.parse.lock_file import parse_lock

    policy = setup.policy
    stated = args.exclude_newer or (policy is not None and policy.sources.exclude_newer)
    if getattr(args, "upgrade", False) or stated:
        return None
    cutoffs: list[datetime] = []
    folder = setup.root / "lockfiles"
    for tier in tiers:
        # One for all hosts, or one a host where they had to be locked apart.
        for path in sorted([*folder.glob(f"{tier}.lock.json"), *folder.glob(f"{tier}.*.lock.json")]):
            label = f"lockfiles/{path.name}"
            cutoffs.append(parse_lock(read_text(path, label=label), label).cutoff)
    return max(cutoffs, default=None)


def lock_emitters() -> Emitters:
    """The texts of what a lock writes."""
    from depguard.app.lock import Emitters
    from depguard.emit.constraints import render_constraints
    from depguard.emit.lock_json import render_lock
    from depguard.emit.requirements import render_requirements

    return Emitters(requirements=render_requirements, lock=render_lock, constraints=render_constraints)


def _pylock(args: argparse.Namespace, question: Question, locked: Sequence[TierLocked]) -> WrittenFile:
    from depguard.app.lock import WrittenFile
    from depguard.emit.pylock import render_pylock
    from depguard.errors import InputError, Problem

    locks = [lock for tier in locked for lock in tier.locks]
    if len(locks) != 1 or len(question.hosts) != 1:
        problem = Problem(
            code="usage",
            message="--pylock takes one tier and one host",
            hint="depguard lock TIER --host HOST --pylock PATH",
        )
        raise InputError(problem)
    return WrittenFile(args.pylock, render_pylock(locks[0], locks[0].hosts[0]))


def _command(args: argparse.Namespace, *, hosts: Sequence[str], check: bool = False) -> str:
    """The command that makes the files again (or checks them), the same however they were made."""
    from depguard.cli.setup import split_words

    words = ["depguard", "lock", *(["--check"] if check else [])]
    if args.policy:
        words += ["--policy", args.policy]
    for host in hosts:
        words += ["--host", host]
    return split_words(words)


def _on_disk(root: Path, path: str) -> str | None:
    """The text of a written file, None where there is none."""
    from depguard.adapters.files import read_text

    return read_text(root / path, label=path) if (root / path).is_file() else None


def _write(files: Sequence[WrittenFile], args: argparse.Namespace, setup: Setup, console: Console) -> int:
    from depguard.adapters.files import write_all

    write_all((setup.root / file.path, file.text) for file in files)
    names = [file.path for file in files if not file.path.startswith("constraints-")]
    guarding = [file.path for file in files if file.path.startswith("constraints-")]
    few = len(guarding) < 2
    names += guarding if few else [f"constraints-<host>.txt for {len(guarding)} hosts"]
    tell = console.out if args.format == "text" else console.note
    tell(f"wrote {', '.join(names)}")
    installs = [name for name in names if name.endswith(".txt") and name not in guarding]
    if args.format == "text" and installs:
        check = _command(args, hosts=args.host, check=True)
        console.out(f"\nNotebook:  %pip install -r {installs[-1]}\nCI:        {check}")
    return 0
