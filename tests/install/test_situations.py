"""The states in which a runtime is found, each made for real by a real pip, and what is then said."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.golden import matches_golden
from kit.guarded_host import FILLERS, GuardedHost, Ran, install_here, make_guarded_host

pytestmark = pytest.mark.referee

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def host(tmp_path: Path) -> GuardedHost:
    return make_guarded_host(tmp_path)


def pip(host: GuardedHost, *words: str) -> None:
    """What somebody else runs there, with nobody guarding."""
    command = [
        str(host.python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--find-links",
        str(host.index),
    ]
    subprocess.run([*command, *words], check=True, capture_output=True)


def same(done: Ran, host: GuardedHost, name: str) -> None:
    """The golden message; paths, moments and durations are those of the day."""
    text = done.out.replace(str(host.folder), "/home/ada")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "2026-11-22 10:02 UTC", text)
    text = re.sub(r"in \d+ s\.", "in 9 s.", text)
    text = re.sub(r"\n {6,10}(?=\S)", " ", text)  # where a line is broken depends on the paths
    text = re.sub(r"(process|pid) \d+", r"\1 4711", text)
    matches_golden(text, GOLDEN / f"{name}.txt")


def test_a_fresh_runtime(host: GuardedHost) -> None:
    done = host.depguard("install", "lab")
    assert done.code == 0, done
    same(done, host, "fresh")


def test_reused_and_healthy(host: GuardedHost) -> None:
    pip(host, "helper")
    done = host.depguard("install", "lab")
    assert done.code == 0, done
    same(done, host, "reused")


def test_the_process_is_stale_and_the_disk_is_right(host: GuardedHost) -> None:
    """Somebody put the protected package in again, the same: what runs has the old file mapped."""
    core = host.site / "solid" / "core.so"
    script = (
        f"import mmap, time; f = open({str(core)!r}); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); "
    )
    script += "print('mapped', flush=True); time.sleep(60)"
    with subprocess.Popen([host.python, "-c", script], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        content = core.read_bytes()
        core.unlink()
        core.write_bytes(content)
        done = host.depguard("install", "lab", "--pid", str(running.pid))
        running.kill()
    assert done.code == 1, done
    same(done, host, "stale")
    assert host.there()["free"] == "1.0"


def test_the_disk_was_changed_before(host: GuardedHost) -> None:
    pip(host, "greedy")
    done = host.depguard("install", "lab")
    assert done.code == 1, done
    same(done, host, "changed")
    assert host.there()["free"] == "1.0"


def test_the_live_host_moved_on(host: GuardedHost) -> None:
    """A newer image, on which the tier has no safe plan."""
    for name in ("solid", "six", *FILLERS):
        (info,) = host.site.glob(f"{name}-*.dist-info")
        shutil.rmtree(info)
        files = {"solid/__init__.py": b"", "solid/core.so": b"1"} if name == "solid" else {f"{name}.py": b""}
        install_here(host.site, name, "3.0", files)
    done = host.depguard("install", "older")
    assert done.code == 1, done
    same(done, host, "moved-on")
    assert host.there()["free"] == "1.0"


def test_somebody_elses_install_afterwards(host: GuardedHost) -> None:
    assert host.depguard("install", "lab").code == 0
    pip(host, "greedy")
    done = host.depguard("doctor", "--host", "host.yaml", "--no-probes")
    assert done.code == 1, done
    same(done, host, "afterwards")
    again = host.depguard("install", "lab")
    assert again.code == 1
    assert "STOP      solid on disk is 1.26.4; host came with 2.0.2  [DG503]" in again.out
