"""A host's own distributions as a solver sees them: as candidates, and what each requires there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from packaging.requirements import Requirement

from depguard.model.abi_report import Clash
from depguard.model.host import Host, InstalledDistribution
from depguard.model.host_needs import compiled_baseline
from depguard.model.markers import MarkerAnswer, markers_of
from depguard.records import dataclass, replace
from depguard.resolve.needs import Candidate, Key, Need


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


class OwnDistributions:
    """What every view of a host sees alike. Candidates are made once each, so identity compares.

    ``needs`` are those of own candidates as installers read them, by the id of the candidate and whether uv
    does: the same in every simulation on the host.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.markers = markers_of(host.markers, host.unknown_markers)
        self.needs: dict[tuple[int, bool], tuple[Need, ...]] = {}
        self._compiled = compiled_baseline(host)
        self._candidates: dict[Key, Candidate | None] = {}
        self._requires: dict[tuple[int, bool], Requires] = {}

    def candidate(self, key: Key) -> Candidate | None:
        """The host's own distribution as a candidate, None when it is absent."""
        if key not in self._candidates:
            dist = self.host.installed.get(key.name)
            made = Candidate(key, dist.version, installed=dist) if dist is not None else None
            return self._candidates.setdefault(key, made)  # of two threads both get the same one
        return self._candidates[key]

    def requires(self, candidate: Candidate, dist: InstalledDistribution, *, whole: bool) -> Requires:
        """What a candidate of the host's own requires, as `HostView.requires`."""
        place = (id(candidate), whole)
        known = self._requires.get(place)
        if known is None:
            known = self._requires[place] = self._read(candidate, dist, whole=whole)
        return known

    def filtered(
        self, key: Key, requirements: Sequence[Requirement], label: Callable[[], str], *, whole: bool
    ) -> Requires:
        """What of some requirements holds here. ``label`` names who has them, for doubts.

        With extras, unless the ``whole`` is wanted, not what holds without them.
        """
        return _judged(self.markers.left(requirements, frozenset(key.extras), whole=whole), label)

    def _read(self, candidate: Candidate, dist: InstalledDistribution, *, whole: bool) -> Requires:
        def label() -> str:
            return f"{dist.spelled} {dist.version or '(version unknown)'}"

        requirements = dist.requirements
        doubts = () if dist.version is not None else (f"version of {dist.spelled} on {self.host.name}",)
        if not requirements.known:
            return Requires(doubts=(*doubts, f"requirements of {label()}: {requirements.source}"))
        if self._compiled is not None and not candidate.key.extras:
            answer = _judged(self._compiled.plain(dist.name), label)
        else:
            answer = self.filtered(candidate.key, requirements.requires, label, whole=whole)
        return replace(answer, doubts=(*doubts, *answer.doubts)) if doubts else answer


def _judged(requirements: Iterable[tuple[Requirement, MarkerAnswer]], label: Callable[[], str]) -> Requires:
    """Requirements that hold or may hold: the latter count, with a doubt."""
    kept: list[Requirement] = []
    doubts: list[str] = []
    for requirement, answer in requirements:
        if answer is MarkerAnswer.UNKNOWN:
            doubts.append(f"marker of {requirement} ({label()})")
        kept.append(requirement)
    return Requires(requirements=tuple(kept), doubts=tuple(doubts))
