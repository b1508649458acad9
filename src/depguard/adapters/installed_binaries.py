"""Binaries of what is installed on this machine, and what it offers them. Nothing is imported."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from packaging.version import Version

from depguard.adapters.binaries import mapped_elf, torch_abi
from depguard.adapters.recorded_files import read_record
from depguard.errors import InputError
from depguard.model.abi_report import InstalledBinaries
from depguard.model.binary import Binary, WheelContents
from depguard.model.environment import Installed
from depguard.model.file_list import FileList, InstalledFile
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.model.symbols import SymbolSet
from depguard.parse.binary_needs import read_binary
from depguard.parse.elf import ElfError, is_elf

_SHARED = re.compile(r"\.so(\.\d+)*$")
_MOST = 256 << 20
"""Bytes. What is larger is torch's own, or another library of kernels; no module that uses NumPy is."""
_PROBE = """
import importlib.util, json, os, sys, sysconfig
v = sysconfig.get_config_vars()
torch = importlib.util.find_spec("torch")
print("depguard:" + json.dumps({
    "python": list(sys.version_info[:2]),
    "program": os.path.realpath(sys.executable),
    "library": os.path.join(str(v.get("LIBDIR")), str(v.get("INSTSONAME") or v.get("LDLIBRARY"))),
    "prefix": sys.prefix,
    "torch": os.path.dirname(torch.origin) if torch is not None and torch.origin else None,
}))
"""
_LIBSTDCXX = ("/usr/lib/{}-linux-gnu", "/lib/{}-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib")
_TIMEOUT = 60
_MARK = "depguard:"


def installed_binaries(
    distributions: Iterable[Installed], *, progress: Callable[[str], None] = lambda _: None
) -> Iterator[InstalledBinaries]:
    """The compiled modules of each distribution, by what its RECORD lists; those without any are left out."""
    for item in distributions:
        progress(item.spelled)
        folder = Path(item.folder)
        rows = read_record(f"{folder}/{item.info}/RECORD") or ()
        paths = [row.path for row in rows if _SHARED.search(row.path)]
        binaries = tuple(b for path in paths for b in _binary(folder, path))
        if binaries and item.version is not None:
            files = FileList.of(InstalledFile(path=path) for path in paths)
            contents = WheelContents(files=files, binaries=binaries)
            yield InstalledBinaries(name=item.name, version=item.version, contents=contents)


def live_abi(executable: str, numpy: Version | None, torch: Version | None) -> HostAbi:
    """What an interpreter of this machine and its torch offer. Nothing that is installed there is imported.

    ``numpy`` and ``torch`` are the installed versions. What cannot be had is None.
    """
    told = _ask(executable)
    return HostAbi(
        numpy=numpy,
        torch=_torch(told["torch"], torch),
        glibc=_glibc(),
        libstdcxx=_libstdcxx(told["prefix"] or ""),
        interpreter=_interpreter(place for place in (told["program"], told["library"]) if place),
        python=told["python"],
    )


def _torch(folder: str | None, version: Version | None) -> TorchAbi | None:
    if version is None:
        return None
    if folder is not None:
        with contextlib.suppress(InputError):
            return torch_abi(Path(folder))
    return TorchAbi(version=version)


def _binary(folder: Path, path: str) -> Iterator[Binary]:
    found = folder / path
    try:
        if found.stat().st_size <= _MOST:
            data = found.read_bytes()
            if is_elf(data):
                yield read_binary(data, path)[0]
    except (OSError, ValueError):  # ValueError: a NUL in a recorded path
        return  # missing files are the doctor's own findings


class _Told(TypedDict):
    python: tuple[int, int] | None
    program: str | None
    library: str | None
    prefix: str | None
    torch: str | None


def _ask(executable: str) -> _Told:
    """What the interpreter says of itself; all None where it does not answer."""
    import json

    nothing = _Told(python=None, program=None, library=None, prefix=None, torch=None)
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the user's own choice
            [executable, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith(_MARK))
        said = json.loads(line.removeprefix(_MARK))
        return _Told(
            python=(int(said["python"][0]), int(said["python"][1])),
            program=str(said["program"]),
            library=str(said["library"]),
            prefix=str(said["prefix"]),
            torch=said["torch"],
        )
    except (OSError, subprocess.TimeoutExpired, StopIteration, ValueError, TypeError, KeyError):
        return nothing


def _interpreter(places: Iterable[str]) -> SymbolSet | None:
    """The symbols of the interpreter: of its shared library, where it has one, or of the program."""
    names: list[bytes] = []
    for place in places:
        try:
            names += [n for n in mapped_elf(Path(place)).defined if n.startswith((b"Py", b"_Py"))]
        except (OSError, ElfError, ValueError):
            continue
    # A program that was linked against a library exports nothing itself.
    return SymbolSet.of(names) if len(names) > 500 else None


def _glibc() -> tuple[int, ...] | None:
    try:
        said = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return None
    found = re.fullmatch(r"glibc (\d+)\.(\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else None


def _libstdcxx(prefix: str) -> tuple[int, ...] | None:
    """The newest GLIBCXX_ version of the libstdc++ that a module would find: conda's own comes first."""
    machine = os.uname().machine if hasattr(os, "uname") else ""
    for folder in (f"{prefix}/lib", *(place.format(machine) for place in _LIBSTDCXX)):
        try:
            offered = mapped_elf(Path(folder) / "libstdc++.so.6", symbols=False).version_definitions
        except (OSError, ElfError, ValueError):
            continue
        numbers = [re.fullmatch(r"GLIBCXX_(\d+(?:\.\d+)*)", text) for text in offered]
        found = [tuple(map(int, number.group(1).split("."))) for number in numbers if number is not None]
        if found:
            return max(found)
    return None
