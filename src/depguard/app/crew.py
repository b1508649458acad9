"""Work that falls into parts which know nothing of each other, done by whoever is there to do it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")


class Crew(Protocol):
    """Does parts of a piece of work, perhaps several at once."""

    def each(self, work: Callable[[int], T], count: int, *, group: int = 1) -> Iterator[T]:
        """What ``work`` gives for 0 up to ``count``, in this order.

        Every ``group`` parts that follow each other have much in common: what is found out for one serves
        the others, so one does them all where there is as much for each to do.
        ``work`` may be done in a copy of this process: it changes nothing that anybody else looks at, and
        what it gives is a value that can be pickled. Raises what ``work`` raises for the first part that
        fails.
        """
        ...


class Alone:
    """One part after the other, each when it is asked for."""

    def each(self, work: Callable[[int], T], count: int, *, group: int = 1) -> Iterator[T]:  # noqa: ARG002 - as the port has it
        """As `Crew` says."""
        return map(work, range(count))


ALONE = Alone()
