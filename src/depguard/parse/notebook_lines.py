"""Where a line of a notebook's cell stands in the file: for tools that show files, not cells."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from depguard.parse.json_positions import position


@lru_cache(maxsize=4)  # findings of one line come together; a notebook may have 100 MB
def file_line(text: str, cell: int, line: int) -> int | None:
    """The line of the file where a line of a cell (both 1-based) begins; None where it has none.

    ``text`` is a notebook that `notebook_cells` takes. A cell that is one string stands on one line.
    """
    try:
        source = _cells(text)[cell - 1]["source"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    path: list[str | int] = ["cells", cell - 1, "source"]
    if isinstance(source, list):
        index = _element(source, line)
        if index is None:
            return None
        path.append(index)
    return position(text.removeprefix("\ufeff"), path, "").line


@lru_cache(maxsize=2)  # those of one notebook, too, as it was and as it is
def _cells(text: str) -> Any:
    return json.loads(text.removeprefix("\ufeff"))["cells"]


def _element(source: list[object], line: int) -> int | None:
    """The element of a cell's source in which a line begins."""
    begun = 1
    for index, element in enumerate(source):
        if not isinstance(element, str):
            return None
        if begun <= line < begun + element.count("\n") + (not element.endswith("\n")):
            return index
        begun += element.count("\n")
    return None
