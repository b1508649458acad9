"""Metadata of wheels and sdists, from beside them or out of them, and what is wrong with them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.cache_place import cache_file
from depguard.adapters.index import artifact_facts
from depguard.adapters.index.client import IndexClient
from depguard.errors import OutOfReachError
from depguard.model.release import CoreMetadata, MetadataUnknown
from depguard.model.stated_requirements import may_count
from depguard.parse import core_metadata
from depguard.parse.requirement_cache import requirement
from kit.index_bench import DEMO, Bench, one, requires
from kit.loopback import Answer, Loopback
from kit.wheels import build_sdist, build_wheel, metadata_text


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


def parsed(client: IndexClient) -> list[str]:
    """The requirements that are parsed so that the first artifact's metadata is told, without extras."""
    with patch.object(core_metadata, "requirement", side_effect=requirement) as parsing:
        answer = client.metadata(one(client))
        assert isinstance(answer, CoreMetadata)
        assert [str(r) for r in may_count(answer.requires_dist, frozenset())] == ["other>=1"]
        client.close()
        return [call.args[0] for call in parsing.call_args_list]


def test_kept_metadata_is_parsed_no_further_than_it_counts(
    bench: Bench, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    with Loopback(wheels) as index:
        assert len(parsed(bench.client(index.url, cache=cache))) == 2
        assert parsed(bench.client(index.url, cache=cache)) == []
        # Another packaging library may not take what this one took: it looks every time.
        monkeypatch.setattr(artifact_facts, "READER", "another")
        assert len(parsed(bench.client(index.url, cache=cache))) == 2
        assert len(parsed(bench.client(index.url, cache=cache))) == 2
        monkeypatch.undo()
        assert parsed(bench.client(index.url, cache=cache)) == []


def test_metadata_that_an_older_depguard_kept_is_parsed_once(
    bench: Bench, wheels: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    with Loopback(wheels) as index:
        parsed(bench.client(index.url, cache=cache))
        with sqlite3.connect(cache_file(cache)) as database:
            ((key, body),) = database.execute(
                "SELECT key, body FROM entry WHERE kind = 'metadata'"
            ).fetchall()
        database.close()
        kept = Cache.in_folder(cache, note=bench.notes.append)
        kept.put("metadata", key, Entry(text=body.decode(), stored=bench.now, facts={}))
        kept.close()
        assert len(parsed(bench.client(index.url, cache=cache))) == 2
        assert parsed(bench.client(index.url, cache=cache)) == []


def test_metadata_that_cannot_be_read_is_unknown_every_time(bench: Bench, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "w", "demo", "1.0", requires=["other", "odd!; extra == 'x'"])
    with Loopback(wheel.parent) as index:
        for _ in range(2):
            client = bench.client(index.url, cache=tmp_path / "cache")
            answer = client.metadata(one(client))
            client.close()
            assert isinstance(answer, MetadataUnknown)
            assert "odd!" in answer.reason
