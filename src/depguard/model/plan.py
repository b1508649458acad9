"""What a simulation or a plan does to a host: actions, and who asked for each."""

from __future__ import annotations

import enum
from functools import cached_property

from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.release import Artifact
from depguard.records import dataclass


class ActionKind(enum.Enum):
    """The kinds of change. REPLACE is the same public version in another artifact."""

    KEEP = "keep"
    ADD = "add"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One requirement that asked for a package: of a parent, or of the request (parent None).

    ``breaks``: the package moves along. ``requirement`` is its own, as it is installed, and the parent's
    version does not meet it.
    """

    requirement: Requirement
    parent: NormalizedName | None = None
    parent_version: Version | None = None
    location: Location | None = None
    breaks: bool = False

    def __str__(self) -> str:
        if self.breaks:
            return f"{self.parent} {self.parent_version or ''} does not meet its {self.requirement}"
        if self.parent is None:
            return f"requested {self.requirement}"
        version = f" {self.parent_version}" if self.parent_version is not None else ""
        return f"{self.parent}{version} requires {self.requirement}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """Why a plan takes something older than the newest release that fits host and cut-off."""

    newest: Version
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What happens to one distribution on one host.

    ``spelled`` is the project's own spelling where it is known. ``artifact`` is None for KEEP and
    REMOVE, and where a direct URL's file is not known.
    """

    name: NormalizedName
    kind: ActionKind
    old: Version | None = None
    new: Version | None = None
    because: tuple[Cause, ...] = ()
    artifact: Artifact | None = None
    held_back: HeldBack | None = None
    url: str | None = None
    size: int | None = None


@dataclass(frozen=True, kw_only=True)  # no slots: it remembers its changes, for which every rule asks
class ChangeSet:
    """All actions on one host, sorted by name, keeps of what was reached included."""

    actions: tuple[Action, ...]

    @cached_property
    def changes(self) -> tuple[Action, ...]:
        """The actions that are not KEEP."""
        return tuple(a for a in self.actions if a.kind is not ActionKind.KEEP)
