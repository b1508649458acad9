from __future__ import annotations

import contextlib
import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.parse.zip_directory import (
    MOST_MEMBERS,
    Place,
    ZipDamagedError,
    find_directory,
    member_at,
    members_with,
    read_directory,
)
from depguard.parse.zip_member import unpack


def archive(
    files: dict[str, bytes], *, comment: bytes = b"", prefix: bytes = b"", zip64: bool = False
) -> bytes:
    out = io.BytesIO(prefix)
    out.seek(0, io.SEEK_END)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            with made.open(zipfile.ZipInfo(name), "w", force_zip64=zip64) as member:
                member.write(data)
        made.comment = comment
    return out.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    place = find_directory(data, len(data))
    assert isinstance(place, Place)
    directory = read_directory(data[place.begin : place.end], place)
    members = map(directory.member, range(len(directory.paths)))
    return {m.path: unpack(m, data[m.begin :], most=1 << 24) for m in members}


FILES = {"a.txt": b"a" * 5000, "b/c.so": bytes(range(256)), "empty": b""}


@pytest.mark.parametrize(
    "options",
    [{}, {"comment": b"hello"}, {"prefix": b"#!/bin/sh\n"}, {"zip64": True}, {"comment": b"x" * 65535}],
)
def test_what_zipfile_writes_is_read(options: dict[str, Any]) -> None:
    assert read(archive(FILES, **options)) == FILES


def test_a_short_tail_says_what_it_lacks() -> None:
    data = archive(FILES, comment=b"x" * 60_000)
    needed = find_directory(data[-100:], len(data))
    assert isinstance(needed, int)
    assert isinstance(find_directory(data[needed:], len(data)), Place)


def wide(data: bytes, count: int | None = None) -> bytes:
    """With zip64 end records."""
    at = data.rfind(b"PK\5\6")
    stated, _, length, offset = struct.unpack_from("<HHII", data, at + 8)
    count = stated if count is None else count
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, length, offset)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, at, 1)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + record + locator + end


def test_a_zip64_end_record_is_followed() -> None:
    assert read(wide(archive(FILES))) == FILES


def edited(data: bytes, change: Callable[[bytearray, int, int], None]) -> bytes:
    """With something else in the directory's first entry, or the end record."""
    made = bytearray(data)
    change(made, made.find(b"PK\1\2"), made.rfind(b"PK\5\6"))
    return bytes(made)


def pack(layout: str, where: int, value: int, *, end: bool = False) -> Callable[[bytearray, int, int], None]:
    return lambda made, entry, tail: struct.pack_into(layout, made, (tail if end else entry) + where, value)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (pack("<H", 8, 1), "encrypted"),
        (pack("<H", 10, 99), "packed in a way"),
        (pack("<I", 16, 0), "not what the directory says"),
        (pack("<I", 24, 4999), "not what the directory says"),
        (pack("<I", 24, 1 << 30), "unpacks to more"),
        (pack("<I", 20, 1 << 29), "overlaps"),
        (pack("<I", 42, 1), "overlaps"),
        (pack("<H", 10, 9, end=True), "several disks"),
        (pack("<I", 12, 1 << 25, end=True), "over"),
        (pack("<I", 16, 1 << 30, end=True), "outside"),
    ],
)
def test_a_lie_is_seen(change: Callable[[bytearray, int, int], None], match: str) -> None:
    with pytest.raises(ZipDamagedError, match=match):
        read(edited(archive(FILES), change))


def test_too_many_members_are_not_listed() -> None:
    with pytest.raises(ZipDamagedError, match=f"over {MOST_MEMBERS} members"):
        read(wide(archive(FILES), count=MOST_MEMBERS + 1))


@pytest.mark.parametrize("name", ["../up", "/etc/passwd", "a/../../b", "C:/x", "a\\b"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    data = archive({"x" * len(name): b"1"}).replace(b"x" * len(name), name.encode())
    with pytest.raises(ZipDamagedError, match="leads out"):
        read(data)


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(ZipDamagedError, match="unpacks to more"):
        read(archive({"zeros.so": bytes(32 << 20)}))


def test_members_that_share_bytes_are_refused() -> None:
    data = bytearray(archive({"a": b"same" * 50, "b": b"same" * 50}))
    second = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, second + 42, 0)
    with pytest.raises(ZipDamagedError, match="overlaps"):
        read(bytes(data))


def test_what_unpacks_to_more_than_it_says_is_refused() -> None:
    lied = archive({"a": bytes(100_000)})
    change = pack("<I", 24, 10)
    with pytest.raises(ZipDamagedError, match="not what"):
        read(edited(lied, change))


@given(st.data())
def test_a_mutated_archive_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(archive(FILES))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    piece = bytes(whole[data.draw(st.integers(0, 40)) :])
    with contextlib.suppress(ZipDamagedError):
        read(piece)


def found_with(part: bytes, data: bytes) -> list[str]:
    """The members that are found by a part of their names, each of which is where the directory says."""
    place = find_directory(data, len(data))
    assert isinstance(place, Place)
    inside = data[place.begin : place.end]
    directory = read_directory(inside, place)
    listed = {path: directory.member(at) for at, path in enumerate(directory.paths)}
    found = [(name.decode(), at) for name, at in members_with(part, inside, place)]
    assert all(member_at(at, inside, place, name) == listed[name] for name, at in found)
    return [name for name, _ in found]


NAMES = {"a.so": b"1", "b/x.so.1": b"2", "b/so": b"3", "PK\1\2.so": b"4", "c/.source": b"5"}


@pytest.mark.parametrize("odd", [False, True], ids=["each mark is an entry", "a name has the mark in it"])
def test_members_are_found_by_a_part_of_their_names(odd: bool) -> None:
    files = {name: data for name, data in NAMES.items() if odd or "PK" not in name}
    assert found_with(b".so", archive(files)) == [name for name in files if ".so" in name]
    assert found_with(b"/", archive(files)) == [name for name in files if "/" in name]
    assert found_with(b"none of them", archive(files)) == []


def test_an_entry_in_a_comment_is_no_member() -> None:
    forged = archive({"x.dist-info/METADATA": b"Name: forged"})
    place = find_directory(forged, len(forged))
    assert isinstance(place, Place)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        real = zipfile.ZipInfo("real")
        real.comment = forged[place.begin : place.end]
        made.writestr(real, b"")
    assert found_with(b".dist-info", out.getvalue()) == []


def test_what_is_no_entry_is_not_taken_for_one() -> None:
    data = archive({"a.so": b"1", "b": b"2"})
    place = find_directory(data, len(data))
    assert isinstance(place, Place)
    inside = data[place.begin : place.end]
    with pytest.raises(ZipDamagedError):
        list(members_with(b".so", inside.replace(b"PK\1\2", b"PK\1\3"), place))
    with pytest.raises(ZipDamagedError):
        list(members_with(b"so", b"so" + inside, place))
