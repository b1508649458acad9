"""What a host's own distributions require of each other, and what of it the untouched host violates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from depguard.model.host import Host
from depguard.model.host_needs import ActiveRequirement, HostNeeds, compiled_baseline, read_needs

if TYPE_CHECKING:
    from depguard.model.baseline import Violation

_KEPT = 16
_needs: dict[int, tuple[Host, HostNeeds]] = {}


def host_needs(host: Host) -> HostNeeds:
    """The requirements that count on ``host``; made once for the same Host object."""
    compiled = compiled_baseline(host)
    if compiled is not None:
        return compiled.needs()
    kept = _needs.get(id(host))
    return kept[1] if kept is not None else _keep(host, read_needs(host))


def needs_after(host: Host, before: Host) -> None:
    """Find out the needs of a host that was made from another: most of them are known there."""
    _keep(host, read_needs(host, like=(before, host_needs(before))))


def _keep(host: Host, needs: HostNeeds) -> HostNeeds:
    if len(_needs) >= _KEPT:
        _needs.pop(next(iter(_needs)))
    # The host beside its answer keeps its id from being another's.
    _needs[id(host)] = (host, needs)
    return needs


def host_requirements(host: Host) -> Mapping[NormalizedName, tuple[ActiveRequirement, ...]]:
    """For each installed distribution its requirements whose markers hold (or cannot be known) there."""
    return host_needs(host).by_parent


def health(host: Host) -> tuple[Violation, ...]:
    """The requirements that the untouched host violates, sorted by parent and requirement.

    Installed pre-releases count for any range. What cannot be known (a marker, a version) is no violation.
    """
    from depguard.model.baseline import Violation

    found = [
        Violation(
            parent=need.parent,
            parent_version=host.installed[need.parent].version,
            requirement=need.requirement,
            found=host.installed[need.name].version if need.name in host.installed else None,
        )
        for needs in host_requirements(host).values()
        for need in needs
        if not need.marker_unknown and not host.satisfies(need.requirement)
    ]
    return tuple(sorted(found, key=lambda v: (v.parent, str(v.requirement))))
