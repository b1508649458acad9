"""Count what the notebook and the shell parser make of real install lines: ``install_lines.py FOLDER``.

FOLDER has ``colab.jsonl`` (one command a line: ``raw``, and the ``requirements`` that somebody else read in
it) and ``notebooks.jsonl`` (one notebook a line: its ``commands``, each with ``raw``). Every line goes
through both parsers, every notebook through one of them. A line is *understood* when all of it became
requirements and modelled options, *reported* when something of it is a doubt, an unmodelled option or a
note, each with its reason, and *silent* when a word of it, or a project that the other reading names, is
nowhere in the result. Silent lines and crashes are listed, and make the exit code 1.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depguard.model.request import InstallCommand, Item
from depguard.parse.install_cells import commands_in_notebook, commands_in_shell
from depguard.parse.install_options import OptionTable
from depguard.parse.install_options_pip import PIP_GENERAL, PIP_INSTALL, PIP_UNINSTALL
from depguard.parse.install_options_uv import UV_GENERAL, UV_INSTALL, UV_SYNC, UV_UNINSTALL

_TABLES: tuple[OptionTable, ...] = (
    PIP_INSTALL, PIP_GENERAL, PIP_UNINSTALL, UV_INSTALL, UV_GENERAL, UV_UNINSTALL, UV_SYNC,
)  # fmt: skip
_VALUED = {
    name for table in _TABLES for option in table.options if option.takes_value for name in option.names
}
# Comments, continuations, {expressions}, redirects to files, settings that no installer reads.
_NOT_WORDS = re.compile(
    r"(?m)(?:^|\s)#.*$|\\\n|\{[^}\n]*\}|\d?&?>{1,2}&?\s*[/\w.]+|^\s*(?!PIP_|UV_)[A-Z_]+=(?:\"[^\"]*\"|\S)*\s"
)
_PROGRAM = re.compile(
    r"(?:\S*(?:pip\d?(?:\.\d+)?|uv|python\S*|executable\S*)|-m|install|uninstall|sync|sudo|!|%)$"
)
_SHELL = re.compile(r"(?:&&|\|\||[;&|\\()]|\d?>{1,2}&?\d?|2>&1|<|>)$")


@dataclass
class Tally:
    """What became of the lines of one sort, and why those that were not understood were not."""

    lines: int = 0
    understood: int = 0
    reported: int = 0
    silent: list[str] = field(default_factory=list)
    crashed: list[str] = field(default_factory=list)
    names: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, raw: str, commands: Iterable[InstallCommand], expected: Iterable[str] = ()) -> None:
        """One line, what was read of it, and the projects that somebody else's reading of it names."""
        found = list(commands)
        self.lines += 1
        missing = list(unaccounted(raw, found))
        told = canonicalize_name("\n".join(_told(command) for command in found))
        names = set(expected)
        self.names += len(names)
        missing += [name for name in sorted(names) if name not in told and name not in missing]
        reasons = [reason for command in found for reason in reasons_of(command)]
        if missing:
            self.silent.append(f"{' '.join(missing)}   in   {' '.join(raw.split())}")
        elif reasons:
            self.reported += 1
            self.reasons.update(set(reasons))
        else:
            self.understood += 1


def projects(requirements: Iterable[str]) -> Iterator[str]:
    """The projects that these requirements name; what is no requirement (a URL) names none."""
    for text in requirements:
        with suppress(InvalidRequirement):
            yield canonicalize_name(Requirement(text).name)


def reasons_of(command: InstallCommand) -> Iterator[str]:
    """Why a command was not understood whole, each in a few words."""
    for item in (*command.items, *command.constraints):
        if item.doubt is not None:
            yield _kind(item.doubt)
        elif item.requirement is None:
            yield "a URL or path whose project is not known before it is fetched"
    for option in command.unmodelled:
        yield (
            f"option {option.split()[0]}" if option.startswith("-") else f"setting {option.partition('=')[0]}"
        )
    if command.notes:
        yield "a note: what the line does is not what it looks like"


def _kind(doubt: str) -> str:
    for pattern, kind in _KINDS.items():
        if re.search(pattern, doubt):
            return kind
    return "a requirement that pip refuses, too"


_KINDS: Mapping[str, str] = {
    r"not read|was not read": "a file that was not given to the survey (-r, -c)",
    r"not known|expression|variable|substitution": "a {name}, $NAME or $(command) whose value is not known",
    r"input file and fails": "an unquoted < that the shell takes for a redirect",
    r"pattern|\bglob": "a shell pattern",
    r"is not modelled": "another installer (conda, uv add)",
}


def unaccounted(raw: str, commands: Iterable[InstallCommand]) -> Iterator[str]:
    """The words of a line that are nowhere in what was read of it, by a look of its own at the line."""
    told = "\n".join(_told(command) for command in commands)
    words = _NOT_WORDS.sub(" ", raw).split()
    skip = False
    for word in words:
        bare = word.strip("\"'`,;&|()\\").replace("\\", "")
        if skip:
            skip = False
            continue
        if not bare or _PROGRAM.match(bare) or _SHELL.match(bare):
            continue
        if bare.startswith("-"):
            skip = bare in _VALUED and "=" not in bare
            continue
        wanted = re.split(r"[\s;@,\[\]<>=!~'\"]", bare)[0]
        if wanted and wanted.lower() not in told.lower():
            yield word


def _told(command: InstallCommand) -> str:
    """All texts of a command but the line itself."""
    items: tuple[Item, ...] = (*command.items, *command.constraints)
    parts = [text for item in items for text in (item.text, item.doubt or "")]
    index = command.index
    parts += [index.index_url or "", *index.extra_index_urls, *index.find_links]
    parts += [*command.unmodelled, *command.notes, *command.options, *map(str, command.upgrade_names)]
    return "\n".join(parts)


def notebook(cells: Iterable[str]) -> str:
    """A notebook of these code cells."""
    listed = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in cells]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def survey(folder: Path) -> dict[str, Tally]:
    """All lines through the parsers."""
    tallies = {name: Tally() for name in ("notebook cell", "shell script", "whole notebooks")}
    lines = [json.loads(line) for line in (folder / "colab.jsonl").read_text(encoding="utf-8").splitlines()]
    once = {line["raw"]: tuple(projects(line["requirements"])) for line in lines if line.get("raw")}
    for raw, names in once.items():
        _try(tallies["notebook cell"], raw, names, commands_in_notebook, notebook([f"!{raw}"]))
        if "{" not in raw:  # an expression of IPython's: no shell takes it
            _try(tallies["shell script"], raw, names, commands_in_shell, raw)
    for line in (folder / "notebooks.jsonl").read_text(encoding="utf-8").splitlines():
        commands = [command["raw"] for command in json.loads(line)["commands"] if command.get("raw")]
        # Lines of a Dockerfile that a cell writes are no lines of the notebook's own.
        commands = [raw for raw in commands if not raw.startswith("RUN ")]
        whole = notebook(f"!{raw}" for raw in commands)
        _try(tallies["whole notebooks"], "\n".join(commands), (), commands_in_notebook, whole)
    return tallies


Parser = Callable[[str, str], tuple[InstallCommand, ...]]


def _try(tally: Tally, raw: str, names: Iterable[str], parse: Parser, text: str) -> None:
    try:
        tally.add(raw, parse(text, "survey"), names)
    except Exception as error:  # noqa: BLE001 - a crash is what is counted
        tally.lines += 1
        tally.crashed.append(f"{type(error).__name__}: {error}   in   {' '.join(raw.split())}")


def main() -> int:
    """Print the counts as a Markdown table, then what is wrong."""
    tallies = survey(Path(sys.argv[1]))
    out = [
        "| through | lines | understood | reported, with the reason | silent | crashed | named by others |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, tally in tallies.items():
        counts = (
            tally.lines,
            tally.understood,
            tally.reported,
            len(tally.silent),
            len(tally.crashed),
            tally.names,
        )
        out.append(f"| {name} | {' | '.join(map(str, counts))} |")
    out += ["", "| why a line was not understood whole | lines |", "|---|---|"]
    out += [f"| {reason} | {count} |" for reason, count in tallies["notebook cell"].reasons.most_common()]
    wrong = [text for tally in tallies.values() for text in (*tally.silent, *tally.crashed)]
    sys.stdout.write("\n".join([*out, *([""] if wrong else []), *dict.fromkeys(wrong)]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
