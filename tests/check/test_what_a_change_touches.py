"""Which targets a change touches, on which hosts, and who judges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.git_project import CELLS, HOST, POLICY, Check, GitProject
from kit.loopback import Loopback


def of(out: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(out)
    return document


def touched(document: dict[str, Any]) -> list[str]:
    return sorted({target["path"] for target in document["targets"]})


def test_a_file_that_others_include_touches_them(check: Check, project: GitProject) -> None:
    project.write("more/base.txt", "colour>=1.2\n")
    document = of(check("--against", "main", "--format", "json")[1])
    assert touched(document) == ["Dockerfile", "requirements.txt"]


def test_a_file_that_appears_where_one_was_looked_for(check: Check, project: GitProject) -> None:
    project.write("requirements.txt", "captum\n-r more/new.txt\n")
    project.commit()
    project.git("branch", "--force", "main")
    project.write("more/new.txt", "tensorflow==2.18\n")
    document = of(check("--against", "main", "requirements.txt", "--format", "json")[1])
    standings = [(f["standing"], f["code"]) for f in document["findings"] if f["severity"] == "error"]
    assert standings == [("new", "DG101"), ("gone", "DG405")]


def test_a_moved_file_is_the_same_file(check: Check, project: GitProject) -> None:
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",))
    project.commit()
    project.git("branch", "--force", "main")
    project.git("mv", "lab.ipynb", "moved.ipynb")
    document = of(check("--against", "main", "--format", "json")[1])
    assert touched(document) == ["moved.ipynb"]
    assert [f["standing"] for f in document["findings"] if f["severity"] == "error"] == ["still"]


def test_a_deleted_file_takes_its_findings_along(check: Check, project: GitProject) -> None:
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",))
    project.commit()
    project.git("branch", "--force", "main")
    (project.root / "lab.ipynb").unlink()
    code, out, _ = check("--against", "main", "--format", "json")
    document = of(out)
    assert (code, document["counts"]["gone"]) == (0, 1)
    assert document["targets"][0]["hosts"][0]["after"] is None


def test_a_host_that_is_added_is_judged_alone(check: Check, project: GitProject) -> None:
    three = HOST.replace("lab/one", "lab/three").replace("2.0.2", "2.1.0")
    project.write("hosts/three.yaml", three)
    project.write("depguard.yaml", POLICY.replace("hosts/two.yaml", "hosts/two.yaml, hosts/three.yaml"))
    code, out, err = check("--against", "main", "lab.ipynb", "--format", "json")
    assert (code, err) == (0, "")
    (target,) = of(out)["targets"]
    assert [(h["name"], h["before"], h["after"]) for h in target["hosts"]] == [
        ("lab/one", "safe", "safe"),
        ("lab/two", "safe", "safe"),
        ("lab/three", None, "safe"),
    ]


def test_another_baseline_of_a_host_touches_all(check: Check, project: GitProject) -> None:
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",))
    project.commit()
    project.git("branch", "--force", "main")
    project.write("hosts/one.yaml", HOST.replace("2.0.2", "1.26.4"))
    document = of(check("--against", "main", "lab.ipynb", "--format", "json")[1])
    assert [(f["standing"], f["hosts"]) for f in document["findings"] if f["severity"] == "error"] == [
        ("still", ["lab/two"]),
        ("gone", ["lab/one"]),
    ]


def test_a_policy_in_a_folder_of_its_own(
    check: Check, project: GitProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "course").mkdir()
    project.git("mv", "depguard.yaml", "hosts", "course")
    project.notebook(*CELLS, path="course/nb/lab.ipynb")
    project.commit()
    project.git("branch", "--force", "main")
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",), path="course/nb/lab.ipynb")
    monkeypatch.chdir(project.root / "course" / "nb")
    code, out, _ = check("--against", "main", "--format", "json")
    (found,) = [f for f in of(out)["findings"] if f["severity"] == "error"]
    assert (code, found["location"]["file"]) == (1, "course/nb/lab.ipynb")
    assert found["policy"]["location"]["file"] == "course/depguard.yaml"


def test_a_broken_policy_is_told_and_the_bases_judges(check: Check, project: GitProject) -> None:
    project.write("depguard.yaml", POLICY.replace("protected:", "protectd:"))
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",))
    code, out, _ = check("--against", "main", "--format", "json")
    errors = [f for f in of(out)["findings"] if f["severity"] == "error"]
    assert code == 1
    assert [f["code"] for f in errors] == ["DG506", "DG101"]
    assert errors[0]["location"] == {"file": "depguard.yaml", "line": 4, "column": 1}


def test_a_policy_that_is_taken_away_still_judges(check: Check, project: GitProject) -> None:
    (project.root / "depguard.yaml").unlink()
    project.notebook(*CELLS[:2], ("!pip install tensorflow==2.18",))
    code, out, _ = check("--against", "main", "--format", "json")
    assert code == 1
    assert "DG101" in [f["code"] for f in of(out)["findings"]]


def test_a_folder_without_git(check: Check, project: GitProject, tmp_path: Path, monkeypatch: Any) -> None:
    plain = tmp_path / "plain"
    project.root.rename(plain)
    (plain / ".git").rename(tmp_path / "no-git")
    monkeypatch.chdir(plain)
    assert check()[1].startswith("SAFE  no problem in 5 files")
    code, _, err = check("--against", "main")
    assert (code, "this is no git repository" in err) == (2, True)


@pytest.mark.parametrize("named_before", [True, False])
def test_an_index_is_asked_only_when_the_base_names_it(
    project: GitProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    *,
    named_before: bool,
) -> None:
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    with Loopback(project.wheels) as index, Loopback(project.wheels) as own:
        option = f"--extra-index-url http://me:hunter2@127.0.0.1:{index.url.split(':')[2]}"
        if named_before:
            plain = f"--extra-index-url {index.url}"
            project.notebook(*CELLS[:2], (f"!pip install captum {plain}",))
            project.commit()
            project.git("branch", "--force", "main")
        project.notebook(*CELLS[:2], (f"!pip install captum colour {option}",))
        code = main(["check", "--against", "main", "--index-url", own.url, "--format", "json"])
        out = capsys.readouterr().out
        asked = [request for request in index.requests if "authorization" not in request.headers]
        assert len(asked) == len(index.requests)  # what the change says of users is never sent
    assert "hunter2" not in out
    assert bool(asked) is named_before
    assert code == (0 if named_before else 1)
    assert ("not contacted" in out) is not named_before
