"""What was parsed before, kept in the cache in a form that is read faster than its source.

An entry is found by the hash of all that it was made of: the source's content, the kind and format of the
form, and this depguard's own code. So nothing has to be thrown away when a source changes, and another
version's entries are never read. Forms are text that can only become values (JSON): a cache folder that
somebody else wrote to can mislead, as a pip configuration that they wrote could, but runs nothing.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.own_code import own_code

T = TypeVar("T")


class CompiledForms:
    """Values by what they are made of. Never raises for an entry that does not fit: it is made again.

    ``shipped`` has the forms that came with depguard: of a kind, of sources, as if read from a place.
    """

    def __init__(
        self, cache: Cache, *, shipped: Callable[[str, Sequence[str], str], str | None] = lambda *_: None
    ) -> None:
        self._cache = cache
        self._shipped = shipped

    @classmethod
    def none(cls) -> CompiledForms:
        """Forms that are not kept."""
        return cls(Cache.none())

    def recall(
        self,
        kind: str,
        sources: Sequence[str],
        make: Callable[[], T],
        *,
        to_text: Callable[[T], str],
        from_text: Callable[[str], T],
        afresh: bool = False,
        place: str = "",
    ) -> T:
        """The value that ``make`` gives for exactly these sources, out of the cache where it is there.

        ``from_text`` raises ValueError for a text that does not fit; the entry is then dropped. What
        ``make`` raises is raised, and nothing is kept. ``afresh``: what was made is read from its text as
        well, where that gives a value that is worth more. ``place`` is where the sources were read from: the
        value tells that as well.
        """
        key = digest((place, *sources) if place else sources)
        entry = self._cache.get(kind, key)
        if entry is not None:
            try:
                return from_text(entry.text)
            except ValueError:
                self._cache.drop(kind, key)
        text = self._shipped(kind, sources, place)
        if text is not None:
            with suppress(ValueError):
                known = from_text(text)
                self._put(kind, key, text)
                return known
        made = make()
        if self._cache.path is None:
            return made
        # A value that has no text (a form that cannot hold it) is made every time.
        with suppress(ValueError):
            text = to_text(made)
            self._put(kind, key, text)
            return from_text(text) if afresh else made
        return made

    def _put(self, kind: str, key: str, text: str) -> None:
        self._cache.put(kind, key, Entry(text=text, stored=time.time(), facts={}))

    @property
    def keeps(self) -> bool:
        """Whether another process finds what is put here."""
        return self._cache.keeps

    def any_fresh(self, kind: str) -> bool:
        """Whether there is an entry of a kind, beside the forms, that need not be asked for again."""
        return self._cache.any_fresh(kind, time.time())

    def close(self) -> None:
        """Let go of the cache."""
        self._cache.close()


def digest(sources: Iterable[str | bytes], code: bytes | None = None) -> str:
    """The hash of sources and of the code that reads them (default: this depguard's), in hexadecimal."""
    whole = hashlib.sha256(own_code() if code is None else code)
    for source in sources:
        data = source.encode("utf-8", "surrogateescape") if isinstance(source, str) else source
        whole.update(f"\0{len(data)}\0".encode())
        whole.update(data)
    return whole.hexdigest()
