"""Many tiers on many hosts: the same answers as one by one, for less work."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar, overload

import pytest

from depguard.adapters.forks import Forks
from depguard.app.plan import Question, Shared, plan_tier
from depguard.app.plan_many import HostReport, PlanRequest, plan_many
from depguard.emit.json_report import render_json
from depguard.errors import InputError
from depguard.model.host import Host
from depguard.model.policy import Installer
from depguard.model.report import Reports
from depguard.parse.host_compiled import compiled_host, compiled_text
from depguard.parse.policy import parse_policy
from kit.fake_index import FakeIndex, Release
from kit.hosts import hosts_in_memory, small_host
from kit.own_process import in_own_process

T = TypeVar("T")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")

POLICY = parse_policy(
    """\
schema: 1
protected: {numpy: "C ABI"}
held: {protobuf: {allow: same-major, reason: "generated code"}}
tiers:
  low: [alpha]
  middle: {extends: low, requires: [beta]}
  high: {extends: middle, requires: ["gamma>=2"]}
""",
    "depguard.yaml",
)
HOSTS = [
    small_host({"numpy": "2.0.2", "protobuf": "5.29.6", "old": ["protobuf<6"]}, name="test/one"),
    small_host({"numpy": "1.26.4", "protobuf": "5.29.6"}, name="test/two"),
    small_host({"numpy": "2.0.2"}, name="test/three", python="3.11.9"),
]
INDEX: dict[str, dict[str, Release]] = {
    "alpha": {"1.0": ["numpy<2"], "2.0": ["numpy>=2"]},
    "beta": {"1.0": ["protobuf"], "2.0": ["protobuf>=6"]},
    "gamma": {"2.0": {"requires": ["alpha>=2"], "python": ">=3.12"}, "1.0": None},
    "protobuf": {"5.29.6": None, "6.0": None},
    "numpy": {"1.26.4": None, "2.0.2": None},
}
TIERS = ("low", "middle", "high")


def question(source: FakeIndex) -> Question:
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Question(policy=POLICY, hosts=(), source=source, cutoff=None, moment=moment)


def test_the_answers_are_those_of_single_plans() -> None:
    asked = question(FakeIndex.from_dict(INDEX))
    as_uv = replace(asked, installer=Installer.UV)
    requests = [PlanRequest(question=q, tier=tier) for q in (asked, as_uv) for tier in TIERS]
    made = list(plan_many(requests, HOSTS))
    assert [(m.host.name, m.request.tier) for m in made] == [
        (host.name, request.tier) for host in HOSTS for request in requests
    ]
    for each in made:
        single = replace(each.request.question, hosts=(each.host,), source=FakeIndex.from_dict(INDEX))
        alone = plan_tier(single, each.request.tier)
        assert render_json(Reports(reports=(each.report,))) == render_json(alone.reports)
    assert {m.report.verdict.value for m in made} > {"safe"}


def test_a_page_is_read_once_for_all_tiers_of_a_host() -> None:
    one, many = FakeIndex.from_dict(INDEX), FakeIndex.from_dict(INDEX)
    for tier in ("low", "middle"):
        plan_tier(replace(question(one), hosts=(HOSTS[1],)), tier)
    asked = question(many)
    list(plan_many([PlanRequest(question=asked, tier=tier) for tier in ("low", "middle")], HOSTS[1:2]))
    assert many.page_calls.total() < one.page_calls.total()
    assert set(many.page_calls) == set(one.page_calls)


@pytest.mark.parametrize("hosts", [0, 3])
def test_they_come_as_they_are_asked_for(hosts: int) -> None:
    source = FakeIndex.from_dict(INDEX)
    made = plan_many([PlanRequest(question=question(source), tier="low")], HOSTS[:hosts])
    assert not source.page_calls
    assert len(list(made)) == hosts


class Counted(Forks):
    """Copies of this process, and how often there were any."""

    used = 0

    def _shared_out(self, work: Callable[[int], T], count: int, size: int, group: int) -> Iterator[T]:
        self.used += 1
        return super()._shared_out(work, count, size, group)


def lines_of(made: Iterable[HostReport]) -> list[tuple[str, str, str]]:
    return [
        (each.host.name, each.request.tier, render_json(Reports(reports=(each.report,)))) for each in made
    ]


def planned_by(size: int) -> tuple[list[tuple[str, str, str]], int]:
    requests = [PlanRequest(question=question(FakeIndex.from_dict(INDEX)), tier=tier) for tier in TIERS]
    crew = Counted(size)
    return lines_of(plan_many(requests, HOSTS, crew=crew)), crew.used


@on_linux
@pytest.mark.parametrize("size", [2, 3, 8])
def test_several_processes_give_what_one_gives(size: int) -> None:
    alone, _ = planned_by(1)
    assert [line[:2] for line in alone] == [(host.name, tier) for host in HOSTS for tier in TIERS]
    assert in_own_process(planned_by, size) == (alone, 1)


def planned_jointly_by(size: int) -> tuple[list[str], int]:
    hosts = tuple(replace(HOSTS[0], name=f"test/{name}") for name in ("one", "two", "three"))
    asked = replace(question(FakeIndex.from_dict(INDEX)), hosts=hosts)
    crew = Counted(size)
    shared = Shared(asked, crew)
    return [render_json(plan_tier(asked, tier, shared).reports) for tier in TIERS], crew.used


@on_linux
def test_a_joint_plan_by_several_processes_is_that_of_one() -> None:
    alone, _ = planned_jointly_by(1)
    assert "safe" in alone[1]
    told, used = in_own_process(planned_jointly_by, 3)
    assert told == alone
    assert used >= len(TIERS)


class Grouping:
    """Does all itself, and knows what was to be done together."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def each(self, work: Callable[[int], T], count: int, *, group: int = 1) -> Iterator[T]:
        self.groups.append(group)
        return map(work, range(count))


@pytest.mark.parametrize(
    ("questions", "together"), [((0, 0, 0), 3), ((0, 0, 1, 1), 2), ((0, 1, 0), 1), ((0, 0, 1), 1), ((), 1)]
)
def test_the_requests_of_a_question_on_a_host_are_done_together(
    questions: tuple[int, ...], together: int
) -> None:
    asked = [question(FakeIndex.from_dict(INDEX)) for _ in range(2)]
    crew = Grouping()
    requests = [PlanRequest(question=asked[at], tier="low") for at in questions]
    assert len(list(plan_many(requests, HOSTS, crew=crew))) == len(questions) * len(HOSTS)
    assert crew.groups == [together]


COMPILED = [compiled_text(replace(HOSTS[0], name=f"test/{at}")) for at in range(12)]


class MadeWhenLookedAt(Sequence[Host]):
    """A new host each time, as it comes out of the cache."""

    def __len__(self) -> int:
        return len(COMPILED)

    @overload
    def __getitem__(self, at: int) -> Host: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Host]: ...
    def __getitem__(self, at: int | slice) -> Host | Sequence[Host]:
        assert isinstance(at, int)
        return compiled_host(COMPILED[at])


@pytest.mark.parametrize("installer", Installer)
def test_a_host_that_was_planned_on_is_let_go_of_at_once(installer: Installer) -> None:
    asked = replace(question(FakeIndex.from_dict(INDEX)), installer=installer)
    requests = [PlanRequest(question=asked, tier=tier) for tier in TIERS]
    gc.collect()
    before = hosts_in_memory()
    gc.disable()  # nothing waits for circles to be looked for
    try:
        most = max(hosts_in_memory() for _ in plan_many(requests, MadeWhenLookedAt()))
    finally:
        gc.enable()
    assert 1 <= most - before <= 2  # the one that is planned on, and the one before while it is made


def unknown_by(size: int) -> tuple[str, int]:
    asked = question(FakeIndex.from_dict(INDEX))
    requests = [PlanRequest(question=asked, tier=tier) for tier in ("low", "lost")]
    crew = Counted(size)
    with pytest.raises(InputError) as raised:
        list(plan_many(requests, HOSTS, crew=crew))
    return str(raised.value), crew.used


@on_linux
def test_an_unknown_tier_is_told_by_several_processes_as_by_one() -> None:
    alone, _ = unknown_by(1)
    assert "lost" in alone
    assert in_own_process(unknown_by, 2) == (alone, 1)
