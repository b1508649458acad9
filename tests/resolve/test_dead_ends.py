"""What can be in no selection is not tried again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.finding import Verdict
from depguard.resolve.dead_ends import DeadEnds
from depguard.resolve.guarded import GuardedProvider
from depguard.resolve.joint import JointCandidate, JointNeed
from depguard.resolve.needs import Key
from planning.asked import ask
from planning.tiny import Tiny

RELEASES = 40


def candidate(name: str, version: int) -> JointCandidate:
    return JointCandidate(Key(canonicalize_name(name)), Version(str(version)), ())


def need(parent: JointCandidate, text: str) -> JointNeed:
    requirement = Requirement(text)
    return JointNeed(Key(canonicalize_name(requirement.name)), requirement, frozenset({0}), parent)


class Lists:
    """Candidates by name; a name that is not there was not asked for."""

    def __init__(self, *known: JointCandidate) -> None:
        self.known = list(known)

    def __call__(self, asked: JointNeed) -> Iterator[JointCandidate] | None:
        own = [c for c in self.known if c.key == asked.key]
        if not own:
            return None
        return (c for c in own if asked.requirement.specifier.contains(str(c.version)))


def test_a_candidate_dies_with_the_last_one_that_could_meet_a_need() -> None:
    one, two, top = candidate("b", 1), candidate("b", 2), candidate("a", 1)
    lists = Lists(one, two, candidate("c", 2))
    dead = DeadEnds(lists)
    assert not dead.holds(top, [need(top, "b")])
    assert dead.holds(one, [need(one, "c<2")])
    assert not dead.knows(top)
    assert dead.holds(two, [need(two, "c<1")])
    assert dead.knows(top)


def test_what_is_not_listed_yet_is_looked_at_later() -> None:
    top = candidate("a", 1)
    lists = Lists()
    dead = DeadEnds(lists)
    own = [need(top, "b>=2")]
    assert not dead.holds(top, own)
    lists.known.append(candidate("b", 1))
    assert dead.holds(top, own)


def test_needs_that_are_told_later_count() -> None:
    top = candidate("a", 1)
    dead = DeadEnds(Lists(candidate("b", 1), candidate("c", 1)))
    own = [need(top, "b")]
    assert not dead.holds(top, own)
    assert dead.holds(top, [*own, need(top, "c>=2")])


def test_a_direct_reference_ends_it() -> None:
    top = candidate("a", 1)
    dead = DeadEnds(Lists(candidate("b", 1)))
    own = [need(top, "b>=2")]
    assert dead.holds(top, own)
    dead.turn_off()
    assert not dead.holds(top, own)
    assert not dead.knows(top)


def test_a_request_without_a_plan_is_refused_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of three floors could be tried with each of the one below: 64,000 candidates."""
    tried: list[JointCandidate] = []

    def counted(self: GuardedProvider, candidate: JointCandidate) -> Iterable[JointNeed]:
        tried.append(candidate)
        return asked(self, candidate)

    asked = GuardedProvider.get_dependencies
    monkeypatch.setattr(GuardedProvider, "get_dependencies", counted)
    versions = [f"{n}.0" for n in range(1, RELEASES + 1)]
    index: dict[str, dict[str, list[str]]] = {
        "top": {version: ["middle"] for version in versions},
        "middle": {version: ["ground"] for version in versions},
        "ground": {version: ["base<2"] for version in versions},
        "base": {"1.0": [], "2.0": []},
    }
    base = {"base": {"version": "2.0", "requires": []}}
    tiny = Tiny(index=index, installed=base, protected=("base",), held=(), request=("top",))
    (report,) = ask(tiny).reports.reports
    assert report.plan is not None
    assert report.plan.changes is None
    assert report.verdict is Verdict.UNSAFE
    (found,) = (f for f in report.findings if f.about.value == "plan" and f.severity.value == "error")
    assert 3 * RELEASES <= len(tried) < 20 * RELEASES
    assert [str(link.requirement) for link in found.chain] == ["top", "middle", "ground", "base<2"]
