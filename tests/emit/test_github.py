from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.emit.github import render_github
from depguard.emit.wording import spelled_out
from depguard.model.finding import Link, Verdict
from depguard.model.location import Location
from depguard.model.report import Reports
from kit import report_parts as parts
from kit import reports as kit
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"
LINE = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as the runner reads it."""
    match = LINE.fullmatch(line)
    assert match is not None, line
    properties = dict(item.split("=", 1) for item in match[2].split(","))

    def undo(text: str) -> str:
        for sign, escape in ((":", "%3A"), (",", "%2C"), ("\r", "%0D"), ("\n", "%0A"), ("%", "%25")):
            text = text.replace(escape, sign)
        return text

    return match[1], {key: undo(value) for key, value in properties.items()}, undo(match[3])


@pytest.mark.parametrize("name", kit.ALL)
def test_annotations_are_as_they_were_found_good(name: str) -> None:
    matches_golden(render_github(kit.ALL[name]), GOLDEN / f"{name}.github.txt")


def test_properties_come_back_as_they_were() -> None:
    (line,) = render_github(kit.ALL["hostile"]).splitlines()
    kind, properties, message = parsed(line)
    assert kind == "error"
    assert properties == {
        "file": "a b,c:d%.yaml",
        "line": "3",
        "col": "4",
        "title": "depguard DG203 on colab/2026.07-gpu",
    }
    assert "100%,a:b ::error::x" in message


def test_a_line_of_a_cell_is_no_line_of_the_notebook() -> None:
    finding = parts.finding(
        "DG101",
        "numpy",
        "captum 0.8.0 would replace numpy",
        chain=(
            Link(
                name="cell",
                version=None,
                requirement="captum==0.8.0",
                location=Location("lab.ipynb", line=2, column=1, cell=3),
            ),
        ),
    )
    (line,) = render_github(
        Reports(reports=(parts.report(Verdict.UNSAFE, tier="t", findings=(finding,)),))
    ).splitlines()
    assert line == (
        "::error file=lab.ipynb,title=depguard DG101 on colab/2026.07-gpu"
        "::cell 3, line 2: captum 0.8.0 would replace numpy"
    )


def test_a_refusal_without_a_finding_is_told_as_well() -> None:
    report = parts.report(
        Verdict.UNSOLVABLE, tier="t", requirements=parts.asked("a"), failure=("no a", "no b")
    )
    assert render_github(Reports(reports=(report,))) == (
        "::error file=policies/colab.yaml,line=20,col=24,title=depguard%3A REFUSED"
        "::t on colab/2026.07-gpu: no a; no b\n"
    )


@given(st.text(max_size=40), st.text(min_size=1, max_size=20))
def test_any_text_stays_in_its_command(message: str, file: str) -> None:
    location = Location(file, 1, 2)
    finding = parts.finding(
        "DG101",
        "numpy",
        message,
        chain=(Link(name="t", version=None, requirement="x", location=location),),
    )
    report = parts.report(Verdict.UNSAFE, tier="t", findings=(finding,))
    text = render_github(Reports(reports=(report,)))
    assert text.count("\n") == 1
    _, properties, _ = parsed(text[:-1])
    assert properties["title"] == "depguard DG101 on colab/2026.07-gpu"
    assert properties.get("file", spelled_out(file)) == spelled_out(file)
