"""Globs over paths: ``*`` and ``?`` inside a folder, ``**`` over any number of them, ``!`` takes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache


def selection(globs: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path is meant by the globs: by one of them, and by none that begins with ``!``."""
    wanted = [_pattern(glob) for glob in globs if not glob.startswith("!")]
    unwanted = [_pattern(glob[1:]) for glob in globs if glob.startswith("!")]

    def selected(path: str) -> bool:
        return any(p.fullmatch(path) for p in wanted) and not any(p.fullmatch(path) for p in unwanted)

    return selected


@lru_cache(maxsize=256)
def _pattern(glob: str) -> re.Pattern[str]:
    """One part after the other; runs of ``**`` count once, so that none makes the match slow."""
    parts: list[str] = []
    for part in glob.split("/"):
        if part != "**" or parts[-1:] != ["**"]:
            parts.append(part)
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
