"""What is in a wheel as bytes: the files it installs, and what its compiled modules ask for."""

from __future__ import annotations

import enum
import re
from typing import Final

from packaging.version import Version

from depguard.model.file_list import FileList
from depguard.records import dataclass, field

TORCH_LIBRARIES: Final = re.compile(r"lib(torch|c10|aoti|shm|caffe2)[a-z0-9_]*\.so")
"""What torch's wheel has in ``torch/lib``, by soname."""


class NumpyMark(enum.Enum):
    """What a file's bytes say of the NumPy headers it was built with (see docs/binaries.md)."""

    NEW = "NumPy 2 headers"
    OLD = "NumPy 1 headers"
    PYBIND = "old pybind11"
    RUST = "old rust-numpy"
    UNCLEAR = "unclear"
    NONE = "no NumPy"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumpyUse:
    """One file's mark; ``how`` names what it was seen by, ``floor`` is the oldest NumPy it runs on."""

    mark: NumpyMark = NumpyMark.NONE
    how: str = ""
    floor: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNeed:
    """A symbol version that a shared library has to offer: ``libc.so.6`` and ``GLIBC_2.28``."""

    library: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One ELF file. ``path`` is inside the wheel, or on the disk; ``size`` is in bytes.

    ``torch`` and ``python`` are the undefined symbols that the host's torch and interpreter have to offer: of
    others there are too many to keep. ``damaged`` says why the dynamic section could not be read; all but
    ``numpy`` is then empty.
    """

    path: str
    size: int
    numpy: NumpyUse = NumpyUse()
    soname: str | None = None
    needed: tuple[str, ...] = ()
    versions: tuple[VersionNeed, ...] = ()
    torch: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    damaged: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A compiled file that was not read. ``cost`` is how many bytes it would take."""

    path: str
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelContents:
    """A wheel's files, its binaries as far as they were read, and those that were not.

    What one binary offers another of the same wheel is no symbol that the host has to offer. ``fetched``
    counts the bytes that reading it took, where it was remote.
    """

    files: FileList
    binaries: tuple[Binary, ...] = ()
    unread: tuple[Unread, ...] = ()
    fetched: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ContentsUnknown:
    """A wheel whose contents cannot be had, and why."""

    reason: str


ContentsAnswer = WheelContents | ContentsUnknown


class Binaries(enum.Enum):
    """What is done with a wheel's binaries: the solver uses what they say, it is reported, or nothing."""

    SOLVE = "solve"
    REPORT = "report"
    OFF = "off"


class Depth(enum.Enum):
    """How much of a wheel's binaries is read: none, until NumPy's ABI is decided, or all."""

    FILES = 0
    NUMPY = 1
    ALL = 2
