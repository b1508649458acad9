"""``depguard check``: what a change of this repository does to the hosts of its policy."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from depguard.cli.report_files import SUMMARY, add_report_option
from depguard.cli.setup import add_format_option, add_subject_options

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.check import CheckReport


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard check``."""
    from depguard.cli.index_arguments import add_index_options

    parser.description = (
        "Simulate what this repository's notebooks, requirements files, pyproject.toml, scripts and"
        " Dockerfiles install, on each host of the policy. With --against, only what the change touches,"
        " before and after it: new findings refuse. Nothing of the repository is run or built."
    )
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="files or folders (default: all that the policy watches)"
    )
    parser.add_argument(
        "--against",
        metavar="REV",
        help="compare the working tree with the last commit that it has in common with REV",
    )
    parser.add_argument("--all", action="store_true", help="refuse for what was there before, too")
    add_format_option(parser)
    add_report_option(parser)
    add_subject_options(parser)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print the report. 0 where nothing refuses, 1 otherwise."""
    from depguard.adapters.forks import Forks
    from depguard.app.check import check
    from depguard.app.check_tiers import check_tiers
    from depguard.cli.check_setup import checking
    from depguard.cli.commands.lock import lock_emitters
    from depguard.cli.report_files import report_files, write_reports
    from depguard.cli.reporting import REFUSED
    from depguard.model.finding import Verdict

    files = report_files(args.reports)
    with checking(args, console) as setup:
        tiers = check_tiers(setup.question, lock_emitters(), Forks())
        report = check(setup.question, tiers=tiers)
    write_reports(files, lambda form: render(report, form))
    console.out(render(report, args.format, colour=console.colour, verbose=console.verbose))
    return 0 if report.verdict is Verdict.SAFE else REFUSED


def render(report: CheckReport, form: str, *, colour: bool = False, verbose: int = 0) -> str:
    """The report in a format; only the emitter that is asked for is imported."""
    match form:
        case "json":
            from depguard.emit.check_json import render_check_json

            return render_check_json(report)
        case "markdown":
            from depguard.emit.check_markdown import render_check_markdown

            return render_check_markdown(report)
        case form if form == SUMMARY:
            from depguard.emit.check_markdown import render_check_markdown
            from depguard.emit.markdown_size import SUMMARY_BYTES

            return render_check_markdown(report, limit=SUMMARY_BYTES)
        case "sarif":
            from depguard.emit.check_sarif import render_check_sarif

            return render_check_sarif(report)
        case "github":
            from depguard.emit.check_github import render_check_github

            return render_check_github(report)
        case _:
            from depguard.emit.check_text import render_check_text

            return render_check_text(report, colour=colour, verbose=verbose)
