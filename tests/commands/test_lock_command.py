"""``depguard lock`` from the command line, over a folder of wheels."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from depguard.adapters import files
from depguard.cli.main import main
from kit.small_project import POLICY, WRITTEN, write_project
from kit.wheels import build_wheel

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run depguard in a project; gives the exit code, stdout and stderr."""
    project = write_project(tmp_path / "project")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    built = [build_wheel(wheels, "small", "1.0"), build_wheel(wheels, "other", "1.0", requires=["numpy<2"])]
    page = wheels / "links.html"
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in built}
    page.write_text("".join(f'<a href="{n}#sha256={digest}">{n}</a>\n' for n, digest in hashes.items()))
    monkeypatch.chdir(project)
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))

    def depguard(*words: str) -> tuple[int, str, str]:
        code = main([*words, "--no-index", "--find-links", str(page)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return depguard


def test_what_is_locked_is_in_step(run: Run) -> None:
    code, out, _ = run("lock")
    assert code == 0
    assert "wrote requirements-lab.txt, lockfiles/lab.lock.json, constraints-host.txt" in out
    code, out, err = run("lock", "--check")
    assert (code, err) == (0, "in step: 3 files\n")
    assert out.startswith("SAFE  lab")


@pytest.mark.parametrize(("size", "code"), [("null", 0), ("1", 1)])
def test_a_size_that_another_index_did_not_tell_is_no_difference(run: Run, size: str, code: int) -> None:
    run("lock")
    path = Path("lockfiles/lab.lock.json")
    text, edited = re.subn(r'"size": \d+', f'"size": {size}', path.read_text())
    assert edited == 2
    path.write_text(text)
    assert run("lock", "--check")[0] == code


@pytest.mark.parametrize("path", WRITTEN)
def test_an_edited_file_is_refused_by_the_report_itself(run: Run, path: str) -> None:
    run("lock")
    with Path(path).open("a") as stream:
        stream.write("\n")
    code, out, err = run("lock", "--check")
    assert code == 1
    assert out.startswith(f"REFUSED  lab on host: {path} is out of step")
    assert "[DG502]" in out
    assert "in step" not in err
    code, out, _ = run("lock", "--check", "-q", "--format", "json")
    report = json.loads(out)
    assert (code, report["verdict"]) == (1, "unsafe")
    (finding,) = [f for f in report["findings"] if f["code"] == "DG502"]
    assert finding["location"]["file"] == path
    assert finding["hint"] == "run depguard lock, and commit what it writes"


def test_a_missing_file_and_an_edited_policy(run: Run) -> None:
    run("lock")
    Path(WRITTEN[0]).unlink()
    code, out, _ = run("lock", "--check")
    assert (code, f"{WRITTEN[0]} is missing" in out) == (1, True)
    run("lock")
    Path("depguard.yaml").write_text(POLICY.replace("C ABI", "compiled against it"))
    assert run("lock", "--check")[0] == 1


def test_the_policy_may_warn_only(run: Run) -> None:
    Path("depguard.yaml").write_text(POLICY + "rules: {DG502: warn}\n")
    run("lock")
    Path(WRITTEN[0]).unlink()
    code, out, err = run("lock", "--check")
    assert code == 0
    assert "warning  requirements-lab.txt is missing" in out
    assert "in step" not in err


def test_a_refused_tier_writes_nothing(run: Run) -> None:
    Path("depguard.yaml").write_text(POLICY.replace("[small]", "[small, other]"))
    code, out, _ = run("lock")
    assert code == 1
    assert out.startswith("REFUSED  lab on host: other 1.0 would replace numpy")
    assert not any(Path(path).exists() for path in WRITTEN)


def test_no_room_for_one_file_writes_none(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = files._stage

    def full(part: Path, target: Path, content: bytes) -> None:
        if target.name == "lab.lock.json":
            raise OSError(28, "No space left on device")
        stage(part, target, content)

    monkeypatch.setattr(files, "_stage", full)
    code, _, err = run("lock")
    assert code == 3
    assert "lab.lock.json: No space left on device" in err
    assert sorted(p.name for p in Path().iterdir() if p.is_file()) == ["depguard.yaml", "host.yaml"]


def test_a_damaged_lock_names_the_way_out(run: Run) -> None:
    run("lock")
    Path(WRITTEN[1]).write_text("<<<<<<< HEAD\n")
    code, _, err = run("lock")
    assert code == 2
    assert "lockfiles/lab.lock.json:1:1: error: not JSON" in err
    assert "depguard lock --upgrade" in err
    assert run("lock", "--upgrade")[0] == 0
    assert run("lock", "--check")[0] == 0


def test_locking_one_host_leaves_the_lock_of_all_in_step(run: Run) -> None:
    run("lock")
    code, out, _ = run("plan", "lab", "--host", "host.yaml", "--write")
    assert code == 0
    assert out.endswith("CI:        depguard lock --check --host host.yaml\n")
    assert run("lock", "--check")[0] == 0
    assert run("lock", "--check", "--host", "host.yaml")[0] == 0
