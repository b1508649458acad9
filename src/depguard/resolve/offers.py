"""The versions of a project that a host can take, each in its best artifact; why others do not fit."""

from __future__ import annotations

import enum
from collections.abc import Callable, MutableMapping

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.release import Artifact
from depguard.records import dataclass


class Unfit(enum.Enum):
    """Why an artifact is no candidate for a host."""

    TAGS = "no wheel tag of this host"
    PYTHON = "requires another Python"
    BUILD = "has to be built"
    WHEEL_REFUSED = "wheels of it are refused"
    NEWER = "newer than the cut-off"


class Offer:
    """A version that the host can take, in its best artifact. Compared by identity.

    ``yanked``: whether the index calls this artifact yanked (PEP 592). The artifact is made when it is first
    looked at: of most versions only the number is.
    """

    __slots__ = ("_made", "_make", "name", "version", "yanked")

    def __init__(
        self, name: NormalizedName, version: Version, make: Callable[[], Artifact], *, yanked: bool
    ) -> None:
        self.name = name
        self.version = version
        self.yanked = yanked
        self._make = make
        self._made: Artifact | None = None

    @property
    def artifact(self) -> Artifact:
        """The artifact that would be taken."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def __repr__(self) -> str:
        return f"<Offer {self.name} {self.version}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """All versions that fit, newest first, and whether any index knows the project."""

    found: bool
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfitArtifact:
    """One artifact that does not fit, with the reason."""

    artifact: Artifact
    reason: Unfit


Shelf = MutableMapping[object, dict[NormalizedName, Offers]]
"""Offers by what decides them: the source, which lives as long, the host's Python and tags, and the rules."""
