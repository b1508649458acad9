"""A tiny universe asked of depguard, and its answers as plain data."""

from __future__ import annotations

from typing import Any

from packaging.requirements import Requirement

from depguard.app.plan import Planned, Question, plan_tier
from depguard.planning.case import make_case
from depguard.planning.guard import Guarded, GuardRequest, Wanted, guard
from depguard.resolve.ports import PackageSource
from planning.tiny import KEPT, NAMES, Assignment, Tiny
from scenarios.loading import TODAY


def guarded(tiny: Tiny) -> Guarded:
    """The guarded solve alone, without tiers, rules and ways out."""
    policy = tiny.policy()
    case = make_case(tiny.host(), policy, tiny.source())
    wanted = tuple(Wanted(Requirement(text)) for text in tiny.request)
    return guard([case.guarded], GuardRequest(wanted=wanted, forbidden=case.kept_out()))


def after(tiny: Tiny, answer: Guarded) -> Assignment:
    """What each name is once a plan is carried out."""
    assert answer.changes is not None
    states: dict[str, str | None] = {name: KEPT if name in tiny.installed else None for name in NAMES}
    for action in answer.changes[0].changes:
        states[action.name] = str(action.new)
    return states


def question(tiny: Tiny, *, source: PackageSource | None = None, **tiers: Any) -> Question:
    """The question that a policy with the given tiers asks (default: one, with the whole request)."""
    return Question(
        policy=tiny.policy(**tiers),
        hosts=(tiny.host(),),
        source=source or tiny.source(),
        cutoff=None,
        moment=TODAY,
    )


def ask(tiny: Tiny, tier: str = "lab", *, source: PackageSource | None = None, **tiers: Any) -> Planned:
    """The plan of a tier with everything that is said of it."""
    return plan_tier(question(tiny, source=source, **tiers), tier)
