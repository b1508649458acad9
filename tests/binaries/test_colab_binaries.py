"""Installs on a real Colab host whose metadata admits NumPy 2, and whose binaries do not run on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.live_index import skip_undecided

pytestmark = pytest.mark.network

HOST = "colab/2025.07-gpu"
POLICY = f"""\
schema: 1
extends: colab
binaries: solve
hosts: [{HOST}]
tiers: {{older: ["ecos<2.0.14"], any: [ecos]}}
"""
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command's JSON report; skipped where the index is out of reach."""
    (tmp_path / "depguard.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))

    def report(*words: str) -> dict[str, Any]:
        code = main([words[0], "--format", "json", *words[1:]])
        told = capsys.readouterr()
        skip_undecided(code, told.err)
        found: dict[str, Any] = json.loads(told.out)
        return found

    return report


def findings(report: dict[str, Any]) -> dict[str, str]:
    return {f["package"]: f["severity"] for f in report["findings"] if f["code"] == "DG301"}


@pytest.mark.parametrize(
    ("pin", "severity"),
    [("ecos==2.0.12", "error"), ("thinc==8.2.3", "error"), ("contourpy==1.0.7", "warning")],
)
def test_what_metadata_admits_and_binaries_do_not(run: Run, pin: str, severity: str) -> None:
    report = run("simulate", "--policy", "colab", "--host", HOST, "--", "pip", "install", pin)
    assert findings(report)[pin.partition("==")[0]] == severity


def test_a_plan_takes_the_release_that_runs(run: Run) -> None:
    older = run("plan", "older")
    assert (older["verdict"], older["plan"]) == ("unsolvable", None)
    assert findings(older) == {"ecos": "error"}
    newer = run("plan", "any")
    assert newer["verdict"] == "safe"
    assert [(a["name"], a["to"] >= "2.0.14") for a in newer["plan"]["actions"]] == [("ecos", True)]


def test_two_packages_that_ship_the_same_files(run: Run) -> None:
    report = run("simulate", "--policy", "colab", "--host", HOST, "tensorflow-cpu==2.18.0")
    found = [f for f in report["findings"] if f["code"] == "DG103" and f["about"] == "simulation"]
    errors = [f["message"] for f in found if f["severity"] == "error"]
    assert len(errors) == 1
    assert "files of tensorflow, which is protected: tensorflow/" in errors[0]
