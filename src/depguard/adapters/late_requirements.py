"""What the latecomers of an environment require: among them is whoever moved something.

Most of a prepared machine was installed at one time. Only the metadata of what came later is read: a
second's worth of parsing for all of it would be for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from depguard.model.environment import Installed
from depguard.records import replace

_LATER = timedelta(seconds=30)
"""An environment's own install takes longer, but then nobody stands out in it."""
_FEW = 50
"""So few distributions are all read: of them the middle one may be a latecomer itself."""
_MOST = 200
"""Latecomers that are read at most, the newest first."""


def with_requirements(distributions: Iterable[Installed]) -> list[Installed]:
    """The same distributions; those written well after the middle one with what they require."""
    found = list(distributions)
    times = sorted(item.installed_at for item in found if item.installed_at is not None)
    if not times:
        return found
    few = len(found) <= _FEW
    after = times[len(times) // 2] + _LATER
    late = [i for i in found if i.installed_at is not None and (few or i.installed_at > after)]
    newest = {(item.folder, item.info) for item in sorted(late, key=_when, reverse=True)[:_MOST]}
    return [
        replace(item, requires=_requires(item)) if (item.folder, item.info) in newest else item
        for item in found
    ]


def _when(item: Installed) -> float:
    return item.installed_at.timestamp() if item.installed_at is not None else 0.0


def _requires(item: Installed) -> tuple[str, ...]:
    """The Requires-Dist lines of the metadata's head."""
    lines = []
    try:
        with Path(item.folder, item.info, "METADATA").open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if not line.strip():
                    break
                key, _, value = line.partition(":")
                if key == "Requires-Dist":
                    lines.append(value.strip())
    except OSError:
        return ()
    return tuple(lines)
