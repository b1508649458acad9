"""Sizes, times and inodes of files as they were at the last look, in the cache folder: RECORD has no times.

One file for each environment, a digest for each distribution. It is a memory, not a proof: what it has was
as RECORD says at that time, and a file of the same size, time and inode is taken as the same.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

from depguard.adapters.files import write_whole
from depguard.errors import OutOfReachError
from depguard.records import dataclass

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Known:
    """One distribution at an earlier look: healthy at ``seen``; its hashes compared at ``verified``."""

    stats: str
    seen: datetime
    verified: datetime | None


class StatBaseline:
    """What is known of one environment. It never fails: without it everything is looked at."""

    def __init__(self, path: Path | None, now: datetime) -> None:
        self.now = now.astimezone(UTC).replace(microsecond=0)
        self.since: datetime | None = None
        self._path = path
        self._old: dict[str, Known] = {}
        self._new: dict[str, Known] = {}
        if path is not None:
            self._read(path)

    @classmethod
    def in_folder(cls, cache: Path | None, prefix: str, now: datetime) -> StatBaseline:
        """The one of an environment, in the cache folder; None keeps nothing."""
        name = hashlib.sha256(prefix.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return cls(cache / "environments" / f"{name}.json" if cache is not None else None, now)

    def entry(self, info: str) -> Known | None:
        """What is known of the distribution with this metadata folder."""
        return self._old.get(info)

    def note(self, info: str, stats: str, verified: datetime | None) -> None:
        """A distribution is as recorded now."""
        self._new[info] = Known(stats, self.now, verified)

    def save(self) -> None:
        """Keep what was noted, and what was known of distributions that are damaged now."""
        if self._path is None or not self._new:
            return
        kept = {info: known for info, known in self._old.items() if Path(info).is_dir()} | self._new
        document = {
            "format": _FORMAT,
            "looked": self.now.isoformat(),
            "distributions": {
                info: [
                    known.stats,
                    known.seen.isoformat(),
                    known.verified.isoformat() if known.verified is not None else None,
                ]
                for info, known in sorted(kept.items())
            },
        }
        try:
            write_whole(self._path, json.dumps(document))
        except OutOfReachError:
            return  # a full or read-only cache folder costs time at the next look, nothing else

    def _read(self, path: Path) -> None:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            if document["format"] != _FORMAT:
                return
            self.since = datetime.fromisoformat(document["looked"])
            self._old = {
                info: Known(
                    stats,
                    datetime.fromisoformat(seen),
                    datetime.fromisoformat(verified) if verified is not None else None,
                )
                for info, (stats, seen, verified) in document["distributions"].items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.since, self._old = None, {}
