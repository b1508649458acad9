from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.index.settings import Rule
from depguard.errors import OutOfReachError
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer, MetadataUnknown
from depguard.resolve.ports import PackageSource
from kit.index_bench import Bench
from kit.loopback import Answer, Loopback
from kit.wheels import build_sdist, build_wheel, metadata_text

DEMO = canonicalize_name("demo")
OTHER = canonicalize_name("other")


def requires(answer: MetadataAnswer) -> list[str]:
    assert isinstance(answer, CoreMetadata), answer
    return [str(requirement) for requirement in answer.requires_dist]


def one(client: PackageSource, name: NormalizedName = DEMO) -> Artifact:
    return client.page(name).artifacts[0]


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


@pytest.mark.parametrize("as_json", [False, True])
def test_metadata_from_beside_the_file(bench: Bench, wheels: Path, as_json: bool) -> None:
    with Loopback(wheels, pep658=True, json=as_json) as index:
        client = bench.client(index.url)
        assert requires(client.metadata(one(client))) == ["other>=1", 'torch; extra == "gpu"']
        assert index.paths()[1:] == ["/files/demo-1.0-py3-none-any.whl.metadata"]


def test_metadata_that_is_not_what_the_index_promised_is_not_believed(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, pep658=True, bad_metadata_hash=True) as index:
        client = bench.client(index.url)
        assert requires(client.metadata(one(client))) == ["other>=1", 'torch; extra == "gpu"']
        assert index.paths()[-1] == "/files/demo-1.0-py3-none-any.whl"
    assert "not what the index promises" in bench.notes[0]


def test_metadata_that_is_promised_and_not_there(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, pep658=True) as index:
        index.answers["/files/demo-1.0-py3-none-any.whl.metadata"] = Answer(404)
        client = bench.client(index.url)
        assert requires(client.metadata(one(client)))[0] == "other>=1"
    assert "answers 404" in bench.notes[0]


@pytest.mark.parametrize("ranges", ["yes", "no", "no-suffix"])
def test_metadata_of_a_large_wheel(bench: Bench, tmp_path: Path, ranges: str) -> None:
    files = {f"big/{number}.bin": bytes([number % 251]) * 300 for number in range(3000)}
    wheel = build_wheel(tmp_path / "w", "demo", "1.0", requires=["other"], files=files, compression=0)
    with Loopback(wheel.parent, ranges=ranges) as index:
        client = bench.client(index.url)
        artifact = one(client)
        assert requires(client.metadata(artifact)) == ["other"]
        assert client.size(artifact) == wheel.stat().st_size
        received = client.traffic.received
    if ranges == "no":
        assert received > wheel.stat().st_size
    else:
        assert received < wheel.stat().st_size / 2
        assert len(index.paths()) <= (4 if ranges == "yes" else 5)


def test_metadata_at_the_front_of_a_wheel_is_one_more_read(bench: Bench, tmp_path: Path) -> None:
    # the kit fills in the place of METADATA, which the mapping has first
    files = {"demo-1.0.dist-info/METADATA": b"", "big.bin": b"0" * 500_000}
    wheel = build_wheel(tmp_path / "w", "demo", "1.0", requires=["early"], files=files, compression=0)
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        assert requires(client.metadata(one(client))) == ["early"]
        assert len(index.paths()) == 3
        assert client.traffic.received < 100_000


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.bz2", ".tar.xz", ".tar", ".tgz", ".zip"])
def test_metadata_of_an_sdist(bench: Bench, tmp_path: Path, ending: str) -> None:
    files = {"src/data.bin": bytes(range(256)) * 2000, "demo.egg-info/PKG-INFO": b"Name: not-this\n"}
    build_sdist(tmp_path / "s", "demo", "1.0", requires=["other<3"], ending=ending, files=files)
    build_sdist(tmp_path / "s", "demo", "1.1", metadata_version="2.1", ending=ending)
    with Loopback(tmp_path / "s") as index:
        client = bench.client(index.url)
        static, old = client.page(DEMO).artifacts
        assert requires(client.metadata(static)) == ["other<3"]
        unknown = client.metadata(old)
    assert isinstance(unknown, MetadataUnknown)
    assert "metadata version 2.1" in unknown.reason


@pytest.mark.parametrize(
    ("filename", "content", "reason"),
    [
        ("demo-1.0-py3-none-any.whl", b"this is no zip file", "damaged"),
        ("demo-1.0-py3-none-any.whl", b"", "damaged"),
        ("demo-1.0.tar.gz", b"\x1f\x8b\x08 this is no gzip", "damaged"),
        ("demo-1.0.tar.gz", b"", "damaged"),
        ("demo-1.0.tar.bz2", b"BZh9 nor this", "damaged"),
        ("demo-1.0.tar.xz", b"\xfd7zXZ\0 nor this", "damaged"),
        ("demo-1.0.zip", b"PK\x05\x06" + b"\xff" * 18, "damaged"),
    ],
)
def test_a_damaged_file_is_unknown(
    bench: Bench, tmp_path: Path, filename: str, content: bytes, reason: str
) -> None:
    (tmp_path / filename).write_bytes(content)
    with Loopback(tmp_path, sizes=False) as index:
        client = bench.client(index.url)
        answer = client.metadata(one(client))
    assert isinstance(answer, MetadataUnknown)
    assert reason in answer.reason


def test_a_wheel_with_anothers_metadata_is_unknown(bench: Bench, tmp_path: Path) -> None:
    made = build_wheel(tmp_path, "other", "1.0")
    made.rename(tmp_path / "demo-1.0-py3-none-any.whl")
    build_wheel(tmp_path, "demo", "2.0", metadata=metadata_text("demo", "3.0"))
    build_wheel(tmp_path, "demo", "3.0", files={"other-1.dist-info/METADATA": b"Name: other\n"})
    with Loopback(tmp_path) as index:
        client = bench.client(index.url)
        reasons = [client.metadata(artifact) for artifact in client.page(DEMO).artifacts]
    assert reasons == [
        MetadataUnknown("the wheel's .dist-info folder is another project's"),
        MetadataUnknown("its metadata says version 3.0"),
        MetadataUnknown("the wheel has no .dist-info folder, or several"),
    ]


def test_a_bomb_is_not_unpacked(bench: Bench, tmp_path: Path) -> None:
    build_wheel(tmp_path, "demo", "1.0", metadata="Name: demo\nVersion: 1.0\n\n" + "0" * (9 << 20))
    with Loopback(tmp_path) as index:
        client = bench.client(index.url)
        assert client.metadata(one(client)) == MetadataUnknown("its metadata is longer than 8 MB")
        assert client.traffic.received < 200_000


def test_a_listed_file_that_is_not_there_is_unknown(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        artifact = one(client)
        (wheels / artifact.filename).unlink()
        assert client.metadata(artifact) == MetadataUnknown("the index lists the file but does not have it")


def test_a_whole_file_with_another_hash_is_refused(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, ranges="no") as index:
        client = bench.client(index.url)
        artifact = one(client)
        build_wheel(wheels, "demo", "1.0", requires=["evil"])
        with pytest.raises(OutOfReachError, match="sha256"):
            client.metadata(artifact)


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


# --- several indexes, folders


@pytest.fixture
def second(tmp_path: Path) -> Path:
    build_wheel(tmp_path / "second", "demo", "1.0", requires=["from-second"])
    build_wheel(tmp_path / "second", "demo", "9.0+cu128")
    return tmp_path / "second"


def test_pip_takes_the_files_of_all_indexes(bench: Bench, wheels: Path, second: Path) -> None:
    with Loopback(wheels) as a, Loopback(second) as b:
        client = bench.client(a.url, extra_index_urls=(b.url, a.url + "/"))
        found = [(artifact.index, artifact.filename) for artifact in client.page(DEMO).artifacts]
        assert found == [
            (a.url, "demo-1.0-py3-none-any.whl"),
            (a.url, "demo-1.1-cp312-cp312-manylinux_2_17_x86_64.whl"),
            (a.url, "demo-1.1.tar.gz"),
            (b.url, "demo-1.0-py3-none-any.whl"),
            (b.url, "demo-9.0+cu128-py3-none-any.whl"),
        ]
        same = [artifact for artifact in client.page(DEMO).artifacts if str(artifact.version) == "1.0"]
        assert [requires(client.metadata(artifact))[0] for artifact in same] == ["other>=1", "from-second"]


def test_uv_takes_the_first_index_that_knows_the_name(bench: Bench, wheels: Path, second: Path) -> None:
    with Loopback(wheels) as a, Loopback(second) as b:
        client = bench.client(a.url, extra_index_urls=(b.url,), rule=Rule.UV)
        assert {artifact.index for artifact in client.page(DEMO).artifacts} == {b.url}
        assert {artifact.index for artifact in client.page(OTHER).artifacts} == {a.url}
        assert a.paths() == ["/simple/other/"]


def test_find_links_folders_and_pages(bench: Bench, wheels: Path, second: Path) -> None:
    (second / "notes.txt").write_text("no archive")
    with Loopback(wheels) as index:
        page = b'<a href="/files/demo-1.1.tar.gz">x</a><a href="other-1.0.zip">y</a>'
        index.answers["/links.html"] = Answer(200, page, {"Content-Type": "text/html"})
        places = (str(second), f"{index.origin}/links.html", str(second / "missing"))
        client = bench.client(None, find_links=places)
        first, newer, sdist = client.page(DEMO).artifacts
        assert (first.local, newer.local, sdist.local) == (True, True, False)
        assert (first.size, first.index) == (
            (second / first.filename).stat().st_size,
            str(second),
        )
        assert newer.filename == "demo-9.0+cu128-py3-none-any.whl"
        assert requires(client.metadata(first)) == ["from-second"]
        assert requires(client.metadata(sdist)) == ["other<2"]
        assert client.page(OTHER).found
        assert not client.page(canonicalize_name("nothing")).found
        assert index.paths().count("/links.html") == 1
    assert "neither a file nor a folder" in bench.notes[0]


def test_a_folder_as_index(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    root = tmp_path / "my index"
    shutil.copytree(wheels, root / "demo")
    (root / "other").mkdir()
    (root / "other" / "index.html").write_text('<a href="../demo/other-2.0-py3-none-any.whl#sha256=00">x</a>')
    client = bench.client(root.as_uri())
    assert len(client.page(DEMO).artifacts) == 3
    assert requires(client.metadata(one(client)))[0] == "other>=1"
    (other,) = client.page(OTHER).artifacts
    assert requires(client.metadata(other)) == []
    assert other.local
    assert not client.page(canonicalize_name("nothing")).found
    with pytest.raises(OutOfReachError, match="there is no folder"):
        bench.client((tmp_path / "nowhere").as_uri()).page(DEMO)


def test_no_index_leaves_find_links_alone(bench: Bench, second: Path) -> None:
    client = bench.client("http://127.0.0.1:9/simple", find_links=(str(second),), no_index=True)
    assert len(client.page(DEMO).artifacts) == 2


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
