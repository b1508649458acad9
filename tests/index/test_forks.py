"""Work in copies of a process: the same answers in the same order, and nothing shared that must not be."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.forks import Forks

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


def slowly(number: int) -> tuple[int, int]:
    # Long enough for every process to take a part.
    threading.Event().wait(0.05)
    return number, os.getpid()


@on_linux
def test_parts_are_done_by_several_processes_and_come_in_order() -> None:
    done = list(Forks(3).each(slowly, 9))
    assert [number for number, _ in done] == list(range(9))
    assert len({process for _, process in done}) == 3


@pytest.mark.parametrize(("size", "count"), [(1, 5), (4, 1), (4, 0)])
def test_one_core_or_one_part_needs_no_copy(size: int, count: int) -> None:
    assert list(Forks(size).each(slowly, count)) == [(number, os.getpid()) for number in range(count)]


def test_no_copy_is_made_while_another_thread_is_at_work() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert {process for _, process in Forks(3).each(slowly, 3)} == {os.getpid()}
    finally:
        end.set()
        thread.join()


def test_what_a_part_raises_is_raised_in_its_place() -> None:
    def work(number: int) -> int:
        slowly(number)
        if number >= 2:
            raise ValueError(f"part {number}")
        return number

    found: list[int] = []
    with pytest.raises(ValueError, match="part 2"):
        found.extend(Forks(3).each(work, 6))
    assert found == [0, 1]


@on_linux
def test_a_copy_that_is_killed_is_stood_in_for() -> None:
    here = os.getpid()

    def work(number: int) -> int:
        slowly(number)
        if os.getpid() != here:
            os.kill(os.getpid(), 9)
        return number

    assert list(Forks(3).each(work, 7)) == list(range(7))


@on_linux
def test_no_process_and_no_descriptor_is_left_behind() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    list(Forks(4).each(slowly, 8))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@on_linux
def test_a_copy_reads_and_writes_the_cache_by_a_connection_of_its_own(tmp_path: Path) -> None:
    said: list[str] = []
    with_cache = Cache.in_folder(tmp_path, note=said.append)
    with_cache.put("kind", "before", Entry(text="there", stored=1.0, facts={}))

    def work(number: int) -> tuple[str | None, int]:
        slowly(number)
        with_cache.put("kind", f"part-{number}", Entry(text=str(number), stored=1.0, facts={}))
        found = with_cache.get("kind", "before")
        return (found.text if found is not None else None), os.getpid()

    done = list(Forks(3).each(work, 9))
    assert {text for text, _ in done} == {"there"}
    assert len({process for _, process in done}) == 3
    kept = [with_cache.get("kind", f"part-{number}") for number in range(9)]
    assert [entry.text for entry in kept if entry is not None] == [str(number) for number in range(9)]
    assert said == []
    with_cache.close()
