"""The search for ways out has an end, and says where it met it."""

from __future__ import annotations

import pytest

from depguard.app import ways_out
from depguard.model.finding import WayOut
from depguard.model.report import Report
from planning.asked import ask
from planning.tiny import Tiny

REFUSED = Tiny(
    index={"a": {"1.0": [], "1.5": ["c"], "2.0": ["b<2"]}, "b": {"1.0": [], "2.0": []}, "c": {"1.0": []}},
    installed={"b": {"version": "2.0", "requires": []}},
    protected=("b",),
    held=(),
    request=("a==2.0", "c"),
)


def ways(report: Report) -> list[WayOut]:
    return [way for finding in report.findings for way in finding.ways_out]


def test_nothing_is_said_where_every_trial_came_to_its_end() -> None:
    (report,) = ask(REFUSED).reports.reports
    assert [way.change for way in ways(report)] == ["drop a", "a==1.5"]
    assert report.notices == ()


def test_a_trial_that_runs_out_of_rounds_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways_out, "TRIAL_ROUNDS", 1)
    (report,) = ask(REFUSED).reports.reports
    assert ways(report) == []
    said = "there may be other ways out: the trial of 4 changes was given up after 1 rounds"
    assert report.notices == (said,)
