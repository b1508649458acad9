"""Two answers to one question, change by change: depguard's and a real installer's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.crosscheck import Change, Changes, Difference, Side
from depguard.model.host import Host
from depguard.model.plan import ChangeSet
from depguard.model.release import CoreMetadata
from depguard.parse.referee_output import installed_version
from depguard.resolve.host_view import HostView

_REASONS = 2
"""Who asked for something: so many are named."""


def side_of(host: Host, changes: ChangeSet) -> Side:
    """Depguard's own side: a simulation's changes, or a plan's."""
    return Side(
        changes=frozenset(
            Change(action.name, installed_version(host, action.name), action.new)
            for action in changes.changes
        ),
        because={
            action.name: tuple(str(cause) for cause in action.because[:_REASONS])
            for action in changes.changes
        },
    )


def their_side(view: HostView, wanted: Sequence[Requirement], changes: Changes) -> Side:
    """An installer's side. Who asked for what is read from the metadata of what it chose."""
    chosen = {change.name: change.new for change in changes if change.new is not None}
    because: dict[NormalizedName, list[str]] = {name: [] for name in chosen}
    for requirement in wanted:
        _asks(because, f"requested {requirement}", requirement)
    for name, version in sorted(chosen.items()):
        for requirement in _requires(view, name, version):
            _asks(because, f"{name} {version} requires {requirement}", requirement)
    for parent, dist in sorted(view.host.installed.items()):
        if parent not in chosen:
            for requirement in dist.requirements.requires:
                _asks(because, f"{parent} {dist.version} requires {requirement}", requirement)
    return Side(changes=changes, because={name: tuple(found[:_REASONS]) for name, found in because.items()})


def differences(ours: Side, theirs: Side) -> tuple[Difference, ...]:
    """The names on which two sides that both have changes differ, sorted; empty where one has none."""
    if ours.changes is None or theirs.changes is None:
        return ()
    own = {change.name: change for change in ours.changes}
    other = {change.name: change for change in theirs.changes}
    return tuple(
        Difference(
            name=name,
            ours=own.get(name),
            theirs=other.get(name),
            our_reason=_reason(ours, own.get(name)),
            their_reason=_reason(theirs, other.get(name)),
        )
        for name in sorted(own.keys() | other.keys())
        if own.get(name) != other.get(name)
    )


def _reason(side: Side, change: Change | None) -> str:
    if change is None:
        return "leaves it as it is"
    return "; ".join(side.because.get(change.name, ())) or "says not why"


def _requires(view: HostView, name: NormalizedName, version: Version) -> Iterable[Requirement]:
    artifact = next(iter(view.universe.fitting(name, version)), None)
    answer = view.universe.source.metadata(artifact) if artifact is not None else None
    return answer.requires_dist if isinstance(answer, CoreMetadata) else ()


def _asks(because: Mapping[NormalizedName, list[str]], text: str, requirement: Requirement) -> None:
    found = because.get(canonicalize_name(requirement.name))
    if found is not None:
        found.append(text)
