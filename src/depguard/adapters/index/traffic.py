"""What a client has done so far, for a progress line and for ``-v``."""

from __future__ import annotations

import threading
from collections.abc import Callable

from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Counts since the client was made: answers by kind, requests sent, bytes received (bodies alone)."""

    pages: int = 0
    metadata: int = 0
    cached: int = 0
    requests: int = 0
    received: int = 0


class Meter:
    """Adds up traffic from several threads and tells of every change, one call at a time."""

    def __init__(self, on_change: Callable[[Traffic], None] | None) -> None:
        self._lock = threading.Lock()
        self._on_change = on_change
        self.now = Traffic()

    def add(
        self, *, pages: int = 0, metadata: int = 0, cached: int = 0, requests: int = 0, received: int = 0
    ) -> None:
        """Count what is given."""
        with self._lock:
            now = self.now
            self.now = replace(
                now,
                pages=now.pages + pages,
                metadata=now.metadata + metadata,
                cached=now.cached + cached,
                requests=now.requests + requests,
                received=now.received + received,
            )
            if self._on_change is not None:
                self._on_change(self.now)
