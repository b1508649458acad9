"""A long part of a file, fetched in pieces side by side.

What stands between an index and its readers often has all of a range before it sends any of it, and a single
connection seldom gets all that there is: of a part of two megabytes that nobody had asked for lately, four
pieces were there in half the time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise

from depguard.adapters.index.background import Job

GetRange = Callable[[int, int], bytes]
"""Gives the bytes of a file from its first argument up to, not including, its second."""

_LEAST = 1 << 19
"""Bytes of a piece: below that, one more request costs more than it saves."""
_MOST = 4


def side_by_side(get: GetRange, begin: int, end: int) -> list[bytes]:
    """Those bytes, a long part by several calls of ``get`` at once. Raises what they raise."""
    count = min((end - begin) // _LEAST, _MOST)
    if count < 2:
        return [get(begin, end)]
    edges = [begin + (end - begin) * number // count for number in range(count + 1)]
    first, *others = (Job(partial(get, *piece)) for piece in pairwise(edges))
    for job in others:
        with suppress(RuntimeError):  # no more threads are to be had: it is done below
            threading.Thread(target=job.run, name="depguard-range", daemon=True).start()
    return [first.result(), *(job.result() for job in others)]
