"""Which NumPy a compiled module was built for, from the strings that its headers leave in it.

Every module that uses NumPy's C API carries the messages of ``import_array`` of the headers that it was
compiled with (numpy/core/code_generators/generate_numpy_api.py), or those of Cython, pybind11 or rust-numpy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from packaging.version import Version

from depguard.model.binary import NumpyMark, NumpyUse

_NUMPY: Final = b"numpy"
_NEW, _OLD, _CRATE = b"numpy._core", b"numpy.core", b"numpy-0."
_MOST_PLACES: Final = 10_000

_NEW_MODULE: Final = b"numpy._core._multiarray_umath\0"
_NEW_MESSAGE: Final = b"module was compiled against NumPy C-API version"
_OLD_MODULE: Final = b"numpy.core._multiarray_umath\0"
_OLD_MESSAGE: Final = b"module compiled against API version 0x%x but"
_FLOOR: Final = b"NumPy C-API version 0x%x (NumPy "
_FLOOR_VERSION: Final = re.compile(rb"(\d{1,2}\.\d{1,3})\)")
_CYTHON_NEW: Final = (b"numpy._core.multiarray failed to import", b"numpy._core.umath failed to import")
_CYTHON_OLD: Final = (b"numpy.core.multiarray failed to import", b"numpy.core.umath failed to import")
_RUST: Final = re.compile(rb"numpy-0\.(\d{1,3})\.\d{1,3}/src/npyffi")
_RUST_SINCE: Final = 22

API_CODES: Final[Mapping[tuple[int, int], int]] = {
    (1, 16): 0xD, (1, 17): 0xD, (1, 18): 0xD, (1, 19): 0xD, (1, 20): 0xE, (1, 21): 0xE, (1, 22): 0xF,
    (1, 23): 0x10, (1, 24): 0x10, (1, 25): 0x11, (1, 26): 0x11, (2, 0): 0x12, (2, 1): 0x13, (2, 2): 0x13,
    (2, 3): 0x14, (2, 4): 0x15,
}  # fmt: skip
"""NumPy's C API version by release (numpy/core/include/numpy/numpyconfig.h)."""


def numpy_use(data: bytes) -> NumpyUse:
    """The mark of one file; the first that fits, in the order of how much each one proves.

    Modules have millions of bytes, and every search takes its time: most strings are looked for where NumPy's
    name is, which is looked for once.
    """
    named = _Named(data)
    if not named.places:
        return NumpyUse()
    if named.any_of(_NEW_MODULE) and _NEW_MESSAGE in data:
        return NumpyUse(mark=NumpyMark.NEW, how="import_array", floor=_floor(data))
    if named.any_of(_OLD_MODULE) and _OLD_MESSAGE in data:
        return NumpyUse(mark=NumpyMark.OLD, how="import_array")
    if named.any_of(*_CYTHON_NEW):
        return NumpyUse(mark=NumpyMark.NEW, how="Cython", floor=_floor(data))
    if named.any_of(*_CYTHON_OLD):
        return NumpyUse(mark=NumpyMark.OLD, how="Cython")
    api = b"_ARRAY_API" in data
    if api and named.any_of(_NEW, _OLD) and b"pybind11" in data:
        if named.any_of(_NEW):  # since pybind11 2.12
            return NumpyUse(mark=NumpyMark.NEW, how="pybind11")
        if named.any_of(b"numpy.core.multiarray\0"):
            return NumpyUse(mark=NumpyMark.PYBIND, how="pybind11")
    rust = _rust(data) if named.any_of(_CRATE) else None
    if rust is not None:
        mark = NumpyMark.RUST if rust < _RUST_SINCE else NumpyMark.NEW
        return NumpyUse(mark=mark, how=f"rust-numpy 0.{rust}")
    return NumpyUse(mark=NumpyMark.UNCLEAR) if api else NumpyUse()


class _Named:
    """Where a file has NumPy's name in it: a few dozen places, or so many that they are not worth a list."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.places: list[int] = []
        at = data.find(_NUMPY)
        while at >= 0 and len(self.places) <= _MOST_PLACES:
            self.places.append(at)
            at = data.find(_NUMPY, at + len(_NUMPY))

    def any_of(self, *strings: bytes) -> bool:
        """Whether the file has any of these, which begin with that name."""
        if len(self.places) > _MOST_PLACES:
            return any(string in self._data for string in strings)
        return any(self._data.startswith(strings, place) for place in self.places)


def _rust(data: bytes) -> int | None:
    """The oldest rust-numpy minor version whose sources a panic message names."""
    return min((int(found.group(1)) for found in _RUST.finditer(data)), default=None)


def api_code(version: Version) -> int | None:
    """NumPy's C API version of a release; None for one older or newer than the table."""
    return API_CODES.get((version.major, version.minor))


def too_new(floor: Version, numpy: Version) -> bool:
    """Whether a module with this floor refuses to load on ``numpy``."""
    wanted, there = api_code(floor), api_code(numpy)
    if wanted is not None and there is not None:
        return wanted > there
    return (floor.major, floor.minor) > (numpy.major, numpy.minor)


def _floor(data: bytes) -> Version | None:
    at = data.find(_FLOOR)
    found = _FLOOR_VERSION.match(data, at + len(_FLOOR)) if at >= 0 else None
    return Version(found.group(1).decode()) if found else None
