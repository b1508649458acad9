"""An installer's command line, ``pip install …`` or ``uv pip install …``, to an InstallCommand.

``pip``, ``pip3``, ``python -m pip``, ``uv pip``; the verbs install, uninstall and sync. Strict reading
(what somebody types after ``depguard simulate --``) refuses every mistake at once; tolerant reading
(what stands in somebody's notebook) keeps them as doubtful items.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.request import InstallCommand
from depguard.parse.install_program import Program, find_program
from depguard.parse.install_reading import TABLES, CommandReading
from depguard.parse.requirement_lines import Reader
from depguard.parse.shell_words import Word

COMMAND_LINE = Location("<command line>")
"""Where the words stand when no place is given."""

_NAMES = {Installer.PIP: "pip", Installer.UV: "uv pip"}


def parse_install_command(
    words: Sequence[str | Word],
    *,
    read: Reader | None = None,
    environment: Mapping[str, str] | None = None,
    location: Location = COMMAND_LINE,
) -> InstallCommand:
    """The command that ``words`` give, the program's name first (``["pip", "install", "-U", "onnx"]``).

    ``read`` reads the files of ``-r`` and ``-c`` (without it they are doubtful items). Raises InputError
    with all mistakes at once; OutOfReachError from ``read``.
    """
    placed = _place(words, location)
    program = find_program(placed)
    if program is None:
        name = placed[0].text if placed else ""
        raise InputError(
            Problem(
                code="command.no-installer",
                message=f"{name!r} is no installer" if placed else "no command",
                location=location,
                allowed="pip install, pip uninstall, python -m pip, uv pip install, uv pip sync",
                hint="depguard simulate -- pip install numpy",
            )
        )
    reading = CommandReading(program, placed, read, environment, tolerant=False)
    command = reading.run()
    if reading.draft.problems:
        raise InputError(*reading.draft.problems)
    if command is None:
        raise InputError(_nothing_installed(program, location))
    if not command.items:
        raise InputError(
            Problem(
                code="command.nothing",
                message=f"nothing to {command.verb.value}",
                location=location,
                hint="name a package, or a file with -r",
            )
        )
    return command


def find_install_command(
    words: Sequence[str | Word],
    *,
    read: Reader | None = None,
    environment: Mapping[str, str] | None = None,
    location: Location = COMMAND_LINE,
) -> InstallCommand | None:
    """Like `parse_install_command`, tolerant; None when the words install nothing."""
    placed = _place(words, location)
    program = find_program(placed)
    if program is None:
        return None
    return CommandReading(program, placed, read, environment, tolerant=True).run()


def _place(words: Sequence[str | Word], location: Location) -> list[Word]:
    return [Word(word, location) if isinstance(word, str) else word for word in words]


def _nothing_installed(program: Program, location: Location) -> Problem:
    installer = _NAMES[program.installer]
    verb = next((w.text for w in program.rest if not w.text.startswith("-") and w.text != "pip"), "")
    known = [v.value for i, v in TABLES if i is program.installer]
    near = difflib.get_close_matches(verb, known, n=1)
    return Problem(
        code="command.verb",
        message=f"{installer} {verb} installs nothing" if verb else f"{installer} has nothing to do",
        location=location,
        allowed=", ".join(f"{installer} {name}" for name in known),
        hint=f"did you mean {installer} {near[0]}?" if near else None,
    )
