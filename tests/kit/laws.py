"""Laws: tests over random examples, a few in the fast suite and as many as somebody asks for.

``make laws EXAMPLES=20000`` sets LAW_EXAMPLES; CI runs 2,000.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T", bound=Callable[..., Any])

EXAMPLES = int(os.environ.get("LAW_EXAMPLES", "0"))


def law(few: int, *, share: int = 1) -> Callable[[T], T]:
    """Marks a law. ``few`` examples unless LAW_EXAMPLES says how many; of those every ``share``-th.

    ``share`` is for laws of which one example takes much longer than a solve.
    """
    count = max(few, EXAMPLES // share)

    def marked(test: T) -> T:
        marked_test: T = pytest.mark.law(settings(max_examples=count)(test))
        return marked_test

    return marked
