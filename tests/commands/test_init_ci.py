"""``depguard init --ci``: the workflow and the hook beside the policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from depguard.app.ci_files import CHECKOUT, UNKNOWN_SOURCE, check_workflow, ci_files, replan_workflow
from depguard.cli.main import main
from kit.checkout import ROOT

SOURCE = f"somebody/depguard@{'a' * 40}"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "requirements.txt").write_text("captum\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_three_are_written(repository: Path) -> None:
    assert main(["init", "--ci", SOURCE, "--write"]) == 0
    workflow = yaml.safe_load((repository / ".github/workflows/depguard.yml").read_text())
    uses = [step["uses"] for step in workflow["jobs"]["check"]["steps"]]
    assert uses == [CHECKOUT.partition(" ")[0], SOURCE]
    (hooks,) = yaml.safe_load((repository / ".pre-commit-config.yaml").read_text())["repos"]
    assert (hooks["repo"], hooks["rev"]) == ("https://github.com/somebody/depguard", "a" * 40)
    assert (repository / "depguard.yaml").exists()


def test_what_is_there_stays(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "depguard.yaml").write_text("schema: 1\ntiers: {lab: [captum]}\n")
    (repository / ".pre-commit-config.yaml").write_text("repos: []\n")
    assert main(["init", "--ci", SOURCE, "--write"]) == 0
    told = capsys.readouterr()
    assert (repository / ".pre-commit-config.yaml").read_text() == "repos: []\n"
    assert (repository / "depguard.yaml").read_text().startswith("schema: 1\ntiers:")
    assert told.out == check_workflow(SOURCE)
    assert "add to its repos:" in told.err
    assert "id: depguard-check" in told.err
    assert main(["init", "--ci", SOURCE, "--write"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_source_is_said_so(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--ci"]) == 0
    told = capsys.readouterr()
    assert UNKNOWN_SOURCE in told.out
    assert "--ci OWNER/REPO@COMMIT" in told.err
    assert not (repository / "depguard.yaml").exists()


@pytest.mark.parametrize("source", ["depguard", "a/b", "a/b@", "a/b@x y", "a/b@x\nrun: id", "a/b@${{ x }}"])
def test_a_source_is_a_repository_and_a_revision(
    repository: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--ci", source]) == 2
    assert "OWNER/REPO@COMMIT" in capsys.readouterr().err
    assert list(repository.glob(".github")) == []


@pytest.mark.parametrize(
    "text", [check_workflow(SOURCE), replan_workflow(SOURCE, "hosts/lab.yaml https://example.org/l")]
)
def test_a_workflow_asks_for_little(text: str) -> None:
    workflow = yaml.safe_load(text)
    triggers = workflow[True]  # YAML 1.1 reads "on" as a boolean, as GitHub does not
    assert "pull_request_target" not in triggers
    assert "workflow_run" not in triggers
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 30
        for step in job["steps"]:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
            assert "run" not in step
    assert all("${{" not in line for line in text.splitlines() if "group:" not in line)


def test_the_manual_shows_what_is_written() -> None:
    manual = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    for file in ci_files():
        assert file.text in manual
    assert replan_workflow(UNKNOWN_SOURCE, "hosts/lab.yaml https://example.org/lab/pip-freeze.txt") in manual


def test_the_hooks_are_as_pre_commit_wants_them() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib", reason="make test brings pre-commit")
    hooks = clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    assert {"depguard-check", "depguard-lock"} <= {hook["id"] for hook in hooks}
    for hook in hooks:
        command, *_ = hook["entry"].split()
        assert command == "depguard"


@pytest.mark.parametrize(
    ("hook", "path", "wanted"),
    [
        ("depguard-check", "lab.ipynb", True),
        ("depguard-check", "a/requirements-dev.txt", True),
        ("depguard-check", "dev-requirements.txt", True),
        ("depguard-check", "constraints-colab.txt", True),
        ("depguard-check", "docker/Dockerfile.gpu", True),
        ("depguard-check", "gpu.Dockerfile", True),
        ("depguard-check", "pyproject.toml", True),
        ("depguard-check", "policies/hosts/lab.yaml", True),
        ("depguard-check", "lockfiles/lab.lock.json", True),
        ("depguard-check", "README.md", False),
        ("depguard-check", "src/notebook.py", False),
        ("depguard-lock", "requirements-lab.txt", True),
        ("depguard-lock", "depguard.yaml", True),
        ("depguard-lock", "lab.ipynb", False),
    ],
)
def test_a_hook_runs_for_what_it_judges(hook: str, path: str, wanted: bool) -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    pattern = next(each["files"] for each in hooks if each["id"] == hook)
    assert (re.search(pattern, path) is not None) is wanted
