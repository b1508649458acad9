"""Requirements that are known by their texts, of which few are ever parsed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


class StatedRequirements(Sequence[Requirement]):
    """Requirements that tell something of themselves without being parsed one by one."""

    __slots__ = ()

    @abstractmethod
    def may_count(self, extras: frozenset[str]) -> Iterable[Requirement]:
        """All, in their order, but for such that count with an extra alone which is not among these."""

    @abstractmethod
    def names(self) -> frozenset[NormalizedName]:
        """The projects that are required, with whatever extras."""


def may_count(requirements: Sequence[Requirement], extras: frozenset[str]) -> Iterable[Requirement]:
    """All that may count with these extras: their markers have the last word."""
    return requirements.may_count(extras) if isinstance(requirements, StatedRequirements) else requirements


def names_of(requirements: Sequence[Requirement]) -> frozenset[NormalizedName]:
    """The projects that are required, with whatever extras."""
    if isinstance(requirements, StatedRequirements):
        return requirements.names()
    return frozenset(canonicalize_name(requirement.name) for requirement in requirements)
