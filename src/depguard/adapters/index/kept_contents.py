"""What wheels contain, in the cache: kept for ever by the wheel's hash, since its bytes never change."""

from __future__ import annotations

from depguard.adapters.cache import Cache, Entry
from depguard.model.binary import Depth, WheelContents
from depguard.parse.contents_json import dump_contents, load_contents

_CONTENTS = "contents"


def kept_contents(cache: Cache, key: str, *, depth: Depth, most: int) -> WheelContents | None:
    """What was read before, where that went as deep and as far as is asked for now."""
    entry = cache.get(_CONTENTS, key)
    if entry is None or entry.facts.get("depth", "") < str(depth.value):
        return None
    kept = load_contents(entry.text)
    if kept is not None and kept.unread and entry.facts.get("most", "") < f"{most:020}":
        return None
    return kept


def has_contents(cache: Cache, key: str) -> bool:
    """Whether there are any; they may not go as deep as is asked for."""
    return cache.has(_CONTENTS, key)


def keep_contents(
    cache: Cache, key: str, contents: WheelContents, *, depth: Depth, most: int, now: float
) -> None:
    """Keep what was read, in the place of what went less deep."""
    facts = {"depth": str(depth.value), "most": f"{most:020}"}
    cache.put(_CONTENTS, key, Entry(text=dump_contents(contents), stored=now, facts=facts))
