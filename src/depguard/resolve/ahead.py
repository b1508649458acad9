"""What a request will ask an index for, told before a solver comes to it.

Solvers ask for one thing after the other. What most of them will come to follows from the host alone: of each
project that it lacks the newest release that fits, and what that one requires in turn. So an index is asked
as often in a row as the request's graph is deep.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.markers import MarkerAnswer, markers_of
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer
from depguard.resolve.ports import Following, Page

if TYPE_CHECKING:
    from depguard.resolve.universe import Offer, Universe

_LINE = 12
"""So many releases of a project are looked at, one after the other."""


class Ahead:
    """A `resolve.ports.Guess` for one host. It may be asked from several threads at once.

    A solver that comes to something else asks for that, so a wrong guess costs a request and nothing more.
    """

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._markers = markers_of(universe.host.markers, universe.host.unknown_markers)
        self._asked: dict[NormalizedName, Requirement] = {}
        self._lines: dict[NormalizedName, list[Offer]] = {}
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
        return self._noted(r for r in counting if not self._universe.host.satisfies(r))

    def likely(self, page: Page) -> Iterable[Artifact]:
        """The newest that fits: what is taken where nothing speaks against it."""
        asked = self._asked.get(page.name)
        fitting = (
            offer
            for offer in self._universe.choose(page).offers
            if not offer.yanked
            and not offer.version.is_prerelease
            and (asked is None or asked.specifier.contains(offer.version))
        )
        line = self._lines[page.name] = list(islice(fitting, _LINE))
        return [offer.artifact for offer in line[:1]]

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        """The projects that an artifact needs, or an older release in its place."""
        if not isinstance(answer, CoreMetadata):
            return Following()
        host = self._universe.host
        asked = self._asked.get(artifact.name)
        extras = frozenset(asked.extras if asked is not None else ())
        unmet = [
            requirement
            for requirement in answer.requires_dist
            if self._markers.evaluate(requirement.marker, extras) is not MarkerAnswer.FAILS
            and not host.satisfies(requirement)
        ]
        line = self._lines.get(artifact.name, [])
        refused = self._guarded and any(self._stays(requirement) for requirement in unmet)
        if (line and line[0].version == artifact.version) or not refused:
            # An installer takes the newest whatever it moves; an older one is for the guarded solve alone.
            projects = tuple(self._noted(unmet))
        else:
            projects = ()
        older = [offer.artifact for offer in line if offer.version < artifact.version] if refused else []
        return Following(projects=projects, artifacts=tuple(older[:1]))

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
        return name in self._universe.host.installed and name not in self._named
