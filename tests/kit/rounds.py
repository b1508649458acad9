"""How often in a row a client asks: an index that answers only when nothing more is asked for.

What comes in while nothing was answered does not rest on an answer: it is one round.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

QUIET = 0.3
"""Seconds without a request after which a round is over."""


@dataclass
class Rounds:
    """Holds every request until no further one comes. ``done`` has the paths of each round, in order.

    Pass it to ``Loopback`` as ``gate``.
    """

    done: list[list[str]] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    _last: float = 0.0
    _answered: int = 0
    _change: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, path: str) -> None:
        """Return when this request's round is over."""
        with self._change:
            self._waiting.append(path)
            self._last = time.monotonic()
            mine = self._answered
            while self._answered == mine:
                left = self._last + QUIET - time.monotonic()
                if left <= 0:
                    self.done.append(self._waiting)
                    self._waiting = []
                    self._answered += 1
                    self._change.notify_all()
                else:
                    self._change.wait(left)
