"""Binaries on this disk: a wheel, one shared object or a folder of them, and an installed torch."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from packaging.version import InvalidVersion, Version

from depguard.adapters.index.remote_file import FilePieces
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.binary import (
    Binary,
    ContentsAnswer,
    ContentsUnknown,
    Depth,
    WheelContents,
)
from depguard.model.file_list import FileList, InstalledFile
from depguard.model.host_abi import TorchAbi
from depguard.model.symbols import SymbolSet
from depguard.parse.binary_needs import is_torch_symbol, read_binary
from depguard.parse.elf import ElfError, ElfFile, is_elf, read_elf
from depguard.parse.wheel_contents import MOST_UNPACKED, read_contents
from depguard.records import replace

_SHARED = re.compile(r"\.so(\.\d+)*$")
_VERSION_LINE = re.compile(r"""^__version__\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)
_CUDA_LINE = re.compile(r"""^cuda\b[^=]*=\s*(?:None|['"](\d+)[^'"]*['"])""", re.MULTILINE)


def path_contents(path: Path) -> ContentsAnswer:
    """All binaries of a wheel, of a folder or of one file. Raises InputError, OutOfReachError."""
    if not path.exists():
        raise InputError(
            Problem(
                code="abi.path",
                message=f"{path} is not there",
                allowed="a wheel, a shared object, a folder, or NAME==VERSION",
            )
        )
    try:
        if path.is_dir():
            return _folder(path)
        with path.open("rb") as file:
            if path.suffix == ".whl":
                return read_contents(FilePieces(file), depth=Depth.ALL, most=MOST_UNPACKED)
            head = file.read(4)
        if is_elf(head):
            binary, _ = read_binary(path.read_bytes(), path.name)
            own = InstalledFile(path=path.name, size=binary.size)
            return WheelContents(files=FileList.of([own]), binaries=(binary,))
    except OSError as error:
        raise _unreadable(path, error) from None
    return ContentsUnknown("it is neither a wheel nor an ELF file")


def _folder(path: Path) -> WheelContents:
    files: list[InstalledFile] = []
    binaries: list[Binary] = []
    offered: set[str] = set()
    for found in sorted(path.rglob("*")):
        if found.is_symlink() or not found.is_file():
            continue
        inside = found.relative_to(path).as_posix()
        files.append(InstalledFile(path=inside, size=found.stat().st_size))
        if _SHARED.search(found.name) and found.stat().st_size <= MOST_UNPACKED:
            data = found.read_bytes()
            if is_elf(data):
                binary, offers = read_binary(data, inside)
                binaries.append(binary)
                offered |= offers
    own = (replace(b, torch=tuple(name for name in b.torch if name not in offered)) for b in binaries)
    return WheelContents(files=FileList.of(files), binaries=tuple(own))


def torch_abi(path: Path) -> TorchAbi:
    """What an installed torch offers; ``path`` is its package folder, or site-packages.

    Nothing of it is imported. Raises InputError where there is no torch, OutOfReachError.
    """
    package = path if (path / "lib").is_dir() and (path / "version.py").is_file() else path / "torch"
    try:
        stated = (package / "version.py").read_text(encoding="utf-8")
        version = Version(_VERSION_LINE.findall(stated)[0])
        libraries = sorted(found for found in (package / "lib").iterdir() if _SHARED.search(found.name))
        names = list(_exports(libraries))
    except (FileNotFoundError, NotADirectoryError, IndexError, InvalidVersion):
        raise InputError(
            Problem(
                code="abi.torch",
                message=f"{path} has no torch",
                allowed="the folder torch of an installed torch, or the site-packages above it",
            )
        ) from None
    except OSError as error:
        raise _unreadable(path, error) from None
    cuda = _CUDA_LINE.search(stated)
    return TorchAbi(
        version=version,
        exports=SymbolSet.of(names),
        libraries=frozenset(found.name for found in libraries),
        cuda=None if cuda is None else int(cuda.group(1) or 0),
    )


def mapped_elf(path: Path, *, symbols: bool = True) -> ElfFile:
    """An ELF file of this disk: mapped, not read, since of half a gigabyte little is looked at.

    Raises OSError, ElfError, ValueError for an empty file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return read_elf(cast("bytes", data), symbols=symbols)


def _exports(libraries: list[Path]) -> Iterator[bytes]:
    for library in libraries:
        try:
            names = mapped_elf(library).defined
        except (ElfError, ValueError) as error:
            raise InputError(
                Problem(code="abi.torch", message=f"{library} is no library that can be read: {error}")
            ) from None
        yield from (name for name in names if is_torch_symbol(name))


def _unreadable(path: Path, error: OSError) -> OutOfReachError:
    return OutOfReachError(Problem(code="abi.file", message=f"cannot read {path}: {error.strerror or error}"))
