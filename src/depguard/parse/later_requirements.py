"""Requirements out of texts that were read before: parsed when somebody looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from packaging.requirements import InvalidRequirement, Requirement

from depguard.parse.requirement_cache import requirement


def read_requirement(text: str) -> Requirement:
    """The requirement that a text states. Raises ValueError."""
    try:
        return requirement(text)
    except InvalidRequirement as error:
        raise ValueError(str(error)) from error


class LaterRequirements(Sequence[Requirement]):
    """Requirements that are parsed when they are looked at: of most distributions nobody does.

    Compares as the tuple that it stands for.
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

    def _all(self) -> tuple[Requirement, ...]:
        if self._parsed is None:
            self._parsed = tuple([read_requirement(text) for text in self._texts])
        return self._parsed
