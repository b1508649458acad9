"""One host as a solver sees it: candidates for its projects, and what each requires there."""

from __future__ import annotations

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.host import Host
from depguard.model.markers import MarkerAnswer
from depguard.model.policy import Override
from depguard.model.release import MetadataUnknown
from depguard.resolve.needs import Candidate, Key
from depguard.resolve.offers import Offer, Offers
from depguard.resolve.own_distributions import OwnDistributions, Requires
from depguard.resolve.universe import Universe


class HostView:
    """A host, its universe and its markers; candidates are made once each, so identity compares.

    ``distributions`` are shared by the views of one host (default: the view's own).
    """

    def __init__(self, *, universe: Universe, distributions: OwnDistributions | None = None) -> None:
        self.universe = universe
        self.own = distributions if distributions is not None else OwnDistributions(universe.host)
        self.markers = self.own.markers
        self._candidates: dict[tuple[Key, int], Candidate] = {}
        self._requires: dict[tuple[int, bool], Requires] = {}

    @property
    def host(self) -> Host:
        """The host itself."""
        return self.universe.host

    def offers(self, name: NormalizedName) -> Offers:
        """The index's versions of a project that fit this host, newest first."""
        return self.universe.offers(name)

    def installed(self, key: Key) -> Candidate | None:
        """The host's own distribution as a candidate, None when it is absent."""
        return self.own.candidate(key)

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
        return self.own.requires(candidate, candidate.installed, whole=whole)

    def _of_offer(self, candidate: Candidate, offer: Offer, *, whole: bool) -> Requires:
        metadata = self.universe.metadata(offer)
        if isinstance(metadata, MetadataUnknown):
            if offer.artifact.tags:
                return Requires(impossible=f"{offer.artifact.filename}: {metadata.reason}")
            return Requires(doubts=(f"requirements of {_label(offer)} ({metadata.reason})",))
        python = metadata.requires_python
        if python is not None and not self.universe.python_fits(python):
            why = f"{_label(offer)} requires Python {python}, the host has {self.host.python}"
            return Requires(impossible=why)
        clash = self.universe.blocked(offer)
        if clash is not None:
            return Requires(impossible=f"{_label(offer)} {clash.message}", clash=clash)
        return self.own.filtered(candidate.key, metadata.requires_dist, lambda: _label(offer), whole=whole)

    def _of_url(self, candidate: Candidate, url: str, *, whole: bool) -> Requires:
        stated = self._stated(candidate, url)
        if stated is None:
            return Requires(doubts=(f"requirements of {candidate.name} from {url}",))
        return self.own.filtered(candidate.key, stated, lambda: candidate.name, whole=whole)

    def _stated(self, candidate: Candidate, url: str) -> tuple[Requirement, ...] | None:
        for override in self.universe.overrides:
            if states(override, candidate.name, url):
                self.universe.used_overrides.add(override)
                return override.requires or ()
        return None


def _label(offer: Offer) -> str:
    return f"{offer.name} {offer.version}"


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
