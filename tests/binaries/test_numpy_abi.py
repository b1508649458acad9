from __future__ import annotations

import pytest
from packaging.version import Version

from depguard.model.binary import NumpyMark
from depguard.parse.numpy_abi import api_code, numpy_use, too_new
from kit.elf import MARKS, build_elf


@pytest.mark.parametrize(
    ("mark", "expected", "how"),
    [
        ("new", NumpyMark.NEW, "import_array"),
        ("old", NumpyMark.OLD, "import_array"),
        ("cython new", NumpyMark.NEW, "Cython"),
        ("cython old", NumpyMark.OLD, "Cython"),
        ("pybind", NumpyMark.PYBIND, "pybind11"),
        ("new pybind", NumpyMark.NEW, "pybind11"),
        ("rust", NumpyMark.RUST, "rust-numpy 0.20"),
        ("new rust", NumpyMark.NEW, "rust-numpy 0.25"),
        ("unclear", NumpyMark.UNCLEAR, ""),
        ("none", NumpyMark.NONE, ""),
    ],
)
def test_each_mark(mark: str, expected: NumpyMark, how: str) -> None:
    use = numpy_use(build_elf(data=MARKS[mark]))
    assert (use.mark, use.how) == (expected, how)


def test_the_floor_is_read() -> None:
    assert numpy_use(MARKS["new"]).floor == Version("1.23")
    assert numpy_use(MARKS["new 2.3"]).floor == Version("2.3")
    assert numpy_use(MARKS["cython new"]).floor is None


def test_the_new_headers_count_before_what_an_old_cython_left() -> None:
    assert numpy_use(MARKS["cython old"] + MARKS["new"]).mark is NumpyMark.NEW
    assert numpy_use(MARKS["cython old"] + MARKS["cython new"]).mark is NumpyMark.NEW
    assert numpy_use(MARKS["old"] + MARKS["cython new"]).mark is NumpyMark.OLD


def test_a_mention_of_numpy_alone_is_no_use_of_its_c_api() -> None:
    assert numpy_use(b"import numpy\0numpy.core is deprecated\0").mark is NumpyMark.NONE


@pytest.mark.parametrize(
    ("floor", "numpy", "expected"),
    [
        ("2.3", "2.0.2", True),
        ("2.2", "2.1.0", False),  # one C API version
        ("1.16", "1.26.4", False),
        ("2.4", "2.3.5", True),
        ("9.1", "2.4.0", True),  # newer than the table
        ("2.4", "9.1.0", False),
    ],
)
def test_a_floor_against_a_numpy(floor: str, numpy: str, expected: bool) -> None:
    assert too_new(Version(floor), Version(numpy)) is expected


def test_the_c_api_version_is_known_by_release() -> None:
    assert api_code(Version("2.0.2")) == 0x12
    assert api_code(Version("3.0")) is None


@pytest.mark.parametrize("mark", MARKS)
def test_a_file_full_of_the_name_is_read_the_same_way(mark: str) -> None:
    data = build_elf(data=MARKS[mark])
    many = b"numpy" * 20_000
    used = numpy_use(data)
    assert numpy_use(many + data) == numpy_use(data + many) == used


def test_a_crate_that_is_not_numpys_is_none() -> None:
    assert numpy_use(b"numpy-0.21.0/src/lib.rs").mark is NumpyMark.NONE
    assert numpy_use(b"numpy-0.23.0/src/npyffi numpy-0.20.0/src/npyffi").how == "rust-numpy 0.20"
