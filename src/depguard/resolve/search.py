"""A thorough search over a provider: slower than resolvelib, but it finds a solution where one exists.

resolvelib remembers what did not work in one place and leaves it out in others, and it loses
requirements when it unseats a choice: both are rare, and its trade for speed. This is backtracking with
conflict-directed backjumping (Prosser 1993): a dead end goes back to the latest choice that has to do
with it, and nothing is remembered beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic

from resolvelib import AbstractProvider
from resolvelib.resolvers import RequirementInformation

from depguard.records import dataclass, field
from depguard.resolve.needs import Key
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.provider import C, R

Needs = dict[Key, tuple[tuple[R, Key | None], ...]]
"""For each key its needs, each with the key of who has it (None: the request)."""


@dataclass(slots=True)
class _Level(Generic[R, C]):
    """One choice: what is left to try, the needs before it, and which choices are to blame so far."""

    key: Key
    left: Iterator[C]
    needs: Needs[R]
    blame: set[Key] = field(default_factory=set)


def search(
    provider: AbstractProvider[R, C, Key], roots: Sequence[R], *, rounds: int
) -> Solved[R, C] | Unsolvable[R, C] | Exhausted[R, C]:
    """Solve within a budget of ``rounds`` candidates. The outcome has no refusals.

    Raises whatever the provider's port raises (OutOfReachError).
    """
    return _Search(provider).run(roots, rounds)


def is_sound(provider: AbstractProvider[R, C, Key], roots: Iterable[R], chosen: Mapping[Key, C]) -> bool:
    """Whether a selection meets all needs of the request and of everything in it."""
    needs = [*roots, *(need for pick in chosen.values() for need in provider.get_dependencies(pick))]
    return all(need.key in chosen and provider.is_satisfied_by(need, chosen[need.key]) for need in needs)


class _Search(Generic[R, C]):
    def __init__(self, provider: AbstractProvider[R, C, Key]) -> None:
        self._provider = provider
        self._chosen: dict[Key, C] = {}
        self._levels: list[_Level[R, C]] = []

    def run(self, roots: Sequence[R], rounds: int) -> Solved[R, C] | Unsolvable[R, C] | Exhausted[R, C]:
        needs: Needs[R] = {}
        for need in roots:
            needs[need.key] = (*needs.get(need.key, ()), (need, None))
        tried = 0
        while (key := self._next(needs)) is not None:
            self._levels.append(_Level(key, iter(self._matches(key, needs)), needs))
            while True:
                step = self._advance()
                tried += 1
                if step is not None:
                    needs = step
                    break
                if not self._backjump():
                    return Unsolvable(refusals=())
                if tried > rounds:
                    return Exhausted(rounds=rounds)
        asked = {key: tuple(need for need, _ in needs[key]) for key in self._chosen}
        return Solved(chosen=dict(self._chosen), asked=asked)

    def _next(self, needs: Needs[R]) -> Key | None:
        """What to choose now, by the provider's own preference."""
        open_keys = [key for key in needs if key not in self._chosen]
        if not open_keys:
            return None
        narrowed = list(self._provider.narrow_requirement_selection(open_keys, self._chosen, {}, {}, ()))
        return min(narrowed, key=lambda key: self._preference(key, needs))

    def _preference(self, key: Key, needs: Needs[R]) -> Any:
        information = [
            RequirementInformation(need, None if parent is None else self._chosen[parent])
            for need, parent in needs[key]
        ]
        return self._provider.get_preference(key, self._chosen, {}, {key: iter(information)}, ())

    def _matches(self, key: Key, needs: Needs[R]) -> Iterable[C]:
        requirements = {k: iter([need for need, _ in needs.get(k, ())]) for k in {key, key.base}}
        matches = self._provider.find_matches(key, requirements, {key: iter(())})
        return matches() if callable(matches) else matches

    def _advance(self) -> Needs[R] | None:
        """Take the next candidate of the last level that fits; the needs after it, or None."""
        level = self._levels[-1]
        self._chosen.pop(level.key, None)
        for candidate in level.left:
            needs = self._with(candidate, level)
            if needs is not None:
                self._chosen[level.key] = candidate
                return needs
        return None

    def _with(self, candidate: C, level: _Level[R, C]) -> Needs[R] | None:
        """The needs with a candidate's own; None where they cannot be met, with the blame told."""
        needs = dict(level.needs)
        # One after the other: what comes first may exclude the candidate before its metadata is fetched.
        for need in self._provider.get_dependencies(candidate):
            needs[need.key] = (*needs.get(need.key, ()), (need, level.key))
            pick = candidate if need.key == level.key else self._chosen.get(need.key)
            if pick is not None:
                if not self._provider.is_satisfied_by(need, pick):
                    level.blame.add(need.key)
                    return None
            elif next(iter(self._matches(need.key, needs)), None) is None:
                level.blame |= self._askers(need.key, needs)
                return None
        return needs

    def _askers(self, key: Key, needs: Needs[R]) -> set[Key]:
        """Whose needs decide what fits a key."""
        return {parent for k in {key, key.base} for _, parent in needs.get(k, ()) if parent is not None}

    def _backjump(self) -> bool:
        """Leave the last level for the latest one that is to blame; False where there is none."""
        dead = self._levels.pop()
        blame = (dead.blame | self._askers(dead.key, dead.needs)) - {dead.key}
        while self._levels:
            level = self._levels[-1]
            if level.key in blame:
                level.blame |= blame - {level.key}
                return True
            self._levels.pop()
            self._chosen.pop(level.key, None)
        return False
