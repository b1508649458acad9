"""Requirements out of texts that were read before: parsed when somebody looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import overload

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.stated import Stated
from depguard.parse.requirement_cache import LONGEST, requirement

_NAME = re.compile(r"\s*([A-Za-z0-9._-]*)")
# What ends so holds with that extra alone, unless there is an ``or``. A URL may have a semicolon of its own.
_UNDER_EXTRA = re.compile(r"""[^;@]*;(?:.*[\s)'"]and\s+|\s*)extra\s*==\s*(["'])([A-Za-z0-9._-]+)\1\s*""")
_OR = re.compile(r"\bor\b")


def read_requirement(text: str) -> Requirement:
    """The requirement that a text states. Raises ValueError."""
    try:
        return requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from error


@lru_cache(maxsize=1 << 14)
def extra_of(text: str) -> str | None:
    """The extra without which a requirement does not count, whatever else its marker says."""
    found = _UNDER_EXTRA.fullmatch(text) if len(text) <= LONGEST else None
    if found is None or _OR.search(text, text.index(";")):
        return None
    return canonicalize_name(found[2])


class LaterRequirements(Stated):
    """Requirements that are parsed when they are looked at: of most distributions nobody does.

    Compares as the tuple that it stands for. Raises ValueError for what is none, where it is looked at.
    """

    __slots__ = ("_parsed", "_texts")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._parsed: tuple[Requirement, ...] | None = None

    @overload
    def __getitem__(self, at: int) -> Requirement: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Requirement, ...]: ...
    def __getitem__(self, at: int | slice) -> Requirement | tuple[Requirement, ...]:
        return self._all()[at]

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._texts)

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, LaterRequirements) else other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def under(self, extras: frozenset[str]) -> Iterable[Requirement]:
        """As `Stated.under`."""
        if self._parsed is not None:
            return self._parsed
        wanted = {None, *map(canonicalize_name, extras)}
        return [read_requirement(text) for text in self._texts if extra_of(text) in wanted]

    def names(self) -> frozenset[NormalizedName]:
        """As `Stated.names`."""
        begun = map(_NAME.match, self._texts)
        return frozenset({canonicalize_name(found[1]) for found in begun if found is not None})

    def _all(self) -> tuple[Requirement, ...]:
        if self._parsed is None:
            self._parsed = tuple([read_requirement(text) for text in self._texts])
        return self._parsed
