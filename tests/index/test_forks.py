"""Work in copies of a process: the same answers in the same order, and nothing shared that must not be."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest
from packaging.requirements import Requirement

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.forks import Forks, _Board
from kit.own_process import in_own_process

T = TypeVar("T")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")


def slowly(number: int) -> tuple[int, int]:
    # Long enough for every process to take a part.
    threading.Event().wait(0.05)
    return number, os.getpid()


def several(size: int, work: Callable[[int], T], count: int) -> list[T]:
    return list(Forks(size).each(work, count))


@on_linux
def test_parts_are_done_by_several_processes_and_come_in_order() -> None:
    done = in_own_process(several, 3, slowly, 9)
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


@dataclass(frozen=True, slots=True)
class Plain:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Plain):
    inner: tuple[Plain, ...] = ()
    wanted: Requirement | None = None
    aside: int = field(default=0, compare=False)
    kinds: ClassVar[int] = 7


@dataclass(slots=True)
class Changing:
    names: list[str] = field(default_factory=list)


@dataclass
class Loose:
    text: str


@dataclass(frozen=True, slots=True)
class ByItself:
    number: int

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return ByItself, (-self.number,)


def values(number: int) -> list[object]:
    plain = Plain(str(number))
    whole = Whole(
        text="whole", inner=(plain, plain), wanted=Requirement("numpy>=2; extra == 'x'"), aside=number
    )
    return [plain, whole, Changing([str(number)]), Loose("loose"), ByItself(0), OSError(5, "disk")]


def _as_they_were() -> list[list[bool]]:
    same = []
    for number, told in enumerate(several(2, lambda n: (slowly(n), values(n))[1], 6)):
        there = values(number)
        same.append([repr(a) == repr(b) for a, b in zip(told, there, strict=True)])
        whole = told[1]
        assert isinstance(whole, Whole)
        same.append([told[:-1] == there[:-1], whole.inner[0] is whole.inner[1]])
    return same


@on_linux
def test_what_is_told_is_what_was_made() -> None:
    assert all(map(all, in_own_process(_as_they_were)))


def _turned() -> list[int]:
    return [made.number for made in several(2, lambda n: (slowly(n), ByItself(1))[1], 6)]


@on_linux
def test_who_says_how_to_be_told_is_told_so() -> None:
    assert set(in_own_process(_turned)) == {1, -1}


COMMON = Plain("in every answer")


def with_what_they_share(number: int) -> tuple[int, Plain]:
    slowly(number)
    return os.getpid(), COMMON


def told_apart() -> list[int]:
    told = several(3, with_what_they_share, 9)
    assert all(common == COMMON for _, common in told)
    return [len({id(common) for process, common in told if process == one}) for one in {p for p, _ in told}]


@on_linux
def test_what_answers_have_in_common_is_told_once() -> None:
    assert in_own_process(told_apart) == [1, 1, 1]


def begun_by_the_first_answer(folder: Path) -> tuple[int, int]:
    def work(number: int) -> int:
        (folder / str(number)).touch()
        return slowly(number)[0]

    made = Forks(2).each(work, 12)
    first = next(made)
    begun = len(list(folder.iterdir()))
    assert isinstance(made, Generator)
    made.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return first, begun


@on_linux
def test_an_answer_is_given_when_it_is_there_and_who_wants_no_more_leaves_nobody_at_work(
    tmp_path: Path,
) -> None:
    first, begun = in_own_process(begun_by_the_first_answer, tmp_path)
    assert first == 0
    assert 1 <= begun < 8
    assert len(list(tmp_path.iterdir())) < 8


class OddError(Exception):
    """Cannot be made again from what pickle keeps of it."""

    def __init__(self, text: str, number: int) -> None:
        super().__init__(text)
        self.number = number


def with_an_odd_one(number: int) -> tuple[int, int | OddError]:
    slowly(number)
    return os.getpid(), OddError("odd", number) if number == 4 else number


def told_or_done_again() -> list[tuple[bool, int]]:
    here = os.getpid()
    return [
        (process == here, made.number if isinstance(made, OddError) else made)
        for process, made in several(2, with_an_odd_one, 8)
    ]


@on_linux
def test_what_is_not_understood_and_what_follows_it_is_done_once_more() -> None:
    done = in_own_process(told_or_done_again)
    assert [number for _, number in done] == list(range(8))
    assert done[4][0]


def stopping(number: int) -> int:
    slowly(number)
    if number >= 2:
        raise ValueError(f"part {number}")
    return number


def up_to_a_stop() -> list[int]:
    found: list[int] = []
    with pytest.raises(ValueError, match="part 2"):
        found.extend(Forks(3).each(stopping, 6))
    return found


def test_what_a_part_raises_is_raised_in_its_place() -> None:
    assert in_own_process(up_to_a_stop) == [0, 1]


def much(number: int) -> tuple[int, bytes]:
    """More than any pipe holds, from copies that are ready long before the first part is."""
    if not number:
        slowly(number)
        slowly(number)
    return os.getpid(), bytes(1 << 20)


def much_by_several() -> tuple[int, list[int]]:
    done = several(2, much, 8)
    return os.getpid(), [process for process, data in done if len(data) == 1 << 20]


@on_linux
def test_a_copy_does_not_wait_until_somebody_hears_what_it_tells() -> None:
    first, processes = in_own_process(much_by_several)
    assert len(processes) == 8
    # the first process was busy with one part: the copy did all others
    assert processes.count(first) == 1


def without_files_in_memory() -> tuple[int, list[int]]:
    if hasattr(os, "memfd_create"):  # not every Python was built with it
        del os.memfd_create
    return much_by_several()


@on_linux
def test_where_python_has_no_files_in_memory_others_will_do() -> None:
    first, processes = in_own_process(without_files_in_memory)
    assert processes.count(first) == 1


def killed_in_a_copy(number: int) -> int:
    slowly(number)
    if os.getpid() != int(os.environ["FIRST"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def several_killed() -> list[int]:
    os.environ["FIRST"] = str(os.getpid())
    return several(3, killed_in_a_copy, 7)


@on_linux
def test_a_copy_that_is_killed_is_stood_in_for() -> None:
    assert in_own_process(several_killed) == list(range(7))


def descriptors() -> tuple[int, int]:
    before = len(list(Path("/proc/self/fd").iterdir()))
    several(4, slowly, 8)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    return before, len(list(Path("/proc/self/fd").iterdir()))


@on_linux
def test_no_process_and_no_descriptor_is_left_behind() -> None:
    before, after = in_own_process(descriptors)
    assert after == before


def with_cache(folder: Path) -> tuple[list[tuple[str | None, int]], list[str | None], list[str]]:
    said: list[str] = []
    cache = Cache.in_folder(folder, note=said.append)
    cache.put("kind", "before", Entry(text="there", stored=1.0, facts={}))

    def work(number: int) -> tuple[str | None, int]:
        slowly(number)
        cache.put("kind", f"part-{number}", Entry(text=str(number), stored=1.0, facts={}))
        found = cache.get("kind", "before")
        return (found.text if found is not None else None), os.getpid()

    done = several(3, work, 9)
    kept = [cache.get("kind", f"part-{number}") for number in range(9)]
    cache.close()
    return done, [entry.text if entry is not None else None for entry in kept], said


@on_linux
def test_a_copy_reads_and_writes_the_cache_by_a_connection_of_its_own(tmp_path: Path) -> None:
    done, kept, said = in_own_process(with_cache, tmp_path)
    assert {text for text, _ in done} == {"there"}
    assert len({process for _, process in done}) == 3
    assert kept == [str(number) for number in range(9)]
    assert said == []


def orders_of(count: int, size: int, group: int = 1) -> list[list[int]]:
    """The parts in the order in which each process would take them, were it alone."""
    orders = []
    for at in range(size):
        board = _Board(count, size, group)
        orders.append(list(board.parts(at)))
        board.close()
    return orders


@on_linux
@pytest.mark.parametrize(("count", "size"), [(6, 2), (7, 3), (3, 3)])
def test_each_begins_with_its_own_and_goes_on_at_the_others_end(count: int, size: int) -> None:
    orders = orders_of(count, size)
    assert all(sorted(order) == list(range(count)) for order in orders)
    assert orders_of(6, 2) == [[0, 1, 2, 5, 4, 3], [3, 4, 5, 2, 1, 0]]


@on_linux
@pytest.mark.parametrize(("count", "size", "group"), [(9, 2, 3), (8, 3, 3), (4, 3, 2), (5, 4, 9)])
def test_a_group_is_done_by_one(count: int, size: int, group: int) -> None:
    orders = orders_of(count, size, group)
    assert all(sorted(order) == list(range(count)) for order in orders)
    assert orders_of(9, 2, 3) == [[0, 1, 2, 6, 7, 8, 3, 4, 5], [3, 4, 5, 6, 7, 8, 0, 1, 2]]


def in_groups(size: int, count: int, group: int) -> list[int]:
    """The process that did each part."""
    return [process for _, process in Forks(size).each(slowly, count, group=group)]


@on_linux
def test_who_has_begun_a_group_ends_it() -> None:
    done = in_own_process(in_groups, 2, 12, 3)
    assert [len(set(done[begin : begin + 3])) for begin in range(0, 12, 3)] == [1, 1, 1, 1]
    assert len(set(done)) == 2


@on_linux
def test_where_there_are_fewer_groups_than_processes_a_group_is_shared() -> None:
    assert len(set(in_own_process(in_groups, 2, 6, 6))) == 2


@on_linux
def test_no_part_is_taken_twice() -> None:
    board = _Board(6, 2)
    one, other = board.parts(0), board.parts(1)
    taken = [next(one), next(other), next(one), next(other), *one, *other]
    board.close()
    assert sorted(taken) == list(range(6))
