"""One host as a solver sees it: candidates for its projects, and what each requires there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.abi_report import Clash
from depguard.model.host import Host, InstalledDistribution
from depguard.model.host_needs import CompiledBaseline, compiled_baseline
from depguard.model.markers import HostMarkers, MarkerAnswer, markers_of
from depguard.model.policy import Override
from depguard.model.release import MetadataUnknown
from depguard.resolve.needs import Candidate, Key
from depguard.resolve.universe import Offer, Offers, Universe


@dataclass(frozen=True, slots=True, kw_only=True)
class Requires:
    """What a candidate requires on its host.

    ``doubts`` are things that could not be known, in prose. ``impossible`` says why the candidate
    cannot be installed there at all (its own Requires-Python, unreadable metadata in a wheel, binaries
    that cannot run: then ``clash`` is the reason as data).
    """

    requirements: tuple[Requirement, ...] = ()
    doubts: tuple[str, ...] = ()
    impossible: str | None = None
    clash: Clash | None = None


@dataclass(kw_only=True)
class HostView:
    """A host, its universe and its markers; candidates are made once each, so identity compares."""

    universe: Universe
    markers: HostMarkers = field(init=False)
    _compiled: CompiledBaseline | None = field(init=False, repr=False)
    _candidates: dict[tuple[Key, int], Candidate] = field(default_factory=dict, init=False, repr=False)
    _requires: dict[tuple[int, bool], Requires] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        host = self.universe.host
        self.markers = markers_of(host.markers, host.unknown_markers)
        self._compiled = compiled_baseline(host)

    @property
    def host(self) -> Host:
        """The host itself."""
        return self.universe.host

    def offers(self, name: NormalizedName) -> Offers:
        """The index's versions of a project that fit this host, newest first."""
        return self.universe.offers(name)

    def installed(self, key: Key) -> Candidate | None:
        """The host's own distribution as a candidate, None when it is absent."""
        dist = self.host.installed.get(key.name)
        if dist is None:
            return None
        place = (key, id(dist))
        made = self._candidates.get(place)
        if made is None:
            made = self._candidates.setdefault(place, Candidate(key, dist.version, installed=dist))
        return made

    def offered(self, key: Key, offer: Offer) -> Candidate:
        """An index's offer as a candidate."""
        place = (key, id(offer))
        made = self._candidates.get(place)
        if made is None:
            made = self._candidates.setdefault(place, Candidate(key, offer.version, offer=offer))
        return made

    def expect(self, candidate: Candidate) -> None:
        """Hint that a candidate is likely to be taken, so that its metadata is fetched meanwhile."""
        if candidate.offer is not None:
            self.universe.expect(candidate.offer)

    def holds(self, marker: Marker | None) -> MarkerAnswer:
        """A requested requirement's own marker on this host."""
        return self.markers.evaluate(marker)

    def requires(self, candidate: Candidate, *, whole: bool = False) -> Requires:
        """The candidate's requirements whose markers hold here, for its extras.

        A candidate with extras has only what those extras add or, if ``whole``, what holds without them
        as well. A marker that cannot be known counts as holding, with a doubt.
        """
        place = (id(candidate), whole and bool(candidate.key.extras))
        known = self._requires.get(place)
        if known is None:
            known = self._requires[place] = self._read(candidate, whole=whole)
        return known

    def _read(self, candidate: Candidate, *, whole: bool) -> Requires:
        if candidate.offer is not None:
            return self._of_offer(candidate, candidate.offer, whole=whole)
        if candidate.url is not None:
            return self._of_url(candidate, candidate.url, whole=whole)
        if candidate.installed is None:
            raise ValueError(f"{candidate} has no origin")
        return self._of_installed(candidate, candidate.installed, whole=whole)

    def _of_offer(self, candidate: Candidate, offer: Offer, *, whole: bool) -> Requires:
        metadata = self.universe.metadata(offer)
        label = f"{offer.name} {offer.version}"
        if isinstance(metadata, MetadataUnknown):
            if offer.artifact.tags:
                return Requires(impossible=f"{offer.artifact.filename}: {metadata.reason}")
            return Requires(doubts=(f"requirements of {label} ({metadata.reason})",))
        python = metadata.requires_python
        if python is not None and not self.universe.python_fits(python):
            return Requires(impossible=f"{label} requires Python {python}, the host has {self.host.python}")
        clash = self.universe.blocked(offer)
        if clash is not None:
            return Requires(impossible=f"{label} {clash.message}", clash=clash)
        return self._filtered(candidate, metadata.requires_dist, label, whole=whole)

    def _of_url(self, candidate: Candidate, url: str, *, whole: bool) -> Requires:
        stated = self._stated(candidate, url)
        if stated is None:
            return Requires(doubts=(f"requirements of {candidate.name} from {url}",))
        return self._filtered(candidate, stated, candidate.name, whole=whole)

    def _stated(self, candidate: Candidate, url: str) -> tuple[Requirement, ...] | None:
        for override in self.universe.overrides:
            if states(override, candidate.name, url):
                self.universe.used_overrides.add(override)
                return override.requires or ()
        return None

    def _of_installed(self, candidate: Candidate, dist: InstalledDistribution, *, whole: bool) -> Requires:
        label = f"{dist.spelled} {dist.version or '(version unknown)'}"
        doubts = () if dist.version is not None else (f"version of {dist.spelled} on {self.host.name}",)
        requirements = dist.requirements
        if not requirements.known:
            return Requires(doubts=(*doubts, f"requirements of {label}: {requirements.source}"))
        if self._compiled is not None and not candidate.key.extras:
            answer = _judged(self._compiled.plain(dist.name), label)
        else:
            answer = self._filtered(candidate, requirements.requires, label, whole=whole)
        return Requires(requirements=answer.requirements, doubts=(*doubts, *answer.doubts))

    def _filtered(
        self, candidate: Candidate, requirements: Iterable[Requirement], label: str, *, whole: bool
    ) -> Requires:
        """Keep what holds; with extras, unless the ``whole`` is wanted, not what holds without them."""
        extras = frozenset(candidate.key.extras)
        judged: list[tuple[Requirement, MarkerAnswer]] = []
        for requirement in requirements:
            answer = self.markers.evaluate(requirement.marker, extras)
            if answer is MarkerAnswer.FAILS:
                continue
            if extras and not whole and self.markers.evaluate(requirement.marker) is MarkerAnswer.HOLDS:
                continue
            judged.append((requirement, answer))
        return _judged(judged, label)


def _judged(requirements: Iterable[tuple[Requirement, MarkerAnswer]], label: str) -> Requires:
    """Requirements that hold or may hold: the latter count, with a doubt."""
    kept: list[Requirement] = []
    doubts: list[str] = []
    for requirement, answer in requirements:
        if answer is MarkerAnswer.UNKNOWN:
            doubts.append(f"marker of {requirement} ({label})")
        kept.append(requirement)
    return Requires(requirements=tuple(kept), doubts=tuple(doubts))


def states(override: Override, name: NormalizedName, url: str) -> bool:
    """Whether an override says what a direct URL requires: of this project, at exactly this URL.

    pip's ``#egg=`` only repeats the name; the rest of a fragment (``subdirectory=``) tells what is meant.
    """
    package = override.package
    return (
        package.url is not None
        and canonicalize_name(package.name) == name
        and _without_egg(package.url) == _without_egg(url)
    )


def _without_egg(url: str) -> str:
    base, _, fragment = url.partition("#")
    kept = "&".join(part for part in fragment.split("&") if part and not part.startswith("egg="))
    return f"{base}#{kept}" if kept else base
