from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.errors import OutOfReachError
from depguard.model.release import CoreMetadata
from kit.index_bench import DEMO, OTHER, Bench, one
from kit.loopback import Answer, Loopback


@pytest.mark.parametrize("as_json", [False, True])
def test_a_page_has_what_the_index_says(bench: Bench, wheels: Path, as_json: bool) -> None:
    times = {"demo-1.0-py3-none-any.whl": "2025-11-14T12:00:00Z"}
    yanked = {"demo-1.1.tar.gz": "broken <build>"}
    with Loopback(wheels, json=as_json, uploaded=times, yanked=yanked) as index:
        page = bench.client(index.url).page(DEMO)
    first, wheel, sdist = page.artifacts
    assert page.found
    assert first.upload_time == datetime(2025, 11, 14, 12, tzinfo=UTC)
    assert str(wheel.requires_python) == "<4,>=3.9"
    assert sdist.yanked == "broken <build>"
    assert {a.index for a in page.artifacts} == {index.url}
    assert (first.size is not None) is as_json


def test_an_unknown_project_is_not_found(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        assert not bench.client(index.url).page(canonicalize_name("nothing")).found


def test_the_second_answer_is_the_same_object_and_costs_nothing(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        page = client.page(DEMO)
        metadata = client.metadata(page.artifacts[0])
        asked = len(index.requests)
        assert client.page(DEMO) is page
        assert client.metadata(page.artifacts[0]) is metadata
        assert len(index.requests) == asked


def test_prefetched_pages_are_joined_not_asked_again(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, slow=0.05) as index:
        client = bench.client(index.url)
        client.prefetch([DEMO, OTHER, DEMO])
        pages = [client.page(DEMO), client.page(OTHER)]
        client.prefetch_metadata(artifact for page in pages for artifact in page.artifacts)
        answers = [client.metadata(artifact) for page in pages for artifact in page.artifacts]
        assert all(isinstance(answer, CoreMetadata) for answer in answers)
        assert sorted(path for path in index.paths() if path.startswith("/simple/")) == [
            "/simple/demo/",
            "/simple/other/",
        ]


def test_sizes_are_asked_for_by_head_and_once(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        artifact = one(client)
        expected = (wheels / artifact.filename).stat().st_size
        assert [client.size(artifact), client.size(artifact)] == [expected, expected]
        assert len(index.paths("HEAD")) == 1


def test_a_compressed_page(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, gzip=True) as index:
        assert len(bench.client(index.url).page(DEMO).artifacts) == 3


# --- faults


def test_what_fails_for_a_while_is_asked_again(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, unavailable=2, retry_after="3") as index:
        assert bench.client(index.url).page(DEMO).found
        index.truncated = 1
        assert bench.client(index.url).page(OTHER).found
    assert bench.slept == [3.0, 3.0, 0.25]


def test_what_fails_for_good_is_out_of_reach(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, unavailable=99, retry_after="9999") as index:
        client = bench.client(index.url, retries=2)
        for _ in range(2):
            with pytest.raises(OutOfReachError, match="answers 503"):
                client.page(DEMO)
        assert len(index.requests) == 3
    assert bench.slept == [30.0, 30.0]


def test_nobody_there(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        url = index.url
    with pytest.raises(OutOfReachError, match="the connection is refused"):
        bench.client(url, retries=1).page(DEMO)


def test_no_answer_in_time(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, slow=0.5) as index, pytest.raises(OutOfReachError, match="no answer in time"):
        bench.client(index.url, retries=0, timeout=0.1).page(DEMO)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(200, b"PK", {"Content-Type": "application/zip"}), "content type application/zip"),
        (Answer(200, b"{", {"Content-Type": "application/vnd.pypi.simple.v1+json"}), "not JSON"),
        (Answer(200, b"not gzip", {"Content-Type": "text/html", "Content-Encoding": "gzip"}), "decompressed"),
        (Answer(302, b"", {"Location": "ftp://127.0.0.1/x"}), "redirects to ftp://127.0.0.1/x"),
        (Answer(302, b"", {"Location": "/simple/demo/"}), "redirects more than 10 times"),
        (Answer(418, b""), "answers 418"),
        (Answer(401, b""), "answers 401"),
        (Answer(302, b"", {"Location": "http://[bad"}), "cannot read"),
    ],
)
def test_what_is_no_page(bench: Bench, wheels: Path, answer: Answer, why: str) -> None:
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = answer
        with pytest.raises(OutOfReachError, match=why):
            bench.client(index.url, retries=1).page(DEMO)


def test_403_is_not_there_where_the_index_itself_can_be_read(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, absent=403) as index:
        assert not bench.client(index.url).page(canonicalize_name("nothing")).found
        assert "taken as not there" in bench.notes[0]
        index.answers["/simple/"] = Answer(403)
        with pytest.raises(OutOfReachError, match="answers 403"):
            bench.client(index.url).page(canonicalize_name("nothing"))


def test_an_interrupted_client_asks_no_more(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        client.close()
        with pytest.raises(OutOfReachError, match="the run has ended"):
            client.page(DEMO)
        assert index.requests == []


# --- work in the background


def test_a_slow_queue_does_not_hold_up_who_asks(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, slow=0.2) as index:
        client = bench.client(index.url)
        client.prefetch(canonicalize_name(f"nothing{number}") for number in range(200))
        done = threading.Event()

        def ask(finished: Callable[[], None]) -> None:
            client.page(DEMO)
            finished()

        threading.Thread(target=ask, args=(done.set,), daemon=True).start()
        # 200 pages at 16 a time take 2.5 s; this one is asked for by the thread that needs it
        assert done.wait(2.0)
        client.close()
