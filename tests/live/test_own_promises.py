"""depguard held to its own promises, against the live index: its locks, and its own installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kit.checkout import ROOT
from kit.live_index import skip_undecided

pytestmark = pytest.mark.network


def depguard(*words: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """Run the command; skip, with what it said, where the index is out of reach."""
    done = subprocess.run(
        [sys.executable, "-m", "depguard", *words],
        cwd=cwd,
        env={**os.environ, "DEPGUARD_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    skip_undecided(done.returncode, done.stderr)
    return done


def test_the_locks_of_this_repository_are_in_step(tmp_path: Path) -> None:
    done = depguard("lock", "--check", cwd=ROOT, cache=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_depguard_itself_installs_safely_on_every_host_of_the_catalogue(tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    hosts = sorted(
        path.relative_to(ROOT / "policies/hosts").with_suffix("").as_posix()
        for path in (ROOT / "policies/hosts").rglob("*.yaml")
    )
    words = [word for host in hosts for word in ("--host", host)]
    done = depguard(
        "simulate", *project["dependencies"], "--format", "json", *words, cwd=ROOT, cache=tmp_path
    )
    document = json.loads(done.stdout)
    assert len(document["reports"]) == len(hosts)
    verdicts = {report["host"]["name"]: report["verdict"] for report in document["reports"]}
    assert set(verdicts.values()) == {"safe"}, verdicts
    for report in document["reports"]:
        changes = report["simulation"]["actions"]
        assert {action["kind"] for action in changes} <= {"add"}, report["host"]["name"]
        assert "resolvelib" in {action["name"] for action in changes}
