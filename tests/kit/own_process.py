"""A new process of Python for what the test's own process is no place for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_own_process(work: Callable[..., T], *given: object) -> T:
    """What ``work`` (found by its name) gives in a process with one thread and nothing of earlier tests.

    The process of a test may have threads of other tests and of pytest's: `os.fork` is unsafe there, from
    Python 3.12 on it says so, and `depguard.adapters.forks.Forks` makes no copies.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()
