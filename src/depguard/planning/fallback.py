"""DG404: an older release that says nothing is no way round a newer one that says no.

For every package that a plan adds or moves, the chosen release is held against the newest final,
unyanked one that fits host, cut-off and the request's own specifier. Nothing is solved again.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.markers import MarkerAnswer
from depguard.model.plan import Action, ChangeSet
from depguard.model.release import CoreMetadata
from depguard.model.stated_requirements import may_count
from depguard.records import dataclass
from depguard.resolve.host_view import HostView
from depguard.resolve.offers import Offer

FAR_DAYS = 730
NOTABLE_DAYS = 365

UPPER = frozenset({"<", "<=", "~=", "=="})
"""Operators that bound a version from above."""


class Silence(enum.Enum):
    """How the chosen release is silent about what the newest one says of a kept package."""

    UNBOUNDED = "has no such bound"
    UNMENTIONED = "does not mention it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """A package that a plan takes in an older release than the newest that fits.

    ``days`` is the distance of the two upload times, None where the index gives none. ``silence``
    says that the chosen release is silent about ``requirement`` of the newest.
    """

    name: NormalizedName
    chosen: Version
    newest: Version
    days: int | None
    silence: Silence | None = None
    requirement: Requirement | None = None

    @property
    def far(self) -> bool:
        """Whether this makes a plan unproven."""
        return self.silence is not None or (self.days is not None and self.days > FAR_DAYS)

    @property
    def notable(self) -> bool:
        """Whether this is worth a warning."""
        return self.days is not None and self.days > NOTABLE_DAYS


def fallbacks(
    view: HostView,
    changes: ChangeSet,
    specifiers: Mapping[NormalizedName, SpecifierSet],
    kept: Iterable[NormalizedName],
) -> tuple[Fallback, ...]:
    """All packages that a plan takes older than need be, by name.

    ``specifiers`` are the request's own, by project; ``kept`` the protected and held names of the
    host. Raises OutOfReachError when the newest release's metadata cannot be read.
    """
    keeping = frozenset(kept)
    found = (_fallback(view, action, specifiers, keeping) for action in changes.changes)
    return tuple(fallback for fallback in found if fallback is not None)


def _fallback(
    view: HostView,
    action: Action,
    specifiers: Mapping[NormalizedName, SpecifierSet],
    kept: frozenset[NormalizedName],
) -> Fallback | None:
    if action.new is None or action.artifact is None:
        return None
    newest = _newest(view, action.name, specifiers.get(action.name, SpecifierSet()))
    if newest is None or newest.version <= action.new:
        return None
    old = next((o for o in view.offers(action.name).offers if o.version == action.new), None)
    silence, requirement = (None, None) if old is None else _silence(view, newest, old, kept)
    return Fallback(
        name=action.name,
        chosen=action.new,
        newest=newest.version,
        days=_days(action, newest),
        silence=silence,
        requirement=requirement,
    )


def _newest(view: HostView, name: NormalizedName, specifier: SpecifierSet) -> Offer | None:
    for offer in view.offers(name).offers:
        final = not offer.version.is_prerelease and not offer.yanked
        # What cannot run on the host is nothing to fall back from.
        if final and specifier.contains(offer.version) and view.universe.blocked(offer) is None:
            return offer
    return None


def _days(action: Action, newest: Offer) -> int | None:
    old = action.artifact.upload_time if action.artifact is not None else None
    new = newest.artifact.upload_time
    return (new - old).days if old is not None and new is not None else None


def _silence(
    view: HostView, newest: Offer, chosen: Offer, kept: frozenset[NormalizedName]
) -> tuple[Silence | None, Requirement | None]:
    says = _requirements(view, newest)
    said = _requirements(view, chosen)
    if says is None or said is None:
        return None, None  # unknown metadata is a finding of its own
    by_name: dict[NormalizedName, list[Requirement]] = {}
    for requirement in said:
        by_name.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for requirement in says:
        name = canonicalize_name(requirement.name)
        installed = view.host.installed.get(name)
        if name not in kept or installed is None:
            continue
        if name not in by_name:
            return Silence.UNMENTIONED, requirement
        version = installed.version
        if version is None or not _too_new(requirement.specifier, version):
            continue
        if not any(_bounded_above(other.specifier) for other in by_name[name]):
            return Silence.UNBOUNDED, requirement
    return None, None


def _requirements(view: HostView, offer: Offer) -> tuple[Requirement, ...] | None:
    metadata = view.universe.metadata(offer)
    if not isinstance(metadata, CoreMetadata):
        return None
    return tuple(
        requirement
        for requirement in may_count(metadata.requires_dist, frozenset())
        if view.holds(requirement.marker) is not MarkerAnswer.FAILS
    )


def _too_new(specifier: SpecifierSet, version: Version) -> bool:
    """Whether an upper bound of the specifier excludes the version."""
    return any(
        clause.operator in UPPER
        and not clause.contains(version, prereleases=True)
        and version >= _bound(clause)
        for clause in specifier
    )


def _bounded_above(specifier: SpecifierSet) -> bool:
    return any(clause.operator in UPPER for clause in specifier)


def _bound(clause: Specifier) -> Version:
    return Version(clause.version.removesuffix(".*"))
