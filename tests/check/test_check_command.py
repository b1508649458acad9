"""``depguard check`` on a real repository: what a change brings, keeps and ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from depguard.cli.main import main
from kit.git_project import BROKEN, CELLS, POLICY, Check, GitProject


def findings(out: str) -> list[dict[str, Any]]:
    document = json.loads(out)
    assert document["schema"] == "depguard.check/1"
    found: list[dict[str, Any]] = document["findings"]
    return [f for f in found if f["severity"] == "error"]


def test_a_clean_checkout_is_safe(check: Check) -> None:
    code, out, err = check()
    assert (code, err) == (0, "")
    assert out.startswith("SAFE  no problem in 5 files\n")


def test_a_line_that_replaces_a_protected_package_is_one_new_chain(check: Check, project: GitProject) -> None:
    project.notebook(*BROKEN)
    project.commit()
    code, out, _ = check("--against", "main", "--format", "json")
    assert code == 1
    (found,) = findings(out)
    assert (found["standing"], found["code"], found["package"]) == ("new", "DG101", "numpy")
    assert found["culprit"] == "tensorflow==2.18"
    assert found["hosts"] == ["lab/one", "lab/two"]
    assert found["location"] == {"file": "lab.ipynb", "line": 2, "column": 17, "cell": 3}
    line = (project.root / "lab.ipynb").read_text().splitlines()[found["file_line"] - 1]
    assert "tensorflow==2.18" in line


def test_a_reorder_is_nothing_new(check: Check, project: GitProject) -> None:
    project.notebook(*BROKEN)
    project.commit()
    project.git("branch", "--force", "main")
    moved = (CELLS[0], ("# moved\n", "x = 1"), BROKEN[2], ("!pip install -q colour captum",))
    project.notebook(*moved)
    code, out, _ = check("--against", "main", "--format", "json")
    assert [f["standing"] for f in findings(out)] == ["still"]
    assert code == 0
    assert check("--against", "main", "--all")[0] == 1


def test_a_fix_is_gone(check: Check, project: GitProject) -> None:
    project.notebook(*BROKEN)
    project.commit()
    project.git("branch", "--force", "main")
    project.notebook(*CELLS)
    code, out, _ = check("--against", "main", "--format", "json")
    (found,) = findings(out)
    assert (code, found["standing"], found["location"]["cell"]) == (0, "gone", 3)
    assert found["file_line"] is not None
    out = check("--against", "main")[1]
    assert out.startswith("SAFE  no new problem, 1 gone; 1 of 5 watched files touched, the working tree")


def test_an_edited_generated_file_is_out_of_step(
    check: Check, project: GitProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lock", *project.index, "-q"]) == 0
    capsys.readouterr()
    project.commit("locked")
    project.git("branch", "--force", "main")
    assert check("--against", "main")[1].startswith("SAFE  no new problem; 0 of ")
    lock = project.root / "requirements-course-lab.txt"
    lock.write_text(lock.read_text() + "\n# edited by hand\n")
    code, out, _ = check("--against", "main", "--format", "json")
    assert code == 1
    (found,) = findings(out)
    assert (found["standing"], found["code"]) == ("new", "DG502")
    assert found["location"]["file"] == "requirements-course-lab.txt"
    assert found["target"] == {"path": "depguard.yaml", "part": "tiers.lab"}


def test_a_tier_that_would_replace_a_protected_package(check: Check, project: GitProject) -> None:
    project.write("depguard.yaml", POLICY.replace("[captum]", "[captum, tensorflow==2.18]"))
    code, out, _ = check("--against", "main", "--format", "json")
    assert code == 1
    (found,) = findings(out)
    assert (found["standing"], found["code"], found["culprit"]) == ("new", "DG101", "tensorflow==2.18")
    assert (found["location"]["file"], found["location"]["line"]) == ("depguard.yaml", 5)


def test_a_change_of_what_is_protected_touches_all(check: Check, project: GitProject) -> None:
    project.notebook(*BROKEN)
    project.commit()
    project.git("branch", "--force", "main")
    project.write("depguard.yaml", POLICY.replace("protected: {numpy", "protected: {protobuf"))
    code, out, _ = check("--against", "main", "--format", "json")
    document = json.loads(out)
    assert (code, document["counts"]["touched"]) == (0, 5)
    assert [f["standing"] for f in findings(out)] == ["gone"]
    assert document["notes"] == ["the policy no longer protects numpy"]


def test_the_repositorys_own_raw_file_is_the_one_in_the_checkout(check: Check, project: GitProject) -> None:
    project.git("remote", "add", "origin", "git@github.com:somebody/course.git")
    raw = "https://raw.githubusercontent.com/somebody/course/main"
    project.notebook(
        *CELLS[:2],
        (
            f"!wget -q {raw}/more/base.txt\n",
            "!pip install -r base.txt\n",
            f"!pip install -r {raw}/requirements.txt",
        ),
    )
    project.commit()
    project.write("more/base.txt", "colour\ntensorflow==2.18\n")
    code, out, _ = check("--against", "HEAD", "lab.ipynb", "--format", "json")
    assert code == 1
    (found,) = findings(out)
    assert found["target"]["path"] == "lab.ipynb"
    assert (found["location"]["file"], found["location"]["line"]) == ("more/base.txt", 2)


def test_somebody_elses_file_is_not_read(check: Check, project: GitProject) -> None:
    project.notebook(*CELLS[:2], ("!pip install -r https://example.org/course/main/requirements.txt",))
    code, out, _ = check("--against", "main", "--format", "json")
    (found,) = findings(out)
    assert (code, found["code"], found["unproven"]) == (1, "DG405", True)
    assert "it is no file of this repository" in found["message"]
    assert found["location"]["cell"] == 3
