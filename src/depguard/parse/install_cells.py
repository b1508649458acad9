"""Install commands in what people run: notebooks (nbformat 4), single cells, shell text, Python text.

``!pip``, ``%pip``, ``!python -m pip``, ``!uv pip``, ``%%bash`` and ``%%capture`` cells, ``%shell``, chains,
continuations, and calls of ``os.system`` and ``subprocess``. Everything is read tolerantly: what cannot
be known is an item with a doubt. Nothing is run.
https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.request import InstallCommand, Item
from depguard.parse.cell_lines import CellLine, LineKind, cell_lines, shell_body
from depguard.parse.install_calls import calls
from depguard.parse.install_command import find_install_command
from depguard.parse.json_text import BadJsonError, load_json
from depguard.parse.requirement_item import without_secrets
from depguard.parse.requirement_lines import Reader
from depguard.parse.session_files import SessionFiles
from depguard.parse.shell_words import ShellCommand, Word, shell_commands, with_redirects
from depguard.records import dataclass, replace

MAX_NOTEBOOK = 100_000_000
"""Characters; notebooks carry their images."""

_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_INSIDE_SHELL = 5
_CD = re.compile(
    r"\s*(?:%?cd\s+(?:-q\s+)?[\"']?(?P<magic>[^\s\"'#;=(]+)[\"']?\s*(?:#.*)?$"
    r"|os\.chdir\(\s*[\"'](?P<call>[^\"']+)[\"']\s*\))"
)
_WRITEFILE = re.compile(r"\s*%%(?:writefile|file)\s+(?P<append>-a\s+)?(?P<name>\S+)\s*\n")


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its 1-based number among all cells of the notebook, and its text."""

    number: int
    source: str


@dataclass(slots=True)
class _Context:
    """Where commands are looked for, and how files are read that they name."""

    file: str
    files: SessionFiles
    environment: Mapping[str, str] | None


def notebook_cells(text: str, file: str) -> tuple[Cell, ...]:
    """The code cells of a notebook. Raises InputError when it is none (nbformat 4), with the place."""
    if len(text) > MAX_NOTEBOOK:
        raise InputError(_problem("too-large", f"larger than {MAX_NOTEBOOK // 1_000_000} MB", file))
    try:
        data = load_json(text)
    except BadJsonError as error:
        place = Location(file, error.line, error.column)
        raise InputError(replace(_problem("json", str(error), file), location=place)) from None
    if isinstance(data, dict) and "worksheets" in data:
        raise InputError(
            replace(
                _problem("version", "a notebook of format 3", file),
                hint="jupyter nbconvert --to notebook --nbformat 4",
            )
        )
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list):
        raise InputError(_problem("no-cells", "no list of cells", file))
    return tuple(_code_cells(cells, file))


def _code_cells(cells: Iterable[object], file: str) -> Iterator[Cell]:
    problems = []
    for number, cell in enumerate(cells, start=1):
        if not isinstance(cell, dict):
            problems.append(
                replace(_problem("cell", "not a cell", file), location=Location(file, cell=number))
            )
            continue
        source = cell.get("source", "")
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            source = "".join(source)
        if not isinstance(source, str):
            place = Location(file, cell=number)
            problems.append(replace(_problem("source", "source is no text", file), location=place))
        elif cell.get("cell_type") == "code":
            yield Cell(number, source)
    if problems:
        raise InputError(*problems)


def _problem(slug: str, message: str, file: str) -> Problem:
    return Problem(
        code=f"notebook.{slug}",
        message=message,
        location=Location(file),
        allowed="a Jupyter notebook, format 4",
    )


def commands_in_notebook(
    text: str, file: str, *, read: Reader | None = None, environment: Mapping[str, str] | None = None
) -> tuple[InstallCommand, ...]:
    """All install commands of a notebook, in order. Raises InputError when it is no notebook.

    ``read`` reads what ``-r`` names; files that an earlier ``%%writefile`` cell writes are known.
    """
    context = _Context(file, SessionFiles(read), environment)
    found: list[InstallCommand] = []
    for cell in notebook_cells(text, file):
        found += _in_cell(cell.source, context, cell.number)
        _remember_file(cell, context)
    return tuple(found)


def commands_in_cell(
    source: str,
    file: str,
    *,
    cell: int | None = None,
    read: Reader | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[InstallCommand, ...]:
    """The install commands of one cell, or of a Python file with ``!`` lines (``cell`` None)."""
    return tuple(_in_cell(source, _Context(file, SessionFiles(read), environment), cell))


def commands_in_shell(
    text: str, file: str, *, read: Reader | None = None, environment: Mapping[str, str] | None = None
) -> tuple[InstallCommand, ...]:
    """The install commands of a shell script."""
    context = _Context(file, SessionFiles(read), environment)
    return tuple(_in_shell(shell_commands(text, file=file), context))


def _in_cell(source: str, context: _Context, cell: int | None) -> list[InstallCommand]:
    body = shell_body(source)
    if body is not None:
        line, text = body
        return list(_in_shell(shell_commands(text, file=context.file, line=line, cell=cell), context))
    lines = cell_lines(source)
    found = [command for line in lines for command in _in_line(line, context, cell)]
    for call in calls(source, lines, context.file, cell):
        if call.words is not None:
            found += _named(call.words, context, call.text, conditional=call.conditional)
        elif call.shell is not None:
            place = call.location
            commands = shell_commands(
                call.shell,
                file=context.file,
                line=place.line or 1,
                column=place.column or 1,
                cell=cell,
                magic=True,
            )
            found += [
                replace(command, conditional=command.conditional or call.conditional)
                for command in _in_shell(commands, context)
            ]
        else:
            item = Item(text=call.text, doubt="a call whose command is not known", location=call.location)
            found.append(InstallCommand(items=(item,), command=call.text, location=call.location))
    return sorted(found, key=_position)


def _position(command: InstallCommand) -> tuple[int, int]:
    place = command.location
    return (0, 0) if place is None else (place.line or 0, place.column or 0)


def _in_line(line: CellLine, context: _Context, cell: int | None) -> Iterator[InstallCommand]:
    if line.kind is LineKind.PYTHON:
        moved = _CD.match(line.text)
        if moved is not None:
            context.files.enter(moved.group("magic") or moved.group("call"))
        return
    commands = shell_commands(
        line.text, file=context.file, line=line.line, column=line.column, cell=cell, magic=True
    )
    for command in _in_shell(commands, context):
        yield replace(command, conditional=command.conditional or bool(line.indent))


def _in_shell(
    commands: Iterable[ShellCommand], context: _Context, depth: int = 0
) -> Iterator[InstallCommand]:
    begun = context.files.folder
    for command in commands:
        words, notes = with_redirects(command)
        context.files.see(words, command.redirects)
        if words[0].text == "cd" and len(words) > 1:
            context.files.enter(words[1].text)
        conditional = command.joined == "||"
        inner = _inner_script(words)
        if inner is not None and depth < _INSIDE_SHELL:
            place = inner.location or Location(context.file)
            nested = shell_commands(
                inner.text,
                file=context.file,
                line=place.line or 1,
                column=(place.column or 1) + 1,
                cell=place.cell,
            )
            for found in _in_shell(nested, context, depth + 1):
                yield replace(found, conditional=found.conditional or conditional)
        else:
            yield from _named(words, context, command.text, notes=notes, conditional=conditional)
    context.files.folder = begun  # a shell's own folder ends with it


def _inner_script(words: tuple[Word, ...]) -> Word | None:
    """The text of ``bash -c "…"``."""
    if len(words) < 3 or words[0].text.rpartition("/")[2] not in _SHELLS:
        return None
    flags = [place for place, word in enumerate(words) if re.fullmatch(r"-[a-z]*c", word.text)]
    return words[flags[0] + 1] if flags and flags[0] + 1 < len(words) else None


def _named(
    words: tuple[Word, ...],
    context: _Context,
    text: str,
    *,
    notes: tuple[str, ...] = (),
    conditional: bool = False,
) -> Iterator[InstallCommand]:
    """The command of these words, if they install something."""
    if words[0].text == "xargs":
        words = tuple(word for word in words[1:] if not word.text.startswith("-"))
        words = (*words, Word("(xargs)", None, "xargs adds arguments that are not known")) if words else ()
    if not words:
        return
    command = find_install_command(
        words, read=context.files.reader(), environment=context.environment, location=Location(context.file)
    )
    if command is not None:
        yield replace(
            context.files.placed(command),
            command=without_secrets(" ".join(text.split())),
            notes=(*notes, *command.notes),
            conditional=command.conditional or conditional,
        )


def _remember_file(cell: Cell, context: _Context) -> None:
    match = _WRITEFILE.match(cell.source)
    if match is None:
        return
    first = cell.source.count("\n", 0, match.end()) + 1
    context.files.write(
        match.group("name").strip("\"'"),
        cell.source[match.end() :],
        Location(context.file, first, 1, cell.number),
        append=match.group("append") is not None,
    )
