"""Mutated ELF files and wheels, the same for the same number: what a hostile index might serve."""

from __future__ import annotations

import hashlib
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from depguard.model.binary import ContentsUnknown, Depth, WheelContents
from depguard.parse.binary_needs import read_binary
from depguard.parse.wheel_contents import read_contents
from kit.elf import MARKS, build_elf
from kit.wheels import build_wheel

_NUMBERS = (
    0,
    1,
    2,
    7,
    0x7F,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0xFFFFFFFF,
    1 << 32,
    (1 << 63) - 1,
    (1 << 64) - 1,
)


class Whole:
    """A file in memory, as pieces."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.fetched = 0

    def expect(self, begin: int, end: int) -> None:
        """Nothing has to come."""

    def have(self, begin: int, end: int) -> None:
        """All of it is there."""

    def read(self, begin: int, end: int) -> bytes:
        return self.data[max(begin, 0) : max(end, 0)]


class Dice:
    """Numbers from a seed; `random` may not be the same in two versions of Python."""

    def __init__(self, seed: int) -> None:
        self._state = hashlib.sha256(seed.to_bytes(8, "little")).digest()
        self._at = 0

    def below(self, limit: int) -> int:
        if self._at > len(self._state) - 8:
            self._state = hashlib.sha256(self._state).digest()
            self._at = 0
        (value,) = struct.unpack_from("<Q", self._state, self._at)
        self._at += 8
        return int(value) % max(limit, 1)


@cache
def seeds() -> tuple[bytes, ...]:
    """Two ELF files and two wheels, all small."""
    elves = tuple(
        build_elf(
            undefined=["PyList_New", "_ZN2at3addE"], weak=["_w"], defined=["PyInit_x", "_ZN2at4ownE"],
            needed=["libc.so.6", "libtorch.so"], soname="x.so",
            versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.28"]},
            offers=["X_1", "X_2"], data=MARKS["new"], gnu_hash=gnu_hash,
        )
        for gnu_hash in (False, True)
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        files = {"x/_c.so": elves[0], "x/_d.so": elves[1], "x/__init__.py": b"", "x.pth": b"import x"}
        wheels = [
            build_wheel(Path(folder), "x", version, files=files, compression=method).read_bytes()
            for version, method in (("1.0", 8), ("1.1", 0))
        ]
    return (*elves, *wheels)


def mutant(number: int) -> bytes:
    """The input of that number: a seed with some bytes or numbers changed, cut, doubled or swapped."""
    dice = Dice(number)
    data = bytearray(seeds()[number % len(seeds())])
    for _ in range(1 + dice.below(6)):
        at = dice.below(len(data))
        match dice.below(6):
            case 0:
                data[at] = dice.below(256)
            case 1 | 2:
                value, width = _NUMBERS[dice.below(len(_NUMBERS))], (2, 4, 8)[dice.below(3)]
                data[at : at + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
            case 3:
                del data[at : at + 1 + dice.below(64)]
            case 4:
                begin = dice.below(len(data))
                data[at:at] = data[begin : begin + dice.below(200)]
            case _:
                # The tail counts most in a zip, the head in an ELF file.
                edge = min(len(data), 120)
                data[-edge + dice.below(edge) if dice.below(2) else dice.below(edge)] ^= 1 << dice.below(8)
        if not data:
            data = bytearray(b"\0")
    return bytes(data)


def read_mutant(number: int) -> str:
    """Read one as the tool would; what came of it, in a word. Raises nothing unless something is wrong."""
    data = mutant(number)
    if number % len(seeds()) < 2:
        binary, _ = read_binary(data, "x.so")
        return "damaged" if binary.damaged else "read"
    contents = read_contents(Whole(data), depth=Depth.ALL, most=1 << 20)
    if isinstance(contents, ContentsUnknown):
        return "refused"
    assert isinstance(contents, WheelContents)
    return "listed"
