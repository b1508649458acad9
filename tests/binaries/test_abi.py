from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.version import Version

from depguard.model.abi_report import Clash
from depguard.model.binary import NumpyMark, Unread, WheelContents
from depguard.model.file_list import FileList, InstalledFile
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.model.symbols import SymbolSet
from depguard.parse.binary_needs import read_binary
from depguard.resolve.abi import clashes, numpy_floor
from kit.elf import MARKS, build_elf

NUMPY_2 = HostAbi(numpy=Version("2.0.2"), python=(3, 11))
TORCH = HostAbi(
    torch=TorchAbi(
        version=Version("2.13.0"),
        exports=SymbolSet.of([b"_ZN2at3addERKSs", b"_ZN2at4hereE"]),
        libraries=frozenset({"libtorch.so", "libc10.so"}),
        cuda=0,
    )
)


def wheel(**files: bytes) -> WheelContents:
    return WheelContents(
        files=FileList.of(InstalledFile(path=f"x/{name}.so") for name in files),
        binaries=tuple(read_binary(data, f"x/{name}.so")[0] for name, data in files.items()),
    )


def marked(*marks: str) -> WheelContents:
    return wheel(**{f"m{i}": build_elf(data=MARKS[mark]) for i, mark in enumerate(marks)})


def only(found: tuple[Clash, ...]) -> Clash:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("marks", "certain"),
    [
        (("old",), True),
        (("cython old",), True),
        (("new", "new", "old"), True),
        (("pybind",), False),
        (("rust",), False),
        (("unclear",), False),
        (("new 2.3",), True),
        (("new", "pybind"), False),
    ],
)
def test_what_speaks_against_numpy_2(marks: tuple[str, ...], certain: bool) -> None:
    found = clashes(marked(*marks), NUMPY_2)
    assert only(found).certain is certain
    assert only(found).code == "DG301"


@pytest.mark.parametrize(
    "marks",
    [("new",), ("cython new",), ("none",), ("new", "unclear"), ("new rust",), ("new", "new", "new 2.3")],
)
def test_nothing_speaks_against_numpy_2(marks: tuple[str, ...]) -> None:
    assert clashes(marked(*marks), NUMPY_2) == ()


@pytest.mark.parametrize("marks", [("old",), ("pybind",), ("rust",), ("unclear",), ("new",), ("cython old",)])
def test_old_headers_go_with_an_old_numpy(marks: tuple[str, ...]) -> None:
    assert clashes(marked(*marks), replace(NUMPY_2, numpy=Version("1.26.4"))) == ()


def test_the_floor_is_that_of_most_modules() -> None:
    assert numpy_floor(marked("new", "new 2.3", "new").binaries) == Version("1.23")
    assert numpy_floor(marked("none").binaries) is None
    found = only(clashes(marked("new", "new 2.3", "new 2.3"), NUMPY_2))
    assert found.files == ("x/m1.so", "x/m2.so")
    assert "NumPy 2.3 and newer" in found.message


def test_modules_for_another_python_do_not_count() -> None:
    binary, _ = read_binary(build_elf(data=MARKS["old"]), "x/a.cpython-310-x86_64-linux-gnu.so")
    assert clashes(WheelContents(files=FileList.of([]), binaries=(binary,)), NUMPY_2) == ()
    assert binary.numpy.mark is NumpyMark.OLD


def test_undefined_torch_symbols_block() -> None:
    needs = wheel(c=build_elf(undefined=["_ZN2at4hereE", "_ZN2at4goneE"], needed=["libtorch.so"]))
    found = only(clashes(needs, TORCH))
    assert found.certain
    assert "_ZN2at4goneE" in found.message
    assert not only(clashes(replace(needs, unread=(Unread(path="x/d.so", cost=1),)), TORCH)).certain


def test_symbols_of_the_old_cpp_abi_are_named_as_such() -> None:
    needs = wheel(c=build_elf(undefined=["_ZN3c105checkEPKcRKSs"], needed=["libc10.so"]))
    assert "before C++11" in only(clashes(needs, TORCH)).message


@pytest.mark.parametrize(
    ("library", "said"),
    [
        ("libtorch_cuda.so", "needs libtorch_cuda.so"),
        ("libcudart.so.12", "built for CUDA 12"),
        ("libcudart-4f1e.so.13", "built for CUDA 13"),
        ("libtorch_python.so", "needs libtorch_python.so"),
    ],
)
def test_libraries_that_the_hosts_torch_does_not_have_block(library: str, said: str) -> None:
    found = only(clashes(wheel(c=build_elf(needed=["libtorch.so", library])), TORCH))
    assert found.certain
    assert said in found.message


def test_a_library_that_the_wheel_brings_is_no_finding() -> None:
    brought = wheel(c=build_elf(needed=["libtorch_mine.so"]), d=build_elf(soname="libtorch_mine.so"))
    assert clashes(brought, TORCH) == ()


def test_what_is_no_extension_of_torch_may_have_a_cuda_of_its_own() -> None:
    assert clashes(wheel(c=build_elf(needed=["libcudart.so.13"])), TORCH) == ()


def test_of_a_torch_without_known_exports_only_cuda_is_judged() -> None:
    unknown = HostAbi(torch=TorchAbi(version=Version("2.6.0+cu124"), cuda=12))
    assert clashes(wheel(c=build_elf(undefined=["_ZN2at4goneE"], needed=["libtorch_cuda.so"])), unknown) == ()
    assert only(clashes(wheel(c=build_elf(needed=["libtorch.so", "libcudart.so.13"])), unknown)).certain


def test_glibc_and_libstdcxx_by_version_needs_not_by_tag() -> None:
    host = HostAbi(glibc=(2, 35), libstdcxx=(3, 4, 30))
    new = wheel(c=build_elf(versions={"libc.so.6": ["GLIBC_2.4", "GLIBC_2.38"]}))
    assert only(clashes(new, host)).message == "needs glibc 2.38, and the host has 2.35"
    assert clashes(wheel(c=build_elf(versions={"libc.so.6": ["GLIBC_2.4", "GLIBC_PRIVATE"]})), host) == ()
    cxx = wheel(c=build_elf(versions={"libstdc++.so.6": ["GLIBCXX_3.4.32", "CXXABI_1.3"]}))
    assert only(clashes(cxx, host)).code == "DG303"
    brought = replace(cxx, files=FileList.of([InstalledFile(path="x.libs/libstdc++-1a2b.so.6")]))
    assert clashes(brought, host) == ()


def test_python_symbols_against_the_interpreter() -> None:
    host = HostAbi(interpreter=SymbolSet.of([b"PyList_New"]))
    assert clashes(wheel(c=build_elf(undefined=["PyList_New"])), host) == ()
    found = only(clashes(wheel(c=build_elf(undefined=["PyList_New", "_PyGone"])), host))
    assert found.message == "needs _PyGone, which the host's Python does not have"


def test_a_set_of_symbols_comes_back_from_its_text() -> None:
    names = [f"_ZN2at{i}E".encode() for i in range(2000)]
    made = SymbolSet.of(names)
    again = SymbolSet.decode(made.encode())
    assert again.hashes == made.hashes
    assert len(again) == 2000
    assert again.missing(["_ZN2at1E", "_ZN2at1xE", "_ZN2at1xE"]) == ("_ZN2at1xE",)
    assert len(made.encode()) < 2000 * 4.5


@pytest.mark.parametrize("text", ["", "!", "Wp"])
def test_a_damaged_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a set"):
        SymbolSet.decode(text)
