from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from depguard.model.binary import ContentsUnknown, Depth, NumpyMark, Unread, WheelContents
from depguard.model.file_list import FileList, InstalledFile
from depguard.parse.contents_json import dump_contents, load_contents
from depguard.parse.wheel_contents import read_contents
from kit.elf import MARKS, build_elf
from kit.wheels import build_wheel

NOISE = b"".join(hashlib.sha256(bytes([i])).digest() for i in range(160))
TAG = "cp311-cp311-manylinux_2_17_x86_64"


class Counted:
    """A file's pieces, and how much was asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.fetched = 0
        self.reads: list[tuple[int, int]] = []
        self.expected: list[tuple[int, int]] = []

    def expect(self, begin: int, end: int) -> None:
        self.expected.append((begin, end))

    def have(self, begin: int, end: int) -> None:
        pass  # what is read counts

    def read(self, begin: int, end: int) -> bytes:
        self.fetched += end - begin
        self.reads.append((begin, end))
        return self.data[begin:end]


def contents(
    folder: Path, files: dict[str, bytes], depth: Depth = Depth.ALL, **options: Any
) -> WheelContents:
    wheel = build_wheel(folder, "x", "1.0", tag=TAG, files=files)
    read = read_contents(Counted(wheel.read_bytes()), depth=depth, most=options.get("most", 1 << 20))
    assert isinstance(read, WheelContents)
    return read


def test_the_module_that_is_read_first_is_expected_before_the_directory_is_listed(tmp_path: Path) -> None:
    files = {
        "x/a.so.txt": b"",
        "x/large.so": build_elf(data=NOISE),
        "x/small.so": build_elf(data=MARKS["new"]),
        "x.libs/least.so": b"no module",
    }
    data = build_wheel(tmp_path, "x", "1.0", tag=TAG, files=files).read_bytes()
    for depth, most, count in ((Depth.NUMPY, 1 << 20, 1), (Depth.NUMPY, 1, 0), (Depth.FILES, 1 << 20, 0)):
        file = Counted(data)
        read_contents(file, depth=depth, most=most)
        assert file.expected == file.reads[1 : 1 + count], depth  # the first read is the directory's
        assert len(file.expected) == count


def test_a_file_that_would_go_to_the_root_is_listed() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as wheel:
        for path in ("a-1.data/purelib//etc/x.py", "a-1.data/purelib//etc/y.py", "a-1.dist-info/METADATA"):
            wheel.writestr(path, b"")
    read = read_contents(Counted(made.getvalue()), depth=Depth.FILES, most=0)
    assert isinstance(read, WheelContents)
    assert list(read.files.paths) == ["/etc/x.py", "/etc/y.py", "a-1.dist-info/METADATA"]


def test_files_are_listed_where_an_installer_puts_them(tmp_path: Path) -> None:
    read = contents(
        tmp_path,
        {
            "x/__init__.py": b"",
            "x.pth": b"import x",
            "x-1.0.data/purelib/y.py": b"",
            "x-1.0.data/scripts/run": b"",
            "x-1.0.data/data/share/x.txt": b"",
            "x-1.0.dist-info/entry_points.txt": b"[console_scripts]\ntool = x:main\n[other]\na=b\n",
        },
    )
    assert [f.path for f in read.files if ".dist-info/" not in f.path] == [
        "x/__init__.py", "x.pth", "y.py", "{scripts}/run", "{scripts}/tool", "{data}/share/x.txt",
    ]  # fmt: skip


def test_scripts_of_what_a_wheel_has_swallowed_are_not_its_own(tmp_path: Path) -> None:
    vendored = {"x/_vendor/y-2.0.dist-info/entry_points.txt": b"[console_scripts]\ny = y:main\n"}
    read = contents(tmp_path, {"x/__init__.py": b"", **vendored})
    assert not any(path.startswith("{scripts}") for path in read.files.paths)


def test_the_smallest_module_that_says_something_decides(tmp_path: Path) -> None:
    files = {
        "x/big.so": build_elf(data=MARKS["old"], padding=200_000),
        "x/small.so": build_elf(data=MARKS["none"]),
        "x/middle.so": build_elf(data=MARKS["new"] + bytes(5000)),
    }
    read = contents(tmp_path, files, Depth.NUMPY)
    assert [b.path for b in read.binaries] == ["x/small.so", "x/middle.so"]
    assert len(contents(tmp_path, files).binaries) == 3


def test_a_high_floor_is_settled_by_three_modules(tmp_path: Path) -> None:
    files = {f"x/{i}.so": build_elf(data=MARKS["new 2.3"] + bytes(i)) for i in range(5)}
    assert len(contents(tmp_path, files, Depth.NUMPY).binaries) == 3


def test_what_other_projects_built_is_read_last(tmp_path: Path) -> None:
    files = {"x.libs/libm.so.6": build_elf(), "x/a.so": build_elf(data=MARKS["new"] + bytes(5000))}
    assert [b.path for b in contents(tmp_path, files, Depth.NUMPY).binaries] == ["x/a.so"]


def test_what_is_over_the_bound_is_not_read(tmp_path: Path) -> None:
    files = {"x/a.so": build_elf(), "x/b.so": build_elf(data=NOISE)}
    read = contents(tmp_path, files, most=700)
    assert [b.path for b in read.binaries] == ["x/a.so"]
    assert [u.path for u in read.unread] == ["x/b.so"]


def test_only_what_is_asked_for_is_read(tmp_path: Path) -> None:
    wheel = build_wheel(
        tmp_path, "x", "1.0", tag=TAG, files={"x/a.so": build_elf(padding=4 << 20), "b": bytes(9)}
    )
    pieces = Counted(wheel.read_bytes())
    read_contents(pieces, depth=Depth.FILES, most=0)
    assert pieces.fetched < 70_000


def test_a_text_called_so_is_no_binary(tmp_path: Path) -> None:
    assert contents(tmp_path, {"x/a.so": b"INPUT(libx.so.1)"}).binaries == ()


def test_a_damaged_module_still_has_its_mark(tmp_path: Path) -> None:
    broken = bytearray(build_elf(needed=["libc.so.6"], data=MARKS["old"]))
    broken[64 + 56 + 8 : 64 + 56 + 16] = b"\xff" * 8  # where the dynamic section lies
    (binary,) = contents(tmp_path, {"x/a.so": bytes(broken)}).binaries
    assert binary.numpy.mark is NumpyMark.OLD
    assert binary.damaged is not None


def test_symbols_that_the_wheel_has_itself_are_not_asked_of_the_host(tmp_path: Path) -> None:
    read = contents(
        tmp_path,
        {
            "x/_c.so": build_elf(
                undefined=["_ZN2at3ownE", "_ZN2at4hostE", "PyList_New", "printf"], needed=["libtorch.so"]
            ),
            "x/lib.so": build_elf(defined=["_ZN2at3ownE"], needed=["libc10.so"]),
        },
    )  # fmt: skip
    found = {b.path: b for b in read.binaries}["x/_c.so"]
    assert (found.torch, found.python) == (("_ZN2at4hostE",), ("PyList_New",))


@pytest.mark.parametrize("data", [b"", b"PK", bytes(1000)])
def test_what_is_no_wheel_is_unknown(data: bytes) -> None:
    read = read_contents(Counted(data), depth=Depth.ALL, most=1 << 20)
    assert isinstance(read, ContentsUnknown)
    assert "damaged" in read.reason


def test_kept_contents_come_back_the_same(tmp_path: Path) -> None:
    read = contents(
        tmp_path,
        {
            "x/a.so": build_elf(
                data=MARKS["new"], needed=["libc.so.6"], soname="a.so", undefined=["PyList_New"],
                versions={"libc.so.6": ["GLIBC_2.17"]},
            ),
            "x/b.so": build_elf(data=NOISE),
        },
        most=800,
    )  # fmt: skip
    assert read.unread == (Unread(path="x/b.so", cost=read.unread[0].cost),)
    again = load_contents(dump_contents(read))
    assert again == read
    assert read.binaries[0].numpy.floor == Version("1.23")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"format": 0}', '{"format": 3, "files": 3}', '{"format": 3, "files": []}']
)
def test_damaged_kept_contents_are_none(text: str) -> None:
    assert load_contents(text) is None


KEPT = '{"format":3,"files":{"x":%s},"binaries":[],"unread":[],"words":[]}'


@pytest.mark.parametrize(
    ("columns", "count"),
    [
        ('["x/a.py|x/b.py","0100000002000000","0100000002000000"]', 2),
        ('["x/a.py","0100000002000000","0100000002000000"]', None),  # a path is missing
        ('["x/a.py|x/b.py","0100000002000000","01000000"]', None),  # a checksum
        ('["x/a.py|x/b.py","010000000200","0100000002000000"]', None),  # half a number
        ('["x/a.py|x/b.py","zz","0100000002000000"]', None),  # no number
        ('["x/a.py|x/b.py",[1,2],[1,2]]', None),  # neither this form nor that
        ('[["x/a.py"],[1],[7]]', 1),
        ('[["x/a.py"],[1],[]]', None),
    ],
)
def test_columns_are_whole_or_not_believed(columns: str, count: int | None) -> None:
    kept = load_contents(KEPT % columns)
    assert (None if kept is None else len(kept.files)) == count
    if kept is not None:
        assert [file.size for file in kept.files] == [1, 2][:count]


@given(
    st.lists(
        st.builds(
            InstalledFile,
            st.text(st.characters() | st.sampled_from("|/"), max_size=6).map(lambda name: f"x/{name}"),
            st.none() | st.integers(0, 2**64 - 1),
            st.none() | st.integers(0, 2**32 - 1),
        )
    )
)
def test_kept_files_come_back_the_same(files: list[InstalledFile]) -> None:
    read = WheelContents(files=FileList.of(files), binaries=())
    assert load_contents(dump_contents(read)) == read
