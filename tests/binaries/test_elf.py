from __future__ import annotations

import contextlib
import struct
import sys
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.model.binary import VersionNeed
from depguard.parse.elf import ElfError, read_elf
from kit.elf import build_elf


@pytest.mark.parametrize("gnu_hash", [False, True])
def test_what_was_put_in_comes_out(gnu_hash: bool) -> None:
    data = build_elf(
        undefined=["PyList_New", "_ZN2at3addE"],
        weak=["__gmon_start__"],
        defined=["PyInit_x", "helper"],
        needed=["libc.so.6", "libtorch.so"],
        soname="x.so",
        versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.28"], "libm.so.6": ["GLIBC_2.29"]},
        offers=["X_1.0", "X_1.1"],
        gnu_hash=gnu_hash,
    )
    elf = read_elf(data)
    assert elf.undefined == (b"PyList_New", b"_ZN2at3addE")
    assert elf.defined == (b"PyInit_x", b"helper")
    assert elf.needed == ("libc.so.6", "libtorch.so")
    assert elf.soname == "x.so"
    assert elf.version_needs == (
        VersionNeed(library="libc.so.6", version="GLIBC_2.17"),
        VersionNeed(library="libc.so.6", version="GLIBC_2.28"),
        VersionNeed(library="libm.so.6", version="GLIBC_2.29"),
    )
    assert elf.version_definitions == ("X_1.0", "X_1.1")


def test_without_defined_symbols_a_gnu_hash_still_counts_the_undefined() -> None:
    assert read_elf(build_elf(undefined=["a", "b"], gnu_hash=True)).undefined == (b"a", b"b")


def test_what_is_defined_can_be_left_out() -> None:
    elf = read_elf(build_elf(undefined=["a"], defined=["b"]), defined=False)
    assert (elf.undefined, elf.defined) == ((b"a",), ())


def test_symbols_can_be_left_out() -> None:
    elf = read_elf(build_elf(undefined=["a"], needed=["libc.so.6"]), symbols=False)
    assert (elf.undefined, elf.needed) == ((), ("libc.so.6",))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ELF files are Linux's")
def test_a_real_module_of_this_interpreter() -> None:
    folder = Path(sysconfig.get_config_var("DESTSHARED") or "")
    modules = sorted(folder.glob("_ctypes.*.so")) or sorted(folder.glob("*.so"))
    if not modules:
        pytest.skip("this interpreter has all its modules built in")
    elf = read_elf(modules[0].read_bytes())
    assert any(name.startswith(b"Py") for name in elf.undefined)
    assert any(name.startswith(b"PyInit_") for name in elf.defined)
    assert any(need.version.startswith("GLIBC_") for need in elf.version_needs)


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"MZ" + bytes(100), b"\x7fELF" + bytes(100)])
def test_what_is_no_elf_file_says_so(data: bytes) -> None:
    with pytest.raises(ElfError):
        read_elf(data)


def test_a_file_without_dynamic_section_needs_nothing() -> None:
    data = bytearray(build_elf(undefined=["a"]))
    struct.pack_into("<I", data, 64 + 56, 0)  # PT_DYNAMIC to PT_NULL
    assert read_elf(bytes(data)).undefined == ()


def test_names_that_share_a_table_a_million_times_are_refused() -> None:
    long = "x" * 60_000
    data = bytearray(build_elf(undefined=[long, *["y"] * 30_000]))
    symbols = 64 + 2 * 56
    for index in range(2, 30_002):
        struct.pack_into("<I", data, symbols + index * 24, 1)
    with pytest.raises(ElfError, match="share too much"):
        read_elf(bytes(data))


@given(st.data())
def test_a_mutated_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(
        build_elf(
            undefined=["PyList_New"], defined=["PyInit_x"], needed=["libc.so.6"],
            versions={"libc.so.6": ["GLIBC_2.17"]}, offers=["X"], gnu_hash=data.draw(st.booleans()),
        )
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for piece in (bytes(whole), bytes(whole[:cut])):
        with contextlib.suppress(ElfError):
            read_elf(piece)
