"""Small ELF files with a dynamic section, the same bytes for the same arguments."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping

_NEW = (
    b"module was compiled against NumPy C-API version 0x%%x (NumPy %b) but\0numpy._core._multiarray_umath\0"
)
MARKS = {
    "new": _NEW % b"1.23",
    "new 2.3": _NEW % b"2.3",
    "old": b"module compiled against API version 0x%x but this version\0numpy.core._multiarray_umath\0",
    "cython new": b"numpy._core.multiarray failed to import\0",
    "cython old": b"numpy.core.multiarray failed to import\0",
    "pybind": b"pybind11::handle\0_ARRAY_API\0numpy.core.multiarray\0",
    "new pybind": b"pybind11::handle\0_ARRAY_API\0numpy._core\0",
    "rust": b"/cargo/numpy-0.20.0/src/npyffi/array.rs\0",
    "new rust": b"/cargo/numpy-0.25.0/src/npyffi/array.rs\0",
    "unclear": b"numpy\0_ARRAY_API\0",
    "none": b"",
}
"""The strings that NumPy's headers and its wrappers leave in a module."""

_HEADER, _SEGMENT, _SYMBOL, _DYNAMIC = 64, 56, 24, 16


def build_elf(
    *,
    undefined: Iterable[str] = (),
    weak: Iterable[str] = (),
    defined: Iterable[str] = (),
    needed: Iterable[str] = (),
    soname: str | None = None,
    versions: Mapping[str, Iterable[str]] | None = None,
    offers: Iterable[str] = (),
    data: bytes = b"",
    gnu_hash: bool = False,
    padding: int = 0,
) -> bytes:
    """A 64-bit little-endian shared object. ``versions`` are needed, by library; ``offers`` are defined."""
    strings = _Strings()
    symbols = [bytes(_SYMBOL)]
    for names, info, section in ((undefined, 0x10, 0), (weak, 0x20, 0), (defined, 0x12, 1)):
        symbols += [struct.pack("<IBBHQQ", strings.add(name), info, 0, section, 0, 0) for name in names]
    first = len(symbols) - len(list(defined))
    tags = [(1, strings.add(library)) for library in needed]
    if soname is not None:
        tags.append((14, strings.add(soname)))
    needs = _version_needs(versions or {}, strings)
    definitions = _version_definitions(list(offers), strings)
    table = _gnu_hash(first, len(symbols)) if gnu_hash else struct.pack("<II", 0, len(symbols))
    at = _HEADER + 2 * _SEGMENT
    parts: list[bytes] = []
    for tag, part in (
        (6, b"".join(symbols)),
        (5, bytes(strings.data)),
        (0x6FFFFEF5 if gnu_hash else 4, table),
        (0x6FFFFFFE, needs),
        (0x6FFFFFFC, definitions),
    ):
        tags.append((tag, at))
        parts.append(part)
        at += len(part)
    tags += [
        (10, len(strings.data)),
        (0x6FFFFFFF, len(versions or {})),
        (0x6FFFFFFD, len(list(offers))),
        (0, 0),
    ]
    if not versions:
        tags = [tag for tag in tags if tag[0] not in (0x6FFFFFFE, 0x6FFFFFFF)]
    dynamic = b"".join(struct.pack("<QQ", tag, value) for tag, value in tags)
    body = b"".join(parts) + dynamic + data + bytes(padding)
    total = _HEADER + 2 * _SEGMENT + len(body)
    header = struct.pack(
        "<4s12BHHIQQQIHHHHHH",
        *(b"\x7fELF", 2, 1, 1, *bytes(9), 3, 62, 1, 0, _HEADER, 0, 0, _HEADER, _SEGMENT, 2, 0, 0, 0),
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, total, total, 4096)
    place = struct.pack("<IIQQQQQQ", 2, 6, at, at, at, len(dynamic), len(dynamic), 8)
    return header + load + place + body


class _Strings:
    def __init__(self) -> None:
        self.data = bytearray(1)

    def add(self, text: str) -> int:
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


def _version_needs(versions: Mapping[str, Iterable[str]], strings: _Strings) -> bytes:
    out = b""
    for index, (library, names) in enumerate(versions.items()):
        wanted = list(names)
        following = 0 if index == len(versions) - 1 else 16 + 16 * len(wanted)
        out += struct.pack("<HHIII", 1, len(wanted), strings.add(library), 16, following)
        for i, name in enumerate(wanted):
            beyond = 16 if i < len(wanted) - 1 else 0
            out += struct.pack("<IHHII", zlib.crc32(name.encode()), 0, 2, strings.add(name), beyond)
    return out


def _version_definitions(names: list[str], strings: _Strings) -> bytes:
    out = b""
    for i, name in enumerate(names):
        following = 28 if i < len(names) - 1 else 0
        out += struct.pack("<HHHHIII", 1, 0, i + 2, 1, 0, 20, following)
        out += struct.pack("<II", strings.add(name), 0)
    return out


def _gnu_hash(first: int, count: int) -> bytes:
    """One bucket with all defined symbols in one chain."""
    chain = [0] * (count - first)
    if chain:
        chain[-1] = 1
    bucket = first if chain else 0
    return struct.pack("<IIIIQI", 1, first, 1, 0, 0, bucket) + struct.pack(f"<{len(chain)}I", *chain)
