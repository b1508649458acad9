"""A client with a copy of its process sent ahead of it, and what is known by that and without it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.outrider import saddle
from depguard.errors import OutOfReachError
from depguard.model.binary import Depth, WheelContents
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer
from depguard.resolve.ports import Following, Look, Page
from kit.index_bench import Bench, one
from kit.loopback import Loopback
from kit.own_process import in_own_process
from kit.wheels import build_wheel

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


def get_ready() -> None:
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
    rider = saddle([get_ready], note=bench.notes.append) if beforehand else None
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


def build_small_and_deep(folder: Path) -> Path:
    """``small`` requires ``deep``; ``large`` nothing."""
    build_wheel(folder, "small", "1.0", requires=["deep"])
    build_wheel(folder, "deep", "2.0", requires=["numpy"])
    build_wheel(folder, "large", "3.0")
    return folder
