"""What a host offers compiled modules: its NumPy, its torch, its interpreter, its C libraries."""

from __future__ import annotations

from packaging.version import Version

from depguard.model.symbols import SymbolSet
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchAbi:
    """The host's torch. ``exports`` and ``libraries`` (sonames of torch/lib) are None where not known.

    ``cuda`` is the major version it was built for, 0 for a CPU build, None where that is not known.
    """

    version: Version
    exports: SymbolSet | None = None
    libraries: frozenset[str] | None = None
    cuda: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostAbi:
    """What compiled modules find; None is what is not there, or not known.

    ``glibc`` as (2, 35), ``libstdcxx`` as (3, 4, 30): the newest GLIBC_ and GLIBCXX_ versions. ``python`` is
    (3, 12), and ``interpreter`` has the symbols that it exports.
    """

    numpy: Version | None = None
    torch: TorchAbi | None = None
    glibc: tuple[int, ...] | None = None
    libstdcxx: tuple[int, ...] | None = None
    interpreter: SymbolSet | None = None
    python: tuple[int, int] | None = None
