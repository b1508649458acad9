"""Candidates that no selection can hold, whatever else is chosen: nobody need try them again.

A candidate is dead when one of its needs, taken alone, has nothing left that could meet it: what is settled
does not fit, or all that would fit is dead itself. That does not hang on what else is selected, so it is
never taken back. Each need watches one candidate that could still meet it, and is looked at again only when
that one dies (as SAT solvers watch literals: Moskewicz et al., "Chaff", DAC 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from depguard.resolve.joint import JointCandidate, JointNeed

Meeting = Callable[[JointNeed], Iterator[JointCandidate] | None]
"""All candidates that could ever meet a need, in any order; None where that is not known (yet)."""


class DeadEnds:
    """What is dead so far. A candidate's needs are told when it is asked about; nothing is fetched for it."""

    def __init__(self, choices: Meeting) -> None:
        self._choices = choices
        self._dead: set[int] = set()
        self._told: dict[int, int] = {}
        self._waiting: dict[int, list[JointNeed]] = {}
        self._watched_by: dict[int, list[tuple[JointNeed, Iterator[JointCandidate]]]] = {}
        self._off = False

    def holds(self, candidate: JointCandidate, needs: Sequence[JointNeed]) -> bool:
        """Whether a candidate with these needs is dead. More may be told later, at the end."""
        key = id(candidate)
        if self._off or key in self._dead:
            return not self._off
        waiting = [*self._waiting.get(key, ()), *needs[self._told.get(key, 0) :]]
        self._told[key] = len(needs)
        if waiting:
            self._waiting[key] = [need for need in waiting if not self._looked_at(need)]
        return key in self._dead

    def knows(self, candidate: JointCandidate) -> bool:
        """Whether a candidate is dead by what was told before."""
        return id(candidate) in self._dead

    def turn_off(self) -> None:
        """Nothing is dead any more: a direct reference brings candidates that no index lists."""
        self._off = True
        self._dead.clear()

    def _looked_at(self, need: JointNeed) -> bool:
        choices = self._choices(need)
        if choices is None:
            return False
        self._watch([(need, choices)])
        return True

    def _watch(self, open_: list[tuple[JointNeed, Iterator[JointCandidate]]]) -> None:
        """Let each need watch its next candidate that lives; without one, whoever has the need dies."""
        while open_:
            need, choices = open_.pop()
            watched = next((choice for choice in choices if id(choice) not in self._dead), None)
            if watched is not None:
                self._watched_by.setdefault(id(watched), []).append((need, choices))
            elif need.parent is not None and id(need.parent) not in self._dead:
                self._dead.add(id(need.parent))
                open_ += self._watched_by.pop(id(need.parent), ())
