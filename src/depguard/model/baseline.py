"""Baselines: as somebody listed them, as they are shown, and two of them compared."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.errors import Problem
from depguard.model.host import Host, InstalledDistribution, Knowledge
from depguard.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a list of installed distributions says. Each normalized name occurs once.

    ``environment`` has the marker variables that the list states (a freeze list states none); ``tags``,
    ``platform`` (a platform tag) and ``loaded`` (top-level modules) come from a captured interpreter
    only. ``warnings`` are oddities that lose nothing.
    """

    distributions: tuple[InstalledDistribution, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    platform: str | None = None
    loaded: frozenset[str] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A requirement that the untouched host violates; ``found`` is None when it is absent there."""

    parent: NormalizedName
    parent_version: Version | None
    requirement: Requirement
    found: Version | None

    @property
    def name(self) -> NormalizedName:
        """The normalized name of the project that is missing or out of range."""
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostDescription:
    """A host as `depguard baseline show` tells it. All lists are sorted by name.

    ``counts`` has how many distributions are known how; ``assumed`` and ``unknown`` are those of that kind.
    """

    host: Host
    counts: Mapping[Knowledge, int]
    violations: tuple[Violation, ...]
    assumed: tuple[InstalledDistribution, ...]
    unknown: tuple[InstalledDistribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One distribution that two hosts have differently: another version, or another origin."""

    before: InstalledDistribution
    after: InstalledDistribution

    @property
    def direction(self) -> str:
        """``upgraded``, ``downgraded``, or ``replaced``: the same public version as another artifact."""
        old, new = self.before.version, self.after.version
        if old is None or new is None or old.public == new.public:
            return "replaced"
        return "upgraded" if new > old else "downgraded"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineDiff:
    """What changes from one host to another, each list sorted by name; ``same`` counts the rest.

    ``facts`` has the name of each differing fact with its two values, empty where there is none.
    """

    before: Host
    after: Host
    facts: tuple[tuple[str, str, str], ...]
    added: tuple[InstalledDistribution, ...]
    removed: tuple[InstalledDistribution, ...]
    changed: tuple[Change, ...]
    same: int
