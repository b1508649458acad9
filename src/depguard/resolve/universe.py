"""What one host can take from a source, and what that says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name, canonicalize_version
from packaging.version import Version

from depguard.model.host import Host
from depguard.model.release import Artifact, ArtifactKind, CoreMetadata, FormatControl, MetadataUnknown
from depguard.records import dataclass, field
from depguard.resolve.ahead import Ahead
from depguard.resolve.choosing import Chooser
from depguard.resolve.offers import Offer, Offers, Shelf, UnfitArtifact
from depguard.resolve.ports import PackageSource

if TYPE_CHECKING:
    from depguard.model.abi_report import Clash
    from depguard.model.policy import Override
    from depguard.resolve.effort import Effort
    from depguard.resolve.runnable import Inspector


@dataclass(kw_only=True)
class Universe:
    """A source seen from one host, under a cut-off date (exclusive) and a rule about builds.

    ``lower_python``: only the lower bounds of Requires-Python count, as for uv.
    Answers are remembered: asking twice costs nothing. ``overrides`` change the requirements of
    exactly the releases that they name; those that were used are in ``used_overrides``. With an
    ``inspector``, a wheel whose binaries cannot run on the host is no candidate; ``refused`` says which.
    ``scout`` tells how deep wheels are looked into afterwards, so that they are read ahead.
    Universes that are given one ``shelf`` choose once among the same artifacts: the commands of a session.
    """

    source: PackageSource
    host: Host
    cutoff: datetime | None = None
    builds: bool = True
    lower_python: bool = False
    formats: FormatControl = field(default_factory=FormatControl)
    overrides: tuple[Override, ...] = ()
    used_overrides: set[Override] = field(default_factory=set)
    inspector: Inspector | None = None
    scout: Callable[[], Effort | None] = field(default=lambda: None, repr=False)
    shelf: Shelf | None = None
    refused: dict[tuple[NormalizedName, Version], Clash] = field(default_factory=dict, init=False)
    _offers: dict[NormalizedName, Offers] = field(default_factory=dict, init=False, repr=False)
    _expected: set[int] = field(default_factory=set, init=False, repr=False)
    _metadata: dict[int, CoreMetadata | MetadataUnknown] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.shelf is not None:
            rules = (self.cutoff, self.builds, self.lower_python, self.formats)
            place = (id(self.source), self.host.python, self.host.tags, *rules)
            self._offers = self.shelf.setdefault(place, self._offers)

    def offers(self, name: NormalizedName) -> Offers:
        """The versions of a project that fit, newest first.

        Raises OutOfReachError when the source cannot answer, or when a cut-off is asked for and an
        artifact that fits has no upload time (PEP 700): a cut-off is never ignored.
        """
        known = self._offers.get(name)
        if known is None:
            known = self._offers[name] = self._chooser.choose(self.source.page(name))
        return known

    def metadata(self, offer: Offer) -> CoreMetadata | MetadataUnknown:
        """The offer's core metadata, with the policy's overrides applied."""
        key = id(offer)
        known = self._metadata.get(key)
        if known is None:
            known = self._metadata[key] = self._overridden(offer, self.source.metadata(offer.artifact))
        return known

    def blocked(self, offer: Offer) -> Clash | None:
        """Why the offer's binaries cannot run on the host. Raises OutOfReachError."""
        if self.inspector is None or offer.artifact.kind is not ArtifactKind.WHEEL:
            return None
        metadata = self.metadata(offer)
        known = metadata if isinstance(metadata, CoreMetadata) else None
        clash = self.inspector.look(offer.artifact, known).blocked
        if clash is not None:
            self.refused[offer.name, offer.version] = clash
        return clash

    def python_fits(self, requires_python: SpecifierSet) -> bool:
        """Whether the host's interpreter meets a Requires-Python."""
        return self._chooser.python_fits(requires_python)

    def unfit(self, name: NormalizedName) -> tuple[UnfitArtifact, ...]:
        """All artifacts of a project that this host cannot take, with reasons (for explanations)."""
        refused: list[UnfitArtifact] = []
        page, verdict = self.source.page(name), self._chooser.verdict
        for artifact in page.artifacts:
            reason = verdict(artifact, page)
            if reason is not None:
                refused.append(UnfitArtifact(artifact=artifact, reason=reason))
        return tuple(refused)

    def fitting(self, name: NormalizedName, version: Version) -> tuple[Artifact, ...]:
        """Every artifact of one version that this host can take, in the index's order."""
        page, verdict = self.source.page(name), self._chooser.verdict
        return tuple(a for a in page.artifacts if a.version == version and verdict(a, page) is None)

    def prefetch(self, names: Iterable[NormalizedName]) -> None:
        """Pass on the hint that these pages will be asked for."""
        wanted = [name for name in names if name not in self._offers]
        if wanted:
            self.source.prefetch(wanted, self.ahead)

    def look_ahead(self, wanted: Iterable[Requirement], *, guarded: bool) -> None:
        """Hint at all that a request will come to, as far as the host tells."""
        self.prefetch(self.ahead.request(wanted, guarded=guarded))

    def expect(self, offer: Offer) -> None:
        """Pass on the hint that this offer's metadata will be asked for."""
        if id(offer) not in self._metadata and id(offer) not in self._expected:
            self._expected.add(id(offer))
            self.source.prefetch_metadata((offer.artifact,), self.ahead)

    @cached_property
    def ahead(self) -> Ahead:
        """What is told ahead of a solver."""
        return Ahead(self.host, self._chooser.choose, self.scout)

    @cached_property
    def _chooser(self) -> Chooser:
        return Chooser(
            host=self.host,
            cutoff=self.cutoff,
            builds=self.builds,
            lower_python=self.lower_python,
            formats=self.formats,
        )

    def _overridden(
        self, offer: Offer, answer: CoreMetadata | MetadataUnknown
    ) -> CoreMetadata | MetadataUnknown:
        if isinstance(answer, MetadataUnknown):
            return answer
        for override in self.overrides:
            if override.package.url or not _names(override.package, offer):
                continue
            requires = override.requires
            if requires is None:
                dropped = {requirement_key(r) for r in override.drop}
                requires = tuple(r for r in answer.requires_dist if requirement_key(r) not in dropped)
                if len(requires) == len(answer.requires_dist):
                    continue  # it drops nothing: DG505 says so
            self.used_overrides.add(override)
            answer = CoreMetadata(
                name=answer.name,
                version=answer.version,
                requires_dist=requires,
                requires_python=answer.requires_python,
                extras=answer.extras,
            )
        return answer


def requirement_key(requirement: Requirement) -> tuple[str, frozenset[tuple[str, str]]]:
    """What an override's ``drop`` is matched by: name and clauses, spelled any way (``<2`` is ``<2.0``)."""
    clauses = frozenset(
        (clause.operator, canonicalize_version(clause.version)) for clause in requirement.specifier
    )
    return canonicalize_name(requirement.name), clauses


def _names(package: Requirement, offer: Offer) -> bool:
    return canonicalize_name(package.name) == offer.name and package.specifier.contains(
        offer.version, prereleases=True
    )
