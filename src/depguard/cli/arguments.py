"""One command's arguments: argparse with the global options, and errors as problems."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from depguard import __version__
from depguard.cli.console import COLOR_CHOICES
from depguard.errors import InputError, Problem
from depguard.records import replace


class _Help(argparse.HelpFormatter):
    """argparse's help, as wide as the terminal. It asks shutil, which imports compressors for each option."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        try:
            width = int(columns) or os.get_terminal_size(1).columns
        except (ValueError, OSError):
            width = 0
        super().__init__(prog, width=(width or 80) - 2)


class _Parser(argparse.ArgumentParser):
    """argparse that raises InputError instead of printing its usage and exiting."""

    def error(self, message: str) -> NoReturn:
        raise InputError(Problem(code="usage", message=message, hint=f"{self.prog} --help"))


def parse(
    name: str,
    register: Callable[[argparse.ArgumentParser], None],
    words: Sequence[str],
    *,
    takes_rest: bool,
) -> argparse.Namespace:
    """Parse the words after a command's name.

    With ``takes_rest`` what follows the first ``--`` is left alone and becomes ``rest``, a tuple
    (None without ``--``). Global options that were not given are absent from the namespace.
    Raises InputError; SystemExit only after ``--help`` or ``--version``.
    """
    parser = _Parser(prog=f"depguard {name}", allow_abbrev=False, formatter_class=_Help)
    register(parser)
    _add_globals(parser)
    rest: tuple[str, ...] | None = None
    own = list(words)
    if takes_rest and "--" in own:
        cut = own.index("--")
        rest = tuple(own[cut + 1 :])
        own = own[:cut]
    args, unknown = parser.parse_known_args(own)
    if unknown:
        problems = [_unknown(word, parser) for word in unknown]
        if takes_rest and rest is None and not any("did you mean" in (p.hint or "") for p in problems):
            # An option of pip's, most likely: "depguard simulate -U onnx".
            problems[0] = replace(
                problems[0], hint=f"options of pip stand in a whole command: {parser.prog} -- pip install ..."
            )
        raise InputError(*problems)
    if takes_rest:
        args.rest = rest
    return args


def _add_globals(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options of every command")
    group.add_argument("-v", "--verbose", action="count", default=argparse.SUPPRESS, help="say more")
    group.add_argument(
        "-q", "--quiet", action="store_true", default=argparse.SUPPRESS, help="no notes on stderr"
    )
    group.add_argument(
        "--color",
        choices=COLOR_CHOICES,
        default=argparse.SUPPRESS,
        help="colour of the verdict word (default: auto)",
    )
    group.add_argument(
        "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks of internal errors"
    )
    group.add_argument("--version", action="version", version=f"depguard {__version__}")


def _unknown(word: str, parser: argparse.ArgumentParser) -> Problem:
    kind = "option" if word.startswith("-") else "argument"
    # The help text is argparse's public list of its options.
    import difflib

    known = sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", parser.format_help())))
    near = difflib.get_close_matches(word.partition("=")[0], known, n=1) if kind == "option" else []
    return Problem(
        code="usage",
        message=f"unknown {kind} {word}",
        hint=f"did you mean {near[0]}?" if near else f"{parser.prog} --help",
    )
