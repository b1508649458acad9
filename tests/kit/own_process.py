"""A new process of Python for what the test's own process is no place for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_METHODS = multiprocessing.get_all_start_methods()
_CONTEXT = multiprocessing.get_context("forkserver" if "forkserver" in _METHODS else "spawn")
if "forkserver" in _METHODS:
    # What nearly all of them need is imported once, by a process that does nothing else.
    _CONTEXT.set_forkserver_preload(
        [
            "pytest",
            "kit.index_bench",
            "kit.loopback",
            "depguard.adapters.index.contents",
            "depguard.adapters.index.kept_contents",
            "depguard.adapters.index.pools",
            "depguard.app.plan_many",
        ]
    )


def in_own_process(work: Callable[..., T], *given: object) -> T:
    """What ``work`` (found by its name) gives in a process with one thread and nothing of earlier tests.

    The process of a test may have threads of other tests and of pytest's: `os.fork` is unsafe there, from
    Python 3.12 on it says so, and `depguard.adapters.forks.Forks` makes no copies.
    """
    with ProcessPoolExecutor(1, mp_context=_CONTEXT) as pool:
        return pool.submit(work, *given).result()
