"""From a selection to the actions on a host, and to what they newly break there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import Specifier
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.host import Host, InstalledDistribution
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet
from depguard.model.report import Broken
from depguard.resolve.needs import Candidate, admits, text_of

_MOST = 1 << 14
_actions: dict[tuple[object, ...], tuple[tuple[Cause, ...], Action]] = {}


def action_for(host: Host, candidate: Candidate, because: Iterable[Cause]) -> Action:
    """What choosing ``candidate`` does to its project on the host; the same value for the very same things.

    The tiers of a host keep most of what each other keeps, for the same reasons, and so do hosts.
    """
    installed = host.installed.get(candidate.name)
    old = installed.version if installed is not None else None
    artifact = candidate.offer.artifact if candidate.offer is not None else None
    kind, new, url, causes = _kind(installed, candidate), candidate.version, candidate.url, tuple(because)
    # An action and its causes keep their parts, so that their ids are nobody else's.
    place = (candidate.name, kind, id(old), id(new), id(artifact), url, *map(id, causes))
    known = _actions.get(place)
    if known is None:
        if len(_actions) >= _MOST:
            _actions.clear()
        action = Action(
            name=candidate.name,
            kind=kind,
            old=old,
            new=new,
            because=unique_causes(causes),
            artifact=artifact,
            url=url,
            size=artifact.size if artifact is not None else None,
        )
        known = _actions[place] = (causes, action)
    return known[1]


def removal(installed: InstalledDistribution, because: Iterable[Cause]) -> Action:
    """The removal of an installed distribution."""
    return Action(
        name=installed.name, kind=ActionKind.REMOVE, old=installed.version, because=unique_causes(because)
    )


def change_set(actions: Iterable[Action]) -> ChangeSet:
    """Actions in the one order that reports use."""
    return ChangeSet(actions=tuple(sorted(actions, key=lambda action: action.name)))


def unique_causes(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Each cause once, the request's own first, then by parent and requirement."""
    by_text = {(cause.parent or "", text_of(cause.requirement)): cause for cause in causes}
    return tuple(by_text[key] for key in sorted(by_text))


def newly_broken(
    host: Host,
    dependents: Callable[[NormalizedName], Iterable[tuple[NormalizedName, Requirement]]],
    changes: ChangeSet,
) -> tuple[Broken, ...]:
    """Requirements of distributions that stay which held before the changes and do not hold after.

    ``dependents`` says which installed distributions require a project, and how: it is asked about what
    changes alone. A version that is not known is taken to satisfy: what cannot be known is reported
    elsewhere.
    """
    after = {action.name: action for action in changes.changes}
    broken: list[Broken] = []
    for name, action in after.items():
        for parent, requirement in dependents(name):
            if parent in after or parent not in host.installed:
                continue
            installed = host.installed.get(name)
            if installed is None or not _admits(requirement, installed.version):
                continue
            if action.kind is ActionKind.REMOVE or not _admits(requirement, action.new):
                dist = host.installed[parent]
                broken.append(
                    Broken(
                        name=parent,
                        version=dist.version,
                        requirement=str(requirement),
                        violated=_violated(requirement, action.new),
                    )
                )
    return tuple(sorted(broken, key=lambda item: (item.name, item.requirement)))


def left_unmet(
    host: Host, changes: ChangeSet, requirements: Mapping[NormalizedName, Sequence[Requirement]]
) -> tuple[Broken, ...]:
    """What the changed packages require themselves and will not find (an install without dependencies).

    ``requirements`` are those of what the changes bring, by name.
    """
    after = {action.name: action for action in changes.changes}
    unmet: list[Broken] = []
    for name, wanted in requirements.items():
        for requirement in wanted:
            target = canonicalize_name(requirement.name)
            action = after.get(target)
            there = action is not None or target in host.installed
            version = action.new if action is not None else None
            if action is None and there:
                version = host.installed[target].version
            if there and _admits(requirement, version):
                continue
            unmet.append(
                Broken(
                    name=name,
                    version=after[name].new if name in after else None,
                    requirement=str(requirement),
                    violated=_violated(requirement, version),
                )
            )
    return tuple(sorted(unmet, key=lambda item: (item.name, item.requirement)))


def _violated(requirement: Requirement, version: Version | None) -> str:
    """The clauses that exclude the new version; the whole requirement where it goes away."""
    clauses = [
        clause
        for clause in requirement.specifier
        if version is not None and not clause.contains(version, prereleases=True)
    ]
    texts = sorted(_plain(clause) for clause in clauses)
    return f"{requirement.name}{','.join(texts) or requirement.specifier}"


def _plain(clause: Specifier) -> str:
    """A clause as people would write it: ``<6.0.0dev`` says ``<6``."""
    if clause.operator != "<":
        return str(clause)
    bound = Version(clause.version)
    release = list(bound.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    plain = bound.pre is None and bound.post is None and not bound.epoch and bound.dev in (None, 0)
    return f"<{'.'.join(map(str, release))}" if plain else str(clause)


def _admits(requirement: Requirement, version: Version | None) -> bool:
    return version is None or admits(requirement, version)


def _kind(installed: InstalledDistribution | None, candidate: Candidate) -> ActionKind:
    if installed is None:
        return ActionKind.ADD
    if candidate.installed is not None:
        return ActionKind.KEEP
    old, new = installed.version, candidate.version
    # Without both versions all that is certain is that another artifact comes.
    if old is None or new is None or old.public == new.public:
        return ActionKind.REPLACE
    return ActionKind.UPGRADE if new > old else ActionKind.DOWNGRADE
