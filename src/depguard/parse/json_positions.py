"""Where in a JSON text a value stands. Used only once something is wrong: it reads the text again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from depguard.model.location import Location

_BLANKS = " \t\r\n"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def position(text: str, path: Sequence[str | int], label: str) -> Location:
    """The place of the value at ``path``, or of the deepest part of the path that is there.

    ``text`` has to be JSON (RFC 8259) that ``json.loads`` takes.
    """
    at = _blank(text, 0)
    for step in path:
        found = _member(text, at, step)
        if found is None:
            break
        at = found
    line = text.count("\n", 0, at) + 1
    return Location(label, line, at - (text.rfind("\n", 0, at) + 1) + 1)


def _member(text: str, at: int, step: str | int) -> int | None:
    """Where the member ``step`` of the object or array at ``at`` begins."""
    if text[at] not in "{[":
        return None
    keyed = text[at] == "{"
    found: int | None = None
    at = _blank(text, at + 1)
    index = 0
    while text[at] not in "}]":
        key: str | int = index
        if keyed:
            end = _string_end(text, at)
            key = json.loads(text[at:end])
            at = _blank(text, _blank(text, end) + 1)
        if key == step:
            found = at  # json.loads takes the last one of equal keys
        at = _blank(text, _end(text, at))
        if text[at] == ",":
            at = _blank(text, at + 1)
        index += 1
    return found


def _end(text: str, at: int) -> int:
    """One past the value that begins at ``at``."""
    if text[at] == '"':
        return _string_end(text, at)
    if text[at] not in "{[":
        while at < len(text) and text[at] not in ",]}" + _BLANKS:
            at += 1
        return at
    depth = 0
    while True:
        if text[at] == '"':
            at = _string_end(text, at)
            continue
        depth += (text[at] in "{[") - (text[at] in "}]")
        at += 1
        if depth == 0:
            return at


def _string_end(text: str, at: int) -> int:
    match = _STRING.match(text, at)
    return match.end() if match is not None else len(text)


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
