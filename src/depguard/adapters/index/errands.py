"""What an index is to be asked for ahead, told to a process that has no client for it yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from depguard.adapters.index.outrider import Herald, Order, Ride
from depguard.adapters.index.settings import IndexSettings

if TYPE_CHECKING:
    from depguard.adapters.index.client import IndexClient

    Errand = Callable[[IndexClient], None]
    """Hints at what will be needed, to the client that asks for it."""


def pays(settings: IndexSettings) -> bool:
    """Whether a second process has something to ask: find-links places are read by each for itself."""
    by_http = any(url.startswith(("http://", "https://")) for url in settings.index_urls)
    return by_http and not settings.offline and not settings.find_links


def elsewhere(settings: IndexSettings, cache: str) -> Ride:
    """Asking with a client of its own: a value that can be pickled."""
    return partial(_run, settings, cache)


def _run(
    settings: IndexSettings, cache: str, orders: Iterable[Order], herald: Herald, note: Callable[[str], None]
) -> None:
    from depguard.adapters.cache import Cache
    from depguard.adapters.index.client import IndexClient

    IndexClient(settings, cache=Cache(cache, note=lambda _: None), note=note).ride(orders, herald, note)
