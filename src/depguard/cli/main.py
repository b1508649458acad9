"""The ``depguard`` command: finds the subcommand, runs it, and turns errors into exit codes.

Nothing but this module and the console is imported until the subcommand is known: ``--version`` and
``--help`` answer from the table below. A command's module has ``register(parser)`` and
``run(args, console) -> int``.

Exit codes: 0 safe, 1 refused, 2 usage or bad input, 3 could not decide, 130 interrupted.
"""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn, Protocol, cast

from depguard.cli.console import COLOR_CHOICES, Console, Transcript, standard_console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from depguard.cli.remembered import Remembered

_GARBAGE_AFTER = 500_000
EXIT_USAGE = 2
EXIT_UNDECIDED = 3
EXIT_INTERRUPTED = 130  # 128 + SIGINT, what shells report
EXIT_CLOSED_PIPE = 141  # 128 + SIGPIPE, likewise


class Command(NamedTuple):
    """One subcommand: its module under ``depguard.cli.commands`` is imported when it runs.

    With ``takes_rest`` everything after the first ``--`` is not parsed at all and arrives as
    ``args.rest``: a tuple of strings, None where there was no ``--``. With ``remembers`` an answer that was
    given before is given again while all that it rests on is as it was.
    """

    name: str
    help: str
    module: str
    takes_rest: bool = False
    remembers: bool = False


COMMANDS = (
    Command("plan", "what a tier adds to a host, and whether that is safe", "plan", remembers=True),
    Command("lock", "write the requirements files and lockfiles of the tiers", "lock"),
    Command("install", "install a tier here, and leave what is protected as it is", "install"),
    Command("simulate", "what an install command would do to a host", "simulate", takes_rest=True),
    Command("doctor", "whether what is installed on this machine is whole, and what to do if not", "doctor"),
    Command("history", "what the runs in a log come to", "history"),
    Command("check", "what a change of this repository does to its hosts", "check"),
    Command("crosscheck", "ask real installers, and compare", "crosscheck"),
    Command("init", "propose a policy from this repository's install lines", "init"),
    Command("policy", "check a policy, or print its schema", "policy"),
    Command("abi", "what the compiled modules of a wheel ask for, and whether a host has it", "abi"),
    Command("baseline", "list, show, compare, capture and import hosts", "baseline"),
)


class CommandModule(Protocol):
    """What a module under ``depguard.cli.commands`` offers."""

    def register(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments and description to its parser."""
        ...

    def run(self, args: argparse.Namespace, console: Console) -> int:
        """Do it, and say how it went: the process's exit code."""
        ...


class Globals(NamedTuple):
    """The options that every command takes, before or after its name."""

    verbose: int = 0
    quiet: bool = False
    debug: bool = False
    color: str = "auto"


class _Exit(Exception):  # noqa: N818 - not an error: an answer was given already
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run() -> NoReturn:
    """The command as a process of its own, which ends when its work is done.

    Python would look at every value once more and give each back: a tenth of a plan's time, for nothing.
    """
    import atexit
    import os

    code = main()
    atexit._run_exitfuncs()  # noqa: SLF001 - coverage, temporary files, other libraries' ends
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
    os._exit(code)


def collect_rarely() -> None:
    """Let Python look for circles of garbage less often: values refer downwards, and there are few.

    Looking for it takes a tenth of a plan's time. Long runs still look, once in so many values.
    """
    gc.set_threshold(_GARBAGE_AFTER)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: this process's) and return its exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    collect_rarely()
    # Looked at before anything is parsed: what goes wrong while parsing is shown their way as well.
    own = args[: args.index("--")] if "--" in args else args
    debug = "--debug" in own
    console = standard_console(color=_color(own))
    try:
        code = _dispatch(args, console)
        console.flush()
    except KeyboardInterrupt:
        if debug:
            raise
        console.note("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return _closed_pipe()
    except Exception as error:  # last resort: one line and an exit code instead of a traceback
        if debug:
            raise
        return _failed(error, console)
    else:
        return code


def _color(words: Sequence[str]) -> str:
    for i, word in enumerate(words):
        value = word.removeprefix("--color=") if word != "--color" else "".join(words[i + 1 : i + 2])
        if value in COLOR_CHOICES and word.startswith("--color"):
            return value
    return "auto"


def _dispatch(args: list[str], console: Console) -> int:
    try:
        options, command, rest = _split(args, console)
        if command is None:
            console.note(_help())
            return EXIT_USAGE
        return _run(_find(command), options, rest)
    except _Exit as finished:
        return finished.code


def _split(args: list[str], console: Console) -> tuple[Globals, str | None, list[str]]:
    """The global options before the command, the command's name, and what follows it."""
    options = Globals()
    pending = list(args)
    while pending:
        word = pending.pop(0)
        if not word.startswith("-"):
            if word != "help":
                return options, word, pending
            word = "--help"
            if pending and not pending[0].startswith("-"):
                return options, pending[0], ["--help"]
        if word in {"-h", "--help"}:
            console.out(_help())
            raise _Exit(0)
        if word == "--version":
            from depguard import __version__

            console.out(f"depguard {__version__}")
            raise _Exit(0)
        options = _global_option(options, word, pending)
    return options, None, []


def _global_option(options: Globals, word: str, pending: list[str]) -> Globals:
    name, equals, value = word.partition("=")
    if name == "--color":
        chosen = value if equals else (pending.pop(0) if pending else "")
        if chosen not in COLOR_CHOICES:
            raise _usage(f"--color cannot be {chosen!r}", allowed=", ".join(COLOR_CHOICES))
        return options._replace(color=chosen)
    if word == "--verbose" or (word.startswith("-v") and set(word[1:]) == {"v"}):
        return options._replace(verbose=options.verbose + (1 if word == "--verbose" else len(word) - 1))
    if word in {"-q", "--quiet"}:
        return options._replace(quiet=True)
    if word == "--debug":
        return options._replace(debug=True)
    raise _usage(
        f"unknown option {word} before the command",
        hint=_nearest(word, ("--color", "--verbose", "--quiet", "--debug", "--version", "--help"))
        or "a command's own options come after its name",
    )


def _find(name: str) -> Command:
    for command in COMMANDS:
        if command.name == name:
            return command
    names = tuple(command.name for command in COMMANDS)
    raise _usage(
        f"there is no command {name!r}",
        allowed=", ".join(names),
        hint=_nearest(name, names) or "depguard --help",
    )


def _run(command: Command, options: Globals, words: list[str]) -> int:
    if not command.remembers:
        return _run_anew(command, options, words, None)
    from depguard.cli.first_time import getting_ready

    plainly = not options.verbose and not options.debug
    with getting_ready(words, plainly=plainly):
        return _run_or_repeat(command, options, words, plainly=plainly)


def _run_or_repeat(command: Command, options: Globals, words: list[str], *, plainly: bool) -> int:
    from depguard.cli.remembered import remembered, repeat

    memory = remembered(command.name, [*map(str, options), *words], plainly=plainly)
    if memory is None:
        return _run_anew(command, options, words, None)
    try:
        answer = memory.recall()
        return _run_anew(command, options, words, memory) if answer is None else repeat(answer)
    finally:
        memory.close()


def _run_anew(command: Command, options: Globals, words: list[str], memory: Remembered | None) -> int:
    import importlib

    from depguard.cli.arguments import parse

    module = cast("CommandModule", importlib.import_module(f"depguard.cli.commands.{command.module}"))
    try:
        args = parse(command.name, module.register, words, takes_rest=command.takes_rest)
    except SystemExit as finished:  # argparse has printed help or a version
        raise _Exit(int(finished.code or 0)) from None
    console = standard_console(
        color=getattr(args, "color", None) or options.color,
        verbose=options.verbose + (getattr(args, "verbose", None) or 0),
        quiet=options.quiet or bool(getattr(args, "quiet", None)),
    )
    try:
        if memory is None:
            code = module.run(args, console)
        else:
            console.transcript = Transcript()
            with memory.watched() as witness:
                code = module.run(args, console)
            memory.keep(console, code, witness)
    finally:
        if caching := sys.modules.get("depguard.cli.caching"):
            caching.close_forms()
    console.flush()
    return code


def _failed(error: Exception, console: Console) -> int:
    from depguard.errors import DepguardError, Problem

    if isinstance(error, DepguardError):
        console.problems(error.problems)
        return error.exit_code
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        where = f"{error.filename}: " if error.filename is not None else ""
        console.problems((Problem(code="disk", message=f"{where}{what}"),))
        return EXIT_UNDECIDED
    console.problems(
        (
            Problem(
                code="internal",
                message=f"internal error, {type(error).__name__}: {error}; run again with --debug",
            ),
        )
    )
    return EXIT_UNDECIDED


def _closed_pipe() -> int:
    """The reader went away (``| head``). Give Python's own flush at exit somewhere to write."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_CLOSED_PIPE


def _usage(message: str, *, allowed: str | None = None, hint: str | None = None) -> Exception:
    from depguard.errors import InputError, Problem

    return InputError(Problem(code="usage", message=message, allowed=allowed, hint=hint))


def _nearest(word: str, known: Sequence[str]) -> str | None:
    import difflib

    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else None


def _help() -> str:
    wide = max(len(command.name) for command in COMMANDS)
    commands = "\n".join(f"  {command.name:{wide}}  {command.help}" for command in COMMANDS)
    return f"""\
usage: depguard [OPTIONS] COMMAND ...

Add packages to a machine that somebody else prepared, without breaking what is there.

commands:
{commands}

options, before or after the command:
  -v, --verbose               say more (also: where each index setting came from)
  -q, --quiet                 no notes on stderr
  --color auto|always|never   colour of the verdict word (default: auto, honours NO_COLOR)
  --debug                     show the traceback of an internal error
  --version                   print the version
  -h, --help                  this text; depguard COMMAND --help for a command's options

First steps:  depguard simulate captum      depguard init      depguard plan TIER
Exit codes:   0 safe, 1 refused, 2 usage or bad input, 3 could not decide
"""
