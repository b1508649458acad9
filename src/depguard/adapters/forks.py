"""Work in several processes: copies of this one, which know what it knows, and each do a part."""

from __future__ import annotations

import copyreg
import gc
import os
import pickle
import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO, NamedTuple, TypeVar

from packaging.requirements import Requirement

from depguard.adapters.copies import cores, is_safe
from depguard.parse.requirement_cache import requirement, stated_text

T = TypeVar("T")

_NUMBER = 4
_OFFSET = 8
_MOST = (1 << 12) // _OFFSET
"""So many numbers any pipe holds before anybody reads: Linux makes them small for who has many."""


class _Copy:
    """A copy of this process.

    What it has done it puts into a file in memory, one behind the other, and says through a pipe how far that
    goes: so it never waits for anybody to read what it has to tell.
    """

    def __init__(self, pid: int, told: int, answers: int) -> None:
        self.pid = pid
        self._told = told
        self._answers = answers
        self._read = 0

    @property
    def descriptors(self) -> tuple[int, int]:
        """What has to be closed."""
        return self._told, self._answers

    def done(self, *, wait: bool) -> Iterator[tuple[int, Any]]:
        """What it has done since the last time, or, with ``wait``, all that it does."""
        poll = select.poll()
        poll.register(self._told, select.POLLIN)
        while (wait or poll.poll(0)) and (told := os.read(self._told, _OFFSET)):
            end = int.from_bytes(told)
            data = os.pread(self._answers, end - self._read, self._read)
            self._read = end
            part: tuple[int, Any] | None = None
            with suppress(Exception):  # what cannot be told, an odd error say, is done once more by who asked
                part = pickle.loads(data)  # noqa: S301 - from a copy of this process
            if part is not None:
                yield part

    def let_go(self) -> None:
        """Hear no more of it; if it still works, it finds nobody to tell, and ends."""
        for descriptor in self.descriptors:
            os.close(descriptor)

    def wait(self) -> None:
        """Until it has ended."""
        with suppress(ChildProcessError):  # where SIGCHLD is ignored, nobody need wait
            os.waitpid(self.pid, 0)


class Forks:
    """A crew of this process and copies of it, ``size`` in all (default: one for each core it may use).

    Everything is done here, one part after the other, where copies would not pay or could do harm: there is
    one core or one part; another thread is at work (an index is being asked: a copy would have its locks, not
    the thread); the system is none on which processes can be copied safely.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size if size is not None else cores()

    def each(self, work: Callable[[int], T], count: int) -> Iterator[T]:
        """What ``work`` gives for 0 up to ``count``, as `depguard.app.crew.Crew` says."""
        size = min(self._size, count)
        if size < 2 or count > _MOST or not is_safe():
            return map(work, range(count))
        return self._shared_out(work, count, size)

    def _shared_out(self, work: Callable[[int], T], count: int, size: int) -> Iterator[T]:
        runs = _runs(count, size)
        copies: list[_Copy] = []
        done: dict[int, T | _Failed] = {}
        try:
            with suppress(OSError):  # no process, or no pipe, is to be had: fewer do it
                for at in range(1, size):
                    copies.append(_copy(work, (*runs[at:], *runs[:at]), copies))
            for number, made in _parts(work, runs):
                done[number] = made
                for copy in copies:  # meanwhile, so that little is left to be read at the end
                    done.update(copy.done(wait=False))
            for copy in copies:
                done.update(copy.done(wait=True))
        finally:
            for numbers in runs:
                os.close(numbers)
            for copy in copies:
                copy.let_go()
            for copy in copies:
                copy.wait()
        for number in range(count):
            # What a copy gave no answer to is done here.
            made = done[number] if number in done else work(number)
            if isinstance(made, _Failed):
                raise made.error
            yield made


class _Failed(NamedTuple):
    """What was raised instead of an answer."""

    error: Exception


def _runs(count: int, size: int) -> tuple[int, ...]:
    """A pipe for each process with the numbers of its parts: neighbours, which often look at the same things.

    Whoever has done its own takes what is left of the others'.
    """
    runs: list[int] = []
    for at in range(size):
        take, give = os.pipe()
        run = range(count * at // size, count * (at + 1) // size)
        os.write(give, b"".join(number.to_bytes(_NUMBER) for number in run))
        os.close(give)
        runs.append(take)
    return tuple(runs)


def _parts(work: Callable[[int], T], runs: Sequence[int]) -> Iterator[tuple[int, T | _Failed]]:
    """What this process does of it, run by run."""
    for numbers in runs:
        while taken := os.read(numbers, _NUMBER):
            number = int.from_bytes(taken)
            made: T | _Failed
            try:
                made = work(number)
            except Exception as error:  # noqa: BLE001 - raised again for whoever asks, in the order of the parts
                made = _Failed(error)
            yield number, made


def _copy(work: Callable[[int], T], runs: Sequence[int], others: Sequence[_Copy]) -> _Copy:
    answers = _in_memory()
    try:
        hears, says = os.pipe()
    except OSError:
        os.close(answers)
        raise
    try:
        pid = os.fork()
    except OSError:
        for descriptor in (answers, hears, says):
            os.close(descriptor)
        raise
    if pid:
        os.close(says)
        return _Copy(pid, hears, answers)
    code = 1
    try:
        gc.freeze()  # what was there before is not looked through again: that would make copies of it all
        for descriptor in (hears, *(each for other in others for each in other.descriptors)):
            os.close(descriptor)
        with os.fdopen(answers, "wb") as file:
            for part in _parts(work, runs):
                _put(file, part)
                os.write(says, file.tell().to_bytes(_OFFSET))
        code = 0
    finally:
        os._exit(code)  # nothing of this process is tidied up twice


def _in_memory() -> int:
    """A file that nobody else sees, in memory where Python knows how."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("depguard-answers")
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _by_text(made: Requirement) -> tuple[Callable[..., Requirement], tuple[str]]:
    """As its text: whoever is told has parsed most of them before."""
    return requirement, (stated_text(made),)


_REDUCERS = {**copyreg.dispatch_table, Requirement: _by_text}
"""How values are told: as pickle does, but for requirements, of which packaging would tell every part."""


def _put(file: BinaryIO, part: tuple[int, object]) -> None:
    pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _REDUCERS
    pickler.dump(part)
    file.flush()
