"""What a copy of this process is told to ask an index for, and what follows from what it has done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from itertools import chain
from typing import TypeVar

from depguard.adapters.index.outrider import Order, Outrider
from depguard.adapters.witness import spoil

T = TypeVar("T")

Then = Callable[[], None]
"""What is guessed once something is there; it may ask for that, and orders what most likely comes next."""


class Dispatch:
    """Orders to a copy, each once; without one, a client asks for all by itself. Safe for several threads.

    What follows is found out by whoever comes here, mostly while it would wait: the copy has enough to do.
    """

    def __init__(self, rider: Outrider | None = None) -> None:
        self._rider = rider
        self._then: dict[Hashable, Then] = {}
        self._awaited: list[Hashable] = []
        self._late: list[Hashable] = []
        self._following = threading.Lock()

    @property
    def rides(self) -> bool:
        """Whether there is a copy that asks."""
        return self._rider is not None and self._rider.pid is not None

    def takes(self, key: Hashable) -> bool:
        """Whether that may have to be asked for: no copy was told to."""
        return self._rider is None or self._rider.takes(key)

    def order(self, key: Hashable, order: Order, then: Then | None = None) -> bool:
        """Have a copy ask for something, and ``then`` once it is there. False where there is none."""
        if self._rider is not None and self._rider.takes(key):
            if then is not None:
                self._then[key] = then
            self._rider.order(key, order)
        return self.rides

    def met(self, key: Hashable, make: Callable[[], T]) -> T:
        """What a copy has come to with a key, else what is made here."""
        if self._rider is None:
            return make()
        self._awaited.append(key)
        try:
            self.follow()
            while (end := self._rider.wait(key)).coming:
                self.follow()
            if end.error is None and end.answer is None:
                return make()
            spoil("an answer that is not kept")
            if end.error is not None:
                raise end.error
            answer: T = end.answer
            return answer
        finally:
            self._awaited.remove(key)

    def follow(self) -> None:
        """Find out what follows from what was done since the last time.

        Not from what somebody waits for: who has it in hand must not wait for itself.
        """
        if self._rider is None or not self._following.acquire(blocking=False):
            return
        try:
            late, self._late = self._late, []
            for key in chain(late, iter(self._rider.news, None)):
                if key in self._awaited:
                    self._late.append(key)
                elif then := self._then.pop(key, None):
                    # What goes wrong here goes wrong again, and is said, when somebody really asks.
                    with suppress(Exception):
                        then()
        finally:
            self._following.release()

    def recall(self) -> None:
        """Let go of the copy."""
        if self._rider is not None:
            self._rider.recall()
