"""A check in every format, held to golden files; sizes, schemas and fingerprints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from depguard.emit.check_github import render_check_github
from depguard.emit.check_json import render_check_json
from depguard.emit.check_markdown import render_check_markdown
from depguard.emit.check_sarif import render_check_sarif
from depguard.emit.check_text import render_check_text
from depguard.emit.markdown import render_markdown
from depguard.emit.markdown_size import COMMENT_BYTES, SUMMARY_BYTES
from depguard.model.check import CheckReport
from depguard.model.report import Reports
from kit import checks
from kit import reports as kit
from kit.golden import matches_golden
from kit.sarif import sarif_problems

HERE = Path(__file__).parent
GITHUB_COMMENT_CHARACTERS = 65_536
EMITTERS: dict[str, Callable[[CheckReport], str]] = {
    "txt": render_check_text,
    "md": render_check_markdown,
    "github.txt": render_check_github,
    "sarif": render_check_sarif,
    "json": render_check_json,
}


@pytest.mark.parametrize("name", checks.ALL)
@pytest.mark.parametrize("ending", EMITTERS)
def test_a_check_is_as_it_was_found_good(name: str, ending: str) -> None:
    matches_golden(EMITTERS[ending](checks.ALL[name]), HERE / "golden" / f"check-{name}.{ending}")


@pytest.mark.parametrize("name", checks.ALL)
def test_the_log_fits_the_official_schema(name: str) -> None:
    assert sarif_problems(json.loads(render_check_sarif(checks.ALL[name]))) == []


def test_a_rule_says_what_to_do_and_a_result_is_known_again() -> None:
    (run,) = json.loads(render_check_sarif(checks.REFUSED))["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert rules[result["ruleId"]]["help"]["text"]
        assert "What to do" in rules[result["ruleId"]]["help"]["markdown"]
        assert re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["depguard/v1"])


@pytest.mark.parametrize("limit", [COMMENT_BYTES, 250_000])
def test_a_comment_fits_whatever_the_change(limit: int) -> None:
    text = render_check_markdown(checks.huge(300), limit=limit)
    assert limit // 3 < len(text.encode()) <= limit
    assert text.startswith("### depguard: REFUSED, ")
    assert text.count("<details>") == text.count("</details>")
    assert f"Cut to {limit:,} bytes:" in text
    assert text.rstrip().endswith("Reproduce: `depguard check --against main`")


def test_a_comment_that_fits_says_nothing_of_its_size() -> None:
    assert "Cut to" not in render_check_markdown(checks.REFUSED)
    assert COMMENT_BYTES < GITHUB_COMMENT_CHARACTERS
    assert SUMMARY_BYTES < 1 << 20


@pytest.mark.parametrize("text", ["x" * 20_000, "`|" * 10_000])
def test_one_endless_name_does_not_take_the_comment(text: str) -> None:
    for written in (
        render_check_markdown(checks.planted(text)),
        render_markdown(Reports(reports=(replace(kit.REFUSED_PLAN, notices=(text,) * 300),))),
    ):
        assert len(written.encode()) <= COMMENT_BYTES
        assert written.count("<details>") == written.count("</details>")


def test_a_smaller_limit_keeps_the_verdict_and_the_problem() -> None:
    text = render_check_markdown(checks.REFUSED, limit=900)
    assert len(text.encode()) <= 900
    assert "captum 0.8.0 would replace numpy" in text
    assert "**Fix:** `captum==0.9.0` is SAFE" in text
