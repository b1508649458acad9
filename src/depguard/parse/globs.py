"""Globs over paths: ``*`` and ``?`` inside a folder, ``**`` over any number of them, ``!`` takes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache


def selection(globs: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is meant by the globs: by one of them, and by none that begins with ``!``."""
    wanted = [_matcher(glob) for glob in globs if not glob.startswith("!")]
    unwanted = [_matcher(glob[1:]) for glob in globs if glob.startswith("!")]

    def selected(path: str) -> bool:
        return any(fits(path) for fits in wanted) and not any(fits(path) for fits in unwanted)

    return selected


@lru_cache(maxsize=256)
def _matcher(glob: str) -> Callable[[str], bool]:
    """What matches one glob: a regular expression where it has few stars, of which it would try all ways."""
    parts = _parts(glob)
    if parts.count("**") <= 1 and all(part.count("*") <= 2 for part in parts):
        pattern = _pattern(glob)
        return lambda path: pattern.fullmatch(path) is not None
    if parts[-1] == "**":
        parts.append("*")  # something has to be in the folder
    return lambda path: _fits(parts, path.split("/"), "**", _fits_part)


def _fits_part(part: str, name: str) -> bool:
    return _fits(part, name, "*", lambda sign, character: sign in ("?", character))


def _fits(pattern: Sequence[str], items: Sequence[str], star: str, one: Callable[[str, str], bool]) -> bool:
    """Whether items fit a pattern in which ``star`` stands for any number of them.

    On a mismatch only the last star takes one more: quadratic at worst, whatever somebody writes.
    """
    at = item = 0
    back: tuple[int, int] | None = None
    while item < len(items):
        if at < len(pattern) and pattern[at] == star:
            back = (at, item)
            at += 1
        elif at < len(pattern) and one(pattern[at], items[item]):
            at += 1
            item += 1
        elif back is not None:
            back = (back[0], back[1] + 1)
            at, item = back[0] + 1, back[1]
        else:
            return False
    return all(sign == star for sign in pattern[at:])


def _parts(glob: str) -> list[str]:
    """The folders of a glob; runs of ``**`` count once, and so do runs of ``*`` within a name."""
    parts: list[str] = []
    for part in glob.split("/"):
        if part != "**" or parts[-1:] != ["**"]:
            parts.append(part if part == "**" else re.sub(r"\*+", "*", part))
    return parts


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """One part after the other."""
    parts = _parts(glob)
    text = ""
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == "**":
            text += ".*" if last else "(?:.*/)?"
        else:
            text += _within(part) + ("" if last else "/")
    return re.compile(text, re.DOTALL)


def _within(part: str) -> str:
    """A part without ``/``: runs of ``*`` count once."""
    pieces = re.split(r"(\*+|\?)", part)
    signs = {"?": "[^/]"}
    return "".join("[^/]*" if p.startswith("*") else signs.get(p) or re.escape(p) for p in pieces if p)
