"""Files written whole, and read up to a bound."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from depguard.adapters.files import decode, read_bytes, read_text, write_all, write_whole
from depguard.errors import InputError, OutOfReachError
from depguard.model.location import Location


def test_a_new_file_in_a_new_folder(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.txt", "\u00e9\n")
    assert (tmp_path / "a" / "b.txt").read_bytes() == "\u00e9\n".encode()
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_an_existing_file_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    target, link = tmp_path / "t.txt", tmp_path / "l.txt"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="no umask there")
def test_a_new_file_has_the_mode_that_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    target = tmp_path / "t.txt"
    target.write_text("old")

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((OutOfReachError, KeyboardInterrupt)) as caught:
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["t.txt"]
    if isinstance(caught.value, OutOfReachError):
        assert "No space left" in caught.value.problems[0].message


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(OutOfReachError, match="cannot write"):
        write_whole(tmp_path, "x")
    with pytest.raises(InputError, match="is a folder"):
        read_bytes(tmp_path)


def test_reading_is_bounded_and_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path / "a", limit=5) == b"12345"
    with pytest.raises(InputError, match="shown is larger than 4 bytes"):
        read_bytes(tmp_path / "a", limit=4, label="shown")
    with pytest.raises(InputError, match="there is no file shown"):
        read_bytes(tmp_path / "a" / "b", label="shown")


def test_text_that_is_no_utf8_has_a_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffok\n".encode())
    assert read_text(tmp_path / "a") == "\ufeffok\n"
    with pytest.raises(InputError) as caught:
        decode("schema: 1\nname: \u00e9".encode() + b"\xff", "p.yaml")
    assert caught.value.problems[0].location == Location("p.yaml", 2, 8)


def test_files_that_belong_together_are_all_written_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a.txt", tmp_path / "sub" / "b.txt"
    first.write_text("old")
    calls: list[int] = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutOfReachError) as caught:
        write_all([(first, "new"), (second, "new")])
    assert caught.value.problems[0].location == Location(str(second))
    assert first.read_text() == "old"
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.txt"]


def test_a_folder_in_the_place_of_one_of_the_files_spares_the_others(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutOfReachError, match="directory"):
        write_all([(tmp_path / "a.txt", "new"), (tmp_path / "b.txt", "new")])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.txt"]


def test_several_files_are_written(tmp_path: Path) -> None:
    write_all([(tmp_path / "a.txt", "1"), (tmp_path / "c" / "b.txt", b"2")])
    assert (tmp_path / "a.txt").read_text() + (tmp_path / "c" / "b.txt").read_text() == "12"
