"""Remarks for people, from several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Notes:
    """Hands each remark on once, one at a time."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def to(self, note: Callable[[str], None]) -> None:
        """Hand them to another from here on."""
        self._note = note

    def __call__(self, text: str) -> None:
        """Hand on a remark that was not made before."""
        with self._lock:
            if text not in self._said:
                self._said.add(text)
                self._note(text)
