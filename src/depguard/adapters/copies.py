"""Whether this process may be copied."""

from __future__ import annotations

import os
import sys
import threading


def may_copy() -> bool:
    """Whether a copy of this process can be made without harm, and has a core of its own to work on."""
    return is_safe() and cores() > 1


def is_safe() -> bool:
    """Whether a copy does no harm: of threads it would have the locks, and nobody who lets go of them."""
    return sys.platform == "linux" and threading.active_count() == 1


def cores() -> int:
    """How many cores this process may use, 1 where nobody knows."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
