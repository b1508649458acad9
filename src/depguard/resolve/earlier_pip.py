"""The search of pip before 25.1: that of resolvelib 1.0, which jumps back further and never thinks twice.

Since resolvelib 1.1 (https://github.com/sarugaku/resolvelib/blob/main/CHANGELOG.rst) a search that found
nothing by jumping far back is taken up again step by step, and a jump ends at the first choice at the
latest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from resolvelib import ResolutionImpossible
from resolvelib.resolvers import Criterion, RequirementInformation

from depguard.resolve.needs import Candidate, Key, Need
from depguard.resolve.solve import Steady


class EarlierPip(Steady[Need, Candidate]):
    """resolvelib's resolution with the backjumps of its version 1.0."""

    # Its preference is a function of what it was asked before (how deep the askers are), so it is asked
    # for a choice that is none, too.
    def _attempt_to_pin_criterion(self, name: Key) -> list[Criterion[Need, Candidate]]:
        self._foremost((name,))
        return super()._attempt_to_pin_criterion(name)

    def _save_state(self) -> None:
        """Nothing to come back to."""

    def _backjump(self, causes: list[RequirementInformation[Need, Candidate]]) -> bool:
        met = {cause.requirement.key for cause in causes}
        met |= {cause.parent.key for cause in causes if cause.parent is not None}
        while len(self._states) >= 3:
            del self._states[-1]
            broken, (key, candidate) = self._last_pin(causes)
            while met.isdisjoint(need.key for need in self._p.get_dependencies(candidate)):
                broken, (key, candidate) = self._last_pin(causes)
            tried = [(k, list(c.incompatibilities)) for k, c in broken.criteria.items()]
            self._push_new_state()
            if self._patch_criteria([*tried, (key, [candidate])]):
                return True
        return False

    def _last_pin(self, causes: Iterable[Any]) -> tuple[Any, tuple[Key, Candidate]]:
        """The state before the last one and what it chose; there is no way back before the first."""
        if not self._states or not self._states[-1].mapping:
            raise ResolutionImpossible(list(causes))
        state = self._states.pop()
        return state, state.mapping.popitem()
