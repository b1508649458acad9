"""The options that say where packages are looked for. `depguard.cli.options` makes settings of them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def add_index_options(parser: argparse.ArgumentParser) -> None:
    """The options that say where packages are looked for, for every command that needs an index."""
    group = parser.add_argument_group(
        "where packages are looked for (default: as your pip or uv is configured)"
    )
    group.add_argument("-i", "--index-url", metavar="URL", help="the package index (PEP 503)")
    group.add_argument(
        "--extra-index-url",
        metavar="URL",
        action="append",
        default=[],
        help="a further index; can be repeated",
    )
    group.add_argument(
        "-f",
        "--find-links",
        metavar="PLACE",
        action="append",
        default=[],
        help="a folder or page with distributions; can be repeated",
    )
    group.add_argument("--no-index", action="store_true", help="no index at all, only --find-links")
    group.add_argument("--offline", action="store_true", help="only what is cached or on this disk")
    group.add_argument(
        "--exclude-newer",
        metavar="DATE",
        type=_cutoff,
        help="only what was uploaded before: 2026-11-01 (00:00 UTC) or 2026-11-01T12:00:00Z",
    )
    group.add_argument("--cache-dir", metavar="DIR", help="where depguard keeps what it was told")


def _cutoff(text: str) -> datetime:
    from depguard.parse.cutoff import ALLOWED, parse_cutoff

    try:
        return parse_cutoff(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}; allowed: {ALLOWED}") from None
