from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.adapters.index.side_by_side import side_by_side

MEGABYTE = 1 << 20
DATA = bytes(range(256)) * (5 * MEGABYTE // 256)


def size_of(piece: tuple[int, int]) -> int:
    return piece[1] - piece[0]


@given(st.integers(0, len(DATA)), st.integers(1, len(DATA)))
def test_the_bytes_are_those_of_one_piece(begin: int, size: int) -> None:
    asked: list[tuple[int, int]] = []

    def get(begin: int, end: int) -> bytes:
        asked.append((begin, end))
        return DATA[begin:end]

    end = min(begin + size, len(DATA))
    assert b"".join(side_by_side(get, begin, end)) == DATA[begin:end]
    pieces = sorted(asked)
    assert (pieces[0][0], pieces[-1][1]) == (begin, end)
    assert [end for _, end in pieces[:-1]] == [begin for begin, _ in pieces[1:]]
    assert len(pieces) == (1 if end - begin < 3 * MEGABYTE // 2 else 2)
    assert max(map(size_of, pieces)) - min(map(size_of, pieces)) <= 1


def test_the_pieces_are_under_way_at_once() -> None:
    together = threading.Barrier(2, timeout=10)

    def get(begin: int, end: int) -> bytes:
        together.wait()
        return DATA[begin:end]

    assert b"".join(side_by_side(get, 0, 3 * MEGABYTE)) == DATA[: 3 * MEGABYTE]


@pytest.mark.parametrize("bad", range(2))
def test_what_goes_wrong_with_one_is_raised(bad: int) -> None:
    begins = [2 * MEGABYTE * number for number in range(2)]

    def get(begin: int, end: int) -> bytes:
        if begin == begins[bad]:
            raise OSError(f"piece {bad}")
        return DATA[begin:end]

    with pytest.raises(OSError, match=f"piece {bad}"):
        side_by_side(get, 0, 4 * MEGABYTE)
