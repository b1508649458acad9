"""The guarded solve as a resolvelib provider: what is protected stays, what is held stays in range.

A project that moves on a host brings the installed distributions whose requirement it would break
into the solve: they must move too, or the move is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from packaging.requirements import Requirement
from resolvelib.resolvers import RequirementInformation

from depguard.model.markers import MarkerAnswer
from depguard.resolve.dead_ends import DeadEnds
from depguard.resolve.guarded_choice import GuardedChoice, GuardRules, dragged
from depguard.resolve.joint import GuardedHost, JointCandidate, JointNeed, Kept
from depguard.resolve.needs import ENDS, PINS, PYTHON, Key, key_of, said_by, text_of
from depguard.resolve.provider import Provider

Information = RequirementInformation[JointNeed, JointCandidate]


class GuardedProvider(Provider[JointNeed, JointCandidate]):
    """Joint candidates, the hosts' own first, then one version for all, newest first."""

    def __init__(self, hosts: Sequence[GuardedHost], rules: GuardRules, kept: Kept | None = None) -> None:
        """``kept`` is shared by solves on the same hosts."""
        self._hosts = tuple(hosts)
        self._kept = kept if kept is not None else Kept()
        self._choice = GuardedChoice(hosts, rules, self._kept)
        self._dead = DeadEnds(self._choice.ever)
        self._needs: dict[int, tuple[JointNeed, ...]] = {}
        self._moving: dict[int, tuple[JointNeed, ...]] = {}
        self._satisfied: dict[tuple[int, int], bool] = {}
        self._told: dict[Key, tuple[Collection[Information], bool, bool]] = {}
        self._roots: list[JointNeed] = []
        self._order: dict[Key, int] = {}

    def close(self) -> None:
        """Let go of what was found for it: it is not asked any more."""
        self._choice.close()

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
            if self._choice.settled(key):
                return [key]
        causes = {cause.requirement.key for cause in backtrack_causes}
        causes |= {cause.parent.key for cause in backtrack_causes if cause.parent is not None}
        return [key for key in keys if key in causes] or keys

    def preference(
        self,
        key: Key,
        information: Collection[Information],
        causes: Sequence[Information],  # noqa: ARG002 - as `Provider` asks
    ) -> tuple[Any, ...]:
        """Exact pins, then what the request names, then upper bounds, then by name."""
        told = self._told.get(key)
        if told is None or told[0] is not information:
            says = 0
            for need, _ in information:
                says |= said_by(need.requirement)
            told = self._told[key] = (information, bool(says & PINS), bool(says & ENDS))
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
            return [exact] if fits and not self._dead.knows(exact) else []
        needs = own
        if identifier.extras:
            needs = own + list(requirements.get(identifier.base, iter(())))
        return lambda: self._choice.left(identifier, needs, lambda c: id(c) in refused or self._is_dead(c))

    def _is_dead(self, candidate: JointCandidate) -> bool:
        """Whether a candidate that was tried before can be in no plan: what it needs is known by then."""
        told = self._needs.get(id(candidate), self._moving.get(id(candidate)))
        return told is not None and self._dead.holds(candidate, told)

    def is_satisfied_by(self, requirement: JointNeed, candidate: JointCandidate) -> bool:
        """Whether a candidate meets a need on every host where the need holds."""
        if requirement.exact is not None:
            return requirement.exact is candidate
        # Asked again for every pin in every round; needs and candidates live as long as the provider.
        pair = (id(requirement), id(candidate))
        known = self._satisfied.get(pair)
        if known is None:
            known = self._satisfied[pair] = self._choice.fits(requirement, candidate)
        return known

    def leader(self, requirement: JointNeed) -> JointCandidate | None:
        """What the hosts have, or what a lower tier has pinned."""
        need = requirement
        if need.exact is not None or need.moved or need.requirement.url is not None or need.key == PYTHON:
            return None
        candidate = self._choice.first_of_all(need.key)
        if candidate is None or not self.is_satisfied_by(need, candidate) or self._is_dead(candidate):
            return None
        return candidate

    def outlasts(self, candidate: JointCandidate, requirement: JointNeed) -> bool:
        """Whether a candidate stays one: needs only take away, but for pre-releases and direct ones."""
        if requirement.exact is not None or requirement.requirement.url is not None:
            return False
        if self._is_dead(candidate):
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
            self._moving[key] = tuple(dragged(self._hosts, candidate))
        yield from self._moving[key]
        if key not in self._needs:
            own = self._own(candidate)
            if any(need.requirement.url is not None for need in own):
                self._dead.turn_off()
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
        if requirement.url is not None:
            self._dead.turn_off()
        return needs

    def explored(self) -> tuple[JointNeed, ...]:
        """All needs of all candidates that the solver looked into, for explanations."""
        moving = (needs for key, needs in self._moving.items() if key not in self._needs)
        return tuple(need for needs in (*self._needs.values(), *moving) for need in needs)

    def _own(self, candidate: JointCandidate) -> tuple[JointNeed, ...]:
        """What it requires itself."""
        if self._kept.candidates.get(candidate.key) is not candidate:
            return tuple(self._read(candidate))
        known = self._kept.needs.get(id(candidate))
        if known is None:
            known = self._kept.needs[id(candidate)] = tuple(self._read(candidate))
        return known

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

    def _base(self, candidate: JointCandidate) -> JointCandidate:
        key = candidate.key.base
        url = next((pick.url for pick in candidate.picks if pick is not None and pick.url), None)
        if url is not None:
            base = self._choice.direct(key, url)
        elif candidate.version is not None:
            base = self._choice.at(key, candidate.version)
        else:
            base = self._choice.kept(key)
        if base is None:
            raise ValueError(f"{candidate} has no base")
        return base

    def _present(self, candidate: JointCandidate) -> frozenset[int]:
        return frozenset(index for index, pick in enumerate(candidate.picks) if pick is not None)

    def _prefetch(self, needs: Iterable[JointNeed]) -> None:
        wanted = [
            need.key.name
            for need in needs
            if need.key != PYTHON
            and not self._choice.settled(need.key)
            and not self._choice.fits(need, self._choice.kept(need.key))
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
