"""Work in several processes: copies of this one, which know what it knows, and each do a part."""

from __future__ import annotations

import copyreg
import gc
import io
import os
import pickle
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar

from packaging.requirements import Requirement

from depguard.adapters.copies import cores, is_safe
from depguard.parse.requirement_cache import requirement, stated_text

T = TypeVar("T")

_OFFSET = 8
_FREE, _TAKEN = b"\0", b"\1"


class _Copy:
    """A copy of this process.

    What it has done it puts into a file in memory, one behind the other, and says through a pipe how far that
    goes: so it does not wait for anybody to read what it has to tell, but for hundreds of answers at once.
    They are one pickle: what an answer has in common with one before it is told once.
    """

    def __init__(self, pid: int, told: int, answers: int) -> None:
        self.pid = pid
        self._told = told
        self._answers = answers
        self._read = 0
        self._heard = io.BytesIO()
        self._unpickler = pickle.Unpickler(self._heard)  # noqa: S301 - from a copy of this process
        self._understood = True

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
            self._hear(os.pread(self._answers, end - self._read, self._read))
            self._read = end
            if not self._understood:
                continue
            try:
                part = self._unpickler.load()
            except Exception:  # noqa: BLE001 - an odd error, say: whoever asked does it and what follows
                self._understood = False
            else:
                yield part

    def _hear(self, data: bytes) -> None:
        self._heard.seek(0)
        self._heard.truncate()
        self._heard.write(data)
        self._heard.seek(0)

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

    def each(self, work: Callable[[int], T], count: int, *, group: int = 1) -> Iterator[T]:
        """What ``work`` gives for 0 up to ``count``, as `depguard.app.crew.Crew` says."""
        size = min(self._size, count)
        if size < 2 or not is_safe():
            return map(work, range(count))
        if -(-count // group) < size:  # there is not one for each process
            group = 1
        return self._shared_out(work, count, size, group)

    def _shared_out(self, work: Callable[[int], T], count: int, size: int, group: int) -> Iterator[T]:
        try:
            board = _Board(count, size, group)
        except OSError:
            yield from map(work, range(count))
            return
        copies: list[_Copy] = []
        answers: _Answers[T] = _Answers()
        try:
            with suppress(OSError):  # no process, or no pipe, is to be had: fewer do it
                for at in range(1, size):
                    copies.append(_copy(work, board, at, copies))
            for made in _parts(work, board, 0):
                answers.add([made])
                for copy in copies:  # meanwhile, so that little is left to be read at the end
                    answers.add(copy.done(wait=False))
                yield from answers.next_ones()
            for copy in copies:
                answers.add(copy.done(wait=True))
                yield from answers.next_ones()
            while answers.given < count:  # What a copy gave no answer to is done here.
                answers.add([(answers.given, work(answers.given))])
                yield from answers.next_ones()
        finally:
            board.close()
            for copy in copies:
                copy.let_go()
            for copy in copies:
                copy.wait()


class _Answers(Generic[T]):
    """What is done of the parts, given in their order; ``given`` are gone."""

    def __init__(self) -> None:
        self.given = 0
        self._done: dict[int, T | _Failed] = {}

    def add(self, made: Iterable[tuple[int, T | _Failed]]) -> None:
        self._done.update(made)

    def next_ones(self) -> Iterator[T]:
        """Those that follow what was given, as far as they are there. Raises what was raised for one."""
        while self.given in self._done:
            made = self._done.pop(self.given)
            self.given += 1
            if isinstance(made, _Failed):
                raise made.error
            yield made


class _Failed(NamedTuple):
    """What was raised instead of an answer."""

    error: Exception


class _Board:
    """Which groups of parts are taken, on a file in memory. Each of ``size`` processes has a run of them."""

    def __init__(self, count: int, size: int, group: int = 1) -> None:
        self._file = memory_file()
        self._groups = [range(begin, min(begin + group, count)) for begin in range(0, count, group)]
        os.write(self._file, _FREE * len(self._groups))
        edges = [len(self._groups) * at // size for at in range(size + 1)]
        self._runs = [range(begin, end) for begin, end in pairwise(edges)]

    def parts(self, at: int) -> Iterator[int]:
        """The parts that are left for the process of a number, a group taken when it comes to it.

        Its own first, which often look at the same things, in order. Whoever has done those takes what is
        left of the others', from the end: what these come to next they know most of.
        """
        own, *others = (*self._runs[at:], *self._runs[:at])
        for group in (*own, *(group for run in others for group in reversed(run))):
            if self._take(group):
                yield from self._groups[group]

    def _take(self, group: int) -> bool:
        import fcntl  # not where no copies are made

        # The system lets go of a lock when its process ends, however it does.
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, group)
        try:
            free = os.pread(self._file, 1, group) == _FREE
            os.pwrite(self._file, _TAKEN, group)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, group)
        return free

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _parts(work: Callable[[int], T], board: _Board, at: int) -> Iterator[tuple[int, T | _Failed]]:
    """What the process of a number does of it."""
    for number in board.parts(at):
        made: T | _Failed
        try:
            made = work(number)
        except Exception as error:  # noqa: BLE001 - raised again for whoever asks, in the order of the parts
            made = _Failed(error)
        yield number, made


def _copy(work: Callable[[int], T], board: _Board, at: int, others: Sequence[_Copy]) -> _Copy:
    answers = memory_file()
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
            pickler = pickle.Pickler(file, pickle.HIGHEST_PROTOCOL)
            pickler.dispatch_table = _REDUCERS
            for part in _parts(work, board, at):
                pickler.dump(part)
                file.flush()
                os.write(says, file.tell().to_bytes(_OFFSET))
        os.close(says)  # the end is heard before all memory is given back
        code = 0
    finally:
        os._exit(code)  # nothing of this process is tidied up twice


def memory_file() -> int:
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
