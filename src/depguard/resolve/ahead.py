"""What a request will ask an index for, told before a solver comes to it.

Solvers ask for one thing after the other. What most of them will come to follows from the host alone: of each
project that it lacks the newest release that fits, and what that one requires in turn. So an index is asked
as often in a row as the request's graph is deep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.markers import MarkerAnswer, markers_of
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer
from depguard.model.stated_requirements import may_count
from depguard.records import dataclass, field
from depguard.resolve.ports import Following, Look, Page

if TYPE_CHECKING:
    from depguard.model.host import Host
    from depguard.resolve.effort import Effort
    from depguard.resolve.offers import Offer, Offers

_LINE = 12
"""So many releases of a project are looked at."""
_AT_ONCE = 3
"""So many older ones are asked for in one go: a refused release is seldom the only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A release whose metadata was asked for: what of it the host does not meet; whether it is refused."""

    artifact: Artifact
    metadata: CoreMetadata | None
    unmet: tuple[Requirement, ...]
    refused: bool


@dataclass(slots=True, kw_only=True)
class _Line:
    """A project's releases, newest first; ``asked`` of them have been asked for."""

    offers: list[Offer]
    asked: int = 1
    judged: dict[Version, _Judged] = field(default_factory=dict)
    settled: bool = False

    def add(self, judged: _Judged) -> tuple[_Judged | None, list[Artifact]]:
        """The release that is taken, as soon as that is known, and those to be asked for before it is."""
        self.judged[judged.artifact.version] = judged
        if self.settled:
            return None, []
        for offer in self.offers[: self.asked]:
            known = self.judged.get(offer.version)
            if known is None:
                return None, []
            if not known.refused:
                self.settled = True
                return known, []
        older = self.offers[self.asked : self.asked + _AT_ONCE]
        self.asked += len(older)
        return None, [offer.artifact for offer in older]


class Ahead:
    """A `resolve.ports.Guess` for one host. It may be asked from several threads at once.

    A solver that comes to something else asks for that, so a wrong guess costs a request and nothing more.
    ``choose`` gives what of a page the host can take: `resolve.choosing.Chooser.choose`.
    ``scout`` tells how deep the wheels that come in will be looked into, None if nobody does.
    """

    def __init__(
        self,
        host: Host,
        choose: Callable[[Page], Offers],
        scout: Callable[[], Effort | None] = lambda: None,
    ) -> None:
        self._host = host
        self._choose = choose
        self._scout = scout
        self._markers = markers_of(host.markers, host.unknown_markers)
        self._asked: dict[NormalizedName, Requirement] = {}
        self._lines: dict[NormalizedName, _Line] = {}
        self._lock = threading.Lock()
        self._named: frozenset[NormalizedName] = frozenset()
        self._guarded = False

    def request(self, wanted: Iterable[Requirement], *, guarded: bool) -> list[NormalizedName]:
        """The projects of a request that the host lacks, or has in another version than is asked for.

        ``guarded``: what would move anything that the host has and the request does not name is refused, and
        an older release is taken in its place.
        """
        counting = [r for r in wanted if self._markers.evaluate(r.marker) is MarkerAnswer.HOLDS]
        self._named |= {canonicalize_name(r.name) for r in counting}
        self._guarded = guarded
        return self._noted(r for r in counting if not self._host.satisfies(r))

    def likely(self, page: Page) -> Iterable[Artifact]:
        """The newest that fits: what is taken where nothing speaks against it."""
        asked = self._asked.get(page.name)
        fitting = (
            offer
            for offer in self._choose(page).offers
            if not offer.yanked
            and not offer.version.is_prerelease
            and (asked is None or asked.specifier.contains(offer.version))
        )
        line = _Line(offers=list(islice(fitting, _LINE)))
        self._lines[page.name] = line
        return [offer.artifact for offer in line.offers[:1]]

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        """What an artifact needs and what is in it, or older releases in its place."""
        line = self._lines.get(artifact.name)
        if not isinstance(answer, CoreMetadata):
            return self._without(artifact, line)
        host = self._host
        asked = self._asked.get(artifact.name)
        extras = frozenset(asked.extras if asked is not None else ())
        unmet = tuple(
            requirement
            for requirement in may_count(answer.requires_dist, extras)
            if self._markers.evaluate(requirement.marker, extras) is not MarkerAnswer.FAILS
            and not host.satisfies(requirement)
        )
        judged = _Judged(
            artifact=artifact,
            metadata=answer,
            unmet=unmet,
            refused=self._guarded and any(self._stays(requirement) for requirement in unmet),
        )
        if line is None:
            return self._coming([judged])
        with self._lock:
            taken, older = line.add(judged)
        # An installer takes the newest whatever it moves; an older one is for the guarded solve alone.
        newest = [judged] if line.offers and line.offers[0].version == artifact.version else []
        coming = newest if taken is None or taken in newest else [*newest, taken]
        return self._coming(coming, older)

    def _without(self, artifact: Artifact, line: _Line | None) -> Following:
        """What follows a release of which nothing can be known: a plan takes another."""
        if line is None or not self._guarded:
            return Following()
        with self._lock:
            taken, older = line.add(_Judged(artifact=artifact, metadata=None, unmet=(), refused=True))
        return self._coming([taken] if taken is not None else [], older)

    def _coming(self, releases: Iterable[_Judged], older: Iterable[Artifact] = ()) -> Following:
        releases = list(releases)
        effort = self._scout() if releases else None
        projects: dict[NormalizedName, None] = {}
        contents: list[Look] = []
        for release in releases:
            projects.update(dict.fromkeys(self._noted(release.unmet)))
            if effort is not None:
                depth, most = effort.on(release.artifact, release.metadata)
                contents.append(Look(release.artifact, depth, most))
        return Following(projects=tuple(projects), artifacts=tuple(older), contents=tuple(contents))

    def _noted(self, requirements: Iterable[Requirement]) -> list[NormalizedName]:
        """The names of requirements that an index can meet; what is asked of each is kept in mind."""
        names: dict[NormalizedName, None] = {}
        for requirement in requirements:
            if requirement.url is None:
                name = canonicalize_name(requirement.name)
                self._asked.setdefault(name, requirement)
                names[name] = None
        return list(names)

    def _stays(self, requirement: Requirement) -> bool:
        name = canonicalize_name(requirement.name)
        return name in self._host.installed and name not in self._named
