"""One runtime through its life, with real pip: fresh, used, changed, and a process that missed it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from depguard.cli.main import main
from kit.real_venvs import Venv, Venvs
from kit.wheels import build_wheel

pytestmark = [pytest.mark.network, pytest.mark.referee]

NEW, OLD = "2.4.6", "2.2.6"


@pytest.fixture(scope="module")
def wheels(venvs: Venvs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To install from: both numpys, something harmless, and something that asks for the older one."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in (NEW, OLD):
        venvs.make(f"numpy=={version}").wheel_of("numpy", folder)
    build_wheel(folder, "harmless", "1.0", requires=["numpy>=1.20"])
    build_wheel(folder, "captious", "0.8.0", requires=["numpy<2.3"])
    return folder


@pytest.fixture
def runtime(
    venvs: Venvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Venv, Callable[..., None]]:
    """An environment made an hour ago, its host file, and the doctor's text about it."""
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    venv = venvs.make(f"numpy=={NEW}", "pip")
    hour_ago = time.time() - 3600
    for info in venv.site.glob("*.dist-info"):
        os.utime(info, (hour_ago, hour_ago))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    words = ["baseline", "capture", "--python", str(venv.python), "--name", "lab/host", "-o", "host.yaml"]
    assert main(words) == 0

    def doctor(code: int, *options: str) -> None:
        words = ["doctor", "--python", str(venv.python), "--host", "host.yaml", "--no-probes", *options]
        assert main(words) == code

    return venv, doctor


def told(capsys: pytest.CaptureFixture[str], venv: Venv) -> str:
    """What was said, with places and times in one form."""
    text = capsys.readouterr().out
    text = text.replace(str(venv.folder), "VENV")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "WHEN", text)
    text = re.sub(r"\(\d+ files, [^)]*\)", "(FILES)", text)
    # How lines break depends on the length of the paths here.
    return "\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def test_a_runtime_through_its_life(
    runtime: tuple[Venv, Callable[..., None]], wheels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    venv, doctor = runtime
    capsys.readouterr()
    doctor(0)
    assert told(capsys, venv) == "HEALTHY lab/host: 2 as published; 2 distributions as recorded (FILES)"

    pip(venv, wheels, "harmless")
    doctor(0)
    assert told(capsys, venv) == (
        "HEALTHY lab/host: 2 as published; 3 distributions as recorded (FILES)\n"
        "note this machine was used before: against lab/host, 1 added (harmless) [DG909]"
    )

    running = venv.start("import numpy, sys; print(1, flush=True); sys.stdin.read()")
    try:
        pip(venv, wheels, "captious")
        doctor(1, "--fast", "--pid", str(running.pid))
        said = told(capsys, venv).replace(str(running.pid), "PID")
        assert said.startswith(
            f"STOP numpy on disk is {OLD}; lab/host came with {NEW} [DG503]\n"
            "also the running process PID has files of numpy loaded that were replaced since; on disk is"
        )
        assert (
            "Since WHEN By captious 0.8.0 needs numpy<2.3"
            " Do Recreate the environment: python -m venv --clear VENV; install as before."
            " Don't reinstall numpy by hand: what was compiled against it stays as it is."
        ) in said

        # Back to what the host came with: now only the process is behind.
        pip(venv, wheels, f"numpy=={NEW}", "--no-deps")
        doctor(1, "--pid", str(running.pid))
        said = told(capsys, venv).replace(str(running.pid), "PID")
        assert said.startswith("STOP the running process PID has files of numpy loaded that were replaced")
        assert (
            "Do Restart the process PID. The disk is right, only what is loaded is stale."
            " Don't reinstall numpy: it changes the disk, not what is loaded."
        ) in said
    finally:
        running.kill()
        running.communicate()
    doctor(0)
    assert told(capsys, venv).startswith("HEALTHY lab/host: 2 as published")


def pip(venv: Venv, wheels: Path, *words: str) -> None:
    """The environment's own pip, from the folder alone."""
    done = venv.pip("install", "--no-index", "--find-links", str(wheels), *words)
    assert done.returncode == 0, done.stderr
