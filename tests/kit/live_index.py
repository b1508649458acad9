"""The index that this machine's pip uses by default, where it can be reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.default_index import default_index_url
from depguard.adapters.index.settings import IndexSettings
from depguard.errors import OutOfReachError
from depguard.parse.referee_output import is_out_of_reach

T = TypeVar("T")

UNDECIDED = 3
"""The exit code of a command that could not decide."""


def patiently(ask: Callable[[IndexClient], T], folder: Path) -> T:
    """``ask`` a new client until it answers; a registry that does not is no failure of ours."""
    reason = ""
    for attempt in range(3):
        try:
            settings = IndexSettings(index_url=default_index_url(), retries=2)
            with IndexClient(settings, cache=Cache.in_folder(folder, note=print)) as client:
                return ask(client)
        except OutOfReachError as error:
            reason = str(error)
            time.sleep(attempt)
    pytest.skip(reason)


def skip_out_of_reach(said: str) -> None:
    """Skips where an installer complains of an index that does not answer: no fault of ours."""
    if is_out_of_reach(said):
        pytest.skip(f"out of reach: {said.strip()[-200:]}")


def skip_undecided(code: int, said: str) -> None:
    """Skips where depguard could not decide because its index does not answer, and for no other reason."""
    if code == UNDECIDED:
        assert "internal error" not in said, said
        pytest.skip(f"out of reach: {said.strip()[-300:]}")
