"""A plan's first run, with nothing in the cache: who asks the index gets ready before all else is done.

That takes a fifth of such a run, in a process of its own (`depguard.adapters.index.outrider`). Where a cache
is there, it is looked into before that process is made: see `depguard.cli.head_start`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from depguard.adapters.index.outrider import Outrider, Step

NEEDED = (
    "depguard.adapters.index.client",
    "depguard.adapters.index.pools",
    "depguard.adapters.index.transport",
    "depguard.adapters.index.credentials",
    "urllib.request",
    "encodings.idna",
    "depguard.adapters.index.reading",
    "depguard.adapters.index.contents",
    "depguard.adapters.index.kept_contents",
)
"""What asking an index takes, in the order in which it comes to be needed."""

_ASKS_NOBODY = ("--offline", "--no-index", "--find-links", "--verbose", "--debug", "--write", "--help")
_waiting: list[Outrider] = []


@contextmanager
def getting_ready(words: Sequence[str], *, plainly: bool) -> Iterator[None]:
    """Make it now, if a plan of this command line will ask an index. Who is not taken is let go.

    ``plainly``: neither ``-v`` nor ``--debug`` stood before the command.
    """
    if plainly and not any(word.startswith(_ASKS_NOBODY) or word[:2] in {"-f", "-h", "-v"} for word in words):
        from depguard.adapters.cache_place import cache_file, cache_place

        if not os.path.lexists(cache_file(cache_place(os.environ, value_of(words, "--cache-dir")))):
            made = make_ready(lambda _: None)
            _waiting.extend([made] if made is not None else [])
    try:
        yield
    finally:
        while _waiting:
            _waiting.pop().recall()


def taken(note: Callable[[str], None]) -> Outrider | None:
    """The process that got ready, if one did; its remarks go to ``note``."""
    if not _waiting:
        return None
    rider = _waiting.pop()
    rider.note_to(note)
    return rider


def make_ready(note: Callable[[str], None]) -> Outrider | None:
    """A copy of this process that gets ready to ask an index; None where none can be made."""
    from functools import partial
    from importlib import import_module

    from depguard.adapters.index.outrider import saddle

    imports: tuple[Step, ...] = tuple(partial(import_module, module) for module in NEEDED)
    return saddle((_make_certificates, *imports), note=note)


def value_of(words: Sequence[str], option: str) -> str | None:
    """The last value of an option that takes one."""
    found = None
    for at, word in enumerate(words):
        if word == option and at + 1 < len(words):
            found = words[at + 1]
        elif word.startswith(f"{option}="):
            found = word[len(option) + 1 :]
    return found


def _make_certificates() -> None:
    from depguard.adapters.index.certificates import make_ahead

    make_ahead()
