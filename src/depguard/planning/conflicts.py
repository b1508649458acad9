"""Why a guarded solve failed: what of the host is in the way, and the chain that leads to it."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Collection, Sequence

from packaging.utils import NormalizedName

from depguard.model.finding import Link
from depguard.planning.guard import Guarded, JointRefusal
from depguard.records import dataclass
from depguard.resolve.joint import GuardedHost, JointCandidate, JointNeed
from depguard.resolve.needs import PYTHON


class Obstacle(enum.Enum):
    """What is in the way, most telling first."""

    PROTECTED = "it is protected"
    HELD = "it is held in a range"
    FORBIDDEN = "it is forbidden"
    DEPENDENT = "a host distribution needs it as it is"
    LOWERED = "the host has a newer one"
    PINNED = "a lower tier pins it"
    PLATFORM = "nothing fits the host"
    CLASH = "the requirements exclude each other"
    UNFIT = "one release cannot be installed here"


REQUEST_OBSTACLES = frozenset({Obstacle.PINNED, Obstacle.PLATFORM, Obstacle.CLASH, Obstacle.UNFIT})
"""What lies in the request or the index, not in the host or its policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One conflict on one host.

    ``name`` is the project that is in the way and ``need`` the requirement that meets it (for
    DEPENDENT: the requirement of the host distribution ``name`` that would break). ``links`` is the
    chain from the request to it, every step of it true. ``needs`` are all requirements that met.
    """

    obstacle: Obstacle
    host: int
    name: NormalizedName
    need: JointNeed
    links: tuple[Link, ...]
    needs: tuple[JointNeed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a conflict is looked at against."""

    hosts: Sequence[GuardedHost]
    forbidden: Callable[[NormalizedName], bool]
    pins: Collection[NormalizedName] = ()
    request: str = "request"


def conflicts(guarded: Guarded, setting: Setting, *, by_parent: bool = False) -> list[Conflict]:
    """All conflicts that the solver met, most telling first, each obstacle and project once.

    With ``by_parent``, once for each host and each project whose requirement met it (who was held back
    by what). The solver tries newer releases first, so the first refusal about a project is the one
    that its newest release meets.
    """
    found: dict[tuple[object, ...], Conflict] = {}
    for refusal in guarded.refusals:
        for index in sorted({host for need in refusal.needs for host in need.hosts}):
            needs = tuple(need for need in refusal.needs if index in need.hosts)
            seen = _obstacle(refusal, needs, index, setting)
            if seen is None:
                continue
            obstacle, name, need = _unmasked(seen, needs, guarded.explored)
            key: tuple[object, ...] = (obstacle, name)
            if by_parent:
                key += (index, need.parent.name if need.parent is not None else None)
            if key not in found:
                host = setting.hosts[index]
                links = chain(need, index, guarded.explored, setting.request, host)
                if obstacle is Obstacle.UNFIT and len(links) > 1:
                    links = links[:-1]  # the last one is a release's own need of a host that can have it
                found[key] = Conflict(
                    obstacle=obstacle, host=index, name=name, need=need, links=links, needs=needs
                )
    order = list(Obstacle)
    return sorted(found.values(), key=lambda conflict: order.index(conflict.obstacle))


def _obstacle(refusal: JointRefusal, needs: Sequence[JointNeed], index: int, setting: Setting) -> Seen | None:
    name = refusal.key.name
    host = setting.hosts[index]
    if refusal.key == PYTHON:
        parent = needs[-1].parent
        return Obstacle.UNFIT, parent.name if parent else name, needs[-1]
    dragged = next((need for need in needs if need.moved), None)
    if dragged is not None:
        return Obstacle.DEPENDENT, name, dragged
    installed = host.view.host.installed.get(name)
    if name in setting.pins:
        return Obstacle.PINNED, name, needs[-1]
    if installed is None:
        if setting.forbidden(name):
            return Obstacle.FORBIDDEN, name, needs[-1]
        single = any(_alone_is_empty(host, need) for need in needs)
        return (Obstacle.PLATFORM if single else Obstacle.CLASH), name, needs[-1]
    version = installed.version
    unmet = [
        n for n in needs if version is None or not n.requirement.specifier.contains(version, prereleases=True)
    ]
    if not unmet:
        return None  # on this host everything is met; another one is the matter
    if name in host.fixed:
        return Obstacle.PROTECTED, name, unmet[0]
    if name in host.ranges:
        return Obstacle.HELD, name, unmet[0]
    below = version is not None and not any(
        offer.version > version and all(_admits(need, offer.version) for need in needs)
        for offer in host.view.offers(name).offers
    )
    lower = any(
        all(_admits(need, offer.version) for need in needs) for offer in host.view.offers(name).offers
    )
    return (Obstacle.LOWERED if below and lower else Obstacle.CLASH), name, unmet[0]


Seen = tuple[Obstacle, NormalizedName, JointNeed]
"""What is in the way, whose it is, and the requirement that meets it."""


def _unmasked(seen: Seen, needs: Sequence[JointNeed], explored: Sequence[JointNeed]) -> Seen:
    """A clash with something that only moved along: what it broke as it was is the real obstacle."""
    obstacle, name, _ = seen
    if obstacle is not Obstacle.CLASH:
        return seen
    parents = {need.parent.name for need in needs if need.parent is not None}
    for need in explored:
        moves = need.parent is not None and need.parent.name == name and need.moved
        if moves and need.key.name in parents:
            return Obstacle.DEPENDENT, need.key.name, need
    return seen


def _admits(need: JointNeed, version: object) -> bool:
    return need.requirement.specifier.contains(str(version), prereleases=True)


def _alone_is_empty(host: GuardedHost, need: JointNeed) -> bool:
    """Whether a need on its own already has nothing on this host."""
    return not any(_admits(need, offer.version) for offer in host.view.offers(need.key.name).offers)


def chain(
    need: JointNeed, index: int, explored: Sequence[JointNeed], request: str, host: GuardedHost
) -> tuple[Link, ...]:
    """The shortest chain of requirements from the request to ``need``, on one host.

    Every step was met by the solver: a parent's version really has the requirement that the link
    names, and really meets the link before. Of what moves along, the link is the host's own version and
    its requirement that would break.
    """
    by_name: dict[NormalizedName, list[JointNeed]] = {}
    for other in explored:
        if index in other.hosts:
            by_name.setdefault(other.key.name, []).append(other)
    queue: deque[tuple[JointNeed, ...]] = deque([(need,)])
    seen: set[int] = {id(need)}
    while queue:
        path = queue.popleft()
        parent = path[0].parent
        if parent is None:
            return tuple(_link(step, index, request, host) for step in path)
        for above in by_name.get(parent.name, ()):
            if id(above) not in seen and _met(above, parent, index):
                seen.add(id(above))
                queue.append((above, *path))
    return (_link(need, index, request, host),)


def _met(need: JointNeed, candidate: JointCandidate, index: int) -> bool:
    pick = candidate.picks[index]
    if need.moved:
        return pick is not None and pick.installed is None
    version = candidate.version_on(index)
    return version is None or _admits(need, version)


def _link(need: JointNeed, index: int, request: str, host: GuardedHost) -> Link:
    if need.moved:
        installed = host.view.host.installed.get(need.key.name)
        version = installed.version if installed is not None else None
        return Link(name=need.key.name, version=version, requirement=str(need.requirement))
    parent = need.parent
    return Link(
        name=parent.name if parent is not None else request,
        version=parent.version_on(index) if parent is not None else None,
        requirement=str(need.requirement),
        location=need.location,
    )
