"""Laws that hold for every guarded plan, over random tiny universes and hosts."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from packaging.version import Version

from depguard.model.plan import ActionKind
from kit.laws import law
from planning.asked import after, ask, guarded
from planning.tiny import KEPT, Tiny, is_met, requirements, solutions, tinies, untouched


@law(60)
@given(tinies())
def test_a_plan_exists_exactly_when_brute_force_finds_one(tiny: Tiny) -> None:
    answer = guarded(tiny)
    first = next(solutions(tiny, moves=False), None)
    second = first or next(solutions(tiny, moves=True), None)
    assert (answer.changes is None) == (second is None), second
    if answer.changes is not None:
        assert answer.second_pass == (first is None)


@law(40)
@given(tinies())
def test_every_plan_is_one_that_brute_force_finds(tiny: Tiny) -> None:
    answer = guarded(tiny)
    if answer.changes is not None:
        assert after(tiny, answer) in list(solutions(tiny, moves=answer.second_pass))


@law(60)
@given(tinies())
def test_a_plan_meets_every_request_and_breaks_nothing_that_held(tiny: Tiny) -> None:
    answer = guarded(tiny)
    if answer.changes is None:
        return
    before, states = untouched(tiny), after(tiny, answer)
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


@law(40)
@given(tinies())
def test_what_is_protected_stays_and_what_is_held_stays_in_its_range(tiny: Tiny) -> None:
    planned_ = ask(tiny)
    (report,) = planned_.reports.reports
    if report.plan is None or report.plan.changes is None:
        return
    for action in report.plan.changes.changes:
        assert action.name not in tiny.protected
        assert action.name not in tiny.forbidden
        assert action.kind is not ActionKind.REMOVE
        if action.name in tiny.held:
            assert action.old is not None
            assert action.new is not None
            assert action.old < action.new < Version(str(action.old.major + 1))
    assert not [
        f
        for f in report.findings
        if f.about.value == "plan" and f.code in ("DG101", "DG201", "DG202", "DG203")
    ]


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
