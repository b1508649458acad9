"""``depguard simulate`` from the command line: what people type first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from depguard.cli.main import main
from kit.hosts import host_text
from kit.wheels import build_wheel

HOST = host_text({"numpy": "2.0.2"})
POLICY = """\
schema: 1
hosts: [host.yaml]
protected: {numpy: C ABI}
forbidden: {other: {instead: small, reason: the same files}}
tiers: {lab: [small]}
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``depguard simulate``; gives the exit code, stdout and stderr."""
    (tmp_path / "host.yaml").write_text(HOST)
    (tmp_path / "depguard.yaml").write_text(POLICY)
    for name in ("small", "other", "discord.py"):
        build_wheel(tmp_path, name, "1.0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))

    def simulate(*words: str) -> tuple[int, str, str]:
        code = main(["simulate", "--no-index", "--find-links", str(tmp_path), *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return simulate


@pytest.mark.parametrize(
    "words",
    [
        ["small"],
        ["--", "pip", "install", "small"],
        ["--", "!pip install small"],
        ["--", "%pip", "install", "small"],
        ["--", "!", "pip", "install", "small"],
        ["--", "pip install -q 'small>=1'"],
    ],
)
def test_a_command_is_read_as_it_is_copied(run: Run, words: list[str]) -> None:
    code, out, _ = run(*words)
    assert code == 0
    assert out.startswith("SAFE")
    assert ": small 1.0 added, nothing replaced\n" in out


def test_a_command_without_its_dashes_is_not_two_packages(run: Run) -> None:
    code, out, err = run("pip", "install", "small")
    assert (code, out) == (2, "")
    assert "hint: depguard simulate -- pip install small\n" in err
    code, _, err = run("-U", "small")
    assert code == 2
    assert "unknown option -U\n  hint: options of pip stand in a whole command: depguard simulate --" in err


def test_a_file_is_no_package(run: Run) -> None:
    code, _, err = run("requirements.txt", "a.ipynb")
    assert code == 2
    assert "hint: depguard simulate -r requirements.txt\n" in err
    assert "one notebook at a time" in err
    assert run("discord.py")[0] == 0


def test_uninstalling(run: Run) -> None:
    code, out, _ = run("--", "pip", "uninstall", "small")
    assert (code, "not installed, nothing to do" in out) == (0, True)
    code, out, _ = run("--", "pip", "uninstall", "numpy")
    assert code == 1
    assert "[DG102]" in out
    assert "It would remove numpy 2.0.2" in out


def test_what_to_take_instead_of_the_forbidden_is_told(run: Run) -> None:
    code, out, _ = run("other")
    assert code == 1
    assert "Hint: use small instead" in out
