"""A copy of the process asks ahead: nothing is asked for twice, and no answer is another for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.outrider import saddle
from depguard.adapters.witness import watch
from depguard.errors import OutOfReachError
from depguard.model.binary import ContentsUnknown, Depth, WheelContents
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer, MetadataUnknown
from depguard.resolve.ports import Following, Look, Page
from kit.index_bench import Bench, one
from kit.loopback import Answer, Loopback
from kit.own_process import in_own_process
from kit.wheels import build_sdist, build_wheel

SMALL, DEEP, LARGE = map(canonicalize_name, ("small", "deep", "large"))

on_two = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="a copy is sent ahead on Linux alone, where it has a core of its own",
)


either_way = pytest.mark.parametrize(
    "beforehand", [False, True], ids=["made when it is needed", "made beforehand"]
)


class Leads:
    """A guess: the first artifact of a page, what is in it, and ``deep`` after ``small``."""

    def likely(self, page: Page) -> Sequence[Artifact]:
        return page.artifacts[:1]

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        looks = (Look(artifact, Depth.FILES, 0),) if isinstance(answer, CoreMetadata) else ()
        return Following(projects=(DEEP,) if artifact.name == SMALL else (), contents=looks)


def ask_for_small(client: IndexClient) -> None:
    client.prefetch([SMALL], Leads())


def _get_ready() -> None:
    time.sleep(0.01)


class Told(NamedTuple):
    """What a process came to know of projects, its copies, what it said, and what it asked for itself."""

    answers: list[object]
    copies: int
    notes: list[str]
    requests: int


def everything(client: IndexClient, name: NormalizedName) -> list[object]:
    """The name of a project's first artifact, what it requires, and what is in it."""
    artifact = one(client, name)
    answer = client.metadata(artifact)
    contents = client.contents(artifact, depth=Depth.FILES, most=0)
    return [
        artifact.filename,
        [str(r) for r in answer.requires_dist] if isinstance(answer, CoreMetadata) else answer,
        sorted(contents.files.paths) if isinstance(contents, WheelContents) else contents,
    ]


def ask(
    url: str,
    cache: Path | None,
    names: Sequence[NormalizedName] = (SMALL, DEEP),
    then: Callable[[int], None] = lambda _: None,
    settings: Mapping[str, object] | None = None,
    *,
    beforehand: bool = False,
) -> Told:
    """What is known of the projects with a copy sent ahead for ``small``; ``then`` is told its process.

    ``beforehand``: it is made before anybody knows what it will be asked to do.
    """
    copies: list[int] = []
    real = os.fork

    def fork() -> int:
        pid = real()
        copies.append(pid)
        return pid

    os.fork = fork
    bench = Bench(time.time)  # a copy that was made beforehand has a client, and so a clock, of its own
    rider = saddle([_get_ready], note=bench.notes.append) if beforehand else None
    client = bench.client(url, cache=cache, **(settings or {}))
    client.send_ahead(ask_for_small, rider)
    if copies:
        then(copies[0])
    answers: list[object] = []
    try:
        for name in names:
            answers += everything(client, name)
    except OutOfReachError as error:
        answers.append(str(error))
    client.close()
    if rider is not None:
        rider.recall()
    for pid in copies:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return Told(answers, len(copies), bench.notes, client.traffic.requests)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    build_wheel(folder, "small", "1.0", requires=["deep"])
    build_wheel(folder, "deep", "2.0", requires=["numpy"])
    build_wheel(folder, "large", "3.0")
    return folder


def told_by(index: Loopback, cache: Path | None, **given: object) -> Told:
    """The same, in a process that has no threads."""
    return in_own_process(_ask, index.url, cache, given)


def _ask(url: str, cache: Path | None, given: Mapping[str, Any]) -> Told:
    return ask(url, cache, **given)


def both(index: Loopback, cache: Path, **given: object) -> Told:
    """The answers with a copy, which are those without one."""
    alone = told_by(index, None, **{**given, "beforehand": False})
    told = told_by(index, cache, **given)
    assert (alone.copies, told.copies) == (0, 1)
    assert told.answers == alone.answers
    assert told.notes == alone.notes
    return told


@on_two
@either_way
def test_what_the_copy_asked_for_is_not_asked_for_again(
    wheels: Path, tmp_path: Path, *, beforehand: bool
) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        told = both(index, tmp_path / "cache", beforehand=beforehand)
        assert told.answers[0] == "small-1.0-py3-none-any.whl"
        index.requests.clear()
        assert told_by(index, tmp_path / "other", beforehand=beforehand).requests == 0
        paths = index.paths()
        assert len(paths) == len(set(paths)) == 6


@on_two
@either_way
def test_what_it_did_not_guess_is_asked_for_here(wheels: Path, tmp_path: Path, *, beforehand: bool) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        told = both(index, tmp_path / "cache", names=(LARGE, SMALL), beforehand=beforehand)
        assert told.answers[0] == "large-3.0-py3-none-any.whl"


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


@on_two
@either_way
def test_what_fails_there_is_said_here_and_not_tried_again(
    wheels: Path, tmp_path: Path, *, beforehand: bool
) -> None:
    with Loopback(wheels, json=True) as index:
        index.answers["/simple/deep/"] = Answer(500, b"broken")
        told = both(index, tmp_path / "cache", settings={"retries": 0}, beforehand=beforehand)
        assert "500" in str(told.answers[-1])
        # once for the one process, once for the other and its copy
        assert index.paths().count("/simple/deep/") == 2


@on_two
@either_way
def test_an_answer_that_is_not_kept_is_handed_on(tmp_path: Path, *, beforehand: bool) -> None:
    folder = tmp_path / "sdists"
    build_sdist(folder, "small", "1.0", metadata_version="2.1", requires=["deep"])
    with Loopback(folder, json=True) as index:
        told = both(index, tmp_path / "cache", names=(SMALL,), beforehand=beforehand)
        assert isinstance(told.answers[1], MetadataUnknown)
        assert isinstance(told.answers[2], ContentsUnknown)
        assert index.paths().count("/files/small-1.0.tar.gz") == 2


@on_two
@either_way
def test_its_remarks_are_made_here_once(wheels: Path, tmp_path: Path, *, beforehand: bool) -> None:
    with Loopback(wheels, pep658=True, json=True, bad_metadata_hash=True) as index:
        told = both(index, tmp_path / "cache", beforehand=beforehand)
        assert len(told.notes) == 2
        assert "not what the index promises" in told.notes[0]


class Breaks(Leads):
    """A guess with a defect."""

    def likely(self, page: Page) -> Sequence[Artifact]:
        raise ValueError(page.name)


def _ask_with_a_defect(url: str, cache: Path) -> list[str]:
    client = Bench().client(url, cache=cache)
    names = [canonicalize_name(f"project-{number}") for number in range(40)]
    client.send_ahead(lambda source: source.prefetch(names, Breaks()))
    found = [client.page(name).found for name in names]
    client.close()
    return [str(any(found)), str(client.traffic.requests)]


@on_two
def test_a_guess_that_breaks_keeps_nobody_waiting(wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels) as index:
        assert in_own_process(_ask_with_a_defect, index.url, tmp_path / "cache") == ["False", "0"]


@on_two
@either_way
@pytest.mark.parametrize("control", ["max-age=0", "no-cache", "no-store"])
def test_a_page_that_is_stale_at_once_is_asked_for_once(
    wheels: Path, tmp_path: Path, control: str, *, beforehand: bool
) -> None:
    with Loopback(wheels, json=True, cache_control=control) as index:
        both(index, tmp_path / "cache", beforehand=beforehand)
        index.requests.clear()
        told_by(index, tmp_path / "other", beforehand=beforehand)
        # What is not kept at all makes the copy give up at its first page.
        assert index.paths().count("/simple/small/") == (2 if control == "no-store" else 1)
        assert index.paths().count("/simple/deep/") == 1


def _sizes(url: str, cache: Path | None) -> list[int | None]:
    client = Bench().client(url, cache=cache)
    client.send_ahead(ask_for_small)
    everything(client, SMALL)
    found = [client.size(one(client, SMALL))]
    client.close()
    return found


@on_two
@pytest.mark.parametrize(("json", "pep658"), [(False, False), (False, True), (True, True)])
def test_a_size_that_it_met_is_known_here(wheels: Path, tmp_path: Path, json: bool, pep658: bool) -> None:
    with Loopback(wheels, json=json, pep658=pep658, sizes=False) as index:
        size = (wheels / "small-1.0-py3-none-any.whl").stat().st_size
        assert in_own_process(_sizes, index.url, tmp_path / "cache") == [size]
        assert index.paths("HEAD") == []


def _spoiled(url: str, cache: Path) -> list[str | None]:
    with watch() as witness:
        ask(url, cache)
    return [witness.spoiled]


@on_two
@pytest.mark.parametrize(
    ("path", "status", "spoiled"),
    [
        ("/files/small-1.0-py3-none-any.whl", 200, None),
        ("/files/small-1.0-py3-none-any.whl", 403, "an answer that is not kept"),
        ("/files/small-1.0-py3-none-any.whl", 404, "an answer that is not kept"),
    ],
)
def test_what_cannot_be_told_again_is_said_to_be_so(
    wheels: Path, tmp_path: Path, path: str, status: int, spoiled: str | None
) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        if status != 200:
            index.answers[path] = Answer(status)
        assert in_own_process(_spoiled, index.url, tmp_path / "cache") == [spoiled]


PARENT = """
import os, sys, time
from pathlib import Path
from test_outrider import ask
ask(sys.argv[1], Path(sys.argv[2]), then=lambda pid: (print(pid, flush=True), time.sleep(60)))
"""


@on_two
@pytest.mark.parametrize("signal_", [signal.SIGKILL, signal.SIGTERM])
def test_it_does_not_outlive_who_sent_it(wheels: Path, tmp_path: Path, signal_: signal.Signals) -> None:
    with Loopback(wheels, json=True, slow=600.0) as index:
        tests = Path(__file__).parent
        with subprocess.Popen(
            [sys.executable, "-c", PARENT, index.url, str(tmp_path / "cache")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])},
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
    steps = [_refuse] if way == "a step fails" else [_get_ready]
    bench = Bench(time.time)
    rider = saddle(steps, note=bench.notes.append)
    assert rider is not None

    def unfit(source: IndexClient) -> None:
        ask_for_small(source)

    before = open_files()
    if way == "killed":
        assert rider.pid is not None
        kill(rider.pid)
        os.waitid(os.P_PID, rider.pid, os.WEXITED | os.WNOWAIT)
    client = bench.client(url, cache=cache)
    if way == "recalled":
        rider.recall()
    client.send_ahead(unfit if way == "cannot be pickled" else ask_for_small, rider)
    answers = everything(client, SMALL)
    client.close()
    rider.recall()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert open_files() <= before
    return Told(answers, 1, bench.notes, client.traffic.requests)


@on_two
@pytest.mark.parametrize("way", ["a step fails", "killed", "recalled", "cannot be pickled"])
def test_a_copy_that_is_never_told_is_not_missed(wheels: Path, tmp_path: Path, way: str) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        alone = told_by(index, None, names=(SMALL,))
        told = in_own_process(_not_told, index.url, tmp_path / "cache", way)
        assert (told.answers, told.notes, told.requests) == (alone.answers, alone.notes, 3)


def _said_twice(url: str, cache: Path) -> list[str]:
    bench = Bench(time.time)
    rider = saddle([], note=bench.notes.append)
    client = bench.client(url, cache=cache)
    client.send_ahead(ask_for_small, rider)
    client.page(SMALL)
    client._note("a remark")
    assert rider is not None
    rider._note("a remark")
    client.close()
    return bench.notes


@on_two
def test_what_both_remark_is_said_once(wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, json=True) as index:
        assert in_own_process(_said_twice, index.url, tmp_path / "cache") == ["a remark"]


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
        told = in_own_process(_ask, index.url, tmp_path / "cache", given)
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
