"""``depguard history PATH``: what the runs in a log come to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.cli.console import Console


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard history``."""
    parser.description = (
        "Sum up a log that `doctor --log` and `install --log` wrote: success rates over time."
    )
    parser.add_argument("path", metavar="PATH", help="the log")
    parser.add_argument(
        "--by", choices=("day", "week", "month"), help="the length of a period (default: by the log's length)"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the sums. 0; lines that are no runs are told and left out."""
    from pathlib import Path

    from depguard.adapters.files import read_text
    from depguard.app.history import summed_up
    from depguard.parse.run_log import read_runs

    runs, bad = read_runs(read_text(Path(args.path), label=args.path, limit=_MOST), args.path)
    history = summed_up(runs, bad, args.path, args.by)
    if args.format == "json":
        from depguard.emit.history_json import render_history_json

        console.out(render_history_json(history))
    else:
        from depguard.emit.history_text import render_history

        console.out(render_history(history))
    return 0


_MOST = 256 * 1024 * 1024
"""Bytes; some hundred thousand runs."""
