from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.cache import Cache, Entry
from depguard.errors import OutOfReachError
from depguard.model.release import CoreMetadata
from kit.index_bench import Bench
from kit.loopback import Answer, Loopback
from kit.wheels import build_wheel

DEMO = canonicalize_name("demo")
NOTHING = canonicalize_name("nothing")


def test_a_fresh_page_is_not_asked_for_and_an_old_one_is(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, uploaded={"demo-1.1.tar.gz": "2025-01-01T00:00:00Z"}) as index:
        page = bench.client(index.url, cache=tmp_path).page(DEMO)
        bench.now += 599
        assert bench.client(index.url, cache=tmp_path).page(DEMO) == page
        assert len(index.requests) == 1
        bench.now += 2
        build_wheel(wheels, "demo", "2.0")
        assert len(bench.client(index.url, cache=tmp_path).page(DEMO).artifacts) == 4
        assert len(index.requests) == 2


def test_a_404_is_remembered_as_long(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels) as index:
        for _ in range(2):
            assert not bench.client(index.url, cache=tmp_path).page(NOTHING).found
        assert len(index.requests) == 1
        bench.now += 601
        build_wheel(wheels, "nothing", "1.0")
        assert bench.client(index.url, cache=tmp_path).page(NOTHING).found


def test_an_old_page_with_an_etag_is_only_confirmed(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, etag=True) as index:
        page = bench.client(index.url, cache=tmp_path).page(DEMO)
        bench.now += 700
        second = bench.client(index.url, cache=tmp_path)
        assert second.page(DEMO) == page
        assert second.traffic.received == 0
        assert "if-none-match" in index.requests[-1].headers
        bench.now += 500  # fresh again since it was confirmed
        bench.client(index.url, cache=tmp_path).page(DEMO)
        assert len(index.requests) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=60"}, 60),
        ({"Cache-Control": "public, max-age=100", "Age": "40"}, 60),
        ({"Cache-Control": "no-cache, max-age=60"}, 0),
        ({"Expires": "Thu, 01 Jan 2026 00:01:00 GMT", "Date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 60),
        ({"Expires": "0"}, 0),
        ({"Cache-Control": "max-age=99999999"}, 86400),
        ({}, 600),
    ],
)
def test_a_page_is_fresh_as_long_as_its_headers_say(
    bench: Bench, wheels: Path, tmp_path: Path, headers: dict[str, str], seconds: int
) -> None:
    page = Answer(200, b'<a href="demo-1.0.zip">', {"Content-Type": "text/html", **headers})
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = page
        bench.client(index.url, cache=tmp_path).page(DEMO)
        bench.now += seconds - 1 if seconds else 0
        bench.client(index.url, cache=tmp_path).page(DEMO)
        assert len(index.requests) == (1 if seconds else 2)
        bench.now += 2
        bench.client(index.url, cache=tmp_path).page(DEMO)
        assert len(index.requests) == (2 if seconds else 3)


def test_no_store_and_signed_links_are_not_kept(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, cache_control="no-store") as index:
        index.answers["/simple/signed/"] = Answer(
            200, b'<a href="/files/signed-1.0.zip?token=hush">', {"Content-Type": "text/html"}
        )
        signed = canonicalize_name("signed")
        for _ in range(2):
            client = bench.client(index.url, cache=tmp_path)
            assert client.page(DEMO).found
            assert client.page(signed).found
        assert len(index.requests) == 4
    assert b"hush" not in on_disk(tmp_path)


def on_disk(folder: Path) -> bytes:
    """What the caches in a folder have written. They are open: whoever closes one clears away what is old."""
    return b"".join(path.read_bytes() for path in folder.glob("**/index.sqlite3*"))


LINKS = {
    "plain": ("/files/demo-1.0.zip", True),
    "elsewhere": ("https://files.example.org/demo-1.0.zip", True),
    "signed": ("/files/demo-1.0.zip?token=hush", False),
    "named": ("https://me:hush@files.example.org/demo-1.0.zip", True),
    "marked": ("https://files.example.org/demo-1.0.zip#token=hush", True),
}


SAID = {
    "why it was yanked": ('"yanked": "see #12, or ask a@b?"', True),
    "with quotes": ('"yanked": "\\"?\\" \\\\"', True),
    "something else": ('"yanked": false, "provenance": "https://x.example.org/?token=hush"', False),
    "behind it": ('"yanked": "no", "signed": "https://x.example.org/#hush"', False),
    "within another": ('"x": "\\"yanked\\": \\"?hush"', False),
    "a key that ends so": ('"not\\"yanked": "?hush"', False),
}


@pytest.mark.parametrize("case", SAID)
def test_a_page_is_kept_as_it_came_where_only_prose_looks_like_a_secret(
    bench: Bench, wheels: Path, tmp_path: Path, case: str
) -> None:
    said, kept = SAID[case]
    text = f'{{"files": [{{"filename": "demo-1.0.zip", "url": "demo-1.0.zip", {said}}}]}}'
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = Answer(200, text.encode(), {"Content-Type": "application/json"})
        pages = [bench.client(index.url, cache=tmp_path).page(DEMO) for _ in range(2)]
        assert len(index.requests) == 1
    assert pages[0] == pages[1]
    held = on_disk(tmp_path)
    assert (text.encode() in held) is kept
    assert b"hush" not in held


@pytest.mark.parametrize("case", LINKS)
@pytest.mark.parametrize("form", ["json", "html"])
def test_a_page_that_is_kept_says_the_same_and_holds_no_secret(
    bench: Bench, wheels: Path, tmp_path: Path, case: str, form: str
) -> None:
    link, kept = LINKS[case]
    files: list[dict[str, Any]] = [
        {"filename": "demo-1.0.zip", "url": link, "requires-python": ">=3.9", "yanked": "why? ask a@b"},
        {"filename": "demo-2.0.zip", "url": "2/demo-2.0.zip", "hashes": {"sha256": "ab"}, "size": 5},
        {"filename": "demo-3.0.zip", "url": "javascript:alert(1)"},
    ]
    if case == "plain":
        del files[0]["yanked"]  # nothing in the page that could be part of a secret: it is kept as it came
    html = "".join(f'<a href="{file["url"]}" data-requires-python=">=3.9">x</a>' for file in files)
    page = {
        "json": Answer(200, json.dumps({"files": files}).encode(), {"Content-Type": "application/json"}),
        "html": Answer(200, html.encode(), {"Content-Type": "text/html"}),
    }[form]
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = page
        by_name = index.url.replace("://", "://me:hush@")
        pages = [bench.client(by_name, cache=tmp_path).page(DEMO) for _ in range(2)]
        assert len(index.requests) == (1 if kept else 2)
    assert pages[0] == pages[1]
    assert len(pages[0].artifacts) == 2
    assert pages[0].artifacts[1].url.endswith("/simple/demo/2/demo-2.0.zip")
    assert "hush" not in pages[0].artifacts[1].url
    held = on_disk(tmp_path)
    assert (b"demo-2.0.zip" in held) is kept
    assert b"hush" not in held


def test_links_are_looked_at_as_they_are_read(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    for number, link in enumerate(
        (
            "https://x.example.org/demo-1.0.zip\\u003fsig=hush",
            "https://me:hush\\u0040x.example.org/demo-1.0.zip",
        )
    ):
        text = f'{{"files": [{{"filename": "demo-1.0.zip", "url": "{link}"}}]}}'
        with Loopback(wheels) as index:
            index.answers["/simple/demo/"] = Answer(200, text.encode(), {"Content-Type": "application/json"})
            assert len(bench.client(index.url, cache=tmp_path / str(number)).page(DEMO).artifacts) == 1
    held = on_disk(tmp_path)
    assert b"demo-1.0.zip" in held
    assert b"hush" not in held


def test_where_a_page_was_found_by_a_signature_is_not_kept(
    bench: Bench, wheels: Path, tmp_path: Path
) -> None:
    page = b'{"files": [{"filename": "demo-1.0.zip", "url": "demo-1.0.zip"}]}'
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = Answer(302, b"", {"Location": "/signed/demo/?sig=hush"})
        index.answers["/signed/demo/"] = Answer(200, page, {"Content-Type": "application/json"})
        pages = [bench.client(index.url, cache=tmp_path).page(DEMO) for _ in range(2)]
        assert pages[0] == pages[1]
        assert pages[0].artifacts[0].url == f"{index.url.partition('/simple')[0]}/signed/demo/demo-1.0.zip"
        assert len(index.requests) == 2
    assert b"hush" not in on_disk(tmp_path)


def test_what_an_odd_encoding_makes_of_a_page_is_read(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    page = b'{"files": [{"filename": "demo-1.0.zip", "url": "demo-1.0.zip"}], "name": "+2AA-"}'
    with Loopback(wheels) as index:
        index.answers["/simple/demo/"] = Answer(
            200, page, {"Content-Type": "application/vnd.pypi.simple.v1+json; charset=utf-7"}
        )
        for _ in range(2):
            assert len(bench.client(index.url, cache=tmp_path).page(DEMO).artifacts) == 1


def test_refresh_asks_even_where_a_page_is_fresh(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels) as index:
        for refresh in (False, True):
            bench.client(index.url, cache=tmp_path, refresh=refresh).page(DEMO)
        assert len(index.requests) == 2


def test_offline_takes_what_is_there_and_says_what_is_not(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels) as index:
        online = bench.client(index.url, cache=tmp_path)
        first, second, _ = online.page(DEMO).artifacts
        metadata = online.metadata(first)
        size = online.size(first)
        online.page(NOTHING)
    bench.now += 10_000_000
    offline = bench.client(index.url, cache=tmp_path, offline=True)
    assert offline.page(DEMO) == online.page(DEMO)
    assert not offline.page(NOTHING).found
    assert offline.metadata(first) == metadata
    assert isinstance(metadata, CoreMetadata)
    assert (offline.size(first), offline.size(second)) == (size, None)
    with pytest.raises(OutOfReachError, match=f"offline, and the metadata of {second.filename}"):
        offline.metadata(second)
    with pytest.raises(OutOfReachError, match="the page of other") as caught:
        offline.page(canonicalize_name("other"))
    assert "without --offline" in (caught.value.problems[0].hint or "")


def test_an_index_that_is_down_leaves_the_way_out_in_the_hint(
    bench: Bench, wheels: Path, tmp_path: Path
) -> None:
    with Loopback(wheels) as index:
        bench.client(index.url, cache=tmp_path).page(DEMO)
    bench.now += 7200
    with pytest.raises(OutOfReachError, match="refused") as caught:
        bench.client(index.url, cache=tmp_path, retries=0).page(DEMO)
    assert caught.value.problems[0].hint == "--offline takes the page that was cached 2.0 hours ago"


def test_metadata_is_kept_for_ever_and_by_index(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels) as a, Loopback(wheels) as b:
        client = bench.client(a.url, cache=tmp_path)
        artifact = client.page(DEMO).artifacts[0]
        answer = client.metadata(artifact)
        bench.now += 1e9
        again = bench.client(a.url, cache=tmp_path)
        assert again.metadata(artifact) == answer
        assert again.traffic.requests == 0
        # the other index gives the same hash, but what it stands for is its own word
        other = bench.client(b.url, cache=tmp_path)
        other.metadata(other.page(DEMO).artifacts[0])
        assert len(b.requests) == 2


@pytest.mark.parametrize("text", ["{", '{"files": []}', "[[[1]], []]", "7", '[["x"], []]'])
def test_a_page_in_the_cache_that_does_not_fit_is_dropped(
    bench: Bench, wheels: Path, tmp_path: Path, text: str
) -> None:
    bench.now = time.time()  # what is older than some months is tidied away
    with Loopback(wheels) as index:
        cache = Cache.in_folder(tmp_path, note=bench.notes.append)
        entry = Entry(text=text, stored=bench.now, fresh_until=bench.now + 99, facts={})
        cache.put("page", f"{index.url}/demo/", entry)
        cache.put("metadata", "x", entry)
        cache.close()
        assert len(bench.client(index.url, cache=tmp_path).page(DEMO).artifacts) == 3
