"""The script behind docs/evidence.md: it must see what is dropped, or its zeros mean nothing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from depguard.parse.install_cells import commands_in_shell

SCRIPT = Path(__file__).parents[2] / "tools" / "survey" / "install_lines.py"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_lines", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "install_lines", module)  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def test_a_word_that_is_nowhere_is_seen(lines: ModuleType) -> None:
    raw = "pip install -q 'captum>=0.8' optuna -i https://example.org/simple > /dev/null  # quiet"
    assert list(lines.unaccounted(raw, commands_in_shell(raw, "x"))) == []
    assert list(lines.unaccounted(f"{raw.partition(' -i')[0]} einops", commands_in_shell(raw, "x"))) == [
        "einops"
    ]
    assert list(lines.unaccounted(raw, ())) == ["'captum>=0.8'", "optuna"]


def test_the_counts(lines: ModuleType, tmp_path: Path) -> None:
    asked = [
        {"raw": "pip install -qU captum", "requirements": ["captum"]},
        {"raw": "pip install {names}", "requirements": []},
        {"raw": "pip install optuna>=3", "requirements": ["optuna>=3"]},
    ]
    (tmp_path / "colab.jsonl").write_text("".join(json.dumps(line) + "\n" for line in asked))
    (tmp_path / "notebooks.jsonl").write_text(json.dumps({"commands": asked[:1]}) + "\n")
    tallies = lines.survey(tmp_path)
    cell, shell = tallies["notebook cell"], tallies["shell script"]
    assert (cell.lines, cell.understood, cell.reported) == (3, 1, 2)
    assert (shell.lines, shell.understood, shell.reported) == (2, 1, 1)
    assert tallies["whole notebooks"].understood == 1


def test_a_project_that_somebody_else_read_and_we_did_not_fails_it(
    lines: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"raw": "pip install captum", "requirements": ["captum", "einops"]}
    (tmp_path / "colab.jsonl").write_text(json.dumps(line) + "\n")
    (tmp_path / "notebooks.jsonl").write_text("")
    monkeypatch.setattr(sys, "argv", ["install_lines.py", str(tmp_path)])
    assert lines.main() == 1
    assert "einops   in   pip install captum" in capsys.readouterr().out
