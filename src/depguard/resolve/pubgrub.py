"""PubGrub: clauses, what follows from them, and what a conflict teaches.

The algorithm is Natalie Weizenbaum's (https://nex3.medium.com/pubgrub-2fb6470504f,
https://github.com/dart-lang/pub/blob/master/doc/solver.md). This part knows nothing of indexes: the
versions of a project are bits of an integer. Who drives it decides what is chosen next and which
version (`depguard.resolve.uv_search`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from depguard.records import dataclass
from depguard.resolve.needs import Key


class Term(NamedTuple):
    """What is said of a project: one of ``versions`` is chosen or, with ``absent``, none is."""

    versions: int
    absent: bool

    def meets(self, other: Term) -> Term:
        """Both hold."""
        return Term(self.versions & other.versions, self.absent and other.absent)

    def joins(self, other: Term) -> Term:
        """One of both holds."""
        return Term(self.versions | other.versions, self.absent or other.absent)

    def implies(self, other: Term) -> bool:
        """Whether the other holds wherever this one does."""
        return not self.versions & ~other.versions and (other.absent or not self.absent)

    def excludes(self, other: Term) -> bool:
        """Whether both cannot hold at once."""
        return not self.versions & other.versions and not (self.absent and other.absent)


@dataclass(slots=True, eq=False)
class Clause:
    """Terms that must not hold all at once (PubGrub's incompatibility)."""

    terms: Mapping[Key, Term]


@dataclass(slots=True)
class _Step:
    """One assignment: a decision (``cause`` None), or what follows from a clause. ``total`` sums up."""

    key: Key
    term: Term
    level: int
    cause: Clause | None
    total: Term


class Solution:
    """A partial solution and the clauses that it has to keep.

    ``full`` gives all versions of a project as bits. Decisions have levels from 1 on; what the request
    itself says has level 0.
    """

    def __init__(self, full: Callable[[Key], int]) -> None:
        self._full = full
        self._clauses: dict[Key, list[Clause]] = defaultdict(list)
        self._steps: list[_Step] = []
        self._of: dict[Key, list[int]] = {}
        # What the steps say of each project together; projects without a step are not in it.
        self._totals: dict[Key, Term] = {}
        self._level = 0
        self.decided: dict[Key, int] = {}
        self.ever_backtracked = False

    def add(self, clause: Clause) -> None:
        """A clause more to be kept."""
        for key in clause.terms:
            self._clauses[key].append(clause)

    def drop(self, clause: Clause) -> None:
        """Take out a clause that another one says as well; what followed from it stays explained."""
        for key in clause.terms:
            self._clauses[key].remove(clause)

    def total(self, key: Key) -> Term:
        """All that is known of a project by now."""
        total = self._totals.get(key)
        return total if total is not None else Term(self._full(key), absent=True)

    def waiting(self) -> Iterable[Key]:
        """Projects that are needed and not decided."""
        totals, decided = self._totals, self.decided
        return [key for key in self._of if key in totals and not totals[key].absent and key not in decided]

    def holds_with(self, clause: Clause, key: Key, term: Term) -> bool:
        """Whether a clause would be broken were ``term`` to hold of ``key``."""
        return all((term if k == key else self.total(k)).implies(t) for k, t in clause.terms.items())

    def start(self, key: Key) -> None:
        """Choose the one version of what stands for the request; its needs hold whatever is decided."""
        self.decided[key] = 0
        self._assign(key, Term(1, absent=False), None)

    def decide(self, key: Key, version: int) -> None:
        """Choose the version of that bit."""
        self._level += 1
        self.decided[key] = version
        self._assign(key, Term(1 << version, absent=False), None)

    def undo(self, key: Key) -> None:
        """Go back to before a project was decided, if it is."""
        if key in self.decided:
            decision = next(place for place in self._of[key] if self._is_decision(place))
            self._backtrack(self._steps[decision].level - 1)

    def propagate(self, changed: Key) -> list[tuple[Key, Clause]] | None:
        """Draw all conclusions from a change; None if the clauses cannot be kept at all.

        The answer has what each conflict on the way was about: the project that had to give way, and the
        clause that made it.
        """
        conflicts: list[tuple[Key, Clause]] = []
        waiting = [changed]
        while waiting:
            conflict = self._conclude(waiting)
            if conflict is None:
                continue
            learned = self._learn(conflict, conflicts)
            if learned is None:
                return None
            key, clause = learned
            waiting = [key]
            self._assign(key, self._negated(key, clause.terms[key]), clause)
        return conflicts

    def _conclude(self, waiting: list[Key]) -> Clause | None:
        """Conclude from the clauses of the last in ``waiting``; a clause that is broken ends it."""
        for clause in reversed(self._clauses[waiting.pop()]):
            loose = self._loose(clause)
            if loose is None:
                continue
            if not loose:
                return clause
            (key,) = loose
            if key not in waiting:
                waiting.append(key)
            self._assign(key, self._negated(key, clause.terms[key]), clause)
        return None

    def _loose(self, clause: Clause) -> tuple[Key, ...] | None:
        """The one term that is open; () if all hold; None if nothing follows from it now."""
        # Asked millions of times, so `Term.implies` and `Term.excludes` are written out.
        loose: tuple[Key, ...] = ()
        totals = self._totals
        for key, (versions, absent) in clause.terms.items():
            total = totals.get(key)
            known, may_be_absent = total if total is not None else (self._full(key), True)
            if not known & ~versions and (absent or not may_be_absent):
                continue
            if loose or not (known & versions or (may_be_absent and absent)):
                return None
            loose = (key,)
        return loose

    def _learn(self, clause: Clause, conflicts: list[tuple[Key, Clause]]) -> tuple[Key, Clause] | None:
        """Find what a conflict comes from, keep it as a clause, and go back to where it says something."""
        learned = False
        while clause.terms:
            place, before = self._satisfier(clause)
            step = self._steps[place]
            if step.level == 0:
                return None
            if step.cause is None or before < step.level:
                if learned:
                    self.add(clause)
                self._backtrack(before)
                conflicts.append((step.key, clause))
                return step.key, clause
            clause = self._resolvent(clause, step.cause, step.key)
            conflicts.append((step.key, clause))
            learned = True
        return None

    def _resolvent(self, one: Clause, other: Clause, key: Key) -> Clause:
        """What two clauses say together once nothing is said of ``key`` alone."""
        terms = dict(one.terms)
        for k, term in other.terms.items():
            terms[k] = term if k not in terms else (terms[k].joins if k == key else terms[k].meets)(term)
        if terms[key] == Term(self._full(key), absent=True):
            del terms[key]
        return Clause(terms)

    def _satisfier(self, clause: Clause) -> tuple[int, int]:
        """The step by which a clause was broken, and the level from which it was but for that step."""
        places = {key: self._first(key, term) for key, term in clause.terms.items()}
        last = max(places, key=places.__getitem__)
        place = places[last]
        levels = [self._steps[p].level for key, p in places.items() if key != last and p >= 0]
        earlier = self._first(last, clause.terms[last], self._steps[place].term)
        if 0 <= earlier < place:
            levels.append(self._steps[earlier].level)
        return place, max(levels, default=0)

    def _first(self, key: Key, term: Term, given: Term | None = None) -> int:
        """The step from which ``term`` holds of ``key`` (beside ``given``); -1 if it always does."""
        total = Term(self._full(key), absent=True) if given is None else given
        if total.implies(term):
            return -1
        for place in self._of[key]:
            total = total.meets(self._steps[place].term)
            if total.implies(term):
                return place
        raise AssertionError(f"{term} does not hold of {key}")

    def _assign(self, key: Key, term: Term, cause: Clause | None) -> None:
        own = self._of.setdefault(key, [])
        total = self._steps[own[-1]].total.meets(term) if own else term
        self._totals[key] = total
        own.append(len(self._steps))
        self._steps.append(_Step(key, term, self._level, cause, total))

    def _backtrack(self, level: int) -> None:
        self.ever_backtracked = True
        while self._steps and self._steps[-1].level > level:
            step = self._steps.pop()
            own = self._of[step.key]
            own.pop()
            if own:
                self._totals[step.key] = self._steps[own[-1]].total
            else:
                del self._totals[step.key]
            if step.cause is None:
                del self.decided[step.key]
        self._level = level

    def _is_decision(self, place: int) -> bool:
        return self._steps[place].cause is None

    def _negated(self, key: Key, term: Term) -> Term:
        return Term(self._full(key) & ~term.versions, absent=not term.absent)
