"""Laws that hold for every guarded plan, over random tiny universes and hosts."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.app.plan import Planned, Question, plan_tier
from depguard.model.plan import ActionKind, ChangeSet
from depguard.model.report import Report
from depguard.planning.case import make_case
from depguard.planning.guard import Guarded, GuardRequest, Wanted, guard
from planning.tiny import KEPT, NAMES, Assignment, Tiny, requirements, solutions, tinies
from scenarios.asking import change_lines, finding_line, held_back, link_line, planned, simulated
from scenarios.loading import TODAY

ROOT = Path(__file__).parents[2]


def guarded(tiny: Tiny) -> Guarded:
    policy = tiny.policy()
    case = make_case(tiny.host(), policy, tiny.source())
    wanted = tuple(Wanted(Requirement(text)) for text in tiny.request)
    return guard([case.guarded], GuardRequest(wanted=wanted, forbidden=case.kept_out()))


def after(tiny: Tiny, answer: Guarded) -> Assignment:
    assert answer.changes is not None
    states: dict[str, str | None] = {name: KEPT if name in tiny.installed else None for name in NAMES}
    for action in answer.changes[0].changes:
        states[action.name] = str(action.new)
    return states


def ask(tiny: Tiny, tier: str = "lab", **tiers: Any) -> Planned:
    question = Question(
        policy=tiny.policy(**tiers),
        hosts=(tiny.host(),),
        source=tiny.source(),
        cutoff=None,
        moment=TODAY,
    )
    return plan_tier(question, tier)


def told(report: Report) -> list[str]:
    """All of a report that a person would compare."""
    return [
        report.verdict.value,
        *simulated(report),
        *planned(report),
        *(
            f"{finding_line(f)} {f.message} {f.because} {[link_line(link) for link in f.chain]} "
            f"{[(way.change, way.verdict, way.note) for way in f.ways_out]}"
            for f in report.findings
        ),
        *report.unknown,
        *report.notices,
        str(held_back(report)),
    ]


@settings(max_examples=120)
@given(tinies())
def test_a_plan_exists_exactly_when_brute_force_finds_one(tiny: Tiny) -> None:
    answer = guarded(tiny)
    first = next(solutions(tiny, moves=False), None)
    second = first or next(solutions(tiny, moves=True), None)
    assert (answer.changes is None) == (second is None), second
    if answer.changes is not None:
        assert answer.second_pass == (first is None)


@settings(max_examples=80)
@given(tinies())
def test_every_plan_is_one_that_brute_force_finds(tiny: Tiny) -> None:
    answer = guarded(tiny)
    if answer.changes is not None:
        assert after(tiny, answer) in list(solutions(tiny, moves=answer.second_pass))


@settings(max_examples=60)
@given(tinies())
def test_what_is_protected_stays_and_what_is_held_stays_in_its_range(tiny: Tiny) -> None:
    planned_ = ask(tiny)
    (report,) = planned_.reports.reports
    if report.plan is None or report.plan.changes is None:
        return
    for action in report.plan.changes.changes:
        assert action.name not in tiny.protected
        assert action.kind is not ActionKind.REMOVE
        if action.name in tiny.held:
            assert action.old is not None
            assert action.new is not None
            assert action.old < action.new < Version(str(action.old.major + 1))
    assert not [
        f for f in report.findings if f.about.value == "plan" and f.code in ("DG101", "DG201", "DG202")
    ]


@settings(max_examples=40)
@given(tinies(), st.randoms(use_true_random=False))
def test_the_order_of_an_index_and_of_a_host_does_not_matter(tiny: Tiny, chance: random.Random) -> None:
    def shuffled(mapping: dict[str, Any]) -> dict[str, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    other = Tiny(
        index=shuffled({name: shuffled(releases) for name, releases in tiny.index.items()}),
        installed=shuffled(tiny.installed),
        protected=tiny.protected,
        held=tiny.held,
        request=tiny.request,
    )
    assert told(ask(tiny).reports.reports[0]) == told(ask(other).reports.reports[0])


@settings(max_examples=60)
@given(tinies(), requirements("", 2).filter(bool))
def test_tiers_are_monotone(tiny: Tiny, more: list[str]) -> None:
    tiers = {"low": list(tiny.request), "high": {"extends": "low", "requires": more}}
    low, high = ask(tiny, "low", **tiers), ask(tiny, "high", **tiers)
    assert low.plan is not None
    assert high.plan is not None
    if not high.plan.solved:
        return
    assert low.plan.solved
    assert low.plan.guarded.pins.items() <= high.plan.guarded.pins.items()


@settings(max_examples=60)
@given(tinies())
def test_each_way_out_solves_when_it_is_tried(tiny: Tiny) -> None:
    (report,) = ask(tiny).reports.reports
    ways = [way for finding in report.findings for way in finding.ways_out]
    for way in ways:
        request = _changed(tiny.request, way.change)
        if request is None:
            continue  # it changes the policy, not the request
        (tried,) = ask(tiny, lab=request).reports.reports
        assert tried.plan is not None
        assert tried.plan.changes is not None
        assert change_lines(tried.plan.changes) == change_lines(ChangeSet(actions=way.actions))


def _changed(request: tuple[str, ...], change: str) -> list[str] | None:
    if change.startswith("drop "):
        return [text for text in request if Requirement(text).name != change.removeprefix("drop ")]
    if "==" not in change or " " in change:
        return None
    name = canonicalize_name(Requirement(change).name)
    return [change if Requirement(text).name == name else text for text in request]


def test_answers_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "from pathlib import Path; from planning.test_laws import told\n"
        "from scenarios.asking import answer; from scenarios.loading import load\n"
        "for path in sorted(Path('tests/scenarios').glob('*.yaml')):\n"
        "    for scenario in load(path)[::3]:\n"
        "        print(scenario.name, [told(report) for report in answer(scenario).reports])\n"
    )
    said = []
    for seed in ("1", "2"):
        environment = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]),
        }
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(done.stdout)
    assert said[0] == said[1]
