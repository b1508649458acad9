"""Calls in Python that start an installer: ``os.system("pip …")``, ``subprocess.run([sys.executable, …])``.

What is written out is read like any other command; what is computed is a doubt.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

from depguard.model.location import Location
from depguard.parse.cell_lines import CellLine, LineKind
from depguard.parse.shell_words import Word
from depguard.records import dataclass

_HINT = re.compile(r"\b(pip3?|uv|conda)\b")
_INSTALLS = re.compile(r"\b(install|uninstall|sync)\b")
_FUNCTIONS = frozenset(
    {
        "os.system",
        "os.popen",
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.Popen",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
    }
)
_SHORT = frozenset(name.rpartition(".")[2] for name in _FUNCTIONS if name.startswith("subprocess."))
_IPYTHON = frozenset({"system", "getoutput"})
_PIP_MAIN = frozenset({"pip.main", "pip._internal.main", "pip._internal.cli.main.main", "pipmain"})
_BLOCKS = (ast.If, ast.For, ast.While, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallCall:
    """A call that may install: its words, or its shell text, or neither when it is computed."""

    location: Location
    text: str
    conditional: bool
    words: tuple[Word, ...] | None = None
    shell: str | None = None


def calls(source: str, lines: Sequence[CellLine], file: str, cell: int | None) -> tuple[InstallCall, ...]:
    """The calls in the Python lines of a cell, in no particular order."""
    if not _HINT.search(source) or not _INSTALLS.search(source) or "(" not in source:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in somebody else's strings
            tree = ast.parse(_python_only(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tuple(_by_text(lines, file, cell))
    try:
        return tuple(_Calls(file, cell).visit_all(tree))
    except RecursionError:  # an expression too deep to be written out again
        return tuple(_by_text(lines, file, cell))


def _python_only(lines: Sequence[CellLine]) -> str:
    """The cell with each shell line replaced by ``pass``, so that it parses and keeps its line numbers."""
    out: list[str] = []
    for line in lines:
        if line.kind is LineKind.PYTHON:
            # Other magics ("%matplotlib inline", "?name") are no Python either.
            magic = re.match(r"(\s*)[%?]", line.text)
            out.append(f"{magic.group(1)}pass" if magic else line.text)
        else:
            out.append(f"{line.indent}pass")
            out += [""] * (line.last - line.line)
    return "\n".join(out)


def _by_text(lines: Sequence[CellLine], file: str, cell: int | None) -> Iterator[InstallCall]:
    """Lines of Python that does not parse, which look like such a call."""
    pattern = re.compile(r"(os\.system|os\.popen|subprocess\.\w+|check_call|check_output)\s*\(")
    for line in lines:
        bare = line.text.lstrip()
        if line.kind is not LineKind.PYTHON or bare.startswith("#") or not pattern.search(bare):
            continue
        if _HINT.search(bare) and _INSTALLS.search(bare):
            place = Location(file, line.line, line.column, cell)
            yield InstallCall(location=place, text=bare.rstrip(), conditional=bool(line.indent))


class _Calls:
    def __init__(self, file: str, cell: int | None) -> None:
        self._file = file
        self._cell = cell

    def visit_all(self, node: ast.AST, *, conditional: bool = False) -> Iterator[InstallCall]:
        pending = [(node, conditional)]
        while pending:
            here, inside = pending.pop()
            if isinstance(here, ast.Call):
                found = self._call(here, conditional=inside)
                if found is not None:
                    yield found
            inside = inside or isinstance(here, _BLOCKS)
            pending += [(child, inside) for child in ast.iter_child_nodes(here)]

    def _call(self, call: ast.Call, *, conditional: bool) -> InstallCall | None:
        name = _dotted(call.func)
        if name in _PIP_MAIN and call.args:
            return self._made(call, call.args[0], conditional=conditional, prefix="pip")
        if name.endswith(".run_line_magic") and len(call.args) == 2:
            magic = call.args[0]
            if isinstance(magic, ast.Constant) and isinstance(magic.value, str):
                return self._made(call, call.args[1], conditional=conditional, prefix=magic.value)
            return None
        last = name.rpartition(".")[2]
        known = (
            name in _FUNCTIONS or (name in _SHORT) or (name.startswith("get_ipython") and last in _IPYTHON)
        )
        if not known or not call.args:
            return None
        return self._made(call, call.args[0], conditional=conditional)

    def _made(
        self, call: ast.Call, argument: ast.expr, *, conditional: bool, prefix: str = ""
    ) -> InstallCall | None:
        place = Location(self._file, argument.lineno, argument.col_offset + 1, self._cell)
        text = ast.unparse(call)
        words = self._words(argument)
        shell = None if words is not None else _shell_text(argument)
        if words is None and shell is None:
            if not (_HINT.search(text) and _INSTALLS.search(text)):
                return None
        elif words is not None and prefix:
            words = (Word(prefix, place), *words)
        elif shell is not None and prefix:
            shell = f"{prefix} {shell}"
        if words is not None and not words:
            return None
        return InstallCall(location=place, text=text, conditional=conditional, words=words, shell=shell)

    def _words(self, argument: ast.expr) -> tuple[Word, ...] | None:
        """The words of a list, of a ``"…".split()``."""
        if isinstance(argument, ast.Call) and _dotted(argument.func).endswith("split"):
            function = argument.func
            value = function.value if isinstance(function, ast.Attribute) else None
            inner = argument.args[0] if argument.args else None
            text = _shell_text(value) if value is not None else None
            if text is None and inner is not None:
                text = _shell_text(inner)
            place = Location(self._file, argument.lineno, argument.col_offset + 1, self._cell)
            return None if text is None else tuple(_word(part, place) for part in text.split())
        if not isinstance(argument, ast.List | ast.Tuple):
            return None
        return tuple(self._element(element) for element in argument.elts)

    def _element(self, element: ast.expr) -> Word:
        place = Location(self._file, element.lineno, element.col_offset + 1, self._cell)
        text = _shell_text(element)
        return (
            Word(ast.unparse(element), place, "a Python expression") if text is None else _word(text, place)
        )


def _word(text: str, place: Location) -> Word:
    computed = re.search(r"\{[^}]+\}", text)
    return Word(text, place, f"the value of {computed.group()} is not known" if computed else None)


def _shell_text(argument: ast.expr) -> str | None:
    """A string's text; in an f-string, what is computed stays in braces."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if isinstance(argument, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else "{" + (ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else "") + "}"
            for part in argument.values
        )
    return None


def _dotted(function: ast.expr) -> str:
    """``os.system`` as text; calls on the way stay (``get_ipython().system``)."""
    parts: list[str] = []
    while True:
        if isinstance(function, ast.Attribute):
            parts.append(function.attr)
            function = function.value
        elif isinstance(function, ast.Call):
            function = function.func
        else:
            break
    if isinstance(function, ast.Name):
        parts.append(function.id)
    return ".".join(reversed(parts))
