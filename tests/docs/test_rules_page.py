from __future__ import annotations

import re
from pathlib import Path

from depguard.emit.rule_texts import RULE_TEXTS
from depguard.rules.registry import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (DG\d+) (.+)$", PAGE, re.MULTILINE)

# Judged by `lock --check` and `check` over texts, not by the registry over a report.
ELSEWHERE = {"DG502": "lock out of step", "DG506": "file not read"}


def test_the_page_has_a_section_for_each_rule_and_no_other() -> None:
    titles = {rule.code: rule.title for rule in RULES} | ELSEWHERE
    assert dict(SECTIONS) == titles
    assert [code for code, _ in SECTIONS] == sorted(titles)


def test_each_section_says_what_to_do() -> None:
    bodies = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert len(bodies) == len(SECTIONS)
    assert all("*What to do:*" in body for body in bodies)


def test_the_table_links_every_section() -> None:
    rows = re.findall(r"^\| \[(DG\d+)\]\(#([\w-]+)\) \| (.+?) \|", PAGE, re.MULTILINE)
    expected = [(code, f"{code} {title}".lower().replace(" ", "-"), title) for code, title in SECTIONS]
    assert rows == expected


def test_reports_have_a_text_for_each_rule() -> None:
    assert sorted(RULE_TEXTS) == sorted(code for code, _ in SECTIONS)
