"""The way to the network: made, and the HTTP client imported, when something is really asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from depguard.adapters.index.faults import unreachable

if TYPE_CHECKING:
    from depguard.adapters.index.pools import Pools
    from depguard.adapters.index.transport import Reply, Transport

T = TypeVar("T")


class Wire:
    """A transport that comes into being with its first request: a plan from the cache makes none.

    Safe to be used by several threads.
    """

    def __init__(self, make: Callable[[], tuple[Transport, Pools]]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[Transport, Pools] | None = None
        self._closed = False
        self._process = os.getpid()

    def ask(
        self,
        url: str,
        read: Callable[[Reply], T],
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """As ``Transport.ask``. Raises OutOfReachError."""
        with self._lock:
            if self._closed:
                raise unreachable(url, "the run has ended")
            transport = self._opened()
        return transport.ask(url, read, method=method, headers=headers)

    def open(self) -> None:
        """Make the transport now: what is imported by several threads at once takes longer."""
        with self._lock:
            if not self._closed:
                self._opened()

    def _opened(self) -> Transport:
        if self._process != os.getpid():  # connections are those of the process that this is a copy of
            self._process, self._made = os.getpid(), None
        if self._made is None:
            self._made = self._make()
        return self._made[0]

    def close(self) -> None:
        """Let go of connections. What is asked afterwards fails."""
        with self._lock:
            self._closed = True
            if self._made is not None:
                transport, pools = self._made
                transport.closed = True
                pools.close()
