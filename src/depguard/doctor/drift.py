"""DG503 and DG909: what is installed against the host that was planned for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.doctor.wording import at, some
from depguard.model.environment import FolderKind, Installed, Snapshot
from depguard.model.finding import About, Finding
from depguard.model.host import Host
from depguard.model.policy import Severity
from depguard.records import dataclass

Protects = Callable[[NormalizedName], bool]

_OWN = frozenset(
    {"depguard-policy", "resolvelib", "truststore", "platformdirs", "pyyaml", "urllib3", "packaging"}
)
"""What depguard's own install adds to a host is no trace of anybody else."""
UNINSTALLED = "somebody uninstalled it, or an install broke off"
_TOGETHER = timedelta(minutes=10)
"""One install command takes no longer, from its first package to its last."""
_MOVED_ON = 0.05
"""From this share of differing versions on it is another image, not an install on top of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What differs from a host: distributions by name, sorted; ``same`` counts those of the same version.

    ``image``: it is another machine: less than half is the same, or the many differences are not later than
    the rest of it.
    """

    host: str
    same: int
    moved: tuple[Installed, ...]
    gone: tuple[NormalizedName, ...]
    added: tuple[Installed, ...]
    image: bool


def effective(snapshot: Snapshot) -> Mapping[NormalizedName, Installed]:
    """The distribution that counts for each name: the host's own, and of several the first on the path."""
    kinds = {folder.path: folder.kind for folder in snapshot.folders}
    found: dict[NormalizedName, Installed] = {}
    for item in snapshot.distributions:
        if kinds.get(item.folder) is not FolderKind.USER:
            found.setdefault(item.name, item)
    for item in snapshot.distributions:
        found.setdefault(item.name, item)
    return found


def drift(snapshot: Snapshot, host: Host) -> Drift:
    """Compare versions, local labels included."""
    live = effective(snapshot)
    moved, same, times = [], 0, []
    for name, planned in host.installed.items():
        item = live.get(name)
        if item is None:
            continue
        if item.version == planned.version:
            same += 1
            if item.installed_at is not None:
                times.append(item.installed_at)
        else:
            moved.append(item)
    last = max(times, default=None)
    later = [item for item in moved if last is not None and _later(item, last)]
    return Drift(
        host=host.name,
        same=same,
        moved=tuple(sorted(moved, key=lambda item: item.name)),
        gone=tuple(sorted(name for name in host.installed if name not in live)),
        added=tuple(
            item for name, item in sorted(live.items()) if name not in host.installed and name not in _OWN
        ),
        image=same < len(host.installed) / 2 or (not later and len(moved) > _MOVED_ON * len(host.installed)),
    )


def _later(item: Installed, last: datetime) -> bool:
    return item.installed_at is not None and item.installed_at > last


def drift_findings(
    snapshot: Snapshot, host: Host, difference: Drift, protects: Protects, nearest: str | None = None
) -> Iterator[Finding]:
    """DG503 for protected distributions that are not the host's; the rest is a note (DG909).

    ``nearest`` is a host of the catalogue that fits better, where there is one.
    """
    guarded = [item for item in difference.moved if protects(item.name)]
    missing = [name for name in difference.gone if protects(name)]
    if difference.image or nearest is not None:
        yield _another_image(host, difference, guarded, nearest)
        return
    for item in guarded:
        planned = host.installed[item.name].version
        yield Finding(
            code="DG503",
            about=About.ENVIRONMENT,
            severity=Severity.ERROR,
            package=item.name,
            message=f"{item.name} on disk is {item.version}; {host.name} came with {planned}",
            hint="what is compiled against it was built for the other version",
            because=(f"installed at {at(item.installed_at)}",) if item.installed_at is not None else (),
            culprit=culprit(snapshot, item, planned),
        )
    for name in missing:
        yield Finding(
            code="DG503",
            about=About.ENVIRONMENT,
            severity=Severity.ERROR,
            package=name,
            message=f"{name} is not installed; {host.name} came with {host.installed[name].version}",
            hint=UNINSTALLED,
        )
    yield from _reused(difference, protects)


def _another_image(host: Host, difference: Drift, guarded: list[Installed], nearest: str | None) -> Finding:
    is_now = f"it is nearest to {nearest}; " if nearest is not None else ""
    also = f"; {some([i.name for i in guarded])} differ" if guarded else ""
    return Finding(
        code="DG503",
        about=About.ENVIRONMENT,
        severity=Severity.WARNING,
        package=guarded[0].name if guarded else canonicalize_name(host.name.replace("/", "-")),
        message=(
            f"this machine is not {host.name}, which was planned for: {is_now}"
            f"{difference.same} of {len(host.installed)} distributions are the same{also}"
        ),
        hint="the image moved on: plan for this one (depguard plan TIER --host live)",
    )


def _reused(difference: Drift, protects: Protects) -> Iterator[Finding]:
    """DG909: somebody installed here before. A note, never a stop by itself."""
    moved = [item for item in difference.moved if not protects(item.name)]
    gone = [name for name in difference.gone if not protects(name)]
    parts = []
    if difference.added:
        parts.append(f"{len(difference.added)} added ({some([item.name for item in difference.added])})")
    if moved:
        parts.append(f"{len(moved)} moved ({some([item.name for item in moved])})")
    if gone:
        parts.append(f"{len(gone)} gone ({some(gone)})")
    if not parts:
        return
    first = (*difference.added, *moved)
    when = max((item.installed_at for item in first if item.installed_at is not None), default=None)
    yield Finding(
        code="DG909",
        about=About.ENVIRONMENT,
        severity=Severity.NOTE,
        package=first[0].name if first else gone[0],
        message=f"this machine was used before: against {difference.host}, {', '.join(parts)}",
        hint="nothing protected is concerned",
        because=(f"the last of it at {at(when)}",) if when is not None else (),
    )


def _before(other: Installed, item: Installed) -> bool:
    """Whether one was there well before the other was written, and so asked for nothing then."""
    if other.installed_at is None or item.installed_at is None:
        return False
    return other.installed_at < item.installed_at - _TOGETHER


def culprit(snapshot: Snapshot, item: Installed, planned: Version | None) -> str | None:
    """Who asked for the version that is there now: what came with it and does not admit the planned one.

    ``captum 0.8.0 needs numpy<2.0``; None where nothing installed since says so.
    """
    for other in snapshot.distributions:
        if _before(other, item):
            continue
        for text in other.requires:
            try:
                requirement = Requirement(text)
            except InvalidRequirement:
                continue
            if canonicalize_name(requirement.name) != item.name or requirement.marker is not None:
                continue
            admits_now = item.version is None or requirement.specifier.contains(
                item.version, prereleases=True
            )
            admits_planned = planned is None or requirement.specifier.contains(planned, prereleases=True)
            if admits_now and not admits_planned:
                return f"{other.name} {other.version} needs {item.name}{requirement.specifier}"
    return None
