"""A copy of this process that asks an index for it, so that this one is free for other work.

What a cold plan costs is half asking and reading what came, half all the rest. In threads the two take turns
(one of them runs Python at a time); two processes do them at once. The copy is told what to ask for, puts it
into the cache and says what is done. What follows from that, this process finds out.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from depguard.adapters.copies import may_copy
from depguard.errors import DepguardError

_LENGTH = 4
_AT_ONCE = 1 << 16
_LONGEST_ORDER = 1 << 20
_CANNOT_BE_TOLD = (pickle.PicklingError, AttributeError, TypeError, RecursionError)


class Done(NamedTuple):
    """How asking for something ended: it is in the cache, or ``answer`` is it, or ``error`` was raised.

    ``coming``: it has not.
    """

    answer: Any = None
    error: BaseException | None = None
    coming: bool = False


_COMING = Done(coming=True)


class Herald:
    """Hears when what a client was told to ask for is done.

    This one does nothing: a client that asks for itself has nobody to tell.
    """

    def done(self, key: Hashable, end: Done) -> None:
        """It was asked for."""

    def futile(self) -> None:
        """What this index answers is not kept: another process would have to ask again."""


Order = tuple[Any, ...]
"""What is to be asked for: a word, and what it takes; a value that can be pickled."""

Ride = Callable[[Iterable[Order], Herald, Callable[[str], None]], None]
"""What the copy does: with orders as they come, whom to tell of what is done, and who hears its remarks."""

Step = Callable[[], object]
"""A part of getting ready for it."""


class Outrider:
    """The copy, seen from the process that it is a copy of.

    Several threads may ask, one after the other: who waits for the copy keeps the others waiting.
    """

    def __init__(self, pid: int, hears: int, orders: int, *, note: Callable[[str], None]) -> None:
        self._pid: int | None = pid
        self._hears = _Pipe(hears)
        self._orders = orders
        self._note = note
        self._lock = threading.RLock()
        self._ordered: set[Hashable] = set()
        self._done: dict[Hashable, Done] = {}
        self._news: deque[Hashable] = deque()
        self.since = 0.0
        """When a copy that was made beforehand was told what to do, in seconds since 1970."""

    @property
    def pid(self) -> int | None:
        """Its process, None once it has ended."""
        return self._pid

    def give(self, ride: Ride) -> None:
        """Tell a copy that was made beforehand what to do: a value that can be pickled. Once will do."""
        if not self.since:
            self.since = time.time()
            self._send(ride)

    def note_to(self, note: Callable[[str], None]) -> None:
        """Hand its remarks to another from here on."""
        self._note = note

    def order(self, key: Hashable, order: Order) -> None:
        """Have it ask for something, and say by that key when it is done. Once will do."""
        with self._lock:
            if key not in self._ordered and self._send(order):
                self._ordered.add(key)

    def takes(self, key: Hashable) -> bool:
        """Whether it was not told to ask for that, or is not there any more."""
        return self._pid is None or key not in self._ordered

    def wait(self, key: Hashable) -> Done:
        """How asking for it ended, once it has, or before that if there is news; at once if nobody asks."""
        with self._lock:
            self._listen(wait=self._pid is not None and key in self._ordered and key not in self._done)
            return self._done.get(key, _COMING if self._pid is not None and key in self._ordered else Done())

    def news(self) -> Hashable | None:
        """A key of which nobody was told yet that it is done."""
        with self._lock:
            self._listen(wait=False)
            return self._news.popleft() if self._news else None

    def recall(self) -> None:
        """Let go of it, wherever it is."""
        with self._lock:
            self._end()

    def _send(self, what: object) -> bool:
        # Who has ended hears nothing, and who hears nothing ends: found out when an answer is waited for.
        with suppress(OSError, *_CANNOT_BE_TOLD):
            if self._pid is not None:
                _say(self._orders, what)
                return True
        return False

    def _listen(self, *, wait: bool) -> None:
        """Take in what it says; ``wait`` until it says anything."""
        if self._pid is None:
            return
        said = self._hears.read(wait=wait)
        for word, about, end in said or ():
            match word:
                case "done":
                    self._done[about] = end
                    self._news.append(about)
                case "note":
                    self._note(about)
        if said is None:
            self._end()

    def _end(self) -> None:
        pid, self._pid = self._pid, None
        if pid is not None:
            self._hears.close()
            os.close(self._orders)
            # It may have ended by itself, or be waited for by whoever ignores SIGCHLD. Of the cache it leaves
            # whole rows behind wherever it is stopped.
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


class _Teller(Herald):
    """The copy's side: says what is done."""

    def __init__(self, says: int) -> None:
        self._says = says
        self._lock = threading.Lock()

    def done(self, key: Hashable, end: Done) -> None:
        if not isinstance(end.error, DepguardError | None):
            end = Done()  # a defect, which may not be fit to be sent: whoever asks finds it again
        self._tell("done", key, end)

    def futile(self) -> None:
        os._exit(0)

    def note(self, text: str) -> None:
        """Hand on a remark for people."""
        self._tell("note", text, None)

    def _tell(self, *words: Any) -> None:
        with self._lock:
            try:
                _say(self._says, words)
            except OSError:  # nobody hears it any more
                os._exit(0)


def _say(descriptor: int, what: object) -> None:
    data = pickle.dumps(what, pickle.HIGHEST_PROTOCOL)
    data = len(data).to_bytes(_LENGTH) + data
    while data:
        data = data[os.write(descriptor, data) :]


class _Pipe:
    """The end of a pipe where values come out that `_say` put in."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._held = b""

    def read(self, *, wait: bool) -> list[Any] | None:
        """What came since the last time; ``wait`` until there is anything. None once nobody can say more."""
        said: list[Any] = []
        while self._poll.poll(None if wait and not said else 0):
            data = os.read(self._descriptor, _AT_ONCE)
            if not data:
                return said or None
            self._held += data
            while len(self._held) >= _LENGTH:
                end = _LENGTH + int.from_bytes(self._held[:_LENGTH])
                if end > len(self._held):
                    break
                said.append(pickle.loads(self._held[_LENGTH:end]))  # noqa: S301 - from a copy of this process
                self._held = self._held[end:]
        return said

    def close(self) -> None:
        """Hear no more."""
        os.close(self._descriptor)


def send(ride: Ride, *, note: Callable[[str], None]) -> Outrider | None:
    """A copy that takes orders; None where none can be made, or would not pay.

    The caller recalls it before it closes the cache: see `depguard.adapters.cache.Cache`.
    """
    return _copy(lambda _: ride, (), note) if may_copy() else None


def saddle(steps: Iterable[Step], *, note: Callable[[str], None]) -> Outrider | None:
    """A copy that gets ready by these steps until it is told what to do (`Outrider.give`), or has nothing to.

    As `send` says. Meanwhile this process finds out what there is to be asked for.
    """
    return _copy(next, steps, note) if may_copy() else None


def _copy(
    told: Callable[[Iterator[Any]], Ride], steps: Iterable[Step], note: Callable[[str], None]
) -> Outrider | None:
    import fcntl

    ends: list[int] = []
    try:
        ends += os.pipe()
        ends += os.pipe()
        pid = os.fork()
    except OSError:
        for end in ends:
            os.close(end)
        return None
    hears, says, takes, orders = ends
    if pid:
        os.close(says)
        os.close(takes)
        with suppress(OSError):  # so that whoever gives an order need not wait until it is read
            fcntl.fcntl(orders, fcntl.F_SETPIPE_SZ, _LONGEST_ORDER)
        return Outrider(pid, hears, orders, note=note)
    try:
        os.close(hears)
        os.close(orders)
        gc.disable()  # it is gone before that would pay
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        teller = _Teller(says)
        given = _orders(takes, iter(steps))
        told(given)(given, teller, teller.note)
    finally:
        os._exit(0)  # nothing of this process is tidied up twice, and what went wrong is found again


def _orders(takes: int, steps: Iterator[Step]) -> Iterator[Any]:
    """What this copy is told, until nobody is left to tell it. While there is nothing, it gets ready."""
    pipe = _Pipe(takes)
    while (told := pipe.read(wait=False)) is not None:
        if not told:
            step = next(steps, None)
            if step is not None:
                step()
                continue
            told = pipe.read(wait=True)
        yield from told or ()
