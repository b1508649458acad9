"""A copy of the process asks ahead: nothing is asked for twice, and no answer is another for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.outrider import saddle
from depguard.adapters.witness import watch
from depguard.model.binary import ContentsUnknown
from depguard.model.release import Artifact, MetadataUnknown
from depguard.parse.simple_api import JSON_TYPE
from depguard.resolve.ports import Page
from kit.index_bench import Bench, one
from kit.loopback import Answer, Loopback
from kit.own_process import in_own_process
from kit.sent_ahead import (
    LARGE,
    SMALL,
    Leads,
    ask,
    ask_for_small,
    both,
    build_small_and_deep,
    either_way,
    everything,
    on_two,
    told_by,
)
from kit.wheels import build_sdist


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    return build_small_and_deep(tmp_path / "wheels")


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
@pytest.mark.parametrize("body", [b"{}", b"no JSON", b'{"files": 1}', b""])
def test_a_page_that_is_none_is_said_to_be_so_here(
    wheels: Path, tmp_path: Path, body: bytes, *, beforehand: bool
) -> None:
    with Loopback(wheels, json=True) as index:
        index.answers["/simple/deep/"] = Answer(200, body, {"Content-Type": JSON_TYPE})
        told = both(index, tmp_path / "cache", beforehand=beforehand)
        # what was kept of it misleads nobody later
        again = told_by(index, tmp_path / "cache", beforehand=beforehand)
        assert again.answers == told.answers


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
