"""``--report FORMAT=FILE``: one report in several formats, for a pipeline that shows it in several places."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from depguard.cli.setup import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

SUMMARY = "summary"
"""Markdown as long as a job summary may be; plain ``markdown`` keeps to the length of a comment."""


def add_report_option(parser: argparse.ArgumentParser) -> None:
    """--report, for a command that renders one value in all formats."""
    parser.add_argument(
        "--report",
        dest="reports",
        metavar="FORMAT=FILE",
        action="append",
        default=[],
        help="write the report to a file as well: a format of --format, or summary"
        " (markdown as long as a job summary may be); can be repeated",
    )


def report_files(values: list[str]) -> tuple[tuple[str, Path], ...]:
    """The formats and files asked for. Raises InputError with all mistakes."""
    from pathlib import Path

    from depguard.errors import InputError, Problem

    formats = (*FORMATS, SUMMARY)
    pairs = [value.partition("=")[::2] for value in values]
    problems = [
        Problem(
            code="usage",
            message=f"--report {value!r} is no format and file",
            allowed=f"FORMAT=FILE with {', '.join(formats)}",
            hint="depguard check --report markdown=comment.md",
        )
        for value, (form, file) in zip(values, pairs, strict=True)
        if form not in formats or not file
    ]
    if problems:
        raise InputError(*problems)
    return tuple((form, Path(file)) for form, file in pairs)


def write_reports(files: tuple[tuple[str, Path], ...], render: Callable[[str], str]) -> None:
    """Write each file whole. Raises OutOfReachError with the path that could not be written."""
    from depguard.adapters.files import write_all

    write_all([(path, render(form)) for form, path in files])
