"""One new chain in every format, on the right cell and line; the same input gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from kit.git_project import BROKEN, Check, GitProject
from kit.sarif import sarif_problems

DOCS = Path(__file__).parents[2] / "docs"
GOLDEN = Path(__file__).parents[1] / "emit" / "golden"
FORMATS = ("text", "json", "markdown", "sarif", "github")


def validator() -> Any:
    schema = json.loads((DOCS / "check.schema.json").read_text())
    report = json.loads((DOCS / "report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    registry = Registry().with_resource(report["$id"], Resource.from_contents(report))
    return jsonschema.Draft202012Validator(schema, registry=registry)


@pytest.fixture
def broken(project: GitProject) -> GitProject:
    project.notebook(*BROKEN)
    project.commit()
    return project


def physical(project: GitProject) -> int:
    """The line of the notebook's file that has the culprit, counted from 1."""
    lines = (project.root / "lab.ipynb").read_text().splitlines()
    (found,) = [number for number, line in enumerate(lines, start=1) if "tensorflow==2.18" in line]
    return found


def test_text(check: Check, broken: GitProject) -> None:
    code, out, err = check("--against", "main")
    assert (code, err) == (1, "")
    head, problem = out.split("\n\n")[:2]
    base, tip = broken.git("rev-parse", "--short=7", "main"), broken.git("rev-parse", "--short=7", "HEAD")
    assert head == f"REFUSED  1 new problem; 1 of 5 watched files touched, {tip} against main {base}"
    assert problem.splitlines()[0] == (
        "lab.ipynb, cell 3, line 2: tensorflow 2.18 would replace numpy (2.0.2 -> 1.26.4)  [DG101]"
    )
    assert "Fix:  tensorflow==2.19  SAFE, keeps numpy 2.0.2" in problem


def test_json(check: Check, broken: GitProject) -> None:
    document = json.loads(check("--against", "main", "--format", "json")[1])
    validator().validate(document)
    assert (document["verdict"], document["fails"]) == ("unsafe", "new")
    assert document["against"]["base"] == broken.git("rev-parse", "main")
    errors = [f for f in document["findings"] if f["severity"] == "error"]
    assert [
        (f["standing"], f["location"]["cell"], f["location"]["line"], f["file_line"]) for f in errors
    ] == [("new", 3, 2, physical(broken))]
    (target,) = document["targets"]
    assert [(h["name"], h["before"], h["after"]) for h in target["hosts"]] == [
        ("lab/one", "safe", "unsafe"),
        ("lab/two", "safe", "unsafe"),
    ]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("check-*.json")), ids=lambda path: path.stem)
def test_the_schema_describes_what_was_found_good(path: Path) -> None:
    validator().validate(json.loads(path.read_text()))


def test_sarif(check: Check, broken: GitProject) -> None:
    log = json.loads(check("--against", "main", "--format", "sarif")[1])
    assert sarif_problems(log) == []
    (result,) = [r for r in log["runs"][0]["results"] if r["level"] == "error"]
    assert (result["ruleId"], result["baselineState"]) == ("DG101", "new")
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "lab.ipynb"},
        "region": {"startLine": physical(broken)},
    }
    assert location["logicalLocations"][0]["name"] == "cell 3, line 2"


def test_github(check: Check, broken: GitProject) -> None:
    lines = check("--against", "main", "--format", "github")[1].splitlines()
    (error,) = [line for line in lines if line.startswith("::error ")]
    assert error.startswith(f"::error file=lab.ipynb,line={physical(broken)},title=")
    assert "cell 3, line 2: tensorflow 2.18 would replace numpy" in error


@pytest.mark.usefixtures("broken")
def test_markdown(check: Check) -> None:
    out = check("--against", "main", "--format", "markdown")[1]
    assert out.startswith(
        "### depguard: REFUSED, 1 new problem\n\n`lab.ipynb`, cell 3, line 2: tensorflow 2.18"
    )
    assert "**Fix:** `tensorflow==2.19` is SAFE, keeps numpy 2.0.2." in out
    assert "| `lab/one`, `lab/two` | SAFE | REFUSED: " in out


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_input_gives_the_same_bytes(check: Check, form: str) -> None:
    words = ("--against", "main", "--exclude-newer", "2026-11-20", "--format", form)
    assert check(*words) == check(*words)


@pytest.mark.parametrize("form", FORMATS)
def test_a_reorder_says_nothing_new_in_any_format(check: Check, project: GitProject, form: str) -> None:
    project.notebook(*BROKEN)
    project.commit()
    project.git("branch", "--force", "main")
    project.notebook(BROKEN[0], BROKEN[2], BROKEN[1])
    code, out, _ = check("--against", "main", "--format", form)
    assert code == 0
    signs = {
        "text": "SAFE  no new problem, 1 still there",
        "json": '"new": 0',
        "markdown": "### depguard: SAFE, no new problem, 1 still there",
        "sarif": '"baselineState": "unchanged"',
        "github": "SAFE",
    }
    assert signs[form] in out
    assert '"baselineState": "new"' not in out
    assert "::error" not in out
