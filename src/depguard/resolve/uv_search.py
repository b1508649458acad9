"""The search that uv does: PubGrub, with uv's order of what is settled next.

uv settles direct URLs first, then what is pinned to one version, then what kept being rejected, then what
kept rejecting others, then what was met first (its ``PubGrubPriority``; held against uv 0.13.9 on some
250 requests that people made). Where requirements conflict, that order decides who gives way.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Container, Sequence
from typing import Protocol

from packaging.utils import NormalizedName

from depguard.resolve.needs import PYTHON, Candidate, Key, Need
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.pubgrub import Clause, Solution, Term

CONFLICT_THRESHOLD = 5
"""A project that is rejected, or rejects another, so many times gets another turn."""

REQUEST = Key(NormalizedName("<request>"))
"""What everything starts from; no project can be called this."""


Masks = dict[tuple[Key, bool, str], int]
"""Versions as bits, by project, whether all of these are known, and what is said of them."""


class UvSource(Protocol):
    """What is searched. Asking twice gives the same objects."""

    def versions(self, key: Key) -> Sequence[Candidate]:
        """Every candidate of a key, whatever is asked of it, most preferred first."""
        ...

    def preferred_installed(self, key: Key) -> Candidate | None:
        """The host's own, where that is taken as soon as it fits: then no index is asked."""
        ...

    def satisfying(self, requirement: Need, candidates: Sequence[Candidate]) -> Container[int]:
        """The ids of those candidates that meet a need."""
        ...

    def get_dependencies(self, candidate: Candidate) -> Sequence[Need]:
        """A candidate's needs; one on `PYTHON` says that it cannot be taken at all."""
        ...


def solve_as_uv(
    source: UvSource, roots: Sequence[Need], *, rounds: int
) -> Solved[Need, Candidate] | Unsolvable[Need, Candidate] | Exhausted[Need, Candidate]:
    """Solve within a budget of ``rounds`` decisions. The outcome has no refusals.

    Raises whatever the source raises (OutOfReachError).
    """
    wide: set[Key] = set()
    masks: Masks = {}
    left = rounds
    while left > 0:
        search = _Search(source, roots, wide, masks, left)
        try:
            return search.run()
        except _Widen as widen:  # once for each key at the most
            wide.add(widen.key)
            left = search.left
    return Exhausted(rounds=rounds)


class _Widen(Exception):  # noqa: N818 - no error: the search starts again and knows more
    """The host's own version of a key does not do: the others have to be known from the start."""

    def __init__(self, key: Key) -> None:
        super().__init__(key)
        self.key = key


class _Rank(enum.IntEnum):
    """Whose turn comes first."""

    URL = 0
    PINNED = 1
    OFTEN_REJECTED = 2
    OFTEN_REJECTING = 3
    PLAIN = 4


class _Turns:
    """Who is settled next. By project name; of one name, what was met first."""

    def __init__(self) -> None:
        self._ranks: dict[NormalizedName, _Rank] = {}
        self._met: dict[NormalizedName, int] = {}
        self._keys: dict[Key, int] = {}
        self._rejected: Counter[Key] = Counter()
        self._rejecting: Counter[Key] = Counter()
        self._early: list[Key] = []
        self._late: list[Key] = []

    def meet(self, need: Need) -> None:
        """A need was seen: it may make its project more urgent."""
        key = need.key
        self._met.setdefault(key.name, len(self._met))
        self._keys.setdefault(key, len(self._keys))
        self._ranks[key.name] = min(_rank(need), self._ranks.get(key.name, _Rank.PLAIN))

    def turn(self, key: Key) -> tuple[int, int, int]:
        """Smaller comes first."""
        return (self._ranks[key.name], self._met[key.name], self._keys[key])

    def blame(self, rejected: Key, clause: Clause) -> None:
        """A conflict: count who gave way, and all who made it."""
        others = [key for key in clause.terms if key.name != rejected.name]
        for key in others:
            self._rejecting[key] += 1
            if self._rejecting[key] == CONFLICT_THRESHOLD:
                self._late.append(key)
        if others:
            self._rejected[rejected] += 1
            if self._rejected[rejected] == CONFLICT_THRESHOLD:
                self._early.append(rejected)

    def reorder(self, solution: Solution) -> None:
        """Change the turns of those with too many conflicts; one that keeps rejecting is undecided again."""
        for key in self._early:
            if key != REQUEST:
                self._ranks[key.name] = _Rank.OFTEN_REJECTED
        for key in self._late:
            # Who was often rejected stays early, or two that reject each other would change turns for ever.
            if key == REQUEST or self._ranks[key.name] in (_Rank.OFTEN_REJECTED, _Rank.OFTEN_REJECTING):
                continue
            self._ranks[key.name] = _Rank.OFTEN_REJECTING
            solution.undo(key)
        self._early.clear()
        self._late.clear()


def _rank(need: Need) -> _Rank:
    if need.requirement.url is not None:
        return _Rank.URL
    pinned = need.exact is not None or any(
        clause.operator in ("==", "===") and not clause.version.endswith(".*") for clause in need.specifier
    )
    return _Rank.PINNED if pinned else _Rank.PLAIN


class _Versions:
    """The versions of keys. Outside of ``wide``, all but the host's own are one bit, unknown."""

    def __init__(self, source: UvSource, wide: set[Key]) -> None:
        self._source = source
        self._wide = wide
        self._known: dict[Key, Sequence[Candidate | None]] = {REQUEST: (None,)}

    def of(self, key: Key) -> Sequence[Candidate | None]:
        """Most preferred first; None for those that are unknown."""
        known = self._known.get(key)
        if known is None:
            own = None if key in self._wide else self._source.preferred_installed(key)
            known = self._known[key] = self._source.versions(key) if own is None else (own, None)
        return known

    def full(self, key: Key) -> int:
        """All of them as bits; the highest stands for those that do not exist."""
        return (2 << len(self.of(key))) - 1


class _Search:
    """One search, with the versions of keys outside of ``wide`` unknown."""

    def __init__(
        self, source: UvSource, roots: Sequence[Need], wide: set[Key], masks: Masks, left: int
    ) -> None:
        self._source = source
        self._roots = roots
        self._wide = wide
        self._versions = _Versions(source, wide)
        self._masks: dict[int, int] = {}
        self._common_masks = masks
        self._clauses: dict[tuple[Key, Key, int], Clause] = {}
        self._read: set[tuple[Key, int]] = set()
        self._solution = Solution(self._versions.full)
        self._turns = _Turns()
        self._rounds = left
        self.left = left

    def run(self) -> Solved[Need, Candidate] | Unsolvable[Need, Candidate] | Exhausted[Need, Candidate]:
        solution, turns = self._solution, self._turns
        solution.start(REQUEST)
        self._add_needs(REQUEST, 0, self._roots)
        changed = REQUEST
        while True:
            conflicts = solution.propagate(changed)
            if conflicts is None:
                return Unsolvable(refusals=())
            for rejected, clause in conflicts:
                turns.blame(rejected, clause)
            turns.reorder(solution)
            key = min(solution.waiting(), key=turns.turn, default=None)
            if key is None:
                return self._solved()
            if self.left <= 0:
                return Exhausted(rounds=self._rounds)
            self.left -= 1
            changed = key
            self._decide(key)

    def _decide(self, key: Key) -> None:
        """Take the most preferred version of a key that is left, or learn that it cannot be taken."""
        solution = self._solution
        term = solution.total(key)
        version = (term.versions & -term.versions).bit_length() - 1
        if version == len(self._versions.of(key)):
            solution.add(Clause({key: term}))  # there is no such version
            return
        candidate = self._versions.of(key)[version]
        if candidate is None:
            raise _Widen(key)
        if (key, version) not in self._read:
            needs = self._source.get_dependencies(candidate)
            chosen = Term(1 << version, absent=False)
            if any(need.key == PYTHON for need in needs):
                solution.add(Clause({key: chosen}))
                return
            for clause in self._add_needs(key, version, needs):
                if solution.ever_backtracked and solution.holds_with(clause, key, chosen):
                    self._turns.blame(key, clause)
                    return
        solution.decide(key, version)

    def _add_needs(self, key: Key, version: int, needs: Sequence[Need]) -> list[Clause]:
        """The clauses of a version's needs, joined with those of other versions that need the same."""
        self._read.add((key, version))
        added: list[Clause] = []
        for need in needs:
            self._turns.meet(need)
            mask = self._mask(need)
            own = Term(1 << version, absent=False)
            if need.key == key:
                if not mask >> version & 1:
                    added.append(Clause({key: own}))
                    self._solution.add(added[-1])
                continue
            same = self._clauses.get((key, need.key, mask))
            if same is not None:
                own = own.joins(same.terms[key])
                self._solution.drop(same)
            clause = Clause({key: own, need.key: Term(self._versions.full(need.key) & ~mask, absent=True)})
            self._clauses[key, need.key, mask] = clause
            self._solution.add(clause)
            added.append(clause)
        return added

    def _mask(self, need: Need) -> int:
        """The versions that meet a need; what nothing meets is met by a version that does not exist."""
        known = self._masks.get(id(need))
        if known is None:
            known = self._masks[id(need)] = self._common_mask(need)
        return known

    def _common_mask(self, need: Need) -> int:
        """The same, found once for all needs that say the same of the same versions."""
        if need.exact is not None or need.requirement.url is not None:
            return self._found_mask(need)
        place = (need.key, need.key in self._wide, str(need.specifier))
        if place not in self._common_masks:
            self._common_masks[place] = self._found_mask(need)
        return self._common_masks[place]

    def _found_mask(self, need: Need) -> int:
        everything = self._versions.of(need.key)
        fitting = self._source.satisfying(need, [c for c in everything if c is not None])
        found = 0
        for bit, candidate in enumerate(everything):
            if candidate is None or id(candidate) in fitting:
                found |= 1 << bit
        return found or 1 << len(everything)

    def _solved(self) -> Solved[Need, Candidate]:
        chosen: dict[Key, Candidate] = {}
        for key, version in self._solution.decided.items():
            candidate = self._versions.of(key)[version]
            if candidate is not None:
                chosen[key] = candidate
        asked: dict[Key, list[Need]] = {key: [] for key in chosen}
        for needs in (self._roots, *map(self._source.get_dependencies, chosen.values())):
            for need in needs:
                asked[need.key].append(need)
        return Solved(chosen=chosen, asked={key: tuple(needs) for key, needs in asked.items()})
