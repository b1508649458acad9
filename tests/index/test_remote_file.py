from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.adapters.index.archives import wheel_metadata
from depguard.adapters.index.remote_file import RemoteFile, TooMuchReadError
from kit.wheels import build_wheel

DATA = bytes(number * 7 % 251 for number in range(1000))


@given(
    tail=st.integers(0, 1000),
    least=st.integers(1, 300),
    reads=st.lists(st.tuples(st.integers(0, 1100), st.integers(-1, 400)), max_size=12),
)
def test_it_reads_like_the_file_and_fetches_nothing_twice(
    tail: int, least: int, reads: list[tuple[int, int]]
) -> None:
    fetched: list[int] = []

    def get(begin: int, end: int) -> bytes:
        assert 0 <= begin < end <= len(DATA) - tail
        fetched.extend(range(begin, end))
        return DATA[begin:end]

    remote = RemoteFile(get, len(DATA), DATA[len(DATA) - tail :], most=10_000, least=least)
    disk = io.BytesIO(DATA)
    for offset, size in reads:
        assert remote.seek(offset) == disk.seek(offset)
        assert remote.read(size) == disk.read(size)
        if offset <= len(DATA):
            assert remote.tell() == disk.tell()
    assert len(fetched) == len(set(fetched))


@given(
    tail=st.integers(0, 400),
    least=st.integers(1, 300),
    reads=st.lists(
        st.tuples(st.integers(0, 1100), st.integers(1, 400), st.booleans(), st.integers(0, 3)), max_size=8
    ),
)
def test_what_is_expected_is_fetched_once_and_what_comes_otherwise_does_no_harm(
    tail: int, least: int, reads: list[tuple[int, int, bool, int]]
) -> None:
    fetched: list[tuple[int, int]] = []

    def get(begin: int, end: int) -> bytes:
        fetched.append((begin, end))
        return DATA[begin:end]

    plain = RemoteFile(lambda a, b: DATA[a:b], len(DATA), DATA[len(DATA) - tail :], most=10_000, least=least)
    remote = RemoteFile(get, len(DATA), DATA[len(DATA) - tail :], most=10_000, least=least)
    as_told = True
    for at, size, told, off in reads:
        if told:
            remote.expect(at, at + size)
        as_told = as_told and not (told and off)
        begin = at + off
        assert [remote.seek(begin), remote.read(size)] == [begin, DATA[begin : begin + size]]
        plain.seek(begin)
        plain.read(size)
    if as_told:
        assert remote.fetched == plain.fetched
        assert sum(end - begin for begin, end in fetched) == remote.fetched - tail


def test_what_comes_is_asked_for_at_once_and_waited_for_when_it_is_read() -> None:
    asked, answered = threading.Event(), threading.Event()

    def get(begin: int, end: int) -> bytes:
        asked.set()
        assert answered.wait(10)
        return DATA[begin:end]

    remote = RemoteFile(get, 1000, b"", most=10_000)
    remote.expect(100, 200)
    assert asked.wait(10)
    assert remote.fetched == 0
    answered.set()
    remote.seek(100)
    assert remote.read(100) == DATA[100:200]


def test_what_is_read_meanwhile_leaves_it_on_its_way() -> None:
    fetched: list[tuple[int, int]] = []

    def get(begin: int, end: int) -> bytes:
        fetched.append((begin, end))
        return DATA[begin:end]

    remote = RemoteFile(get, 1000, DATA[900:], most=10_000, least=1)
    remote.expect(100, 200)
    for begin, end in ((950, 1000), (500, 510), (100, 200)):
        remote.seek(begin)
        assert remote.read(end - begin) == DATA[begin:end]
    assert sorted(fetched) == [(100, 200), (500, 510)]


def test_what_was_read_otherwise_is_not_held_twice() -> None:
    later = threading.Event()

    def get(begin: int, end: int) -> bytes:
        if begin == 300:
            later.set()
        return DATA[begin:end]

    remote = RemoteFile(get, 1000, DATA[900:], most=10_000, least=1)
    remote.expect(100, 200)
    remote.seek(150)
    assert remote.read(10) == DATA[150:160]
    remote.expect(300, 400)
    assert later.wait(10)


def test_what_goes_wrong_on_the_way_is_raised_where_it_is_read() -> None:
    def get(_: int, __: int) -> bytes:
        raise OSError("gone")

    remote = RemoteFile(get, 1000, b"", most=10_000)
    remote.expect(0, 10)
    with pytest.raises(OSError, match="gone"):
        remote.read(10)


def test_more_than_is_allowed_is_not_expected() -> None:
    asked = threading.Event()

    def get(begin: int, end: int) -> bytes:
        asked.set()
        return DATA[begin:end]

    remote = RemoteFile(get, 1000, b"", most=100, least=1)
    remote.expect(0, 200)
    assert not asked.wait(0.2)
    remote.expect(0, 100)
    assert asked.wait(10)
    with pytest.raises(TooMuchReadError):
        remote.read(200)


def test_seeking() -> None:
    remote = RemoteFile(lambda a, b: DATA[a:b], 1000, b"", most=10_000)
    assert remote.seek(-10, io.SEEK_END) == 990
    assert remote.seek(5, io.SEEK_CUR) == 995
    assert remote.read() == DATA[995:]
    with pytest.raises(ValueError, match="negative"):
        remote.seek(-1)


def test_there_is_an_end_to_what_is_fetched() -> None:
    remote = RemoteFile(lambda a, b: DATA[a:b], 1000, b"", most=500, least=1)
    assert len(remote.read(400)) == 400
    with pytest.raises(TooMuchReadError):
        remote.read(200)


def test_a_short_answer_is_an_error() -> None:
    remote = RemoteFile(lambda a, b: DATA[a : b - 1], 1000, b"", most=5000)
    with pytest.raises(EOFError):
        remote.read(10)


def test_any_damage_to_a_wheel_gives_an_answer(tmp_path: Path) -> None:
    whole = build_wheel(tmp_path, "demo", "1.0", requires=["other"]).read_bytes()
    good = wheel_metadata(io.BytesIO(whole), "demo")  # type: ignore[arg-type]  # a normalized name
    assert isinstance(good, str)
    for at in range(0, len(whole), 3):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :]):
            wheel_metadata(io.BytesIO(damaged), "demo")  # type: ignore[arg-type]  # never raises


def test_a_small_wheel_is_within_its_tail(tmp_path: Path) -> None:
    whole = build_wheel(tmp_path, "demo", "1.0").read_bytes()

    def get(_: int, __: int) -> bytes:
        raise AssertionError

    with zipfile.ZipFile(RemoteFile(get, len(whole), whole, most=0)) as archive:
        assert archive.testzip() is None
