"""Whether a wheel's binaries can run on a host: the marks of their bytes against what the host offers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import Version

from depguard.model.abi_report import Clash
from depguard.model.binary import TORCH_LIBRARIES, Binary, NumpyMark, VersionNeed, WheelContents
from depguard.model.host_abi import HostAbi, TorchAbi
from depguard.parse.numpy_abi import too_new

_LONGEST: Final = 60
_CUDART: Final = re.compile(r"libcudart(?:-[0-9a-f]+)?\.so\.(\d+)")
_OTHER_PYTHON: Final = re.compile(r"\.cpython-(3)(\d+)[a-z]?-")
_PRE_CXX11: Final = re.compile(r"[KRPE_]Ss")
"""How std::string of the ABI before C++11 is mangled, as an argument (Itanium C++ ABI, section 5.1.10)."""


def clashes(contents: WheelContents, host: HostAbi) -> tuple[Clash, ...]:
    """All reasons against the wheel, the certain ones first."""
    binaries = [b for b in contents.binaries if _of_this_python(b.path, host.python)]
    found: list[Clash] = []
    if host.numpy is not None:
        found += _numpy(binaries, host.numpy)
    if host.torch is not None:
        found += _torch(binaries, host.torch, contents)
    found += _platform(binaries, host, contents)
    return tuple(sorted(found, key=lambda clash: not clash.certain))


def numpy_floor(binaries: Sequence[Binary]) -> Version | None:
    """The oldest NumPy that most of the modules run on; None where none of them says."""
    floors = sorted(b.numpy.floor for b in binaries if b.numpy.floor is not None)
    return floors[(len(floors) - 1) // 2] if floors else None


def _numpy(binaries: Sequence[Binary], numpy: Version) -> Iterator[Clash]:
    by_mark = {mark: tuple(b.path for b in binaries if b.numpy.mark is mark) for mark in NumpyMark}

    def clash(mark: NumpyMark, message: str, *, certain: bool = False) -> Iterator[Clash]:
        if by_mark[mark]:
            yield Clash(code="DG301", certain=certain, message=message, files=by_mark[mark])

    floor = numpy_floor(binaries)
    if floor is not None and too_new(floor, numpy):
        high = tuple(b.path for b in binaries if b.numpy.floor is not None and too_new(b.numpy.floor, numpy))
        message = f"was built to run on NumPy {floor} and newer, and refuses NumPy {numpy}"
        yield Clash(code="DG301", certain=True, message=message, files=high)
    if numpy.major < 2:
        return
    old = f"was built with the headers of NumPy 1 and cannot run on NumPy {numpy}"
    yield from clash(NumpyMark.OLD, old, certain=True)
    if by_mark[NumpyMark.OLD]:
        return
    yield from clash(
        NumpyMark.PYBIND,
        f"was built with a pybind11 older than NumPy 2: it imports on NumPy {numpy}"
        " without a word and may compute wrong results",
    )
    yield from clash(NumpyMark.RUST, f"was built with a rust-numpy older than NumPy 2, and runs on {numpy}")
    if not by_mark[NumpyMark.NEW]:
        yield from clash(
            NumpyMark.UNCLEAR,
            f"uses NumPy's C API, and its bytes do not say whether it runs on NumPy {numpy}",
        )


def _torch(binaries: Sequence[Binary], torch: TorchAbi, contents: WheelContents) -> Iterator[Clash]:
    if not any(TORCH_LIBRARIES.match(library) for binary in binaries for library in binary.needed):
        return  # what is no extension of torch brings a CUDA of its own
    for binary in binaries:
        for library in binary.needed:
            why = _library_missing(library, torch)
            if why is not None and not _brings(contents, library):
                yield Clash(code="DG302", certain=True, message=why, files=(binary.path,))
                return
    if torch.exports is None:
        return
    for binary in binaries:
        missing = torch.exports.missing(binary.torch)
        if not missing:
            continue
        if all(_PRE_CXX11.search(name) for name in missing):
            why = f"was built for a torch of the C++ ABI before C++11; torch {torch.version} has the new one"
        else:
            count = f"{len(missing)} symbols" if len(missing) > 1 else "a symbol"
            why = f"needs {count} that torch {torch.version} does not have, such as {_shown(missing)}"
        # A part of the wheel that was not read might have them.
        yield Clash(code="DG302", certain=not contents.unread, message=why, files=(binary.path,))
        return


def _shown(names: Sequence[str]) -> str:
    """The shortest name: of a template's instance nobody needs to read all."""
    shortest = min(names, key=len)
    return shortest if len(shortest) <= _LONGEST else f"{shortest[:_LONGEST]}..."


def _brings(contents: WheelContents, library: str) -> bool:
    """Whether the wheel has the library itself."""
    return any(b.soname == library for b in contents.binaries) or any(
        path.rpartition("/")[2] == library for path in contents.files.paths
    )


def _library_missing(library: str, torch: TorchAbi) -> str | None:
    cudart = _CUDART.fullmatch(library)
    if cudart is not None and torch.cuda is not None and int(cudart.group(1)) != torch.cuda:
        built = f"CUDA {torch.cuda}" if torch.cuda else "no CUDA"
        return f"was built for CUDA {cudart.group(1)}, and torch {torch.version} has {built}"
    if not TORCH_LIBRARIES.match(library):
        return None
    absent = torch.libraries is not None and library not in torch.libraries
    if absent or (torch.cuda == 0 and "cuda" in library):
        return f"needs {library}, which torch {torch.version} does not have"
    return None


def _platform(binaries: Sequence[Binary], host: HostAbi, contents: WheelContents) -> Iterator[Clash]:
    bundled = host.libstdcxx is not None and contents.files.has_name("libstdc++")
    checks = (
        ("GLIBC_", "glibc", host.glibc),
        ("GLIBCXX_", "libstdc++", host.libstdcxx if not bundled else None),
    )
    for prefix, called, there in checks:
        if there is None:
            continue
        for binary in binaries:
            newest = max((version_number(need, prefix) for need in binary.versions), default=())
            if newest > there:
                message = f"needs {called} {_dotted(newest)}, and the host has {_dotted(there)}"
                yield Clash(code="DG303", certain=True, message=message, files=(binary.path,))
                break
    if host.interpreter is None:
        return
    for binary in binaries:
        missing = host.interpreter.missing(binary.python)
        if missing:
            message = f"needs {missing[0]}, which the host's Python does not have"
            yield Clash(code="DG303", certain=True, message=message, files=(binary.path,))
            return


def version_number(need: VersionNeed, prefix: str) -> tuple[int, ...]:
    """``(2, 28)`` of ``GLIBC_2.28``; empty for what has another prefix, or no number."""
    text = need.version.removeprefix(prefix)
    parts = text.split(".")
    fits = text != need.version and all(part.isascii() and part.isdigit() and len(part) < 9 for part in parts)
    return tuple(int(part) for part in parts) if fits else ()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _of_this_python(path: str, python: tuple[int, int] | None) -> bool:
    """Whether a module is not plainly another Python's: some wheels have one for each."""
    tagged = _OTHER_PYTHON.search(path)
    return python is None or tagged is None or (int(tagged.group(1)), int(tagged.group(2))) == python
