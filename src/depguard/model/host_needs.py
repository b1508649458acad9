"""What a host's own distributions require of each other, on its markers."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Mapping

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.host import Host, InstalledDistribution
from depguard.model.markers import HostMarkers, MarkerAnswer, markers_of
from depguard.model.stated_requirements import may_count
from depguard.records import dataclass

# Asked of each of a host's 5,000 requirements whenever something on it has moved.
_normalized = functools.lru_cache(maxsize=16384)(canonicalize_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRequirement:
    """A requirement of an installed distribution that counts on this host.

    ``marker_unknown``: its marker needs a value that the host file does not know, so it may not count.
    """

    parent: NormalizedName
    requirement: Requirement
    marker_unknown: bool = False

    @property
    def name(self) -> NormalizedName:
        """The normalized name of the project that is required."""
        return _normalized(self.requirement.name)


@dataclass(frozen=True, slots=True)
class HostNeeds:
    """What the distributions of a host require of each other. `read_needs` makes it.

    ``by_parent`` has an entry for each installed distribution, ``by_name`` one for each project that any of
    them requires. ``extras`` are those that other distributions of the host ask for: no other extra's
    requirements count, since pip records nowhere what was installed with which extra.
    """

    by_parent: Mapping[NormalizedName, tuple[ActiveRequirement, ...]]
    by_name: Mapping[NormalizedName, tuple[ActiveRequirement, ...]]
    extras: Mapping[NormalizedName, frozenset[NormalizedName]]


class CompiledBaseline(Mapping[NormalizedName, InstalledDistribution]):
    """The distributions of a host that was read before: each is made when it is asked for.

    It knows beforehand what follows from all of them on the markers it was compiled for (``fits``).
    """

    @abstractmethod
    def fits(self, host: Host) -> bool:
        """Whether it was compiled for the markers of ``host``: only then the rest is said of it."""

    @abstractmethod
    def needs(self) -> HostNeeds:
        """As `read_needs` of the host; the same object every time."""

    @abstractmethod
    def plain(self, name: NormalizedName) -> tuple[tuple[Requirement, MarkerAnswer], ...]:
        """The requirements of a distribution without extras that hold, or may, in their order."""

    @abstractmethod
    def unknown(self) -> tuple[InstalledDistribution, ...]:
        """The distributions whose requirements are not known, in their order."""


def compiled_baseline(host: Host) -> CompiledBaseline | None:
    """The host's compiled baseline, where it has one that speaks of it."""
    installed = host.installed
    return installed if isinstance(installed, CompiledBaseline) and installed.fits(host) else None


def with_unknown_requirements(host: Host) -> tuple[InstalledDistribution, ...]:
    """The host's distributions whose requirements are not known, in their order."""
    if isinstance(host.installed, CompiledBaseline):
        return host.installed.unknown()
    return tuple(dist for dist in host.installed.values() if not dist.requirements.known)


def read_needs(host: Host, like: tuple[Host, HostNeeds] | None = None) -> HostNeeds:
    """The requirements that count on ``host``, found out distribution by distribution.

    ``like`` is a host that it was made from, with its needs: the very same distributions need the same.
    """
    markers = markers_of(host.markers, host.unknown_markers)
    same = _same_needs(host, like)
    extras: dict[NormalizedName, frozenset[NormalizedName]] = {}
    by_parent: dict[NormalizedName, tuple[ActiveRequirement, ...]] = {}
    waiting = dict.fromkeys(host.installed)
    # An extra that somebody asks for can bring requirements that ask for further extras.
    while waiting:
        parent = next(iter(waiting))
        del waiting[parent]
        wanted = extras.get(parent, frozenset())
        known_needs = same(parent, wanted)
        active = known_needs if known_needs is not None else _active(host, parent, markers, wanted)
        by_parent[parent] = active
        for need in active:
            if not need.requirement.extras:
                continue
            asked = frozenset(canonicalize_name(extra) for extra in need.requirement.extras)
            known = extras.get(need.name, frozenset())
            if need.name in host.installed and not asked <= known:
                extras[need.name] = known | asked
                waiting[need.name] = None
    by_name: dict[NormalizedName, list[ActiveRequirement]] = {}
    for needs in by_parent.values():
        for need in needs:
            by_name.setdefault(need.name, []).append(need)
    return HostNeeds(
        by_parent=by_parent,
        by_name={name: tuple(needs) for name, needs in by_name.items()},
        extras=extras,
    )


Same = Callable[[NormalizedName, frozenset[NormalizedName]], tuple[ActiveRequirement, ...] | None]


def _same_needs(host: Host, like: tuple[Host, HostNeeds] | None) -> Same:
    """What a distribution needs with some extras, where the other host has it and has looked already."""
    other, needs = like if like is not None else (None, None)
    if other is None or needs is None or other.markers != host.markers:
        return lambda *_: None
    if other.unknown_markers != host.unknown_markers:
        return lambda *_: None

    def same(
        parent: NormalizedName, wanted: frozenset[NormalizedName]
    ) -> tuple[ActiveRequirement, ...] | None:
        alike = other.installed.get(parent) is host.installed[parent]
        return needs.by_parent[parent] if alike and needs.extras.get(parent, frozenset()) == wanted else None

    return same


def _active(
    host: Host, parent: NormalizedName, markers: HostMarkers, extras: frozenset[NormalizedName]
) -> tuple[ActiveRequirement, ...]:
    wanted: frozenset[str] = frozenset({"", *extras})
    answers = (
        (requirement, markers.evaluate(requirement.marker, wanted))
        for requirement in may_count(host.installed[parent].requirements.requires, wanted)
    )
    return tuple(
        ActiveRequirement(
            parent=parent, requirement=requirement, marker_unknown=answer is MarkerAnswer.UNKNOWN
        )
        for requirement, answer in answers
        if answer is not MarkerAnswer.FAILS
    )
