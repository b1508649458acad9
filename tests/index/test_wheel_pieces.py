"""A wheel is fetched in as few pieces as will do, and what was fetched of it is not fetched again."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.archives import wheel_metadata
from depguard.adapters.index.remote_file import FilePieces, LeftOpen, RemoteFile
from depguard.model.binary import Depth, WheelContents
from depguard.model.release import CoreMetadata
from depguard.parse.wheel_metadata import wheel_metadata_text
from kit.elf import MARKS, build_elf
from kit.index_bench import Bench
from kit.loopback import Loopback
from kit.wheels import build_wheel

DEMO = canonicalize_name("demo")
TAG = "cp312-cp312-manylinux_2_17_x86_64"


def many(count: int) -> dict[str, bytes]:
    return {f"demo/data/{number:05}.bin": str(number).encode() for number in range(count)}


def noise(length: int) -> bytes:
    return b"".join(hashlib.sha256(bytes([i % 251, i // 251])).digest() for i in range(length // 32))


def text_of(wheel: Path) -> str | None:
    with wheel.open("rb") as file:
        return wheel_metadata_text(FilePieces(file), DEMO, most=1 << 20)


@pytest.mark.parametrize("count", [3, 500, 5_000])
def test_metadata_takes_two_reads_however_many_files_a_wheel_has(
    bench: Bench, tmp_path: Path, count: int
) -> None:
    build_wheel(tmp_path, "demo", "1.0", requires=["other"], files=many(count))
    with Loopback(tmp_path) as index:
        client = bench.client(index.url)
        artifact = client.page(DEMO).artifacts[0]
        assert isinstance(client.metadata(artifact), CoreMetadata)
        assert len([path for path in index.paths() if path.startswith("/files/")]) <= 2
        assert client.traffic.received < (tmp_path / artifact.filename).stat().st_size + 20_000


def test_the_end_of_a_large_wheel_has_its_directory(bench: Bench, tmp_path: Path) -> None:
    files = {**many(1500), "demo/_core.so": build_elf(data=noise(200_000) * 50)}
    build_wheel(tmp_path, "demo", "1.0", tag=TAG, files=files, compression=zipfile.ZIP_STORED)
    with Loopback(tmp_path) as index:
        client = bench.client(index.url)
        artifact = client.page(DEMO).artifacts[0]
        assert isinstance(client.metadata(artifact), CoreMetadata)
        # more than 64 kilobytes of directory and RECORD, by one request
        assert len([path for path in index.paths() if path.startswith("/files/")]) == 1


def test_contents_go_on_where_metadata_stopped(bench: Bench, tmp_path: Path) -> None:
    files = {**many(2000), "demo/_core.so": build_elf(data=MARKS["new"] + noise(300_000))}
    wheel = build_wheel(tmp_path, "demo", "1.0", tag=TAG, files=files)
    with Loopback(tmp_path) as index:
        client = bench.client(index.url)
        artifact = client.page(DEMO).artifacts[0]
        client.metadata(artifact)
        before, received = len(index.requests), client.traffic.received
        read = client.contents(artifact, depth=Depth.NUMPY, most=1 << 20)
        assert isinstance(read, WheelContents)
        assert len(read.binaries) == 1
        # the module alone: the end of the wheel and its directory are at hand
        assert len(index.requests) == before + 1
        assert client.traffic.received - received < wheel.stat().st_size - 100_000


def test_files_of_a_small_wheel_cost_nothing_more(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        artifact = client.page(DEMO).artifacts[0]
        client.metadata(artifact)
        asked = len(index.requests)
        read = client.contents(artifact, depth=Depth.FILES, most=0)
        assert isinstance(read, WheelContents)
        assert "demo.py" in {file.path for file in read.files}
        assert len(index.requests) == asked


def test_what_is_left_open_has_a_bound() -> None:
    left = LeftOpen(most=100)
    files = [RemoteFile(lambda a, b: bytes(b - a), 1000, bytes(40), most=1000) for _ in range(3)]
    for number, file in enumerate(files):
        left.leave(str(number), file)
    assert [left.take(str(number)) for number in range(3)] == [None, *files[1:]]
    assert left.take("1") is None, "what one has taken, no other gets"


def test_both_readers_of_metadata_agree(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "demo", "1.0", requires=["other"], files=many(20))
    assert text_of(wheel) == wheel_metadata(io.BytesIO(wheel.read_bytes()), DEMO)


@pytest.mark.parametrize(
    "files",
    [
        {"other-1.dist-info/METADATA": b"Name: other\n"},
        {"demo-1.0.dist-info/../x": b""},
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_slower_reader(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    # Of the second, METADATA itself is well: that a name leads out is for who reads the files.
    found = text_of(build_wheel(tmp_path, "demo", "1.0", files=files))
    assert (found is None) == ("other-1.dist-info/METADATA" in files)


def test_any_damage_gives_the_same_or_nothing(tmp_path: Path) -> None:
    whole = build_wheel(tmp_path, "demo", "1.0", requires=["other"]).read_bytes()
    good = wheel_metadata_text(FilePieces(io.BytesIO(whole)), DEMO, most=1 << 20)
    for at in range(0, len(whole), 3):
        damaged = whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]
        assert wheel_metadata_text(FilePieces(io.BytesIO(damaged)), DEMO, most=1 << 20) in {good, None}
