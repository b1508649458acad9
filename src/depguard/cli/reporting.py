"""Reports to stdout in the format that was asked for, and the exit code that follows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depguard.model.finding import Verdict

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.report import Reports

REFUSED = 1


def show(
    reports: Reports, args: argparse.Namespace, console: Console, *, next_step: str | None = None
) -> None:
    """Write reports to stdout; only the emitter that is asked for is imported."""
    match args.format:
        case "json":
            from depguard.emit.json_report import render_json

            console.out(render_json(reports))
        case "markdown":
            from depguard.emit.markdown import render_markdown

            console.out(render_markdown(reports))
        case "sarif":
            from depguard.emit.sarif import render_sarif

            console.out(render_sarif(reports))
        case "github":
            from depguard.emit.github import render_github

            console.out(render_github(reports))
        case _:
            from depguard.emit.text import render_text

            text = render_text(reports, colour=console.colour, verbose=console.verbose, next_step=next_step)
            console.out(text)


def exit_code(reports: Reports) -> int:
    """0 when every host is safe, 1 otherwise."""
    return 0 if reports.verdict is Verdict.SAFE else REFUSED
