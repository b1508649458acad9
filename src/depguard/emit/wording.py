"""Words, signs and line layout that the emitters share."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from depguard.model.finding import Verdict
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.report import RequestSummary

WIDTH = 100
"""Columns that text output keeps to where it can."""

VERDICT_WORDS = {
    Verdict.SAFE: "SAFE",
    Verdict.UNPROVEN: "UNPROVEN",
    Verdict.UNSAFE: "REFUSED",
    Verdict.UNSOLVABLE: "REFUSED",
}
"""What people read; JSON keeps the exact word."""

_SIGNS = {ActionKind.ADD: "+", ActionKind.REMOVE: "-"}
_COUNTED = (
    (ActionKind.ADD, "added"),
    (ActionKind.UPGRADE, "upgraded"),
    (ActionKind.DOWNGRADE, "downgraded"),
    (ActionKind.REPLACE, "replaced"),
    (ActionKind.REMOVE, "removed"),
)
_COLOURS = {"SAFE": "\033[1;32m", "UNPROVEN": "\033[1;33m", "REFUSED": "\033[1;31m"}
_RESET = "\033[0m"
_LOG_COMMAND = re.compile(r"(##(?:vso)?)\[")
_LINE_COMMAND = re.compile(r"^([ \t]*)::", re.MULTILINE)
_QUIET = re.compile(r"(?<!\S)(?:-q+|--quiet)\s+")
_INSTALL = re.compile(r"^[!%]?(uv )?(python3? -m )?pip3? install ")


def verdict_word(verdict: Verdict, *, colour: bool = False) -> str:
    """SAFE, UNPROVEN or REFUSED; the one word that ever has colour."""
    word = VERDICT_WORDS[verdict]
    return f"{_COLOURS[word]}{word}{_RESET}" if colour else word


def one_line(text: str) -> str:
    """Text from elsewhere on one line, control characters spelled out: it is quoted, never obeyed."""
    if not text.isprintable() or "  " in text or text[:1] == " " or text[-1:] == " ":
        text = re.sub(r"\s+", " ", text).strip()
    return spelled_out(text)


def spelled_out(text: str) -> str:
    """Text with control characters, invisible ones and lone surrogates as escapes, blanks as they are.

    So are the brackets of ``##[command]``, which a runner obeys anywhere in a line of its log.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return without_log_commands(text)


def without_log_commands(text: str) -> str:
    """Text in which ``##[command]`` and ``##vso[command]`` are none."""
    return _LOG_COMMAND.sub(r"\1\\x5b", text) if "##" in text else text


def inert(text: str) -> str:
    """Lines of which none begins with ``::``, as the commands do that a runner finds in its log."""
    return _LINE_COMMAND.sub(r"\1\\x3a:", text) if "::" in text else text


def title(request: RequestSummary, limit: int = 40) -> str:
    """What was asked, short: the tier, the command's own words, or the requirements."""
    if request.tier is not None:
        return one_line(request.tier)
    words = _QUIET.sub("", _INSTALL.sub("", one_line(request.command or "")))
    if words and len(words) <= limit:
        return words
    texts = [one_line(asked.text) for asked in request.requirements]
    if not texts:
        return one_line(request.command or "nothing")
    whole = ", ".join(texts)
    if len(whole) <= limit or len(texts) == 1:
        return whole
    return f"{texts[0]} and {len(texts) - 1} more"


def described(action: Action) -> str:
    """``+ name 1.0``, ``~ name 1.0 -> 1.1`` or ``- name 1.0``."""
    return f"{_SIGNS.get(action.kind, '~')} {action.name} {move(action)}"


def move(action: Action) -> str:
    """The versions of an action: ``1.0 -> 1.1``, or the one that there is."""
    old, new = (str(version) if version is not None else "" for version in (action.old, action.new))
    if action.kind is ActionKind.ADD:
        return new or "from a URL"
    if action.kind in (ActionKind.REMOVE, ActionKind.KEEP):
        return old or new or "of unknown version"
    return f"{old or '?'} -> {new or '?'}"


def counts(changes: ChangeSet) -> str:
    """``10 added, nothing replaced``, or ``10 added, 1 upgraded``."""
    found = [(sum(a.kind is kind for a in changes.changes), word) for kind, word in _COUNTED]
    said = [f"{number} {word}" for number, word in found if number]
    if said == [f"{found[0][0]} added"]:
        said.append("nothing replaced")
    return ", ".join(said) or "already installed, nothing to do"


def total_size(changes: ChangeSet) -> int | None:
    """Bytes to download, None where one file's size is not known."""
    total = 0
    for action in changes.changes:
        if action.kind is ActionKind.REMOVE:
            continue
        size = size_of(action)
        if size is None:
            return None
        total += size
    return total


def size_of(action: Action) -> int | None:
    """The size of an action's file in bytes, where it is known."""
    if action.size is not None:
        return action.size
    return action.artifact.size if action.artifact is not None else None


def megabytes(size: int) -> str:
    """Bytes as people say them: ``45.9 MB``, ``12 kB`` (powers of ten)."""
    if size >= 10**9:
        return f"{size / 10**9:.1f} GB"
    if size >= 10**6:
        return f"{size / 10**6:.1f} MB"
    return f"{max(1, round(size / 1000))} kB"


def moment(when: datetime) -> str:
    """A moment in UTC, whole seconds: ``2026-11-22T08:00:00Z``."""
    return when.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def listed(names: Sequence[str], shown: int) -> str:
    """``a, b and c``, or ``a, b, c and 4 more (-v)`` past ``shown``."""
    if len(names) > shown:
        return f"{', '.join(names[:shown])} and {len(names) - shown} more (-v)"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(number: int, noun: str) -> str:
    """``1 package``, ``2 packages``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def wrapped(text: str, *, first: str = "", rest: str | None = None) -> list[str]:
    """Lines within WIDTH; ``first`` leads the first of them, ``rest`` the others (default: as far in)."""
    lead = " " * len(first) if rest is None else rest
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=lead,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def table(rows: Iterable[tuple[str, ...]], *, indent: str = "  ", gap: str = "  ") -> list[str]:
    """Rows with their columns aligned; the last column wraps under itself."""
    cells = list(rows)
    if not cells:
        return []
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]) - 1)]
    lines: list[str] = []
    for row in cells:
        lead = indent + "".join(f"{cell:{width}}{gap}" for cell, width in zip(row, widths, strict=False))
        if row[-1]:
            # A lead that leaves no room is not worth keeping the last column in line for.
            lines += wrapped(row[-1], first=lead, rest=" " * (len(lead) if len(lead) <= 60 else 6))
        else:
            lines.append(lead.rstrip())
    return lines
