"""A notebook cell line by line: which lines IPython gives to a shell, which are Python.

IPython's ``!command``, ``!!command``, ``%pip``, ``%sx`` and ``%system``, Colab's ``%shell``, cell magics, and
automagic (``pip install x`` alone on a line).
"""

from __future__ import annotations

import enum
import re

from depguard.records import dataclass


class LineKind(enum.Enum):
    """Whose line it is."""

    SHELL = "shell"
    PYTHON = "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """A logical line of a cell. ``line`` and ``column`` say where ``text`` begins; ``last`` is its last line.

    ``indent`` is the blank before it: where there is any it stands in a block, and may not run.
    """

    kind: LineKind
    text: str
    line: int
    column: int
    last: int
    indent: str = ""


# Cell magics whose body is no Python and no shell.
_FOREIGN = frozenset(
    {
        "writefile",
        "file",
        "html",
        "javascript",
        "js",
        "latex",
        "markdown",
        "svg",
        "perl",
        "ruby",
        "sql",
        "bigquery",
        "r",
        "cython",
        "cuda",
        "cu",
        "fortran",
        "octave",
        "julia",
        "spark",
        "sparksql",
        "mermaid",
        "typescript",
    }
)
_SHELL_CELLS = frozenset({"bash", "sh", "shell", "sx", "system", "zsh"})
_CELL_MAGIC = re.compile(r"\s*%%(?P<name>\w+)(?P<rest>[^\n]*)(?:\n|$)")
_SHELL_CELL = re.compile(r"\s*!!(?P<rest>[^\n]*)(?:\n|$)")

_SHELL_LINE = re.compile(
    r"(?P<lead>\s*(?:[A-Za-z_][\w, ]*=\s*)?)"
    r"(?:!{1,2}|%(?:sx|system|shell|bash|sh)\s|(?:%time(?:it)?|%capture)\s+!)(?P<text>.*)",
    re.DOTALL,
)
_PIP_LINE = re.compile(r"(?P<lead>\s*%)(?P<text>(?:pip3?|uv|conda|mamba|micromamba)\b.*)", re.DOTALL)
_AUTOMAGIC = re.compile(
    r"(?P<text>(?:pip3?|conda|mamba)\s+(?:-\S+\s+)*(?:install|uninstall)\s.*|uv\s+pip\s.*)", re.DOTALL
)
_TRIPLE = re.compile(r'"""|\'\'\'')
# An escape by itself is passed over, so that a string is tried once where it begins, not at each \" in it.
_STRINGS = re.compile(r'\\.|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'')


def shell_body(source: str) -> tuple[int, str] | None:
    """The first line (1-based) and the text of a cell that is all shell; None for any other.

    ``%%capture`` and ``%%time`` may stand before ``%%bash``.
    """
    at = 0
    while True:
        match = _CELL_MAGIC.match(source, at)
        if match is None:
            shell = _SHELL_CELL.match(source, at)
            if shell is None:
                return None
            start = shell.start("rest")
            return source.count("\n", 0, start) + 1, source[start:]
        name, rest = match.group("name"), match.group("rest").split()
        if name in _SHELL_CELLS or (name == "script" and rest[:1] in (["bash"], ["sh"], ["zsh"])):
            return source.count("\n", 0, match.end()) + 1, source[match.end() :]
        at = match.end()


def cell_lines(source: str) -> tuple[CellLine, ...]:
    """The logical lines of a Python cell; none of a cell in another language (``%%html``, say)."""
    physical = source.split("\n")
    found: list[CellLine] = []
    at = 0
    inside: str | None = None
    begun = False
    while at < len(physical):
        text = physical[at]
        magic = _CELL_MAGIC.fullmatch(text)
        if magic is not None and inside is None and not begun:
            if magic.group("name").lower() in _FOREIGN or magic.group("name") == "script":
                return ()
            found.append(_python_line("", at))
            at += 1
            continue
        line = _shell_line(physical, at) if inside is None else None
        if line is None:
            inside = _string_state(text, inside)
            line = _python_line(text, at)
        found.append(line)
        begun = begun or bool(line.text.strip())
        at = line.last
    return tuple(found)


def _python_line(text: str, at: int) -> CellLine:
    indent = text[: len(text) - len(text.lstrip())]
    return CellLine(kind=LineKind.PYTHON, text=text, line=at + 1, column=1, last=at + 1, indent=indent)


def _shell_line(physical: list[str], at: int) -> CellLine | None:
    first = physical[at]
    match = _SHELL_LINE.fullmatch(first) or _PIP_LINE.fullmatch(first) or _AUTOMAGIC.fullmatch(first)
    if match is None:
        return None
    last = at
    while physical[last].rstrip("\r").endswith("\\") and last + 1 < len(physical):
        last += 1
    text = "\n".join([match.group("text"), *physical[at + 1 : last + 1]])
    return CellLine(
        kind=LineKind.SHELL,
        text=text,
        line=at + 1,
        column=match.start("text") + 1,
        last=last + 1,
        indent=first[: len(first) - len(first.lstrip())],
    )


def _string_state(text: str, inside: str | None) -> str | None:
    """The triple quote that is open after a line of Python, given the one that was open before it."""
    at = 0
    while True:
        if inside is not None:
            end = text.find(inside, at)
            if end < 0:
                return inside
            at = end + 3
            inside = None
            continue
        start = _TRIPLE.search(text, at)
        if start is None:
            return None
        before = text[at : start.start()]
        # In a comment or within a one-line string it opens nothing.
        bare = _STRINGS.sub("", before)
        if "#" in bare:
            return None
        inside = start.group()
        at = start.end()
