"""Work in several processes: copies of this one, which know what it knows, and each do a part."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple, TypeVar

T = TypeVar("T")

_NUMBER = 4
_MOST = (1 << 12) // _NUMBER
"""So many numbers any pipe holds before anybody reads: Linux makes them small for who has many."""


class _Copy(NamedTuple):
    """A copy of this process, and where it writes what it has done."""

    pid: int
    answers: int


class Forks:
    """A crew of this process and copies of it, ``size`` in all (default: one for each core it may use).

    Everything is done here, one part after the other, where copies would not pay or could do harm: there is
    one core or one part; another thread is at work (an index is being asked: a copy would have its locks, not
    the thread); the system is none on which processes can be copied safely.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size if size is not None else _cores()

    def each(self, work: Callable[[int], T], count: int) -> Iterator[T]:
        """What ``work`` gives for 0 up to ``count``, as `depguard.app.crew.Crew` says."""
        size = min(self._size, count)
        if size < 2 or count > _MOST or not _safe():
            return map(work, range(count))
        return self._shared_out(work, count, size)

    def _shared_out(self, work: Callable[[int], T], count: int, size: int) -> Iterator[T]:
        numbers = _numbers(count)
        copies: list[_Copy] = []
        done: dict[int, T | _Failed] = {}
        try:
            with suppress(OSError):  # no process, or no pipe, is to be had: fewer do it
                for _ in range(size - 1):
                    copies.append(_copy(work, numbers, copies))
            done.update(_parts(work, numbers))
            for copy in copies:
                done.update(_answers(copy))
        finally:
            os.close(numbers)
            _end(copies)
        for number in range(count):
            # Of a copy that gave no answers all is done here.
            made = done[number] if number in done else work(number)
            if isinstance(made, _Failed):
                raise made.error
            yield made


class _Failed(NamedTuple):
    """What was raised instead of an answer."""

    error: Exception


def may_copy() -> bool:
    """Whether a copy of this process can be made without harm, and has a core of its own to work on."""
    return _safe() and _cores() > 1


def _safe() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _numbers(count: int) -> int:
    """A pipe with the numbers of all parts: whoever is free takes the next one."""
    take, give = os.pipe()
    os.write(give, b"".join(number.to_bytes(_NUMBER) for number in range(count)))
    os.close(give)
    return take


def _parts(work: Callable[[int], T], numbers: int) -> dict[int, T | _Failed]:
    """What this process does of it."""
    done: dict[int, T | _Failed] = {}
    while taken := os.read(numbers, _NUMBER):
        number = int.from_bytes(taken)
        try:
            done[number] = work(number)
        except Exception as error:  # noqa: BLE001 - raised again for whoever asks, in the order of the parts
            done[number] = _Failed(error)
    return done


def _copy(work: Callable[[int], T], numbers: int, others: list[_Copy]) -> _Copy:
    take, give = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(take)
        os.close(give)
        raise
    if pid:
        os.close(give)
        return _Copy(pid, take)
    code = 1
    try:
        for fd in (take, *(other.answers for other in others)):
            os.close(fd)
        with os.fdopen(give, "wb") as answers:
            pickle.dump(_parts(work, numbers), answers, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)  # nothing of this process is tidied up twice


def _answers(copy: _Copy) -> dict[int, T | _Failed]:
    with open(copy.answers, "rb", closefd=False) as answers:
        try:
            found: dict[int, T | _Failed] = pickle.load(answers)  # noqa: S301 - from a copy of this process
        except Exception:  # noqa: BLE001 - killed, or an error that cannot be sent: done, and raised, here
            return {}
    return found


def _end(copies: list[_Copy]) -> None:
    """Let go of the copies; one that still writes finds nobody who reads, and ends."""
    for copy in copies:
        os.close(copy.answers)
    for copy in copies:
        os.waitpid(copy.pid, 0)
