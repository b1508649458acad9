"""``depguard simulate``: what an install command would do to a host."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from depguard.cli.setup import add_format_option, add_subject_options

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.report import Report
    from depguard.model.request import InstallCommand

_PROGRAMS = frozenset({"pip", "pip3", "uv", "python", "python3", "conda", "mamba"})
_FILES = (".txt", ".ipynb")
"""No project has a name that ends like this. There is a ruamel.yaml, though, and a discord.py."""


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``depguard simulate``."""
    from depguard.cli.index_arguments import add_index_options

    parser.description = (
        "Say what an install would do, before it does. Either name packages, or give the whole command"
        " after --:  depguard simulate -- pip install -U onnx 'datasets<3'"
    )
    parser.add_argument(
        "packages",
        metavar="PACKAGE",
        nargs="*",
        help="requirements, as for pip install; or one notebook (.ipynb), whose cells are one session",
    )
    parser.add_argument(
        "-r", "--requirement", metavar="FILE", action="append", default=[], help="a requirements file"
    )
    parser.add_argument(
        "-c", "--constraint", metavar="FILE", action="append", default=[], help="a constraints file"
    )
    add_format_option(parser)
    add_subject_options(parser)
    add_index_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Print what would happen. 0 safe, 1 refused."""
    from depguard.app.simulate import simulate_step
    from depguard.cli.asking import asking, which_installer
    from depguard.cli.options import configured_command
    from depguard.cli.reporting import exit_code, show
    from depguard.cli.setup import set_up
    from depguard.model.report import Reports
    from depguard.records import replace

    commands = _notebook(args) if _names_notebook(args) else (_command(args),)
    setup = set_up(args, console)
    stated = args.installer
    if stated or (args.rest is None and not _names_notebook(args)):
        installer = which_installer(args, setup.policy)[0]
        commands = tuple(replace(command, installer=installer) for command in commands)
    found: list[Report] = []
    # The cells of a notebook are one session: a later command finds what an earlier one installed.
    for last, command in enumerate(commands, start=1 - len(commands)):
        args.installer = stated or command.installer.value
        whole = configured_command(command, console)
        for note in whole.notes:
            console.note(f"note: {note}")
        with asking(args, console, setup, command=whole) as question:
            reports, left = simulate_step(question, whole)
            found += reports.reports
            if last:
                setup = replace(setup, hosts=left())
    everything = Reports(reports=tuple(found))
    show(everything, args, console)
    return exit_code(everything)


def _as_one_command(rest: Sequence[str]) -> list[str]:
    """The words of a command, also where it was quoted as a whole or copied with its ``!`` or ``%``."""
    import shlex

    words = list(rest)
    if len(words) == 1 and len(words[0].split()) > 1:
        with contextlib.suppress(ValueError):  # unbalanced quotes: as it is, it is refused
            words = shlex.split(words[0])
    if words and words[0][:1] in ("!", "%"):
        words[0] = words[0].lstrip("!%")
    return [word for word in words if word]


def _refuse_other_things(packages: Sequence[str]) -> None:
    """A command without ``--``, or a file, given as if it were a package: both could be names of projects."""
    from depguard.cli.setup import split_words
    from depguard.errors import InputError, Problem

    first = packages[0].lstrip("!%") if packages else ""
    if first in _PROGRAMS and len(packages) > 1:
        raise InputError(
            Problem(
                code="usage",
                message=f"a whole command stands after --: {split_words(packages[:2])} are no packages",
                hint=f"depguard simulate -- {split_words([first, *packages[1:]])}",
            )
        )
    problems = [
        Problem(code="usage", message=f"{name} is a file, not a package", hint=_how_to_name(name))
        for name in packages
        if name.lower().endswith(_FILES) and "@" not in name
    ]
    if problems:
        raise InputError(*problems)


def _how_to_name(name: str) -> str:
    if name.lower().endswith(".ipynb"):
        return f"one notebook at a time, and nothing beside it: depguard simulate {name}"
    return f"depguard simulate -r {name}"


def _names_notebook(args: argparse.Namespace) -> bool:
    return len(args.packages) == 1 and args.packages[0].endswith(".ipynb")


def _notebook(args: argparse.Namespace) -> tuple[InstallCommand, ...]:
    """The install commands of a notebook, in order."""
    from pathlib import Path

    from depguard.adapters.files import read_text
    from depguard.cli.options import file_reader
    from depguard.errors import InputError, Problem
    from depguard.parse.install_cells import commands_in_notebook

    name = args.packages[0]
    commands = commands_in_notebook(read_text(Path(name)), name, read=file_reader(offline=args.offline))
    if not commands:
        raise InputError(Problem(code="notebook.no-install", message=f"{name} installs nothing"))
    return commands


def _command(args: argparse.Namespace) -> InstallCommand:
    """The command line after ``--``, or the named packages and files as ``pip install``."""
    from depguard.cli.options import file_reader
    from depguard.errors import InputError, Problem
    from depguard.parse.install_command import parse_install_command

    if args.rest is not None:
        if args.packages or args.requirement or args.constraint:
            problem = Problem(
                code="usage",
                message="packages stand before -- or in the command after it, not both",
                hint="depguard simulate -- pip install captum",
            )
            raise InputError(problem)
        words = _as_one_command(args.rest)
    else:
        _refuse_other_things(args.packages)
        words = ["pip", "install", *args.packages]
        for name in args.requirement:
            words += ["-r", name]
        for name in args.constraint:
            words += ["-c", name]
    return parse_install_command(words, read=file_reader(offline=args.offline))
