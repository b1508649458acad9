"""resolvelib's search, round by round, at a price that grows with what a round changes.

Every choice and every jump back is resolvelib's own (https://github.com/sarugaku/resolvelib). But where it
asks of all projects in every round whether their pins still do, and finds candidates anew for every
requirement that is added, here only what a round has touched is asked, and candidates are found when wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Generic

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import (
    Criterion,
    InconsistentCandidate,
    RequirementInformation,
    RequirementsConflicted,
    Resolution,
)
from resolvelib.structs import State

from depguard.resolve.needs import Key
from depguard.resolve.provider import C, Choices, Provider, R

if TYPE_CHECKING:
    from resolvelib.providers import Preference
    from resolvelib.structs import Matches


_Ranked = tuple[Collection[RequirementInformation[R, C]], int, "Preference"]
"""How far a key is preferred, of what that was said, and in which `Provider.era`."""


class Rounds(Resolution[R, C, Key], Generic[R, C]):
    """A resolution that looks again only at what a round has touched.

    Of a reporter only ``starting_round``, ``rejecting_candidate`` and ``pinning`` are called.
    """

    _p: Provider[R, C]

    def __init__(self, provider: Provider[R, C], reporter: BaseReporter[R, C, Key]) -> None:
        super().__init__(provider, reporter)
        self._judged: dict[Key, tuple[Criterion[R, C], C, bool]] = {}
        self._ranked: dict[Key, _Ranked[R, C]] = {}
        # The keys without a pin that does, in the order of the criteria. None: to be found out.
        self._open: dict[Key, None] | None = None
        # The keys of which the last candidate has a requirement.
        self._touched: list[Key] = []
        self._jumps_until: int | None = None

    def resolve(self, requirements: Iterable[R], max_rounds: int) -> State[R, C, Key]:
        """Settle one key a round until none is open. Raises ResolutionImpossible, ResolutionTooDeep."""
        self._states = [State(mapping={}, criteria={}, backtrack_causes=[])]
        for requirement in requirements:
            try:
                self._add_to_criteria(self.state.criteria, requirement, parent=None)
            except RequirementsConflicted as error:
                raise ResolutionImpossible(error.criterion.information) from error
        self._push_new_state()
        for index in range(max_rounds):
            self._r.starting_round(index=index)
            if self._jumped_too_long(index, max_rounds):
                self._forget()
                self._rollback_states()
                continue
            name = self._next()
            if name is None:
                return self.state
            failed = self._attempt_to_pin_criterion(name)
            if failed:
                self._go_back(self._extract_causes(failed))
            else:
                self._go_on(name)
        raise ResolutionTooDeep(max_rounds)

    def close(self) -> None:
        """Let go of all states: what was not looked for in them refers back to this resolution."""
        self._states = []
        self._save_states = None
        self._judged.clear()
        self._forget()

    def _jumped_too_long(self, index: int, max_rounds: int) -> bool:
        """Whether the share of rounds is used up in which it jumps back further than is safe."""
        if not self._optimistic_backjumping_ratio or self._save_states is None:
            return False
        if self._jumps_until is None:
            self._jumps_until = index + int((max_rounds - index) * self._optimistic_backjumping_ratio)
        return index >= self._jumps_until

    def _next(self) -> Key | None:
        """The key that is settled in this round."""
        state = self._states[-1]
        if self._open is None:
            satisfied = self._is_current_pin_satisfying
            self._open = {key: None for key, c in state.criteria.items() if not satisfied(key, c)}
        keys = list(self._open)
        if len(keys) > 1:
            causes = state.backtrack_causes
            keys = list(self._p.narrow_requirement_selection(keys, state.mapping, {}, {}, causes))
        return self._foremost(keys) if len(keys) > 1 else next(iter(keys), None)

    def _foremost(self, keys: Iterable[Key]) -> Key:
        """The first one of those that are preferred most. Asked of all open keys, round after round."""
        criteria, era = self._states[-1].criteria, self._p.era
        ranks: list[tuple[Preference, int, Key]] = []
        for key in keys:
            ranked = self._ranked.get(key)
            if ranked is None or ranked[0] is not criteria[key].information or ranked[1] != era:
                ranked = self._rank(key)
                era = self._p.era
            ranks.append((ranked[2], len(ranks), key))
        return min(ranks)[2]

    def _forget(self) -> None:
        """After a jump other keys are open, and other requirements are known to have met."""
        self._open = None
        self._ranked.clear()

    def _go_on(self, name: Key) -> None:
        """After a pin: what is unseated by it does not say any more what it requires."""
        state = self._states[-1]
        is_open = self._open if self._open is not None else {}
        unseated: set[Key] = set()
        for key in self._touched:
            if key not in state.mapping:
                is_open[key] = None
            elif key not in is_open and not self._is_current_pin_satisfying(key, state.criteria[key]):
                unseated.add(key)
        if unseated:
            self._remove_information_from_criteria(state.criteria, unseated)
            self._open = None
        elif name not in self._touched or self._is_current_pin_satisfying(name, state.criteria[name]):
            is_open.pop(name, None)
        self._push_new_state()

    def _go_back(self, causes: list[RequirementInformation[R, C]]) -> None:
        """After a dead end. Raises ResolutionImpossible where there is no way back."""
        self._forget()
        jumping = bool(self._optimistic_backjumping_ratio)
        try:
            success = self._backjump(causes)
        except ResolutionImpossible:
            if not (jumping and self._save_states):
                raise
            success = False
        if not success and jumping and self._save_states:
            self._rollback_states()
            return
        self.state.backtrack_causes[:] = causes
        if not success:
            raise ResolutionImpossible(self.state.backtrack_causes)

    def _add_to_criteria(
        self, criteria: dict[Key, Criterion[R, C]], requirement: R, parent: C | None
    ) -> None:
        """One requirement more; its key's candidates are found anew where it may leave none."""
        key = requirement.key
        self._touched.append(key)
        before = criteria.get(key)
        information = [RequirementInformation(requirement, parent)]
        given_up: Collection[C] = ()
        sure = leader = None
        if before is not None:
            information = [*before.information, *information]
            given_up = before.incompatibilities
            if not key.extras and isinstance(before.candidates, Choices):
                sure, leader = self._outlasting(before.candidates, requirement)
        elif not key.extras:
            leader = self._p.leader(requirement)
        base = criteria.get(key.base) if key.extras else None
        known = {key: information} if base is None else {key: information, key.base: base.information}
        choices = Choices(lambda: self._matches(key, known, given_up), sure, leader)
        criterion = Criterion(choices, information, given_up)
        if not choices:
            raise RequirementsConflicted(criterion)
        criteria[key] = criterion

    def _outlasting(self, before: Choices[C], requirement: R) -> tuple[C | None, C | None]:
        """What is left for sure of some choices under one requirement more, and who leads them then."""
        sure = before.sure
        if sure is None or not self._p.outlasts(sure, requirement):
            return None, None
        return sure, sure if sure is before.leader else None

    def _matches(
        self,
        key: Key,
        known: Mapping[Key, Collection[RequirementInformation[R, C]]],
        given_up: Iterable[C],
    ) -> Matches[C]:
        needs = {k: iter([i.requirement for i in information]) for k, information in known.items()}
        return self._p.find_matches(key, needs, {key: iter(given_up)})

    def _get_updated_criteria(self, candidate: C) -> dict[Key, Criterion[R, C]]:
        self._touched = []
        criteria = self._states[-1].criteria.copy()
        for requirement in self._p.get_dependencies(candidate):
            self._add_to_criteria(criteria, requirement, candidate)
        return criteria

    def _attempt_to_pin_criterion(self, name: Key) -> list[Criterion[R, C]]:
        """Choose the first candidate whose needs leave something of everything; else, what was in the way."""
        state = self._states[-1]
        criterion = state.criteria[name]
        causes: list[Criterion[R, C]] = []
        for candidate in criterion.candidates:
            try:
                criteria = self._get_updated_criteria(candidate)
            except RequirementsConflicted as error:
                self._r.rejecting_candidate(error.criterion, candidate)
                causes.append(error.criterion)
                continue
            if not self._satisfies(candidate, criterion):
                raise InconsistentCandidate(candidate, criterion)
            self._r.pinning(candidate)
            for key in self._touched:
                state.criteria[key] = criteria[key]
            state.mapping.pop(name, None)
            state.mapping[name] = candidate  # as the last one: a jump back takes it from there
            return []
        # A provider may have learnt since the criterion was made that none of its candidates will do.
        return causes or [criterion]

    def _rank(self, key: Key) -> _Ranked[R, C]:
        state = self._states[-1]
        information, era = state.criteria[key].information, self._p.era
        said = self._p.preference(key, information, state.backtrack_causes)
        ranked = self._ranked[key] = (information, era, said)
        return ranked

    # A criterion is replaced, never changed, so that the same one with the same pin has the same answer.
    def _is_current_pin_satisfying(self, name: Key, criterion: Criterion[R, C]) -> bool:
        pin = self._states[-1].mapping.get(name)
        if pin is None:
            return False
        judged = self._judged.get(name)
        if judged is not None and judged[0] is criterion and judged[1] is pin:
            return judged[2]
        satisfied = self._satisfies(pin, criterion)
        self._judged[name] = (criterion, pin, satisfied)
        return satisfied

    def _satisfies(self, candidate: C, criterion: Criterion[R, C]) -> bool:
        choices = criterion.candidates
        if isinstance(choices, Choices) and choices.leader is candidate:
            return True  # it has outlasted all that is required
        return all(self._p.is_satisfied_by(i.requirement, candidate) for i in criterion.information)
