"""``depguard doctor`` as it is typed: what it keeps, reads back and refuses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from depguard.cli.main import main
from kit.site_packages import install
from kit.wheels import build_wheel


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory; a made numpy comes first on PYTHONPATH."""
    folder = tmp_path / "site"
    install(folder, "numpy", "2.4.6")
    (folder / "numpy/core.py").unlink()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)


def test_what_is_kept_is_judged_elsewhere_alike(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["doctor", "--fast", "--protected-only", "--format", "json"]
    assert main([*words, "--save", "seen.json", "--bundle", "report.zip"]) == 1
    first = json.loads(capsys.readouterr().out)
    assert [(f["code"], f["package"]) for f in first["findings"]] == [("DG902", "numpy")]
    for kept in ("seen.json", "report.zip"):
        assert main(["doctor", "--snapshot", kept, "--format", "json"]) == 1
        again = json.loads(capsys.readouterr().out)
        assert [(f["code"], f["message"]) for f in again["findings"]] == [
            (f["code"], f["message"]) for f in first["findings"]
        ]


def test_options_of_a_live_look_are_refused_beside_a_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--snapshot", "seen.json", "--full", "--pid", "7"]) == 2
    assert "--pid, --full: a snapshot was taken already" in capsys.readouterr().err


def test_what_is_no_python_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    Path("python").write_text("#!/bin/sh\nexit 0\n")
    Path("python").chmod(0o755)
    assert main(["doctor", "--python", "./python"]) == 2
    assert main(["doctor", "--python", "./nothing"]) == 2
    said = capsys.readouterr().err
    assert "does not answer as Python does" in said
    assert "cannot run ./nothing" in said


def test_a_process_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fast", "--pid", "99999999"]) == 2
    assert "process" in capsys.readouterr().err


def test_settings_that_change_an_install_are_listed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/srv/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://ada:secret@example.org/simple")
    monkeypatch.setenv("PIP_TIMEOUT", "3")
    monkeypatch.delenv("PYTHONPATH")
    assert main(["doctor", "--fast", "--python", sys.executable]) == 0
    said = capsys.readouterr().out
    assert "pip target     /srv/elsewhere (from PIP_TARGET)" in said
    assert "pip index-url  https://example.org/simple (from PIP_INDEX_URL)" in said
    assert "timeout" not in said


def test_a_host_that_it_is_not(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert main(["doctor", "--fast", "--host", "2026.07-gpu"]) == 0
    said = capsys.readouterr().out
    assert "this machine is not colab/2026.07-gpu" in said
    assert "[DG503]" in said


def test_inside_a_kernel_its_modules_and_its_path_count(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `%run -m depguard doctor` sees: the command runs in the kernel's own process."""
    install(tmp_path / "site", "numpy", "2.4.6")  # whole again
    old = ModuleType("numpy")
    old.__dict__["__version__"] = "2.0.2"
    monkeypatch.setitem(sys.modules, "numpy", old)
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    words = ["doctor", "--fast", "--protected-only", "--format", "json"]
    assert main(words) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert (found["code"], found["package"]) == ("DG907", "numpy")
    assert "has numpy 2.0.2 loaded, on disk is 2.4.6" in found["message"]

    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "numpy.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "repo"), *sys.path])
    assert main(words) == 1
    document = json.loads(capsys.readouterr().out)
    assert [f["code"] for f in document["findings"]] == ["DG906", "DG907"]
    assert document["remedy"]["do"][0].startswith("Rename numpy.py, or put the folder at the end")


def test_the_text_of_a_damaged_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fast", "--protected-only"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "STOP  numpy 2.4.6 lacks 1 file of its own: numpy/core.py  [DG902]"
    assert any(line.startswith("Do     Recreate the environment") for line in lines)
    assert any(line.startswith("Don't  reinstall numpy by hand") for line in lines)


def test_the_page_tells_every_field_of_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--fast", "--protected-only", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(\w+)`", page))
    assert set(document) - {"schema"} <= told
    assert set(document["remedy"]) <= told


def test_replan_plans_every_tier_against_what_is_installed_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "polite", "1.0", files={"polite.py": b""})
    build_wheel(wheels, "numpy", "1.26.4", files={"numpy/core.py": b""})
    build_wheel(wheels, "sneaky", "1.0", requires=["numpy<2"], files={"sneaky.py": b""})
    tiers = "{good: [polite], bad: [sneaky]}"
    Path("depguard.yaml").write_text(
        f"schema: 1\nhosts: [live]\nprotected: {{numpy: ours}}\ntiers: {tiers}\n"
    )
    where = ["--no-index", "--find-links", str(wheels)]
    main(["doctor", "--fast", "--no-probes", "--replan", *where, "--format", "json"])
    told = json.loads(capsys.readouterr().out)["tiers"]
    note = "sneaky 1.0 would replace numpy  [DG101]"
    assert told == [
        {"tier": "good", "verdict": "safe", "note": ""},
        {"tier": "bad", "verdict": "unsafe", "note": note},
    ]
