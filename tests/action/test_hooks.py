"""The hooks, run by pre-commit itself on a repository of somebody's course."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.checkout import ROOT
from kit.git_project import CELLS, make_project
from kit.github import KEPT
from kit.live_index import skip_out_of_reach


@pytest.mark.network
def test_a_commit_that_breaks_is_refused_and_others_are_not_looked_at(tmp_path: Path) -> None:
    """pre-commit installs depguard from this checkout into an environment of its own."""
    pytest.importorskip("pre_commit", reason="make test brings pre-commit")
    project = make_project(tmp_path)
    shutil.copytree(project.wheels, project.root / "wheels")
    project.commit("the wheels")
    source = tmp_path / "depguard"
    project.git("clone", "--quiet", "--no-hardlinks", str(ROOT), str(source))
    environ = {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        "PIP_CONFIG_FILE": os.devnull,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "DEPGUARD_CACHE_DIR": str(tmp_path / "cache"),
    }

    def run() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", str(source), "depguard-check"]
        return subprocess.run(
            command, cwd=project.root, env=environ, capture_output=True, text=True, check=False, timeout=300
        )

    # The index is for pre-commit's own environment; what the notebook installs is beside it.
    project.notebook(*CELLS[:2], ("!pip install -q --no-index -f wheels tensorflow==2.18",))
    project.git("add", "--all")
    done = run()
    if "depguard check" not in done.stdout:  # pre-commit could not make its environment
        skip_out_of_reach(done.stdout + done.stderr)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "depguard check" in done.stdout
    assert "lab.ipynb, cell 3, line 1" in done.stdout
    project.write("README.md", "words")
    project.git("checkout", "--quiet", "HEAD", "--", "lab.ipynb")
    project.git("add", "--all")
    done = run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Skipped" in done.stdout
