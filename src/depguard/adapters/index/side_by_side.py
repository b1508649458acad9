"""A long part of a file, fetched in two pieces side by side.

What stands between an index and its readers often has all of a range before it sends any of it, and a single
connection seldom gets all that there is: two pieces of a part of two megabytes were there in a third of the
time. More of them were no faster, and every request costs a millisecond of work, a new connection three.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from depguard.adapters.index.background import Job

GetRange = Callable[[int, int], bytes]
"""Gives the bytes of a file from its first argument up to, not including, its second."""

_LEAST = 3 << 18
"""Bytes of a piece: below that, one more request costs more than it saves."""


def side_by_side(get: GetRange, begin: int, end: int) -> list[bytes]:
    """Those bytes, a long part by two calls of ``get`` at once. Raises what they raise."""
    middle = begin + (end - begin) // 2
    if middle - begin < _LEAST:
        return [get(begin, end)]
    second = Job(lambda: get(middle, end))
    with suppress(RuntimeError):  # no more threads are to be had: it is done below
        threading.Thread(target=second.run, name="depguard-range", daemon=True).start()
    return [get(begin, middle), second.result()]
