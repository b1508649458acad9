"""Markdown within a size, whatever it tells: what does not fit is left out, and that is said.

GitHub takes comments of 65,536 characters and job summaries of 1 MiB, and refuses longer ones whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

COMMENT_BYTES = 65_000
"""A comment, in UTF-8, where it is never shorter than in characters."""
SUMMARY_BYTES = 1_000_000
"""A job summary."""

_ROOM_TO_SAY_SO = 200


def fitted(parts: Iterable[str], *, closing: str, limit: int) -> str:
    """The parts, an empty line between, and ``closing``, in ``limit`` bytes at most. Ends in a newline.

    The first part is the summary and always stays. A later one that does not fit loses lines from its end
    (of a table and of ``<details>`` what holds them together stays), or is left out; smaller ones after it
    still get their place.
    """
    first, *rest = [part for part in parts if part]
    end = f"\n\n{closing}" if closing else ""
    room = limit - _size(first) - _size(end) - _ROOM_TO_SAY_SO
    told = [first]
    cut = 0
    for part in rest:
        kept = part if _size(part) + 2 <= room else _shortened(part, room - 2)
        cut += kept is not part
        if kept:
            told.append(kept)
            room -= _size(kept) + 2
    if cut:
        told.append(f"Cut to {limit:,} bytes: {cut} of {len(rest)} parts are shorter or missing here.")
    return "\n\n".join(told) + end + "\n"


def _shortened(part: str, room: int) -> str:
    """The part with as many lines as there is room for, and how many are missing; empty when none fits."""
    lines = part.split("\n")
    head, tail = _frame(lines)
    inside = lines[head : len(lines) - tail]
    frame = (*lines[:head], *lines[len(lines) - tail :])
    room -= sum(_size(line) + 1 for line in frame) + len("- and 1000000 more lines")
    kept = 0
    for line in inside:
        room -= _size(line) + 1
        if room < 0:
            break
        kept += 1
    if not kept:
        return ""
    # A table ends with its last row: what comes after it would be one.
    missing = [f"- and {len(inside) - kept} more lines"] if not lines[0].startswith("|") else []
    return "\n".join([*lines[:head], *inside[:kept], *missing, *lines[len(lines) - tail :]])


def _frame(lines: Sequence[str]) -> tuple[int, int]:
    """How many lines at the start and at the end hold a part together."""
    if lines[0].startswith("<details>"):
        return 2, 2
    return (2, 0) if lines[0].startswith("|") else (0, 0)


def _size(text: str) -> int:
    return len(text.encode())
