"""The outcomes of a solve, as types. ``R`` is the solver's kind of need, ``C`` of candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from depguard.records import dataclass
from depguard.resolve.needs import Key

R = TypeVar("R")
C = TypeVar("C")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Generic[R, C]):
    """A candidate that was given up because its needs met others that exclude them.

    ``needs`` are all needs on ``key`` that met; for a refused candidate its own is the last.
    ``candidate`` is None for the conflict that ended the search.
    """

    key: Key
    needs: tuple[R, ...]
    candidate: C | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved(Generic[R, C]):
    """A selection, who asked for each part of it, and what was refused on the way."""

    chosen: Mapping[Key, C]
    asked: Mapping[Key, tuple[R, ...]]
    refusals: tuple[Refused[R, C], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolvable(Generic[R, C]):
    """No selection exists. The last refusals are those that ended the search."""

    refusals: tuple[Refused[R, C], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted(Generic[R, C]):
    """The round budget ran out before an answer was found."""

    rounds: int
    refusals: tuple[Refused[R, C], ...] = ()
