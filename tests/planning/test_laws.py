"""Laws that hold for every guarded plan, over random tiny universes and hosts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from packaging.version import Version

from depguard.model.plan import Action, ActionKind
from kit.laws import law
from planning.asked import after, ask, guarded
from planning.tiny import KEPT, Assignment, Tiny, is_met, requirements, solutions, tinies, untouched


@law(60)
@given(tinies())
def test_plans_are_those_of_brute_force(tiny: Tiny) -> None:
    """There is one exactly when brute force finds one, under the same two passes, and it is one of those."""
    answer = guarded(tiny)
    first = next(solutions(tiny, moves=False), None)
    second = first or next(solutions(tiny, moves=True), None)
    assert (answer.changes is None) == (second is None), second
    if answer.changes is not None:
        assert answer.second_pass == (first is None)
        states = after(tiny, answer)
        assert states in list(solutions(tiny, moves=answer.second_pass))
        _breaks_nothing(tiny, states)
        _keeps_what_is_guarded(tiny, answer.changes[0].changes)


def _breaks_nothing(tiny: Tiny, states: Assignment) -> None:
    """Every request is met, every requirement that held still holds, and what comes in has what it needs."""
    before = untouched(tiny)
    for text in tiny.request:
        assert is_met(tiny, states, text), text
    for name, own in tiny.installed.items():
        for text in own["requires"]:
            if states[name] == KEPT and is_met(tiny, before, text):
                assert is_met(tiny, states, text), (name, text)
    for name, state in states.items():
        if state not in (None, KEPT):
            for text in tiny.index[name][state]:
                assert is_met(tiny, states, text), (name, state, text)


def _keeps_what_is_guarded(tiny: Tiny, changes: Sequence[Action]) -> None:
    """What is protected stays, what is held stays in its range, what is forbidden stays away."""
    for action in changes:
        assert action.name not in tiny.protected
        assert action.name not in tiny.forbidden
        assert action.kind is not ActionKind.REMOVE
        if action.name in tiny.held:
            assert action.old is not None
            assert action.new is not None
            assert action.old < action.new < Version(str(action.old.major + 1))


@law(30)
@given(tinies(), requirements("", 2).filter(bool))
def test_tiers_are_monotone(tiny: Tiny, more: list[str]) -> None:
    tiers: dict[str, Any] = {"low": list(tiny.request), "high": {"extends": "low", "requires": more}}
    low, high = ask(tiny, "low", **tiers), ask(tiny, "high", **tiers)
    assert low.plan is not None
    assert high.plan is not None
    if not high.plan.solved:
        return
    assert low.plan.solved
    assert low.plan.guarded.pins.items() <= high.plan.guarded.pins.items()
