"""Requirements that are known by their texts, of which few are ever parsed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from packaging.requirements import Requirement
from packaging.utils import NormalizedName


class Stated(Sequence[Requirement]):
    """Requirements that tell something of themselves without being looked at one by one."""

    __slots__ = ()

    @abstractmethod
    def under(self, extras: frozenset[str]) -> Iterable[Requirement]:
        """All, in their order, but for such that count with an extra alone which is not among these."""

    @abstractmethod
    def names(self) -> frozenset[NormalizedName]:
        """The projects that are required, with whatever extras."""


def under(requirements: Sequence[Requirement], extras: frozenset[str]) -> Iterable[Requirement]:
    """All that may count with these extras: their markers have the last word."""
    return requirements.under(extras) if isinstance(requirements, Stated) else requirements
