"""What one host can take from a source: for each version of a project its best artifact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name, canonicalize_version
from packaging.version import Version

from depguard.errors import OutOfReachError, Problem
from depguard.model.host import Host
from depguard.model.release import Artifact, ArtifactKind, CoreMetadata, FormatControl, MetadataUnknown
from depguard.parse.fitting import SDIST, WHEEL, Fitting, FittingFile
from depguard.parse.listed_page import ListedPage, Reach
from depguard.parse.simple_api import upload_moment
from depguard.records import dataclass, field
from depguard.resolve.ahead import Ahead
from depguard.resolve.offers import Offer, Offers, Shelf, Unfit, UnfitArtifact
from depguard.resolve.ports import PackageSource, Page
from depguard.resolve.prereleases import Remembering

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
    _fits: dict[str, bool] = field(default_factory=dict, init=False, repr=False)
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
            known = self._offers[name] = self.choose(self.source.page(name))
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
        key = str(requires_python)
        known = self._fits.get(key)
        if known is None:
            bound = lower_bounds(requires_python) if self.lower_python else requires_python
            known = self._fits[key] = bound.contains(self.host.python, prereleases=True)
        return known

    def unfit(self, name: NormalizedName) -> tuple[UnfitArtifact, ...]:
        """All artifacts of a project that this host cannot take, with reasons (for explanations)."""
        refused: list[UnfitArtifact] = []
        for artifact in self.source.page(name).artifacts:
            reason = self._verdict(artifact)
            if reason is not None:
                refused.append(UnfitArtifact(artifact=artifact, reason=reason))
        return tuple(refused)

    def fitting(self, name: NormalizedName, version: Version) -> tuple[Artifact, ...]:
        """Every artifact of one version that this host can take, in the index's order."""
        page = self.source.page(name)
        return tuple(a for a in page.artifacts if a.version == version and self._verdict(a) is None)

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
        return Ahead(self.host, self.choose, self.scout)

    def choose(self, page: Page) -> Offers:
        """The versions of a page that fit, newest first. Raises as ``offers`` does."""
        if isinstance(page, ListedPage):
            return self._listed(page)
        best: dict[Version, tuple[tuple[int, int, object], Artifact]] = {}
        for artifact in page.artifacts:
            if self._verdict(artifact) is not None:
                continue
            rank = self._rank(artifact)
            held = best.get(artifact.version)
            # Between equals the later one counts, as for pip: it sorts stably and walks backwards,
            # so that an extra index comes before the main one, and both before find-links.
            if held is None or rank <= held[0]:
                best[artifact.version] = (rank, artifact)
        offers = [_offer(page.name, version, best[version][1]) for version in sorted(best, reverse=True)]
        return Offers(found=page.found, offers=Remembering(offers))

    def _listed(self, page: ListedPage) -> Offers:
        """The same, of a page that tells beforehand what fits the host's tags and interpreter."""
        builds = self._may_build(page.name)
        wheels = not _listed(page.name, self.formats.no_binary)
        fitting = page.fitting(self._reach)
        purpose = (id(fitting), builds, wheels, self.cutoff)
        offers: Offers | None = page.derived.get(purpose)
        if offers is None:
            made = self._offered(page, fitting, builds=builds, wheels=wheels)
            offers = page.derived.setdefault(purpose, made)  # another thread may have been quicker
        return offers

    def _offered(self, page: ListedPage, fitting: Fitting, *, builds: bool, wheels: bool) -> Offers:
        offers: list[Offer] = []
        cutoff = self.cutoff
        allowed = (WHEEL + WHEEL.upper() if wheels else "") + (SDIST + SDIST.upper() if builds else "")
        for version, kinds, files in fitting:
            for at, kind in enumerate(kinds):
                if kind in allowed and (cutoff is None or self._was_there(page, files[at], cutoff)):
                    make = partial(_artifact, page, files, at)
                    offers.append(Offer(page.name, version, make, yanked=kind.isupper()))
                    break
        return Offers(found=page.found, offers=Remembering(offers))

    def _was_there(self, page: ListedPage, found: FittingFile, cutoff: datetime) -> bool:
        uploaded = upload_moment(found.file.uploaded) if found.file.uploaded else None
        if uploaded is None:
            return self._undated(page.artifact(found), page)
        return uploaded < cutoff

    def _undated(self, artifact: Artifact, page: Page) -> bool:
        """Whether a file without an upload time was there: not known, so it does not count.

        Some indexes list the newest files before they know when these came. Where no file of the page has a
        time, the index serves none, and a cut-off cannot be kept. Raises OutOfReachError then.
        """
        if all(other.upload_time is None for other in page.artifacts):
            raise OutOfReachError(_no_upload_time(artifact))
        return False

    @cached_property
    def _reach(self) -> Reach:
        rule = "lower bounds" if self.lower_python else ""
        return Reach(self.host.tags, self.host.python, self.python_fits, python_rule=rule)

    @cached_property
    def _ranks(self) -> dict[Tag, int]:
        return {tag: rank for rank, tag in reversed(list(enumerate(self.host.tags)))}

    def _rank(self, artifact: Artifact) -> tuple[int, int, object]:
        """Smaller is better: not yanked, then the host's tag order, then the higher build number."""
        yanked = int(artifact.yanked is not None)
        if artifact.kind is ArtifactKind.SDIST:
            return (yanked, len(self._ranks), ())
        rank = min(self._ranks[tag] for tag in artifact.tags if tag in self._ranks)
        build = artifact.build or (0, "")
        # pip prefers the higher build number (PEP 427); letters compare by inverted code points,
        # and what goes on beats what ends.
        return (yanked, rank, (-build[0], (*(-ord(letter) for letter in build[1]), 1)))

    def _verdict(self, artifact: Artifact) -> Unfit | None:
        wheel = artifact.kind is ArtifactKind.WHEEL
        if wheel and not any(tag in self._ranks for tag in artifact.tags):
            return Unfit.TAGS
        if not wheel and not self._may_build(artifact.name):
            return Unfit.BUILD
        if wheel and _listed(artifact.name, self.formats.no_binary):
            return Unfit.WHEEL_REFUSED
        if artifact.requires_python is not None and not self.python_fits(artifact.requires_python):
            return Unfit.PYTHON
        if self.cutoff is not None and not artifact.local:
            if artifact.upload_time is None:
                return None if self._undated(artifact, self.source.page(artifact.name)) else Unfit.NEWER
            if artifact.upload_time >= self.cutoff:
                return Unfit.NEWER
        return None

    def _may_build(self, name: NormalizedName) -> bool:
        return self.builds and not _listed(name, self.formats.only_binary)

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


def lower_bounds(specifier: SpecifierSet) -> SpecifierSet:
    """A specifier without upper bounds: of ``>=3.9,<3.12`` ``>=3.9`` is left, of ``==3.11.*`` ``>=3.11``."""
    kept: list[str] = []
    for clause in specifier:
        version = clause.version.removesuffix(".*")
        if clause.operator in (">", ">="):
            kept.append(str(clause))
        elif clause.operator in ("~=", "==", "==="):
            kept.append(f">={version}")
    return SpecifierSet(",".join(kept))


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


def _artifact(page: ListedPage, files: Sequence[FittingFile], at: int) -> Artifact:
    return page.artifact(files[at])


def _offer(name: NormalizedName, version: Version, artifact: Artifact) -> Offer:
    return Offer(name, version, lambda: artifact, yanked=artifact.yanked is not None)


def _listed(name: NormalizedName, names: frozenset[str]) -> bool:
    return ":all:" in names or name in names


def _no_upload_time(artifact: Artifact) -> Problem:
    return Problem(
        code="index.no-upload-time",
        message=f"the index gives no upload time for {artifact.filename}, so a cut-off date cannot be kept",
        hint="leave out --exclude-newer, or use an index that serves upload times (PEP 700)",
    )
