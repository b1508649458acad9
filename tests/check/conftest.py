from __future__ import annotations

from pathlib import Path

import pytest

from depguard.cli.main import main
from kit.git_project import Check, GitProject, make_project


@pytest.fixture
def project(tmp_path: Path) -> GitProject:
    return make_project(tmp_path)


@pytest.fixture
def check(
    project: GitProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Check:
    """Run ``depguard check`` in the project; gives the exit code, stdout and stderr."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["check", *project.index, *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run
