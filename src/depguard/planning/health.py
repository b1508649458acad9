"""What a host's own distributions require of each other, and what of it the untouched host violates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.baseline import Violation
from depguard.model.host import Host
from depguard.model.markers import HostMarkers, MarkerAnswer


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
        return canonicalize_name(self.requirement.name)


@dataclass(frozen=True, slots=True)
class HostNeeds:
    """What the distributions of a host require of each other. `host_needs` makes it.

    ``by_parent`` has an entry for each installed distribution, ``by_name`` one for each project that any of
    them requires. ``extras`` are those that other distributions of the host ask for: no other extra's
    requirements count, since pip records nowhere what was installed with which extra.
    """

    by_parent: Mapping[NormalizedName, tuple[ActiveRequirement, ...]]
    by_name: Mapping[NormalizedName, tuple[ActiveRequirement, ...]]
    extras: Mapping[NormalizedName, frozenset[NormalizedName]]


_KEPT = 16
_needs: dict[int, tuple[Host, HostNeeds]] = {}


def host_needs(host: Host) -> HostNeeds:
    """The requirements that count on ``host``; made once for the same Host object."""
    kept = _needs.get(id(host))
    if kept is None:
        if len(_needs) >= _KEPT:
            _needs.pop(next(iter(_needs)))
        # The host beside its answer keeps its id from being another's.
        kept = _needs[id(host)] = (host, _read(host))
    return kept[1]


def host_requirements(host: Host) -> Mapping[NormalizedName, tuple[ActiveRequirement, ...]]:
    """For each installed distribution its requirements whose markers hold (or cannot be known) there."""
    return host_needs(host).by_parent


def health(host: Host) -> tuple[Violation, ...]:
    """The requirements that the untouched host violates, sorted by parent and requirement.

    Installed pre-releases count for any range. What cannot be known (a marker, a version) is no violation.
    """
    found = [
        Violation(
            parent=need.parent,
            parent_version=host.installed[need.parent].version,
            requirement=need.requirement,
            found=host.installed[need.name].version if need.name in host.installed else None,
        )
        for needs in host_requirements(host).values()
        for need in needs
        if not need.marker_unknown and not is_satisfied(host, need.requirement)
    ]
    return tuple(sorted(found, key=lambda v: (v.parent, str(v.requirement))))


def is_satisfied(host: Host, requirement: Requirement) -> bool:
    """Whether what is installed satisfies a requirement, its marker aside.

    Something installed whose version is unknown does: nothing shows that it does not. A URL requirement is
    satisfied by the project, wherever it came from.
    """
    installed = host.installed.get(canonicalize_name(requirement.name))
    if installed is None:
        return False
    if installed.version is None:
        return True
    return requirement.specifier.contains(installed.version, prereleases=True)


def _read(host: Host) -> HostNeeds:
    markers = HostMarkers(host.markers, host.unknown_markers)
    extras: dict[NormalizedName, frozenset[NormalizedName]] = {}
    by_parent: dict[NormalizedName, tuple[ActiveRequirement, ...]] = {}
    waiting = dict.fromkeys(host.installed)
    # An extra that somebody asks for can bring requirements that ask for further extras.
    while waiting:
        parent = next(iter(waiting))
        del waiting[parent]
        active = _active(host, parent, markers, extras.get(parent, frozenset()))
        by_parent[parent] = active
        for need in active:
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


def _active(
    host: Host, parent: NormalizedName, markers: HostMarkers, extras: frozenset[NormalizedName]
) -> tuple[ActiveRequirement, ...]:
    wanted: frozenset[str] = frozenset({"", *extras})
    answers = (
        (requirement, markers.evaluate(requirement.marker, wanted))
        for requirement in host.installed[parent].requirements.requires
    )
    return tuple(
        ActiveRequirement(
            parent=parent, requirement=requirement, marker_unknown=answer is MarkerAnswer.UNKNOWN
        )
        for requirement, answer in answers
        if answer is not MarkerAnswer.FAILS
    )
