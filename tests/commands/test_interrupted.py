"""A killed run and an offline one: nothing half-written, and what could not be decided is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit.small_project import WRITTEN, write_project
from kit.wheels import build_wheel


@pytest.fixture
def project(tmp_path: Path) -> Path:
    build_wheel(tmp_path, "small", "1.0")
    return write_project(tmp_path / "project")


def started(project: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "depguard", *words],
        cwd=project,
        env={**os.environ, "DEPGUARD_CACHE_DIR": str(project.parent / "cache"), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_lock_leaves_each_file_old_or_new(project: Path) -> None:
    lock = ("lock", "--exclude-newer", "2026-11-01", "--no-index", "--find-links", str(project.parent))
    begun = time.monotonic()
    done = started(project, *lock)
    _, err = done.communicate(timeout=60)
    assert done.returncode == 0, err
    needed = time.monotonic() - begun
    new = {name: (project / name).read_text() for name in WRITTEN}
    old = dict.fromkeys(WRITTEN, "what was there before\n")
    # The last tenths of a run are those in which it writes.
    for part in (0.3, 0.6, 0.8, 0.9, 0.95, 1.0):
        for name, text in old.items():
            (project / name).write_text(text)
        (project / "lockfiles/lab.lock.json").unlink()  # a lock that cannot be read would end the run at once
        run = started(project, *lock)
        time.sleep(needed * part)
        run.send_signal(signal.SIGKILL)
        run.communicate(timeout=60)
        for name in WRITTEN:
            path = project / name
            found = path.read_text() if path.exists() else old[name]
            assert found in (old[name], new[name]), f"{name} after {part:.0%} of a run"


def test_offline_with_an_empty_cache_says_what_is_missing(project: Path) -> None:
    done = started(project, "plan", "lab", "--offline", "--index-url", "http://127.0.0.1:9/simple")
    out, err = done.communicate(timeout=60)
    assert done.returncode == 3
    assert out == ""
    assert "offline, and the page of small" in err
    assert "hint:" in err
    assert sorted(path.name for path in project.iterdir()) == [".git", "depguard.yaml", "host.yaml"]


def test_an_index_out_of_reach_decides_nothing(project: Path) -> None:
    done = started(project, "lock", "--index-url", "http://127.0.0.1:9/simple", PIP_RETRIES="0")
    out, err = done.communicate(timeout=60)
    assert done.returncode == 3
    assert out == ""
    assert "127.0.0.1:9" in err
    assert sorted(path.name for path in project.iterdir()) == [".git", "depguard.yaml", "host.yaml"]
