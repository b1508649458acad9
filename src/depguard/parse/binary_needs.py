"""One ELF file's bytes to a ``Binary``: of all its symbols only those that a host may lack are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from depguard.model.binary import TORCH_LIBRARIES, Binary
from depguard.parse.elf import ElfError, read_elf
from depguard.parse.numpy_abi import numpy_use

# C++ names in torch's namespaces, and its C interface (shims of the stable ABI, THP objects).
_TORCH: Final = re.compile(
    rb"_ZN?K?[A-Z0-9]*?(?:2at|3c10|5torch|5caffe2)|_ZT[IVSV]?N?(?:2at|3c10|5torch)|aoti_torch_|torch_|THP"
)
_PYTHON: Final = re.compile(rb"_?Py[A-Z_]")
_LIBRARIES_WITH_VERSIONS: Final = ("libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "libpthread.so")


def is_torch_symbol(name: bytes) -> bool:
    """Whether a symbol belongs to torch by its name."""
    return _TORCH.match(name) is not None


def read_binary(data: bytes, path: str) -> tuple[Binary, frozenset[str]]:
    """What an ELF file asks for, and the torch symbols that it defines. What is damaged says so."""
    numpy = numpy_use(data)
    try:
        # What links to torch may define symbols of its kind; of others, thousands need not be read.
        torch = any(TORCH_LIBRARIES.match(library) for library in read_elf(data, symbols=False).needed)
        elf = read_elf(data, defined=torch)
    except ElfError as error:
        return Binary(path=path, size=len(data), numpy=numpy, damaged=str(error)), frozenset()
    binary = Binary(
        path=path,
        size=len(data),
        numpy=numpy,
        soname=elf.soname,
        needed=elf.needed,
        versions=tuple(
            need for need in elf.version_needs if need.library.startswith(_LIBRARIES_WITH_VERSIONS)
        ),
        torch=_names(name for name in elf.undefined if _TORCH.match(name)) if torch else (),
        python=_names(name for name in elf.undefined if _PYTHON.match(name)),
    )
    return binary, frozenset(_names(name for name in elf.defined if _TORCH.match(name)))


def _names(symbols: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(sorted(name.decode("ascii", "replace") for name in symbols))
