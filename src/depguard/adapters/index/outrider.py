"""A copy of this process that asks an index ahead of it, so that this one is free for other work.

What a cold plan costs is half asking and reading what came, half all the rest. In threads the two take turns
(one of them runs Python at a time); two processes do them at once. They meet in the cache: the copy fills
it and says what it has begun and what is done, and whoever needs what was begun waits for that alone.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import threading
import time
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
    """How asking for something ended: it is in the cache, or ``answer`` is it, or ``error`` was raised."""

    answer: Any = None
    error: BaseException | None = None


class Herald:
    """Hears what a client begins to ask for, and when that is done with all that follows from it begun.

    This one does nothing: a client that asks for itself has nobody to tell.
    """

    def begun(self, key: Hashable) -> None:
        """It will be asked for."""

    def done(self, key: Hashable, end: Done) -> None:
        """It was asked for."""

    def futile(self) -> None:
        """What this index answers is not kept: another process would have to ask again."""


class Outrider(Herald):
    """The copy, seen from the process that it is a copy of.

    Several threads may ask, one after the other: who waits for the copy keeps the others waiting.
    """

    def __init__(self, pid: int, hears: int, orders: int | None, *, note: Callable[[str], None]) -> None:
        self._pid: int | None = pid
        self._hears = hears
        self._orders = orders
        self._note = note
        self._lock = threading.Lock()
        self._held = b""
        self._begun: set[Hashable] = set()
        self._done: dict[Hashable, Done] = {}
        self._off = False
        self.since = 0.0
        """When a copy that was made beforehand was told what to do, in seconds since 1970."""

    @property
    def pid(self) -> int | None:
        """Its process, None once it has ended."""
        return self._pid

    def give(self, ride: Ride) -> None:
        """Tell a copy that was made beforehand what to do: a value that can be pickled. Once will do."""
        self.since = self.since or time.time()
        orders, self._orders = self._orders, None
        if orders is not None:
            # Who has ended hears nothing, and who hears nothing ends: found out when an answer is waited for.
            with suppress(OSError), os.fdopen(orders, "wb") as stream, suppress(*_CANNOT_BE_TOLD):
                stream.write(pickle.dumps(ride, pickle.HIGHEST_PROTOCOL))

    def note_to(self, note: Callable[[str], None]) -> None:
        """Hand its remarks to another from here on."""
        self._note = note

    @property
    def riding(self) -> bool:
        """Whether it still asks: then nobody else need guess what will be needed."""
        with self._lock:
            self._listen(wait=False)
            return self._pid is not None

    def wait(self, key: Hashable) -> Done:
        """How asking for it ended, once it has; for what it does not ask for, as soon as that is known."""
        with self._lock:
            self._listen(wait=False)
            while self._pid is not None and (not self._off or (key in self._begun and key not in self._done)):
                self._listen(wait=True)
            return self._done.get(key, Done())

    def recall(self) -> None:
        """Let go of it, wherever it is."""
        with self._lock:
            self._end()

    def _listen(self, *, wait: bool) -> None:
        """Take in what it says; ``wait`` until it says anything."""
        if self._pid is None:
            return
        poll = select.poll()
        poll.register(self._hears, select.POLLIN)
        while poll.poll(None if wait else 0):
            wait = False
            data = os.read(self._hears, _AT_ONCE)
            if not data:
                self._end()
                return
            self._held += data
            self._take()

    def _take(self) -> None:
        while len(self._held) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._held[:_LENGTH])
            if end > len(self._held):
                break
            said, self._held = self._held[_LENGTH:end], self._held[end:]
            self._understand(*pickle.loads(said))  # noqa: S301 - from a copy of this process

    def _understand(self, word: str, about: Any, end: Done | None = None) -> None:
        match word:
            case "begun":
                self._begun.add(about)
            case "off":
                self._off = True
            case "done":
                self._done[about] = end or Done()
            case "note":
                self._note(about)

    def _end(self) -> None:
        pid, self._pid = self._pid, None
        orders, self._orders = self._orders, None
        if orders is not None:
            os.close(orders)
        if pid is not None:
            os.close(self._hears)
            # It may have ended by itself, or be waited for by whoever ignores SIGCHLD. Of the cache it leaves
            # whole rows behind wherever it is stopped.
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


class _Teller(Herald):
    """The copy's side: says what is begun and done, and knows when nothing is left to do."""

    def __init__(self, says: int) -> None:
        self._says = says
        self._lock = threading.Lock()
        self._begun: set[Hashable] = set()
        self._open: set[Hashable] = set()
        self._quiet = threading.Event()

    def begun(self, key: Hashable) -> None:
        with self._lock:
            if key not in self._begun:
                self._begun.add(key)
                self._open.add(key)
                self._quiet.clear()
                self._say("begun", key)

    def done(self, key: Hashable, end: Done) -> None:
        if not isinstance(end.error, DepguardError | None):
            end = Done()  # a defect, which may not be fit to be sent: whoever asks finds it again
        with self._lock:
            self._say("done", key, end)
            self._open.discard(key)
            if not self._open:
                self._quiet.set()

    def futile(self) -> None:
        os._exit(0)

    def note(self, text: str) -> None:
        """Hand on a remark for people."""
        with self._lock:
            self._say("note", text)

    def off(self) -> None:
        """All that is not guessed of something else was begun."""
        with self._lock:
            self._say("off", None)
            if not self._open:
                self._quiet.set()

    def wait(self) -> None:
        """Until all that was begun is done."""
        self._quiet.wait()

    def _say(self, *words: Any) -> None:
        data = pickle.dumps(words, pickle.HIGHEST_PROTOCOL)
        data = len(data).to_bytes(_LENGTH) + data
        while data:
            try:
                data = data[os.write(self._says, data) :]
            except OSError:  # nobody hears it any more
                os._exit(0)


Ride = Callable[[Herald, Callable[[str], None]], None]
"""What the copy does: it is given whom to tell of what it asks for, and who hears its remarks."""

Step = Callable[[], object]
"""A part of getting ready for it."""


def send(ride: Ride, *, note: Callable[[str], None]) -> Outrider | None:
    """A copy that asks; None where none can be made, or would not pay.

    The caller recalls it before it closes the cache: see `depguard.adapters.cache.Cache`.
    """
    return _copy(lambda: (ride, ()), None, note) if may_copy() else None


def saddle(steps: Iterable[Step], *, note: Callable[[str], None]) -> Outrider | None:
    """A copy that gets ready by these steps until it is told what to do (`Outrider.give`).

    Those that are left then are done when it has asked for what it was told to ask for, and waits.
    As `send` says. Meanwhile this process finds out what there is to be asked for.
    """
    if not may_copy():
        return None
    import fcntl

    try:
        takes, orders = os.pipe()
    except OSError:
        return None
    with suppress(OSError):  # so that whoever gives an order need not wait until it is read
        fcntl.fcntl(orders, fcntl.F_SETPIPE_SZ, _LONGEST_ORDER)

    def told() -> tuple[Ride, Iterable[Step]]:
        os.close(orders)
        left = iter(steps)
        return _order(takes, left), left

    made = _copy(told, orders, note)
    os.close(takes)
    if made is None:
        os.close(orders)
    return made


def _copy(
    told: Callable[[], tuple[Ride, Iterable[Step]]], orders: int | None, note: Callable[[str], None]
) -> Outrider | None:
    try:
        hears, says = os.pipe()
    except OSError:
        return None
    try:
        pid = os.fork()
    except OSError:
        os.close(hears)
        os.close(says)
        return None
    if pid:
        os.close(says)
        return Outrider(pid, hears, orders, note=note)
    try:
        os.close(hears)
        gc.disable()  # it is gone before that would pay
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        threading.Thread(target=_end_with_the_other, args=(says,), daemon=True).start()
        teller = _Teller(says)
        ride, later = told()
        ride(teller, teller.note)
        teller.off()
        for step in later:
            step()
        teller.wait()
    finally:
        os._exit(0)  # nothing of this process is tidied up twice, and what went wrong is found again


def _order(takes: int, steps: Iterator[Step]) -> Ride:
    """What to do, once that is told; until then, the copy gets ready."""
    poll = select.poll()
    poll.register(takes, select.POLLIN)
    while not poll.poll(0):
        step = next(steps, None)
        if step is None:
            break
        step()
    with os.fdopen(takes, "rb") as stream:
        ride: Ride = pickle.load(stream)  # noqa: S301 - from the process that this is a copy of
    return ride


def _end_with_the_other(says: int) -> None:
    """End at once when nobody is there to be told: whoever sent the copy has ended, or been killed."""
    poll = select.poll()
    poll.register(says, 0)  # errors are told unasked: nobody has the other end
    poll.poll()
    os._exit(0)
