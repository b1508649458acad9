"""Plans and simulations with wheels whose binaries cannot run, on a small made host with NumPy 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from depguard.cli.main import main
from kit.elf import MARKS, build_elf
from kit.hosts import host_text
from kit.wheels import build_wheel

TAG = "cp312-cp312-manylinux_2_17_x86_64"
HOST = host_text({"numpy": "2.0.2", "torch": "2.11.0+cu128"})
Run = Callable[..., tuple[int, str]]


def module(mark: str, **fields: Any) -> dict[str, bytes]:
    return {"x/_c.so": build_elf(data=MARKS[mark], **fields)}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on the host, with a policy's ``binaries``; gives the exit code and stdout."""
    wheels = tmp_path / "wheels"
    for version, mark in (("1.0", "new"), ("1.1", "old"), ("1.2", "old")):
        build_wheel(wheels, "fast", version, tag=TAG, files=module(mark), requires=["numpy"])
    build_wheel(wheels, "silent", "1.0", tag=TAG, files={**module("pybind"), "silent.pth": b"import x"})
    build_wheel(
        wheels,
        "ext",
        "1.0",
        tag=TAG,
        files=module("none", needed=["libtorch.so", "libcudart.so.13"]),
        requires=["torch"],
    )
    newer = {"libc.so.6": ["GLIBC_2.39"]}
    build_wheel(wheels, "newer", "1.0", tag=TAG, files=module("none", versions=newer))
    (tmp_path / "host.yaml").write_text(HOST)
    monkeypatch.chdir(tmp_path)

    def command(*words: str, binaries: str = "report") -> tuple[int, str]:
        policy = "schema: 1\nhosts: [host.yaml]\ntiers: {old: ['fast>=1.1'], any: [fast]}\n"
        (tmp_path / "depguard.yaml").write_text(f"{policy}binaries: {binaries}\n")
        where = ["--no-index", "--find-links", str(wheels), "--cache-dir", str(tmp_path / "cache")]
        code = main([*words[:1], *where, *words[1:]])
        return code, capsys.readouterr().out

    return command


def test_a_wheel_for_numpy_1_is_refused(run: Run) -> None:
    code, out = run("simulate", "--", "pip", "install", "fast==1.1")
    assert code == 1
    assert (
        "fast 1.1 was built with the headers of NumPy 1 and cannot run on NumPy 2.0.2  [DG301]"
        in " ".join(out.split("\n  "))
    )


def test_with_solve_an_older_release_is_taken_and_the_report_says_why(run: Run) -> None:
    code, out = run("plan", "any", binaries="solve")
    assert code == 0
    assert "+ fast 1.0" in out
    assert "no candidate: fast 1.2 was built with the headers of NumPy 1" in out
    _, text = run("plan", "any", "--format", "json", binaries="solve")
    data = json.loads(text)
    assert [note["version"] for note in data["binaries"]["refused"]] == ["1.1", "1.2"]


def test_with_report_the_newest_is_taken_and_refused(run: Run) -> None:
    code, out = run("plan", "any")
    assert code == 1
    assert "[DG301]" in out


def test_with_solve_what_only_has_wheels_that_cannot_run_has_no_plan(run: Run) -> None:
    code, out = run("plan", "old", "--format", "json", binaries="solve")
    data = json.loads(out)
    assert (code, data["plan"]) == (1, None)
    finding = next(f for f in data["findings"] if f["about"] == "plan")
    assert finding["code"] == "DG301"
    assert [link["requirement"] for link in finding["chain"]] == ["fast>=1.1"]


def test_with_off_nothing_is_looked_at(run: Run) -> None:
    code, out = run("plan", "any", binaries="off")
    assert code == 0
    assert "DG301" not in out


def test_a_silent_danger_is_a_warning_and_a_pth_file_is_named(run: Run) -> None:
    code, out = run("simulate", "silent")
    assert code == 0
    assert "[DG301]" in out
    assert "note     silent 1.0 brings silent.pth: Python runs it at every start" in out


@pytest.mark.parametrize(
    ("package", "said"),
    [("ext", "was built for CUDA 13, and torch 2.11.0+cu128 has CUDA 12"), ("newer", "needs glibc 2.39")],
)
def test_other_platforms_are_refused(run: Run, package: str, said: str) -> None:
    code, out = run("simulate", package, "--format", "json")
    (finding,) = [f for f in json.loads(out)["findings"] if f["about"] == "simulation"]
    assert code == 1
    assert said in finding["message"]
    assert finding["code"] == {"ext": "DG302", "newer": "DG303"}[package]


def test_numpy_that_moves_along_is_what_counts(run: Run, tmp_path: Path) -> None:
    build_wheel(tmp_path / "wheels", "numpy", "1.26.4", tag=TAG, files={"numpy/__init__.py": b""})
    _, out = run("simulate", "fast==1.1", "numpy==1.26.4", "--format", "json")
    assert [f["code"] for f in json.loads(out)["findings"] if f["code"].startswith("DG3")] == []


def test_what_would_cost_too_much_is_not_looked_at_and_the_report_says_so(run: Run, tmp_path: Path) -> None:
    from depguard.resolve.effort import MOST_REPORTED

    big = build_elf(data=MARKS["old"], padding=MOST_REPORTED)
    build_wheel(
        tmp_path / "wheels", "huge", "1.0", tag=TAG, files={"x.so": big}, requires=["numpy"], compression=0
    )
    code, out = run("simulate", "huge")
    assert code == 0
    note = "not looked at: huge 1.0 (a compiled module of 4.2 MB); to look: depguard abi huge==1.0 --host"
    assert note in " ".join(out.split())
    assert run("simulate", "huge", binaries="solve")[0] == 1
