from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import types
from collections.abc import Callable

import pytest

from depguard import __version__
from depguard.cli import main as main_module
from depguard.cli.console import Console
from depguard.cli.main import COMMANDS, Command, main
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location

Run = Callable[[argparse.Namespace, Console], int]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], None]:
    """Put a command ``try`` into the table; it takes a name, ``--host`` and a rest."""

    def put(run: Run) -> None:
        def register(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("names", nargs="*")
            parser.add_argument("--host", action="append")
            parser.add_argument("--format", choices=("text", "json"))

        module = types.ModuleType("depguard.cli.commands.trial")
        vars(module).update(register=register, run=run)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        table = (*COMMANDS, Command("try", "for tests", "trial", takes_rest=True))
        monkeypatch.setattr(main_module, "COMMANDS", table)

    return put


def raising(error: BaseException) -> Run:
    def run(_args: argparse.Namespace, _console: Console) -> int:
        raise error

    return run


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_of_the_table_is_importable(command: Command) -> None:
    module = importlib.import_module(f"depguard.cli.commands.{command.module}")
    module.register(argparse.ArgumentParser(prog=command.name))
    assert callable(module.run)


def test_help_and_version_answer_from_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {command.name}" in text and command.help in text for command in COMMANDS)
    assert max(map(len, text.splitlines())) <= 100
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"depguard {__version__}\n"


def test_help_and_version_import_no_command_and_nothing_heavy() -> None:
    code = (
        "import sys; from depguard.cli.main import main; main(['--help']); main(['--version'])\n"
        "heavy = {'argparse', 'packaging', 'yaml', 'resolvelib', 'urllib3', 'json', 'dataclasses'}\n"
        "bad = sorted(heavy & set(sys.modules)) + [m for m in sys.modules if '.commands' in m]\n"
        "assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_command_shows_the_help_on_stderr_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("usage: depguard")


def test_unknown_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simluate", "x"]) == 2
    error = capsys.readouterr().err
    assert "error: there is no command 'simluate'" in error
    assert "did you mean simulate?" in error


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["try", "--hots", "x"], "did you mean --host?"),
        (["try", "--format", "jsn"], "invalid choice: 'jsn'"),
        (["try", "--host"], "expected one argument"),
        (["--colour", "never", "try"], "did you mean --color?"),
        (["--color", "blue", "try"], "allowed: auto, always, never"),
        (["--color"], "allowed: auto, always, never"),
        (["try", "--color=blue"], "invalid choice: 'blue'"),
    ],
)
def test_usage_errors_say_what_is_right_and_exit_2(
    argv: list[str],
    expected: str,
    install: Callable[[Run], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(raising(AssertionError("must not run")))
    assert main(argv) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert expected in shown.err


@pytest.mark.parametrize(
    "argv",
    [
        ["-vv", "--color", "always", "try", "a"],
        ["try", "-vv", "a", "--color=always"],
        ["-v", "try", "a", "--verbose", "--color", "always"],
        ["--color=never", "-v", "try", "a", "-v", "--color", "always"],
    ],
)
def test_global_options_stand_before_or_after_the_command(
    argv: list[str], install: Callable[[Run], None]
) -> None:
    seen: list[tuple[int, bool, list[str]]] = []

    def run(args: argparse.Namespace, console: Console) -> int:
        seen.append((console.verbose, console.colour, args.names))
        return 1

    install(run)
    assert main(argv) == 1
    assert seen == [(2, True, ["a"])]


def test_what_follows_two_dashes_is_left_alone(install: Callable[[Run], None]) -> None:
    seen: list[argparse.Namespace] = []

    def run(args: argparse.Namespace, console: Console) -> int:
        seen.append(args)
        assert console.verbose == 0
        return 0

    install(run)
    rest = ["pip", "install", "-v", "--debug", "-U", "--", "--color", "x", "--help"]
    assert main(["try", "--host", "h", "--", *rest]) == 0
    assert main(["try", "--host", "h"]) == 0
    assert main(["try", "--"]) == 0
    assert [args.rest for args in seen] == [tuple(rest), None, ()]
    assert seen[0].names == []


def test_help_of_a_command(install: Callable[[Run], None], capsys: pytest.CaptureFixture[str]) -> None:
    install(raising(AssertionError("must not run")))
    for argv in (["try", "--help"], ["help", "try"]):
        assert main(argv) == 0
        text = capsys.readouterr().out
        assert "usage: depguard try" in text
        assert "--verbose" in text
    assert main(["try", "--version"]) == 0
    assert capsys.readouterr().out == f"depguard {__version__}\n"


def test_all_problems_of_an_error_are_shown_with_their_place(
    install: Callable[[Run], None], capsys: pytest.CaptureFixture[str]
) -> None:
    install(
        raising(
            InputError(
                Problem(
                    code="policy.unknown-key",
                    message="unknown key 'tier'",
                    location=Location("p.yaml", 3, 1),
                    allowed="tiers, hosts",
                    hint="did you mean tiers?",
                ),
                Problem(
                    code="x",
                    message="bad \x1b[31mname",
                    location=Location("n.ipynb", line=2, column=4, cell=3),
                ),
            )
        )
    )
    assert main(["try"]) == 2
    assert capsys.readouterr().err == (
        "p.yaml:3:1: error: unknown key 'tier'\n"
        "  allowed: tiers, hosts\n"
        "  hint: did you mean tiers?\n"
        "n.ipynb:cell 3:2:4: error: bad \\x1b[31mname\n"
    )


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (OutOfReachError(Problem(code="index", message="no answer")), 3, "error: no answer\n"),
        (OSError(28, "No space left on device", "out.txt"), 3, "error: out.txt: No space left on device\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (
            ZeroDivisionError("oh"),
            3,
            "error: internal error, ZeroDivisionError: oh; run again with --debug\n",
        ),
    ],
)
def test_every_error_ends_in_a_line_and_an_exit_code(
    error: BaseException,
    code: int,
    text: str,
    install: Callable[[Run], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    install(raising(error))
    assert main(["try"]) == code
    shown = capsys.readouterr()
    assert shown == ("", text)


def test_debug_lets_the_traceback_through(install: Callable[[Run], None]) -> None:
    install(raising(ZeroDivisionError("oh")))
    with pytest.raises(ZeroDivisionError):
        main(["try", "--debug"])
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "try"])


@pytest.mark.skipif(os.name == "nt", reason="pipes end otherwise there")
def test_a_closed_pipe_is_no_error() -> None:
    code = (
        "import sys; from depguard.cli.main import main\n"
        "for _ in range(10_000):\n"
        "    code = main(['--help'])\n"
        "    if code: break\n"
        "sys.exit(code)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=30) == 141
