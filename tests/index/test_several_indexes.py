"""Several indexes, folders and find-links places, seen as one source."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.settings import Rule
from depguard.errors import OutOfReachError
from kit.index_bench import DEMO, OTHER, Bench, one, requires
from kit.loopback import Answer, Loopback
from kit.wheels import build_wheel


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
