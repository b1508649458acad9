"""Whatever becomes of the copy that is sent ahead, nobody misses it, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from depguard.adapters.index.outrider import saddle
from kit.index_bench import Bench
from kit.loopback import Loopback
from kit.own_process import in_own_process
from kit.sent_ahead import (
    SMALL,
    Told,
    ask,
    ask_for_small,
    build_small_and_deep,
    either_way,
    everything,
    get_ready,
    on_two,
    told_by,
)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return build_small_and_deep(tmp_path / "wheels")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


@on_two
@either_way
@pytest.mark.parametrize("after", [0.0, 0.1, 0.25])
def test_a_copy_that_is_killed_is_not_missed(
    wheels: Path, tmp_path: Path, after: float, *, beforehand: bool
) -> None:
    with Loopback(wheels, pep658=True, json=True, slow=0.05) as index:
        alone = told_by(index, None)
        told = in_own_process(_ask_killed, index.url, tmp_path / "cache", after, beforehand)
        assert (told.answers, told.notes, told.copies) == (alone.answers, alone.notes, 1)


def _ask_killed(url: str, cache: Path, after: float, beforehand: bool) -> Told:
    def late(pid: int) -> None:
        time.sleep(after)
        kill(pid)

    return ask(url, cache, then=late, beforehand=beforehand)


PARENT = """
import os, sys, time
from pathlib import Path
from kit.sent_ahead import ask
ask(sys.argv[1], Path(sys.argv[2]), then=lambda pid: (print(pid, flush=True), time.sleep(60)))
"""


@on_two
@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM])
def test_it_does_not_outlive_who_sent_it(wheels: Path, tmp_path: Path, signal_: signal.Signals) -> None:
    with Loopback(wheels, json=True, slow=600.0) as index:
        tests = Path(__file__).parents[1]
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, index.url, str(tmp_path / "cache")],
            env={**os.environ, "PYTHONPATH": str(tests)},
            stdout=subprocess.PIPE,
            text=True,
        ) as parent:
            assert parent.stdout is not None
            copy = int(parent.stdout.readline())
            while not index.requests:  # in the middle of asking it has nothing to say
                time.sleep(0.01)
            assert Path(f"/proc/{copy}").exists()
            parent.send_signal(signal_)
            # The end of the stream comes when nobody has it open any more: not the copy either.
            assert parent.communicate(timeout=15)[0] == ""
        assert parent.returncode == -signal_


def _ask_without_children(url: str, cache: Path) -> Told:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return ask(url, cache)


def _refuse() -> None:
    raise ImportError("no such module")


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _not_told(url: str, cache: Path, way: str) -> Told:
    steps = [_refuse] if way == "a step fails" else [get_ready]
    bench = Bench(time.time)
    rider = saddle(steps, note=bench.notes.append)
    assert rider is not None

    before = open_files()
    if way == "killed":
        assert rider.pid is not None
        kill(rider.pid)
        os.waitid(os.P_PID, rider.pid, os.WEXITED | os.WNOWAIT)
    client = bench.client(url, cache=cache)
    if way == "recalled":
        rider.recall()
    client.send_ahead(ask_for_small, rider)
    answers = everything(client, SMALL)
    client.close()
    rider.recall()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert open_files() <= before
    return Told(answers, 1, bench.notes, client.traffic.requests)


@on_two
@pytest.mark.parametrize("way", ["a step fails", "killed", "recalled"])
def test_a_copy_that_is_never_told_is_not_missed(wheels: Path, tmp_path: Path, way: str) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        alone = told_by(index, None, names=(SMALL,))
        told = in_own_process(_not_told, index.url, tmp_path / "cache", way)
        assert (told.answers, told.notes) == (alone.answers, alone.notes)
        assert told.requests >= 3  # guesses aside


@on_two
def test_whoever_ignores_its_end_is_no_worse_off(wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, json=True) as index:
        told = in_own_process(_ask_without_children, index.url, tmp_path / "cache")
        assert told.answers == told_by(index, None).answers


@pytest.mark.parametrize("settings", [{"offline": True}, {"find_links": (".",)}])
def test_none_is_sent_where_it_would_have_nothing_to_ask(
    wheels: Path, tmp_path: Path, settings: Mapping[str, object]
) -> None:
    given = {
        "settings": {name: (str(wheels),) if value == (".",) else value for name, value in settings.items()}
    }
    with Loopback(wheels, json=True) as index:
        told = told_by(index, tmp_path / "cache", **given)
        assert told.copies == 0


def _without_processes(url: str, cache: Path) -> Told:
    def refused() -> int:
        raise BlockingIOError("no more processes")

    os.fork = refused
    return ask(url, cache)


def test_where_there_is_no_process_to_be_had_all_is_asked_here(wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        told = in_own_process(_without_processes, index.url, tmp_path / "cache")
        assert told == told_by(index, None)._replace(requests=told.requests)


@on_two
def test_nobody_waits_for_it_at_the_end(wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, json=True, slow=0.5) as index:
        assert told_by(index, tmp_path / "cache", names=()).copies == 1
        assert len(index.requests) <= 1
