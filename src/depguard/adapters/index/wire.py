"""The way to the network: made, and the HTTP client imported, when something is really asked for."""

from __future__ import annotations

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
            if self._made is None:
                self._made = self._make()
            transport = self._made[0]
        return transport.ask(url, read, method=method, headers=headers)

    def close(self) -> None:
        """Let go of connections. What is asked afterwards fails."""
        with self._lock:
            self._closed = True
            if self._made is not None:
                transport, pools = self._made
                transport.closed = True
                pools.close()
