"""The guarded solve as a resolvelib provider: what is protected stays, what is held stays in range.

A project that moves on a host brings the installed distributions whose requirement it would break
into the solve: they must move too, or the move is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version
from resolvelib.resolvers import RequirementInformation

from depguard.model.markers import MarkerAnswer
from depguard.resolve.joint import GuardedHost, JointCandidate, JointNeed
from depguard.resolve.needs import PYTHON, Candidate, Key, key_of, text_of
from depguard.resolve.prereleases import PrereleaseRule, Remembering, admitted, pins_exactly
from depguard.resolve.rounds import Provider
from depguard.resolve.universe import Offer

Information = RequirementInformation[JointNeed, JointCandidate]


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


class GuardedProvider(Provider[JointNeed, JointCandidate]):
    """Joint candidates, the hosts' own first, then one version for all, newest first."""

    def __init__(self, hosts: Sequence[GuardedHost], rules: GuardRules) -> None:
        self._hosts = tuple(hosts)
        self._all = frozenset(range(len(self._hosts)))
        self._rules = rules
        self._made: dict[tuple[Key, Version | None], JointCandidate] = {}
        self._urls: dict[tuple[Key, str], JointCandidate] = {}
        self._needs: dict[int, tuple[JointNeed, ...]] = {}
        self._moving: dict[int, tuple[JointNeed, ...]] = {}
        self._satisfied: dict[tuple[int, int], bool] = {}
        self._merged: dict[NormalizedName, Remembering[Offer]] = {}
        self._fixed: dict[Key, bool] = {}
        self._told: dict[Key, tuple[Collection[Information], bool, bool]] = {}
        self._roots: list[JointNeed] = []
        self._order: dict[Key, int] = {}

    def identify(self, requirement_or_candidate: JointNeed | JointCandidate) -> Key:
        """The key of a need or a candidate."""
        return requirement_or_candidate.key

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Key],
        resolutions: Mapping[Key, JointCandidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Key, Iterator[JointCandidate]],  # noqa: ARG002 - resolvelib's signature
        information: Mapping[Key, Iterator[Information]],  # noqa: ARG002 - resolvelib's signature
        backtrack_causes: Sequence[Information],
    ) -> Iterable[Key]:
        """What has no choice first: it costs nothing and a conflict with it shows at once."""
        keys = list(identifiers)
        for key in keys:
            if self._settled(key):
                return [key]
        causes = {cause.requirement.key for cause in backtrack_causes}
        causes |= {cause.parent.key for cause in backtrack_causes if cause.parent is not None}
        return [key for key in keys if key in causes] or keys

    def get_preference(
        self,
        identifier: Key,
        resolutions: Mapping[Key, JointCandidate],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Key, Iterator[JointCandidate]],  # noqa: ARG002 - resolvelib's signature
        information: Mapping[Key, Iterator[Information]],
        backtrack_causes: Sequence[Information],
    ) -> tuple[Any, ...]:
        """Exact pins, then what the request names, then upper bounds, then by name."""
        return self.preference(identifier, list(information[identifier]), backtrack_causes)

    def preference(
        self,
        key: Key,
        information: Collection[Information],
        causes: Sequence[Information],  # noqa: ARG002 - as `Provider` asks
    ) -> tuple[Any, ...]:
        """The same, as `Provider` asks."""
        told = self._told.get(key)
        if told is None or told[0] is not information:
            clauses = [clause for i in information for clause in i.requirement.requirement.specifier]
            pinned = any(clause.operator in ("==", "===") and "*" not in clause.version for clause in clauses)
            bounded = any(clause.operator in ("<", "<=", "~=", "==") for clause in clauses)
            told = self._told[key] = (information, pinned, bounded)
        return (not told[1], self._order.get(key, math.inf), not told[2], key)

    def find_matches(
        self,
        identifier: Key,
        requirements: Mapping[Key, Iterator[JointNeed]],
        incompatibilities: Mapping[Key, Iterator[JointCandidate]],
    ) -> Callable[[], Iterable[JointCandidate]] | Sequence[JointCandidate]:
        """The candidates that meet all needs, made only as far as they are asked for."""
        own = list(requirements[identifier])
        if identifier == PYTHON:
            return []
        refused = {id(candidate) for candidate in incompatibilities[identifier]}
        exact = next((need.exact for need in own if need.exact is not None), None)
        if exact is not None:
            fits = id(exact) not in refused and all(self.is_satisfied_by(need, exact) for need in own)
            return [exact] if fits else []
        needs = own
        if identifier.extras:
            needs = own + list(requirements.get(identifier.base, iter(())))
        return lambda: self._matching(identifier, needs, refused)

    def _matching(self, key: Key, needs: Sequence[JointNeed], refused: set[int]) -> Iterator[JointCandidate]:
        """The candidates that meet the needs; the first one's metadata is fetched meanwhile."""
        first = True
        for candidate in self._candidates(key, needs):
            if id(candidate) in refused or not self._within_limits(candidate):
                continue
            if not all(self._fits(need, candidate) for need in needs):
                continue
            if first and not self._drags(candidate):
                for host, pick in zip(self._hosts, candidate.picks, strict=True):
                    if pick is not None:
                        host.view.expect(pick)
            first = False
            yield candidate

    def is_satisfied_by(self, requirement: JointNeed, candidate: JointCandidate) -> bool:
        """Whether a candidate meets a need on every host where the need holds."""
        if requirement.exact is not None:
            return requirement.exact is candidate
        # Asked again for every pin in every round; needs and candidates live as long as the provider.
        pair = (id(requirement), id(candidate))
        known = self._satisfied.get(pair)
        if known is None:
            known = self._satisfied[pair] = self._fits(requirement, candidate)
        return known

    def outlasts(self, candidate: JointCandidate, requirement: JointNeed) -> bool:
        """Whether a candidate stays one: needs only take away, but for pre-releases and direct ones."""
        if requirement.exact is not None or requirement.requirement.url is not None:
            return False
        if candidate.version is None:  # kept, or a direct one
            kept = all(pick is None or pick.installed is not None for pick in candidate.picks)
            return kept and self.is_satisfied_by(requirement, candidate)
        return not candidate.version.is_prerelease and self.is_satisfied_by(requirement, candidate)

    def get_dependencies(self, candidate: JointCandidate) -> Iterable[JointNeed]:
        """What the candidate requires on any host, and who has to move along."""
        known = self._needs.get(id(candidate))
        return known if known is not None else self._found_out(candidate)

    def _found_out(self, candidate: JointCandidate) -> Iterator[JointNeed]:
        """The needs of a candidate, who has to move along first: that needs no metadata to be fetched."""
        key = id(candidate)
        if key not in self._moving:
            self._moving[key] = tuple(self._dragged(candidate))
        yield from self._moving[key]
        if key not in self._needs:
            own = tuple(self._read(candidate))
            self._needs[key] = self._moving[key] + own
            self._prefetch(own)
        yield from self._needs[key][len(self._moving[key]) :]

    def roots(self, requirement: Requirement, **fields: Any) -> list[JointNeed]:
        """The request's own needs for one requirement, on the hosts where its marker holds."""
        hosts = frozenset(
            index
            for index, host in enumerate(self._hosts)
            if host.view.holds(requirement.marker) is not MarkerAnswer.FAILS
        )
        if not hosts:
            return []
        needs = _with_base(requirement, hosts, None, **fields)
        for need in needs:
            self._order.setdefault(need.key, len(self._order))
        self._roots += needs
        return needs

    def explored(self) -> tuple[JointNeed, ...]:
        """All needs of all candidates that the solver looked into, for explanations."""
        moving = (needs for key, needs in self._moving.items() if key not in self._needs)
        return tuple(need for needs in (*self._needs.values(), *moving) for need in needs)

    def _settled(self, key: Key) -> bool:
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

    def _fits(self, need: JointNeed, candidate: JointCandidate) -> bool:
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
            elif not need.requirement.specifier.contains(pick.version, prereleases=True):
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
            requirement.specifier.contains(mover.version, prereleases=True)
            for requirement in answer.requirements
            if canonicalize_name(requirement.name) == mover.name
        )

    def _candidates(self, key: Key, needs: Sequence[JointNeed]) -> Iterator[JointCandidate]:
        url = next((need.requirement.url for need in needs if need.requirement.url), None)
        if url is not None:
            yield from self._direct(key, url)
            return
        pin = self._rules.pins.get(key.name)
        if pin is not None:
            yield from self._at(key, pin)
            return
        yield self._kept(key)
        if self._settled(key):
            return
        specifier = SpecifierSet()
        for need in needs:
            if not need.moved and len(need.requirement.specifier):
                specifier &= need.requirement.specifier
        for version in self._versions(key.name, specifier):
            yield from self._at(key, version)

    def _kept(self, key: Key) -> JointCandidate:
        known = self._made.get((key, None))
        if known is None:
            picks = tuple(host.view.installed(key) for host in self._hosts)
            known = self._made[key, None] = JointCandidate(key, None, picks)
        return known

    def _at(self, key: Key, version: Version) -> Iterator[JointCandidate]:
        """The candidate with this version on all hosts, if each of them can and may have it."""
        known = self._made.get((key, version))
        if known is None:
            picks: list[Candidate] = []
            for host in self._hosts:
                pick = self._pick(host, key, version)
                if pick is None:
                    return
                picks.append(pick)
            known = self._made[key, version] = JointCandidate(key, version, tuple(picks))
        yield known

    def _pick(self, host: GuardedHost, key: Key, version: Version) -> Candidate | None:
        name = key.name
        if host.keeps(name, version) is not None:
            return host.view.installed(key)
        if self._rules.forbidden(name) or not self._may_move(host, name, version):
            return None
        offer = next((o for o in host.view.offers(name).offers if o.version == version), None)
        return host.view.offered(key, offer) if offer is not None else None

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

    def _direct(self, key: Key, url: str) -> Iterator[JointCandidate]:
        if any(key.name in host.fixed for host in self._hosts) or self._rules.forbidden(key.name):
            return
        made = JointCandidate(key, None, tuple(Candidate(key, None, url=url) for _ in self._hosts))
        yield self._urls.setdefault((key, url), made)

    def _read(self, candidate: JointCandidate) -> Iterator[JointNeed]:
        if candidate.key.extras:
            base = self._base(candidate)
            yield JointNeed(base.key, Requirement(base.name), self._present(base), candidate, exact=base)
        merged: dict[str, tuple[Requirement, set[int]]] = {}
        for index, pick in enumerate(candidate.picks):
            if pick is None:
                continue
            answer = self._hosts[index].view.requires(pick)
            if answer.impossible is not None:
                yield JointNeed(PYTHON, Requirement(candidate.name), frozenset({index}), candidate)
                return
            for requirement in answer.requirements:
                merged.setdefault(text_of(requirement), (requirement, set()))[1].add(index)
        for requirement, hosts in merged.values():
            yield from _with_base(requirement, frozenset(hosts), candidate)

    def _drags(self, candidate: JointCandidate) -> bool:
        return next(self._dragged(candidate), None) is not None

    def _dragged(self, candidate: JointCandidate) -> Iterator[JointNeed]:
        """Installed distributions whose requirement this candidate breaks: they must not stay."""
        if candidate.key.extras:
            return
        for index, pick in enumerate(candidate.picks):
            if pick is None or pick.installed is not None:
                continue
            for dependent, requirement in self._hosts[index].dependents.get(candidate.name, ()):
                broken = pick.version is None or not requirement.specifier.contains(
                    pick.version, prereleases=True
                )
                if broken:
                    yield JointNeed(Key(dependent), requirement, frozenset({index}), candidate, moved=True)

    def _base(self, candidate: JointCandidate) -> JointCandidate:
        url = next((pick.url for pick in candidate.picks if pick is not None and pick.url), None)
        if url is not None:
            return next(iter(self._direct(candidate.key.base, url)))
        if candidate.version is None:
            return self._kept(candidate.key.base)
        return next(iter(self._at(candidate.key.base, candidate.version)))

    def _present(self, candidate: JointCandidate) -> frozenset[int]:
        return frozenset(index for index, pick in enumerate(candidate.picks) if pick is not None)

    def _prefetch(self, needs: Iterable[JointNeed]) -> None:
        wanted = [
            need.key.name
            for need in needs
            if need.key != PYTHON
            and not self._settled(need.key)
            and not self._fits(need, self._kept(need.key))
        ]
        if wanted:
            self._hosts[0].view.universe.prefetch(wanted)


def _with_base(
    requirement: Requirement, hosts: frozenset[int], parent: JointCandidate | None, **fields: Any
) -> list[JointNeed]:
    """A requirement's needs: with extras, the project without them is needed as well."""
    key = key_of(requirement)
    needs = [JointNeed(key, requirement, hosts, parent, **fields)]
    if key.extras:
        needs.insert(0, JointNeed(key.base, requirement, hosts, parent, **fields))
    return needs
