"""Reports to stdout in the format that was asked for, and the exit code that follows."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depguard.model.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from depguard.cli.console import Console
    from depguard.model.report import Reports

REFUSED = 1


def get_ready(args: argparse.Namespace) -> None:
    """Import what writes the report: while an index is asked by somebody else there is time for that."""
    _renderer(args)


def show(
    reports: Reports,
    args: argparse.Namespace,
    console: Console,
    *,
    next_step: str | None = None,
    tied: bool = True,
) -> None:
    """Write reports to stdout. ``tied``: their moment was asked for, and is not just that of this run."""
    text = _render(reports, args, console, next_step)
    console.out(text)
    if console.transcript is not None and not tied:
        from depguard.adapters.witness import spoil

        if _render(_at_another_moment(reports), args, console, next_step) != text:
            spoil("it names the moment at which it was made")


def _render(reports: Reports, args: argparse.Namespace, console: Console, next_step: str | None) -> str:
    return _renderer(args)(reports, console, next_step)


def _renderer(args: argparse.Namespace) -> Callable[[Reports, Console, str | None], str]:
    """What writes the format that is asked for; only that emitter is imported."""
    match args.format:
        case "json":
            from depguard.emit.json_report import render_json

            return lambda reports, _console, _next: render_json(reports)
        case "markdown":
            from depguard.emit.markdown import render_markdown

            return lambda reports, _console, _next: render_markdown(reports)
        case "sarif":
            from depguard.emit.sarif import render_sarif

            return lambda reports, _console, _next: render_sarif(reports)
        case "github":
            from depguard.emit.github import render_github

            return lambda reports, _console, _next: render_github(reports)
        case _:
            from depguard.emit.text import render_text

            return lambda reports, console, next_step: render_text(
                reports, colour=console.colour, verbose=console.verbose, next_step=next_step
            )


def _at_another_moment(reports: Reports) -> Reports:
    from datetime import UTC, datetime

    from depguard.records import replace

    moved = (replace(report, cutoff=datetime.fromtimestamp(0, UTC)) for report in reports.reports)
    return replace(reports, reports=tuple(moved))


def exit_code(reports: Reports) -> int:
    """0 when every host is safe, 1 otherwise."""
    return 0 if reports.verdict is Verdict.SAFE else REFUSED
