from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from depguard.emit.rule_texts import RULE_TEXTS
from depguard.emit.sarif import render_sarif
from depguard.model.finding import Finding, Link, Verdict
from depguard.model.location import Location
from depguard.model.report import Report, Reports
from kit import report_parts as parts
from kit import reports as kit
from kit.golden import matches_golden
from kit.sarif import sarif_problems

HERE = Path(__file__).parent


def run_of(*reports: Report) -> dict[str, Any]:
    log = json.loads(render_sarif(Reports(reports=reports)))
    assert sarif_problems(log) == []
    run: dict[str, Any] = log["runs"][0]
    return run


@pytest.mark.parametrize("name", ["refused-plan", "simulate-refused", "remarks", "unsolvable", "hostile"])
def test_sarif_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_sarif(kit.ALL[name]), HERE / "golden" / f"{name}.sarif")


@pytest.mark.parametrize("name", kit.ALL)
def test_every_result_fits_the_format_and_names_its_rule(name: str) -> None:
    run = run_of(*kit.ALL[name].reports)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len({json.dumps(result) for result in run["results"]}) == len(run["results"])


def test_the_official_schema_sees_mistakes() -> None:
    log = json.loads(render_sarif(kit.ALL["refused-plan"]))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert len(sarif_problems(log)) == 1


def test_what_is_avoided_is_no_result() -> None:
    assert run_of(kit.SAFE_PLAN)["results"] == []


def test_a_waived_finding_is_suppressed() -> None:
    waived = [r for r in run_of(kit.REMARKS)["results"] if r["ruleId"] == "DG202"]
    assert [r["suppressions"] for r in waived] == [[{"kind": "external", "justification": "unused here"}]]


def test_a_request_that_no_rule_names_is_a_result_too() -> None:
    report = parts.report(Verdict.UNSOLVABLE, tier="t", requirements=parts.asked("a"), failure=("no a",))
    (result,) = run_of(report)["results"]
    assert result["ruleId"] == "DG000"
    assert result["message"]["text"] == "colab/2026.07-gpu: no a"


def fingerprint(finding: Finding, report: Report = kit.REFUSED_PLAN) -> str:
    (result,) = run_of(replace(report, findings=(finding,)))["results"]
    found: str = result["partialFingerprints"]["depguard/v1"]
    return found


def test_a_finding_stays_the_same_when_lines_and_versions_move() -> None:
    finding = kit.REFUSED_PLAN.findings[0]
    same = replace(
        finding,
        message="captum 0.8.1 would replace numpy",
        culprit="captum>=0.8.1; python_version>'3'",
        location=Location("policies/colab.yaml", 99, 1),
        policy_location=Location("policies/colab.yaml", 7, 1),
    )
    assert fingerprint(same) == fingerprint(finding)


@pytest.mark.parametrize(
    "change",
    [{"code": "DG102"}, {"package": "torch"}, {"culprit": "shap==1"}],
)
def test_another_finding_has_another_fingerprint(change: dict[str, Any]) -> None:
    finding = kit.REFUSED_PLAN.findings[0]
    assert fingerprint(replace(finding, **change)) != fingerprint(finding)


def test_another_host_or_tier_has_another_fingerprint() -> None:
    finding = kit.REFUSED_PLAN.findings[0]
    for other in (
        replace(kit.REFUSED_PLAN, host=parts.host("colab/2026.08-gpu")),
        replace(kit.REFUSED_PLAN, request=replace(kit.REFUSED_PLAN.request, tier="tier4")),
    ):
        assert fingerprint(finding, other) != fingerprint(finding)


def test_a_command_line_is_no_file() -> None:
    report = parts.report(
        Verdict.UNSAFE,
        tier="t",
        findings=(
            parts.finding(
                "DG101",
                "numpy",
                "m",
                chain=(
                    Link(name="c", version=None, requirement="x", location=Location("<command line>", 1, 1)),
                ),
            ),
        ),
    )
    assert run_of(report)["results"][0]["locations"] == []


def test_a_notebook_cell_is_a_logical_location() -> None:
    finding = replace(
        kit.REFUSED_PLAN.findings[0], location=Location("my lab.ipynb", line=2, column=1, cell=3)
    )
    (result,) = run_of(replace(kit.REFUSED_PLAN, findings=(finding,)))["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {"artifactLocation": {"uri": "my%20lab.ipynb"}},
            "logicalLocations": [{"name": "cell 3, line 2", "kind": "member"}],
        }
    ]


def test_every_rule_has_a_text() -> None:
    for code, text in RULE_TEXTS.items():
        assert code.startswith("DG")
        assert text.meaning.endswith(".")
        assert text.remedy.endswith(".")
