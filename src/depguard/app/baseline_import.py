"""What each distribution of a host requires: its own metadata where it is at hand, else an index's."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.errors import OutOfReachError, Problem
from depguard.model.host import InstalledDistribution, Knowledge, OriginKind, Requirements
from depguard.model.markers import NO_EXTRA, MarkerAnswer, markers_of
from depguard.model.release import Artifact, ArtifactKind, CoreMetadata, MetadataUnknown
from depguard.parse.host_assembly import baseline_sha256, make_host
from depguard.parse.host_file import HostFile
from depguard.parse.host_metadata import HostMetadata, MetadataEntry
from depguard.records import dataclass, replace
from depguard.resolve.ports import PackageSource

Progress = Callable[[int, int, str], None]
"""Called with how many are done, of how many, and the name at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A host's metadata as far as it could be had; ``out_of_reach`` is what a second run may still get."""

    metadata: HostMetadata
    out_of_reach: tuple[Problem, ...] = ()


def import_metadata(
    file: HostFile,
    source: PackageSource,
    *,
    previous: tuple[HostFile, HostMetadata] | None = None,
    progress: Progress = lambda _done, _total, _name: None,
) -> Imported:
    """What every distribution of ``file`` requires, and how that is known.

    What the baseline brought itself (CAPTURED), what the host file states, and what ``previous`` knew of the
    same version from the same origin is kept. All else is asked of ``source``. Raises OutOfReachError if
    nothing at all could be reached.
    """
    known = _kept(file, previous)
    asked = [d for d in file.distributions if d.name not in known and _can_ask(d)]
    read = _Reading(file, source, progress).read(asked)
    if asked and len(read.problems) == len(asked):
        raise OutOfReachError(*dict.fromkeys(read.problems))
    found = known | read.found
    entries = {
        d.name: MetadataEntry(
            version=str(d.version) if d.version is not None else None,
            requirements=found[d.name] if d.name in found else _not_asked(d),
            installer=d.installer,
            modules=d.modules,
        )
        for d in file.distributions
        if d.requirements.how is not Knowledge.STATED or d.installer or d.modules
    }
    return Imported(
        metadata=HostMetadata(
            host=file.name,
            baseline_sha256=baseline_sha256(file),
            entries=_less_contradicted(file, entries),
        ),
        out_of_reach=tuple(read.problems),
    )


def _kept(
    file: HostFile, previous: tuple[HostFile, HostMetadata] | None
) -> dict[NormalizedName, Requirements]:
    kept = {d.name: d.requirements for d in file.distributions if d.requirements.known}
    if previous is None:
        return kept
    old_file, old_metadata = previous
    same_machine = (old_file.python, old_file.platform) == (file.python, file.platform)
    old = {d.name: d for d in old_file.distributions}
    for distribution in file.distributions if same_machine else ():
        earlier, entry = old.get(distribution.name), old_metadata.entries.get(distribution.name)
        if (
            distribution.name not in kept
            and earlier is not None
            and entry is not None
            and entry.requirements.known
            and entry.version == (str(distribution.version) if distribution.version is not None else None)
            and earlier.origin == distribution.origin
        ):
            kept[distribution.name] = entry.requirements
    return kept


def _can_ask(distribution: InstalledDistribution) -> bool:
    return distribution.version is not None


def _not_asked(distribution: InstalledDistribution) -> Requirements:
    where = f" (installed from {distribution.origin.reference})" if distribution.origin.reference else ""
    return _unknown(f"nothing carries its version{where}")


def _unknown(reason: str) -> Requirements:
    return Requirements(how=Knowledge.UNKNOWN, source=reason)


@dataclass(frozen=True, slots=True)
class _Choice:
    """An artifact to read, and whether it is the one that the host has."""

    artifact: Artifact
    how: Knowledge


class _Reading:
    """Asks the source about distributions: pages first, then the metadata of the best artifacts."""

    def __init__(self, file: HostFile, source: PackageSource, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._ranks: dict[Tag, int] = {}
        for rank, tag in enumerate(make_host(file, None).tags):
            self._ranks.setdefault(tag, rank)
        self.found: dict[NormalizedName, Requirements] = {}
        self.problems: list[Problem] = []

    def read(self, asked: list[InstalledDistribution]) -> _Reading:
        self._source.prefetch([d.name for d in asked])
        choices: dict[NormalizedName, list[_Choice]] = {}
        for distribution in asked:
            try:
                choices[distribution.name] = self._choices(distribution)
            except OutOfReachError as error:
                self._unreachable(distribution, error)
        self._source.prefetch_metadata([found[0].artifact for found in choices.values() if found])
        for done, distribution in enumerate(asked, 1):
            self._progress(done, len(asked), distribution.spelled)
            if choices.get(distribution.name):
                try:
                    self.found[distribution.name] = self._metadata(choices[distribution.name])
                except OutOfReachError as error:
                    self._unreachable(distribution, error)
        return self

    def _choices(self, distribution: InstalledDistribution) -> list[_Choice]:
        """The artifacts to try, best first; without any, the reason is noted."""
        version = distribution.version
        page = self._source.page(distribution.name)
        if version is None or not page.found:
            self.found[distribution.name] = _unknown("the index has no project of that name")
            return []
        exact = [a for a in page.artifacts if a.version == version]
        if not exact and version.local:
            version = Version(version.public)
        artifacts = [a for a in page.artifacts if a.version == version]
        if not artifacts:
            self.found[distribution.name] = _unknown(f"the index has no release {version}")
        is_release = bool(exact) and distribution.origin.kind is OriginKind.INDEX
        return [
            _Choice(artifact, _how(artifact, distribution, is_release=is_release, fits=self._fits(artifact)))
            for artifact in sorted(artifacts, key=self._order)
        ]

    def _order(self, artifact: Artifact) -> tuple[int, int]:
        """Wheels that fit by the host's preference, then sdists, then wheels of other machines."""
        if artifact.kind is ArtifactKind.SDIST:
            return 1, 0
        ranks = [self._ranks[tag] for tag in artifact.tags if tag in self._ranks]
        return (0, min(ranks)) if ranks else (2, 0)

    def _fits(self, artifact: Artifact) -> bool:
        return artifact.kind is ArtifactKind.SDIST or not self._ranks.keys().isdisjoint(artifact.tags)

    def _metadata(self, choices: list[_Choice]) -> Requirements:
        """The first metadata that can be had, else why the best artifact's cannot."""
        reason = ""
        for choice in choices:
            match self._source.metadata(choice.artifact):
                case CoreMetadata() as metadata:
                    return Requirements(
                        how=choice.how,
                        source=choice.artifact.filename,
                        requires=metadata.requires_dist,
                        extras=metadata.extras,
                        requires_python=metadata.requires_python,
                    )
                case MetadataUnknown(why):
                    reason = reason or f"{choice.artifact.filename}: {why}"
        return _unknown(reason)

    def _unreachable(self, distribution: InstalledDistribution, error: OutOfReachError) -> None:
        self.problems.append(error.problems[0])
        self.found[distribution.name] = _unknown(f"out of reach when asked: {error.problems[0].message}")


def _how(
    artifact: Artifact, distribution: InstalledDistribution, *, is_release: bool, fits: bool
) -> Knowledge:
    """RELEASE where the artifact may be what the host has; ASSUMED where it is surely another one."""
    origin = distribution.origin
    same_file = origin.sha256 is not None and origin.sha256 == artifact.sha256
    return Knowledge.RELEASE if same_file or (is_release and fits) else Knowledge.ASSUMED


def _less_contradicted(
    file: HostFile, entries: Mapping[NormalizedName, MetadataEntry]
) -> dict[NormalizedName, MetadataEntry]:
    """Assumed requirements that the host does not fulfil are not those of what it has: they go aside."""
    host = make_host(file, None)
    markers = markers_of(host.markers, host.unknown_markers)
    checked: dict[NormalizedName, MetadataEntry] = {}
    for name, entry in entries.items():
        known = entry.requirements
        if known.how is not Knowledge.ASSUMED:
            checked[name] = entry
            continue
        every = (*known.requires, *known.contradicted)
        contradicted = tuple(
            requirement
            for requirement in every
            if markers.evaluate(requirement.marker, NO_EXTRA) is MarkerAnswer.HOLDS
            and not host.satisfies(requirement)
        )
        requires = tuple(requirement for requirement in every if requirement not in contradicted)
        checked[name] = replace(
            entry, requirements=replace(known, requires=requires, contradicted=contradicted)
        )
    return checked
