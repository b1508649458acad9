"""Requirements out of texts that were read before: parsed when somebody looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.markers import extra_needed
from depguard.model.stated_requirements import StatedRequirements
from depguard.parse.requirement_cache import LONGEST, requirement

_NAME = re.compile(r"\s*([A-Za-z0-9._-]*)")


def read_requirement(text: str) -> Requirement:
    """The requirement that a text states. Raises ValueError."""
    try:
        return requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from error


def extra_of(text: str) -> NormalizedName | None:
    """The extra without which a requirement does not count, whatever else its marker says."""
    stated, _, marker = text.partition(";")
    if "@" in stated or len(marker) > LONGEST:  # a URL may have a semicolon of its own
        return None
    return extra_needed(marker)


class LaterRequirements(StatedRequirements):
    """Requirements that are parsed when they are looked at: of most distributions nobody does.

    Compares as the tuple that it stands for. Raises ValueError for what is none, where it is looked at.
    """

    __slots__ = ("_names", "_parsed", "_texts")

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._parsed: tuple[Requirement, ...] | None = None
        self._names: frozenset[NormalizedName] | None = None

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

    def may_count(self, extras: frozenset[str]) -> Iterable[Requirement]:
        """As `StatedRequirements.may_count`."""
        if self._parsed is not None:
            return self._parsed
        wanted = {None, *map(canonicalize_name, extras)}
        return [read_requirement(text) for text in self._texts if extra_of(text) in wanted]

    def names(self) -> frozenset[NormalizedName]:
        """As `StatedRequirements.names`."""
        if self._names is None:
            begun = map(_NAME.match, self._texts)
            self._names = frozenset({canonicalize_name(found[1]) for found in begun if found is not None})
        return self._names

    def _all(self) -> tuple[Requirement, ...]:
        if self._parsed is None:
            self._parsed = tuple([read_requirement(text) for text in self._texts])
        return self._parsed
