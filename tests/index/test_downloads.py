"""Whole files from an index: with the right hash, carried on where they broke off, or not there at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.downloads import WrongHashError
from depguard.errors import OutOfReachError
from depguard.model.release import Artifact
from kit.index_bench import Bench
from kit.loopback import Answer, Loopback
from kit.wheels import build_wheel


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    return build_wheel(
        tmp_path / "wheels", "big", "1.0", files={"big.bin": bytes(range(256)) * 900}, compression=0
    )


def listed(client: IndexClient) -> Artifact:
    return client.page(canonicalize_name("big")).artifacts[0]


def there(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_arrives_whole_and_is_not_fetched_twice(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    heard: list[int] = []
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        client.download(listed(client), folder, told=heard.append)
        path = client.download(listed(client), folder, told=heard.append)
        assert index.paths().count(f"/files/{wheel.name}") == 1
    assert path.read_bytes() == wheel.read_bytes()
    assert there(folder) == [wheel.name]
    assert heard[-1] == wheel.stat().st_size


def test_what_breaks_off_is_carried_on(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        artifact = listed(client)
        index.truncated = 2
        path = client.download(artifact, tmp_path, told=lambda _: None)
        asked = [r.headers.get("range") for r in index.requests if r.path.startswith("/files/")]
    assert path.read_bytes() == wheel.read_bytes()
    assert asked[0] is None
    assert asked[1] == f"bytes={wheel.stat().st_size - 7}-"


def test_a_server_without_ranges_begins_anew(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    with Loopback(wheel.parent, ranges="no") as index:
        client = bench.client(index.url)
        artifact = listed(client)
        index.truncated = 1
        assert client.download(artifact, tmp_path, told=lambda _: None).read_bytes() == wheel.read_bytes()


def test_a_part_that_is_longer_than_the_file(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    (tmp_path / f"{wheel.name}.part").write_bytes(b"x" * (wheel.stat().st_size + 5))
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        assert (
            client.download(listed(client), tmp_path, told=lambda _: None).read_bytes() == wheel.read_bytes()
        )


def test_other_bytes_than_were_listed(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        artifact = listed(client)
        index.answers[f"/files/{wheel.name}"] = Answer(200, b"PK, or so it says")
        with pytest.raises(WrongHashError, match=artifact.sha256 or "-"):
            client.download(artifact, folder, told=lambda _: None)
    assert there(folder) == []


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_file_that_is_listed_and_not_served(bench: Bench, wheel: Path, tmp_path: Path, status: int) -> None:
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        artifact = listed(client)
        index.answers[f"/files/{wheel.name}"] = Answer(status)
        with pytest.raises(OutOfReachError, match=str(status)):
            client.download(artifact, tmp_path, told=lambda _: None)


def test_a_connection_that_never_lasts(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    with Loopback(wheel.parent, ranges="no") as index:
        client = bench.client(index.url, retries=2)
        artifact = listed(client)
        index.truncated = 1000
        with pytest.raises(OutOfReachError, match="again and again"):
            client.download(artifact, tmp_path, told=lambda _: None)
        assert index.paths().count(f"/files/{wheel.name}") == 4


def test_offline_takes_what_is_on_the_disk(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "to"
    folder.mkdir()
    links = bench.client(None, find_links=(str(wheel.parent),), no_index=True, offline=True)
    assert links.download(listed(links), folder, told=lambda _: None).read_bytes() == wheel.read_bytes()
    with Loopback(wheel.parent) as index:
        artifact = listed(bench.client(index.url))
        offline = bench.client(index.url, offline=True)
        offline.download(artifact, folder, told=lambda _: None)
        with pytest.raises(OutOfReachError, match="offline"):
            offline.download(artifact, tmp_path, told=lambda _: None)


def test_a_folder_that_cannot_be_written(bench: Bench, wheel: Path, tmp_path: Path) -> None:
    with Loopback(wheel.parent) as index:
        client = bench.client(index.url)
        with pytest.raises(OutOfReachError, match="cannot write"):
            client.download(listed(client), tmp_path / "none", told=lambda _: None)
