"""``depguard doctor``: whether what is installed on this machine is whole, and what to do if not."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.environment import Depth
    from depguard.model.examination import Examination


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard doctor``."""
    parser.description = (
        "Look at what is installed, file by file, and say whether it is whole. Nothing is changed."
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument("--python", metavar="PATH", help="the interpreter to look at (default: this one)")
    parser.add_argument("--policy", metavar="POLICY", help="what is protected (default: as for plan)")
    parser.add_argument(
        "--host", metavar="HOST", action="append", default=[], help="the host that plans were made for"
    )
    depth = parser.add_mutually_exclusive_group()
    depth.add_argument(
        "--fast", action="store_true", help="sizes, and the bytes of what changed since the last look"
    )
    depth.add_argument("--full", action="store_true", help="the bytes of every file")
    parser.add_argument("--protected-only", action="store_true", help="only the files of what is protected")
    parser.add_argument("--build", action="store_true", help="words for an image that is being built")
    parser.add_argument("--cache-dir", metavar="DIR", help="where the last look is remembered")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what was found. 0 healthy, 1 damaged or not known."""
    from pathlib import Path

    from depguard.cli.doctoring import judge_snapshot, look_at, planned_host
    from depguard.cli.setup import find_policy
    from depguard.model.finding import Verdict

    found = find_policy(args)
    policy = found.policy if found is not None else None
    planned = planned_host(args)
    with console.progress("looking at distributions") as step:
        snapshot = look_at(
            policy,
            depth=_depth(args),
            python=args.python,
            only_protected=args.protected_only,
            cache_dir=args.cache_dir,
            working=Path.cwd(),
            progress=lambda name: step.advance(note=name),
        )
    examined = judge_snapshot(snapshot, policy, planned, build=args.build)
    _show(examined, args, console)
    return 0 if examined.verdict is Verdict.SAFE else 1


def _depth(args: argparse.Namespace) -> Depth:
    from depguard.model.environment import Depth

    if args.fast:
        return Depth.FAST
    return Depth.FULL if args.full else Depth.NORMAL


def _show(examined: Examination, args: argparse.Namespace, console: Console) -> None:
    if args.format == "json":
        from depguard.emit.doctor_json import render_examination_json

        console.out(render_examination_json(examined))
    else:
        from depguard.emit.doctor_text import render_examination

        console.out(render_examination(examined, colour=console.colour, verbose=console.verbose))
