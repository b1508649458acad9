"""A wheel's files and binaries, read piece by piece: the directory first, then as few members as decide.

Which file a wheel puts where is PEP 427 ("spreading"): the ``.data`` folders go elsewhere, all else below
site-packages. NumPy's ABI is decided by the smallest modules, since one build makes all of them.
"""

from __future__ import annotations

import configparser
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Self

from packaging.version import Version

from depguard.model.binary import (
    Binary,
    ContentsAnswer,
    ContentsUnknown,
    Depth,
    NumpyMark,
    Unread,
    WheelContents,
)
from depguard.model.file_list import Columns, FileList, top_level
from depguard.parse.binary_needs import read_binary
from depguard.parse.elf import is_elf
from depguard.parse.zip_directory import (
    Directory,
    Member,
    Pieces,
    Place,
    ZipDamagedError,
    fetch_directory,
    member_at,
    members_with,
    read_directory,
)
from depguard.parse.zip_member import expect_member, fetch_member, unpack
from depguard.records import replace

MOST_UNPACKED: Final = 1 << 30
"""Bytes; no member is unpacked beyond it. libtorch_cuda.so has 0.9 GB."""
_LEAST_UNPACKED: Final = 64 << 20
_RATIO: Final = 40
"""Compiled code packs to a third; what unpacks to more than this many times the bound is a bomb."""

_SHARED: Final = re.compile(r"\.so(\.\d+)*$")
_DATA: Final = re.compile(r"[^/]+\.data/(?P<kind>[^/]+)/(?P<rest>.+)")
_BELOW: Final = frozenset(("purelib", "platlib"))
_LOW_FLOOR: Final = Version("2.0")
_ENOUGH: Final = 3
_ENTRY_POINTS: Final = "entry_points.txt"
_SCRIPTS: Final = "{scripts}"
_MOST_ENTRY_POINTS: Final = 1 << 18


def read_contents(file: Pieces, *, depth: Depth, most: int) -> ContentsAnswer:
    """What a wheel installs, and what its binaries ask for.

    ``most`` bounds the packed bytes of the binaries that are read; what is over it is listed as unread.
    Raises whatever ``file`` raises.
    """
    try:
        data, place = fetch_directory(file)
        if file.fetched and depth is not Depth.FILES:
            _expect_first(file, data, place, most)  # it comes while the files are listed
        directory = read_directory(data, place).without_folders()
        files = _files(file, directory)
        binaries, unread = _read_compiled(file, directory, depth, most)
        return WheelContents(files=files, binaries=binaries, unread=unread, fetched=file.fetched)
    except ZipDamagedError as error:
        return ContentsUnknown(f"the wheel is damaged: {error}")


def _expect_first(file: Pieces, data: bytes, place: Place, most: int) -> None:
    """Hint at the module that is read first, found without a look at all members."""
    found = (
        member_at(at, data, place, name.decode("ascii", "replace"))
        for name, at in members_with(b".so", data, place)
    )
    first = next(iter(_smallest_first(found)), None)
    if first is not None and first.packed <= most:
        expect_member(file, first)


def _read_compiled(
    file: Pieces, directory: Directory, depth: Depth, most: int
) -> tuple[tuple[Binary, ...], tuple[Unread, ...]]:
    binaries: list[Binary] = []
    unread: list[Unread] = []
    offered: set[str] = set()
    most_unpacked = min(MOST_UNPACKED, max(_LEAST_UNPACKED, _RATIO * most))
    for member in _compiled(directory) if depth is not Depth.FILES else ():
        if depth is Depth.NUMPY and decided(binaries):
            break
        path = _installed(member.path)
        if member.packed > most:
            unread.append(Unread(path=path, cost=member.packed))
            continue
        most -= member.packed
        data = unpack(member, fetch_member(file, member), most=most_unpacked)
        if is_elf(data):  # a linker script, or a text in place of a link, may be called .so as well
            binary, offers = read_binary(data, path)
            binaries.append(binary)
            offered |= offers
    own = (
        replace(b, torch=tuple(s for s in b.torch if s not in offered)) if b.torch else b for b in binaries
    )
    return tuple(own), tuple(unread)


def decided(binaries: Iterable[Binary]) -> bool:
    """Whether these settle which NumPy a wheel was built for.

    A high floor is not settled by one module: h5py 3.15.1 has one optional module above the others.
    """
    new = 0
    for binary in binaries:
        if binary.numpy.mark is NumpyMark.OLD:
            return True
        if binary.numpy.mark is NumpyMark.NEW:
            new += 1
            if binary.numpy.floor is None or binary.numpy.floor < _LOW_FLOOR:
                return True
    return new >= _ENOUGH


def _compiled(directory: Directory) -> list[Member]:
    """The shared objects in the order in which they are read."""
    return _smallest_first(directory.member(at) for at, path in enumerate(directory.paths) if ".so" in path)


def _smallest_first(members: Iterable[Member]) -> list[Member]:
    """Shared objects; those of other projects (``numpy.libs``) after the wheel's own."""
    found = (member for member in members if _SHARED.search(member.path))
    return sorted(found, key=lambda m: (m.path.split("/")[0].endswith(".libs"), m.packed, m.path))


def _files(file: Pieces, directory: Directory) -> FileList:
    found: dict[str, _Lists] = {}
    scripts: list[str] = []
    for top, begin, end in _neighbours(directory.paths):
        run = slice(begin, end)
        lists = _Lists(directory.paths[run], directory.sizes[run], directory.crcs[run])
        if not top.endswith(".data"):
            found.setdefault(top, _Lists.none()).extend(lists)
        else:
            for at, path in enumerate(map(_installed, lists.paths)):
                one = _Lists([path], lists.sizes[at : at + 1], lists.crcs[at : at + 1])
                found.setdefault(top_level(path), _Lists.none()).extend(one)
        if top.endswith(".dist-info") and (listed := f"{top}/{_ENTRY_POINTS}") in lists.paths:
            member = directory.member(begin + lists.paths.index(listed))
            if member.size <= _MOST_ENTRY_POINTS:
                text = unpack(member, fetch_member(file, member), most=_MOST_ENTRY_POINTS)
                scripts += _scripts(text.decode("utf-8", "replace"))
    columns: dict[str, Columns] = {top: Columns(*lists) for top, lists in found.items()}
    if scripts:
        there = found.get(_SCRIPTS, _Lists.none())
        unknown = [None] * len(scripts)
        columns[_SCRIPTS] = Columns(
            [*there.paths, *scripts], [*there.sizes, *unknown], [*there.crcs, *unknown]
        )
    return FileList(columns)


class _Lists(NamedTuple):
    """`Columns` of members, which grow."""

    paths: list[str]
    sizes: array[int]
    crcs: array[int]

    @classmethod
    def none(cls) -> Self:
        return cls([], array("Q"), array("I"))

    def extend(self, others: _Lists) -> None:
        self.paths.extend(others.paths)
        self.sizes.extend(others.sizes)
        self.crcs.extend(others.crcs)


def _neighbours(paths: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Runs of paths with one top-level name: that, and where a run begins and ends."""
    begin, below = 0, "\0"  # no path begins with it
    for at, path in enumerate(paths):
        if not path.startswith(below):
            if at:
                yield below[:-1], begin, at
            begin, below = at, f"{top_level(path)}/"
    if paths:
        yield below[:-1], begin, len(paths)


def _scripts(entry_points: str) -> list[str]:
    """What an installer writes for a wheel's entry points (the entry points specification)."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names are case-sensitive; so documented
    try:
        parser.read_string(entry_points)
    except configparser.Error:
        return []
    kinds = [kind for kind in ("console_scripts", "gui_scripts") if parser.has_section(kind)]
    return sorted({f"{_SCRIPTS}/{name}" for kind in kinds for name in parser[kind]})


def _installed(path: str) -> str:
    """Where a member goes: ``x-1.0.data/scripts/run`` to ``{scripts}/run``."""
    spread = _DATA.fullmatch(path) if ".data/" in path else None
    if spread is None:
        return path
    return spread["rest"] if spread["kind"] in _BELOW else f"{{{spread['kind']}}}/{spread['rest']}"
