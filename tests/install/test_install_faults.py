"""Faults at every step of an install by a real pip: nothing protected is lost, a second run finishes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from depguard.parse.run_log import read_runs
from depguard.parse.snapshot_file import parse_snapshot
from kit.guarded_host import ADDED, GuardedHost, make_guarded_host
from kit.loopback import Answer, Loopback

pytestmark = pytest.mark.referee

BEFORE = {"solid": "2.0.2", "free": "1.0", "six": "1.0"}
AFTER = {**BEFORE, **ADDED}


@pytest.fixture
def host(tmp_path: Path) -> GuardedHost:
    return make_guarded_host(tmp_path)


def finishes(host: GuardedHost) -> None:
    """A second run does what is left, and leaves no trace of the first."""
    done = host.depguard("install", "lab")
    assert done.code == 0, done
    assert "READY" in done.out
    assert host.there() == AFTER
    assert host.leftovers() == []
    assert (host.site / "free.py").read_text() == "VERSION = '2.0'\n"


@pytest.mark.parametrize(
    "moments",
    [
        (
            "import:pip._internal.cli.main_parser",  # it has hardly begun
            "open:small-1.0-py3-none-any.whl",
            "os.rename:free_more",  # what is replaced is set aside
            "open:site-packages/free.py",  # neither the old nor the new one is there
            "open:free-2.0.dist-info/RECORD",
        ),
        (
            "open:small_data/zeros.bin",  # in the middle of a copy
            "open:helper-3.0.dist-info/METADATA",
            "os.rename:~ree-1.0.dist-info",
        ),
        ("shutil.rmtree:~ree",),  # the old one is thrown away
    ],
    ids=["early", "late", "last"],
)
def test_the_installer_is_killed(host: GuardedHost, moments: tuple[str, ...]) -> None:
    """Again and again, each time somewhere else, on what the last time left behind."""
    protected = host.bytes_of("solid")
    for moment in moments:
        done = host.depguard("install", "lab", KIT_KILL_AT=moment)
        assert "was killed (signal 9)" in done.out, (moment, done)
        assert done.code == 1
        assert "Protected packages unchanged" in done.out
        assert host.bytes_of("solid") == protected
    finishes(host)
    assert host.bytes_of("solid") == protected


def untouched(host: GuardedHost, protected: dict[str, str]) -> None:
    assert host.there() == BEFORE
    assert host.leftovers() == []
    assert host.bytes_of("solid") == protected


def wheel_path(host: GuardedHost) -> str:
    (wheel,) = host.index.glob("small-*.whl")
    return f"/files/{wheel.name}"


def test_the_network_ends_before_it_is_planned(host: GuardedHost) -> None:
    protected = host.bytes_of("solid")
    with Loopback(host.index) as index:
        index.unavailable = 1000
        done = host.depguard("install", "lab", index_url=index.url, PIP_RETRIES="0")
    assert done.code == 3
    assert "cannot read" in done.err
    untouched(host, protected)


def test_a_file_does_not_arrive(host: GuardedHost) -> None:
    """Other bytes than were listed, a file that is gone, a server that is down, a line that breaks off."""
    answers = {
        "is not what the index listed": Answer(200, b"PK and something else"),
        "answers 404": Answer(404),
        "answers 503": Answer(503),
        "again and again": Answer(200, bytes(5000), cut=4000),
    }
    protected = host.bytes_of("solid")
    # What is asked for first, the metadata, comes from beside the file.
    with Loopback(host.index, ranges="no", pep658=True) as index:
        for says, answer in answers.items():
            index.answers[wheel_path(host)] = answer
            done = host.depguard("install", "lab", index_url=index.url, PIP_RETRIES="0")
            assert done.code == 3, done
            assert says in done.err
            assert "Plan      2 added" in done.out
            untouched(host, protected)
        index.answers.clear()
        done = host.depguard("install", "lab", index_url=index.url)
    assert done.code == 0, done
    assert host.there() == AFTER
    assert host.bytes_of("solid") == protected


def test_the_disk_is_full_in_the_middle(host: GuardedHost) -> None:
    """No file of pip's may grow beyond 300 kB: the wheel is small, what it unpacks is not."""
    protected = host.bytes_of("solid")
    done = host.depguard("install", "lab", KIT_LONGEST_FILE="300000")
    assert done.code == 1
    assert "File too large" in done.out
    assert host.bytes_of("solid") == protected
    finishes(host)


def test_the_work_folder_cannot_be_written(host: GuardedHost) -> None:
    protected = host.bytes_of("solid")
    host.cache.write_text("in the way")
    done = host.depguard("install", "lab")
    assert done.code == 3
    assert "cannot write" in done.err
    untouched(host, protected)


HOSTILE = {
    "PIP_TARGET": "elsewhere",
    "PIP_PREFIX": "elsewhere",
    "PIP_ROOT": "elsewhere",
    "PIP_USER": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_UPGRADE_STRATEGY": "eager",
    "PIP_DRY_RUN": "1",
    "PIP_PYTHON": "nowhere",
    "UV_TARGET": "elsewhere",
    "UV_PREFIX": "elsewhere",
    "UV_SYSTEM_PYTHON": "1",
    "UV_NO_BINARY": "1",
    "UV_PYTHON": "3.8",
    "UV_DRY_RUN": "1",
    "PYTHONUSERBASE": "elsewhere",
    "PYTHONHOME": "",
    "VIRTUAL_ENV": "elsewhere",
    "CONDA_PREFIX": "elsewhere",
}


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_hostile_settings_do_not_matter(host: GuardedHost, tmp_path: Path, installer: str) -> None:
    protected = host.bytes_of("solid")
    against = tmp_path / "against.txt"
    against.write_text("solid==1.26.4\nsmall==0.1\n")
    (tmp_path / "pip.conf").write_text(f"[install]\ntarget = elsewhere\nconstraint = {against}\nuser = yes\n")
    (tmp_path / "uv.toml").write_text("[pip]\ntarget = 'elsewhere'\nno-binary = [':all:']\n")
    (host.python.parent.parent / "pip.conf").write_text("[install]\nroot = elsewhere\n")
    files = {
        "PIP_CONSTRAINT": str(against),
        "PIP_REQUIREMENT": str(against),
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "UV_CONSTRAINT": str(against),
        "UV_OVERRIDE": str(against),
        "UV_CONFIG_FILE": str(tmp_path / "uv.toml"),
        "UV_NO_CONFIG": "",
    }
    done = host.depguard("install", "lab", "--with", installer, **HOSTILE, **files)
    assert done.code == 0, done
    assert host.there() == AFTER
    assert host.bytes_of("solid") == protected
    assert not list(host.folder.rglob("elsewhere"))


def test_a_wheel_that_writes_over_a_protected_file(host: GuardedHost) -> None:
    protected = host.bytes_of("solid")
    done = host.depguard("install", "over")
    assert done.code == 1
    assert "overwriter would write over solid/core.so of solid, which is protected  [DG103]" in done.out
    untouched(host, protected)


def test_something_protected_changes_meanwhile(host: GuardedHost) -> None:
    """Whoever did it: it is reported as our fault, with all that is known."""
    done = host.depguard("install", "lab", KIT_HARM=str(host.site / "solid" / "core.so"))
    assert done.code == 1
    assert "DEFECT    solid changed while depguard installed lab." in done.out
    assert "1 changed (solid/core.so)" in done.out
    (bundle,) = (host.cache / "bundles").iterdir()
    with zipfile.ZipFile(bundle) as archive:
        report = json.loads(archive.read("report.json"))
        assert report["protected"]["changes"][0]["changed"] == ["solid/core.so"]
        assert "DEFECT" in archive.read("report.txt").decode()
        parse_snapshot(archive.read("snapshot.json").decode(), "snapshot.json")
    assert str(bundle) in done.out.replace("\n          ", "")


@pytest.mark.parametrize("when", ["fetching", "installing"])
def test_depguard_itself_is_killed(host: GuardedHost, when: str) -> None:
    protected = host.bytes_of("solid")
    with Loopback(host.index) as index:
        command = [sys.executable, "-m", "depguard", *host.command("install", "lab", index_url=index.url)]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        slow = {"KIT_SLEEP_AT": "open:small_data/zeros.bin"} if when == "installing" else {}
        process = subprocess.Popen(
            command, cwd=host.folder, env=environ | slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wanted = wheel_path(host)
        if when == "fetching":
            index.answers[wanted] = Answer(200, bytes(100), cut=90)
        until = time.monotonic() + 60
        sleeping = host.folder / "sleeping"
        while process.poll() is None and time.monotonic() < until:
            if sleeping.exists() if when == "installing" else wanted in index.paths():
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert host.bytes_of("solid") == protected
        if when == "installing":
            done = host.depguard("install", "lab")
            assert done.code == 2, "pip outlives depguard, and holds its lock"
            assert "another depguard install is at work" in done.err
            (sleeping).unlink()
            while not (host.site / "small-1.0.dist-info" / "RECORD").exists():
                time.sleep(0.05)
            time.sleep(1)
    finishes(host)
    assert host.bytes_of("solid") == protected


def test_every_run_is_logged(host: GuardedHost) -> None:
    """What was ready, what was stopped, and what ended with an error."""
    log = host.folder / "runs.jsonl"
    for words in (("lab", "--dry-run"), ("bad",), ("none",), ("lab",)):
        host.depguard("install", *words, "--log", str(log))
    runs, bad = read_runs(log.read_text(), "log")
    assert bad == ()
    assert [(run.outcome, run.good, run.causes) for run in runs] == [
        ("planned", True, ()),
        ("stopped", False, ("DG101",)),
        ("error", False, ("plan.unknown-tier",)),
        ("ready", True, ()),
    ]
    last = runs[-1]
    assert (last.host, last.tier) == ("host", "lab")
    assert last.versions == {
        "solid": ("2.0.2", "2.0.2"),
        "small": (None, "1.0"),
        "helper": (None, "3.0"),
        "free": ("1.0", "2.0"),
    }
