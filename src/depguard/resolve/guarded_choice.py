"""What can be chosen for a project under a policy, over several hosts at once, most preferred first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.records import dataclass
from depguard.resolve.joint import GuardedHost, JointCandidate, JointNeed, Kept
from depguard.resolve.needs import PYTHON, Candidate, Key, admits, versions_of
from depguard.resolve.offers import Offer
from depguard.resolve.prereleases import PrereleaseRule, Remembering, admitted, by_version, pins_exactly
from depguard.resolve.provider import Choices

_Said = tuple[str, AbstractSet[int], int]
"""What a need says: its versions, its hosts and, where it asks to move along, who moves (an id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """What holds for all hosts of one guarded solve.

    ``moves``: whether installed distributions that the request does not name may move (the second
    pass). ``pins`` are versions that lower tiers have fixed. ``forbidden`` tells names that must not
    be added. ``named`` are the projects that the request itself names: they may move in either pass;
    of ``early`` pre-releases count (uv before 0.12: the request itself names one).
    """

    moves: bool
    named: frozenset[NormalizedName]
    forbidden: Callable[[NormalizedName], bool]
    pins: Mapping[NormalizedName, Version]
    prereleases: PrereleaseRule = PrereleaseRule.CLASSIC
    early: frozenset[NormalizedName] = frozenset()


class GuardedChoice:
    """The hosts' own distributions first, then one version for all, newest first.

    Most needs say the same as others of the same project: what is left by them is found once.
    """

    def __init__(self, hosts: Sequence[GuardedHost], rules: GuardRules, kept: Kept) -> None:
        self._hosts = tuple(hosts)
        self._rules = rules
        self._kept = kept.candidates
        self._made: dict[tuple[Key, Version], JointCandidate | None] = {}
        self._urls: dict[tuple[Key, str], JointCandidate] = {}
        self._merged: dict[NormalizedName, Remembering[Offer]] = {}
        self._offers: dict[tuple[int, NormalizedName], Mapping[Version, Offer]] = {}
        self._fixed: dict[Key, bool] = {}
        self._first: dict[Key, JointCandidate | None] = {}
        self._listed: set[NormalizedName] = set()
        # By the id of a need: needs live as long as the provider that makes them.
        self._said: dict[int, _Said] = {}
        self._left: dict[tuple[Key, frozenset[_Said]], Choices[JointCandidate]] = {}

    def close(self) -> None:
        """Let go of what is left of projects: what nobody came to look for there refers back to this."""
        self._left.clear()

    def left(
        self, key: Key, needs: Sequence[JointNeed], given_up: Callable[[JointCandidate], bool]
    ) -> Iterator[JointCandidate]:
        """What the needs leave of a project, but for what is given up: made as far as it is asked for.

        The first one's metadata is fetched while the solver is still busy elsewhere.
        """
        first = True
        for candidate in self._fitting(key, needs):
            if given_up(candidate):
                continue
            if first and not any(dragged(self._hosts, candidate)):
                for host, pick in zip(self._hosts, candidate.picks, strict=True):
                    if pick is not None:
                        host.view.expect(pick)
            first = False
            yield candidate

    def _fitting(self, key: Key, needs: Sequence[JointNeed]) -> Iterable[JointCandidate]:
        if any(need.requirement.url for need in needs):
            return self._in_order(key, needs)  # which of two URLs comes first counts
        place = (key, frozenset(self._said_by(need) for need in needs))
        choices = self._left.get(place)
        if choices is None:
            choices = self._left[place] = Choices(lambda: self._in_order(key, needs))
        return choices

    def _in_order(self, key: Key, needs: Sequence[JointNeed]) -> Iterator[JointCandidate]:
        for candidate in self._candidates(key, needs):
            if candidate is None or not self._within_limits(candidate):
                continue
            if all(self.fits(need, candidate) for need in needs):
                yield candidate

    def _said_by(self, need: JointNeed) -> _Said:
        said = self._said.get(id(need))
        if said is None:
            versions = "" if need.moved else versions_of(need.requirement)
            said = self._said[id(need)] = (versions, need.hosts, id(need.parent) if need.moved else 0)
        return said

    def settled(self, key: Key) -> bool:
        """Whether a key can only be what the hosts have."""
        known = self._fixed.get(key)
        if known is None:
            known = self._fixed[key] = self._has_no_choice(key)
        return known

    def _has_no_choice(self, key: Key) -> bool:
        if key == PYTHON or key.name in self._rules.pins:
            return True
        if not all(key.name in host.view.host.installed for host in self._hosts):
            return False
        if all(key.name in host.fixed for host in self._hosts):
            return True
        return not self._rules.moves and key.name not in self._rules.named

    def fits(self, need: JointNeed, candidate: JointCandidate) -> bool:
        """Whether a candidate meets a need on every host where the need holds."""
        for index in need.hosts:
            pick = candidate.picks[index]
            if pick is None:
                return False
            if need.moved:
                # The requirement is this project's own, on what moves: it must not stay, and what comes
                # instead must go along.
                if pick.installed is not None or not self._goes_along(index, pick, need):
                    return False
                continue
            if need.exact is not None or pick.version is None:
                continue  # an unknown version is a doubt, recorded with the pick
            if need.requirement.url is not None:
                if pick.url is None:
                    return False
            elif not admits(need.requirement, pick.version):
                return False
        return True

    def _within_limits(self, candidate: JointCandidate) -> bool:
        return all(
            pick is None
            or pick.version is None
            or candidate.name not in host.limits
            or host.limits[candidate.name].contains(pick.version, prereleases=True)
            for host, pick in zip(self._hosts, candidate.picks, strict=True)
        )

    def _goes_along(self, index: int, pick: Candidate, need: JointNeed) -> bool:
        """Whether a release that takes the place of a dragged one admits what dragged it."""
        mover = need.parent.picks[index] if need.parent is not None else None
        answer = self._hosts[index].view.requires(pick)
        if mover is None or mover.version is None:
            return answer.impossible is None
        return answer.impossible is None and all(
            admits(requirement, mover.version)
            for requirement in answer.requirements
            if canonicalize_name(requirement.name) == mover.name
        )

    def _candidates(self, key: Key, needs: Sequence[JointNeed]) -> Iterator[JointCandidate | None]:
        url = next((need.requirement.url for need in needs if need.requirement.url), None)
        if url is not None:
            yield self.direct(key, url)
            return
        pin = self._rules.pins.get(key.name)
        if pin is not None:
            yield self.at(key, pin)
            return
        yield self.kept(key)
        if self.settled(key):
            return
        specifier = SpecifierSet()
        for text in {versions_of(need.requirement) for need in needs if not need.moved}:
            if text:
                specifier &= SpecifierSet(text)
        self._listed.add(key.name)
        for version in self._versions(key.name, specifier):
            yield self.at(key, version)

    def ever(self, need: JointNeed) -> Iterator[JointCandidate] | None:
        """All that could meet a need by itself, whatever the pre-release rule: as `DeadEnds` asks."""
        if need.exact is not None:
            return iter((need.exact,))
        if not self.settled(need.key) and need.key.name not in self._listed:
            return None  # nobody has asked the index for it, and this is no reason to
        return (
            candidate
            for candidate in self._all_of(need.key)
            if candidate is not None and self._within_limits(candidate) and self._might_fit(need, candidate)
        )

    def _might_fit(self, need: JointNeed, candidate: JointCandidate) -> bool:
        """Whether a candidate fits, as far as no metadata has to be read."""
        if not need.moved:
            return self.fits(need, candidate)
        picks = (candidate.picks[index] for index in need.hosts)
        return all(pick is not None and pick.installed is None for pick in picks)

    def _all_of(self, key: Key) -> Iterator[JointCandidate | None]:
        pin = self._rules.pins.get(key.name)
        if key == PYTHON:
            return
        if pin is not None:
            yield self.at(key, pin)
            return
        yield self.kept(key)
        if not self.settled(key):
            for offer in self._offered(key.name):
                yield self.at(key, offer.version)

    def first_of_all(self, key: Key) -> JointCandidate | None:
        """What comes before all other candidates of a project: the pinned one, or what the hosts have."""
        if key not in self._first:
            pin = self._rules.pins.get(key.name)
            candidate = self.kept(key) if pin is None else self.at(key, pin)
            within = candidate is not None and self._within_limits(candidate)
            self._first[key] = candidate if within else None
        return self._first[key]

    def kept(self, key: Key) -> JointCandidate:
        """What the hosts have of a project, if anything."""
        known = self._kept.get(key)
        if known is None:
            picks = tuple(host.view.installed(key) for host in self._hosts)
            known = self._kept[key] = JointCandidate(key, None, picks)
        return known

    def at(self, key: Key, version: Version) -> JointCandidate | None:
        """The candidate with this version on all hosts, if each of them can and may have it."""
        place = (key, version)
        if place not in self._made:
            self._made[place] = self._on_all(key, version)
        return self._made[place]

    def _on_all(self, key: Key, version: Version) -> JointCandidate | None:
        picks: list[Candidate] = []
        for index, host in enumerate(self._hosts):
            if host.keeps(key.name, version) is not None:
                pick = host.view.installed(key)
            elif self._rules.forbidden(key.name) or not self._may_move(host, key.name, version):
                pick = None
            else:
                offer = self._offers_of(index, key.name).get(version)
                pick = host.view.offered(key, offer) if offer is not None else None
            if pick is None:
                return None
            picks.append(pick)
        return JointCandidate(key, version, tuple(picks))

    def _offers_of(self, index: int, name: NormalizedName) -> Mapping[Version, Offer]:
        """One host's offers by version."""
        place = (index, name)
        if place not in self._offers:
            self._offers[place] = by_version(self._hosts[index].view.offers(name).offers)
        return self._offers[place]

    def _may_move(self, host: GuardedHost, name: NormalizedName, version: Version) -> bool:
        installed = host.view.host.installed.get(name)
        if installed is None:
            return True
        if name in host.fixed:
            return False
        if name in host.ranges and not host.ranges[name].contains(version, prereleases=True):
            return False
        if name in self._rules.named:
            return True
        return self._rules.moves and installed.version is not None and version > installed.version

    def _versions(self, name: NormalizedName, specifier: SpecifierSet) -> list[Version]:
        """The versions that some host can take, newest first, by the installer's pre-release rule."""
        offers = self._offered(name)
        early = name in self._rules.early
        fitting = admitted(offers, specifier, rule=self._rules.prereleases, allowed=early)
        if pins_exactly(specifier) and all(offer.yanked for offer in fitting):
            return [offer.version for offer in fitting]
        return [offer.version for offer in fitting if not offer.yanked]

    def _offered(self, name: NormalizedName) -> Sequence[Offer]:
        """An offer for each version that some host can take, newest first."""
        if len(self._hosts) == 1:
            return self._hosts[0].view.offers(name).offers
        known = self._merged.get(name)
        if known is None:
            by_version: dict[Version, Offer] = {}
            for host in self._hosts:
                for offer in host.view.offers(name).offers:
                    by_version.setdefault(offer.version, offer)
            known = Remembering(by_version[version] for version in sorted(by_version, reverse=True))
            self._merged[name] = known
        return known

    def direct(self, key: Key, url: str) -> JointCandidate | None:
        """The candidate from a URL, if it may come in."""
        if any(key.name in host.fixed for host in self._hosts) or self._rules.forbidden(key.name):
            return None
        made = JointCandidate(key, None, tuple(Candidate(key, None, url=url) for _ in self._hosts))
        return self._urls.setdefault((key, url), made)


def dragged(hosts: Sequence[GuardedHost], candidate: JointCandidate) -> Iterator[JointNeed]:
    """Installed distributions whose requirement this candidate breaks: they must not stay."""
    if candidate.key.extras:
        return
    for index, pick in enumerate(candidate.picks):
        if pick is None or pick.installed is not None:
            continue
        for dependent, requirement in hosts[index].dependents.get(candidate.name, ()):
            if pick.version is None or not admits(requirement, pick.version):
                yield JointNeed(Key(dependent), requirement, frozenset({index}), candidate, moved=True)
