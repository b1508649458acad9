"""``pytest --depguard``: one message instead of an import error for each test module."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from depguard import pytest_plugin
from depguard.cli.commands import doctor
from kit.guarded_host import install_here


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a test that passes, and a protected package beside it on the search path."""
    site = tmp_path / "site"
    site.mkdir()
    install_here(site, "solid", "2.0.2", {"solid/__init__.py": b"", "solid/core.so": b"\0"})
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "depguard.yaml").write_text("schema: 1\nprotected: {solid: C ABI}\ntiers: {lab: [solid]}\n")
    (folder / "test_it.py").write_text("import solid\ndef test_it(): pass\n")
    return folder


def session(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(project.parent / "site"), *sys.path]),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # an installed depguard would be loaded twice
        "DEPGUARD_CACHE_DIR": str(project.parent / "cache"),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "depguard.pytest_plugin",
        "-p",
        "no:cacheprovider",
        *words,
    ]
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)


def test_a_damaged_environment_ends_the_session(project: Path) -> None:
    done = session(project, "--depguard")
    assert done.returncode == 0, done
    assert "1 passed" in done.stdout
    (project.parent / "site" / "solid" / "core.so").unlink()
    assert session(project).returncode == 0, "it is asked for, or does nothing"
    (project / "pytest.ini").write_text("[pytest]\ndepguard = true\n")
    done = session(project)
    assert done.returncode == 3, done
    assert "solid/core.so" in done.stdout + done.stderr
    assert "[DG902]" in done.stdout + done.stderr
    assert "collected" not in done.stdout


def test_a_policy_that_cannot_be_read(project: Path) -> None:
    (project / "depguard.yaml").write_text("schema: 1\nprotected: [\ntiers: {}\n")
    done = session(project, "--depguard")
    assert done.returncode == 3
    assert "depguard could not look" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_hook_runs_a_command_that_exists() -> None:
    """And pytest finds the plugin by the entry point that is stated."""
    root = Path(__file__).resolve().parents[2]
    hooks = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    (hook,) = (hook for hook in hooks if hook["id"] == "depguard-doctor")
    program, command, *options = hook["entry"].split()
    assert (program, command) == ("depguard", "doctor")
    parser = argparse.ArgumentParser()
    doctor.register(parser)
    parser.parse_args(options)
    stated = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert stated["project"]["entry-points"]["pytest11"] == {"depguard": pytest_plugin.__name__}
