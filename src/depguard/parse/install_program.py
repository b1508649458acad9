"""Which installer a command line starts, under whatever name, prefix or interpreter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from depguard.model.policy import Installer
from depguard.parse.shell_words import Word
from depguard.records import dataclass

_PIP = re.compile(r"pip(?P<version>\d(\.\d+)?)?(\.exe)?", re.IGNORECASE)
_PYTHON = re.compile(r"(python|pypy|py)(?P<version>\d(\.\d+)?)?(\.exe)?", re.IGNORECASE)
# "{sys.executable}", "$PYTHON": whatever it is called, it is the interpreter that runs the notebook.
_INTERPRETER = re.compile(r"[{$(]*[A-Za-z_.]*(executable|python)[A-Za-z_.]*[})]*", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SETTING = re.compile(r"(PIP|UV)_[A-Z0-9_]+=")

# What may stand before a command, with its options that take a value.
_PREFIXES: dict[str, frozenset[str]] = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T"}),
    "time": frozenset({"-f", "-o"}),
    "env": frozenset({"-u", "-C", "-S"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "timeout": frozenset({"-s", "-k"}),
    "nohup": frozenset(),
    "exec": frozenset(),
    "command": frozenset(),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "xvfb-run": frozenset(),
}
_KEYWORDS = frozenset({"then", "do", "else", "elif", "if", "while", "until", "!", "{", "("})

_OTHER_TOOLS: dict[str, frozenset[str]] = {
    "conda": frozenset({"install", "update", "upgrade", "remove", "uninstall"}),
    "mamba": frozenset({"install", "update", "upgrade", "remove", "uninstall"}),
    "micromamba": frozenset({"install", "update", "upgrade", "remove", "uninstall"}),
    "poetry": frozenset({"add", "install", "update", "remove", "sync"}),
    "pipenv": frozenset({"install", "update", "uninstall", "sync"}),
    "pdm": frozenset({"add", "install", "update", "remove", "sync"}),
    "pixi": frozenset({"add", "install", "update", "remove"}),
    "easy_install": frozenset(),
}
_UV_PROJECT = frozenset({"add", "sync", "remove"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An installer call: the words after its name.

    ``foreign`` is a tool that changes the environment and is not modelled ("conda install").
    ``unmodelled`` names what its start already changes (a PIP_… setting, another Python).
    """

    installer: Installer
    rest: tuple[Word, ...]
    foreign: str | None = None
    unmodelled: tuple[str, ...] = ()
    conditional: bool = False


def find_program(words: Sequence[Word]) -> Program | None:
    """The installer that these words start; None when they start something else."""
    rest, settings, conditional = _strip_prefixes(list(words))
    if not rest:
        return None
    name = _base(rest[0].text)
    pip = _PIP.fullmatch(name)
    found: Program | None = None
    if pip is not None:
        found = Program(
            installer=Installer.PIP, rest=tuple(rest[1:]), unmodelled=_python(pip, name, settings)
        )
    elif name in ("uv", "uv.exe"):
        found = _uv(rest[1:], settings)
    elif name in _OTHER_TOOLS:
        found = _other(name, rest)
    elif (python := _PYTHON.fullmatch(name)) or _INTERPRETER.fullmatch(rest[0].text):
        found = _module(rest[1:], _python(python, name, settings))
    if found is None or not conditional:
        return found
    return Program(
        installer=found.installer,
        rest=found.rest,
        foreign=found.foreign,
        unmodelled=found.unmodelled,
        conditional=True,
    )


def _base(text: str) -> str:
    return text.replace("\\", "/").rpartition("/")[2]


def _strip_prefixes(words: list[Word]) -> tuple[list[Word], tuple[str, ...], bool]:
    """The words without shell keywords, assignments and ``sudo``; the settings met; whether in an if."""
    settings: list[str] = []
    conditional = False
    while words:
        text = words[0].text
        if text in _KEYWORDS:
            conditional = conditional or text not in ("!", "{", "(")
            words = words[1:]
        elif _ASSIGNMENT.match(text):
            if _SETTING.match(text):
                settings.append(text.partition("=")[0])
            words = words[1:]
        elif text in _PREFIXES:
            words = _after_prefix(words, _PREFIXES[text])
        else:
            break
    return words, tuple(settings), conditional


def _after_prefix(words: list[Word], with_value: frozenset[str]) -> list[Word]:
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        at += 2 if words[at].text in with_value else 1
    # "timeout 600 pip …", "nice 10 …": a bare number belongs to the prefix.
    if at < len(words) and re.fullmatch(r"\d+(\.\d+)?[smhd]?", words[at].text):
        at += 1
    return words[at:]


def _python(match: re.Match[str] | None, name: str, settings: tuple[str, ...]) -> tuple[str, ...]:
    """``pip3.7`` installs for a Python that need not be the host's."""
    version = match.group("version") if match is not None else None
    other = version is not None and version != "3"
    return (*settings, f"{name} (is it the host's Python?)") if other else settings


def _module(words: list[Word], unmodelled: tuple[str, ...]) -> Program | None:
    """``-u -m pip …``: the words after the interpreter's own options."""
    at = next(
        (i for i, word in enumerate(words) if not word.text.startswith("-") or word.text[:2] == "-m"), None
    )
    if at is None or not words[at].text.startswith("-m"):
        return None
    attached = words[at].text.removeprefix("-m")
    called = [Word(attached)] if attached else []
    called += words[at + 1 :]
    if not called:
        return None
    if called[0].text in ("pip", "pip3"):
        return Program(installer=Installer.PIP, rest=tuple(called[1:]), unmodelled=unmodelled)
    return _uv(called[1:], unmodelled) if called[0].text == "uv" else None


def _uv(words: Sequence[Word], unmodelled: tuple[str, ...]) -> Program | None:
    verb = next((word.text for word in words if not word.text.startswith("-")), None)
    if verb in _UV_PROJECT:
        return Program(installer=Installer.UV, rest=tuple(words), foreign=f"uv {verb}")
    return Program(installer=Installer.UV, rest=tuple(words), unmodelled=unmodelled)


def _other(name: str, words: list[Word]) -> Program | None:
    verb = next((word.text for word in words[1:] if not word.text.startswith("-")), None)
    verbs = _OTHER_TOOLS[name]
    if verbs and verb not in verbs:
        return None
    return Program(
        installer=Installer.PIP,
        rest=tuple(words[1:]),
        foreign=f"{name} {verb}" if verbs else name,
    )
