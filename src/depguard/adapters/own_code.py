"""What tells this depguard, and the libraries that decide with it, from others."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import lru_cache
from importlib.util import find_spec
from typing import NamedTuple

from depguard import __version__

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""The folder of depguard's own code."""
_DECIDING = ("packaging", "resolvelib", "yaml")


class CodeFile(NamedTuple):
    """A file of code: its path, its size in bytes, and when it was last written (nanoseconds since 1970)."""

    path: str
    size: int
    written: int


@lru_cache(maxsize=1)
def own_code() -> bytes:
    """The hash of the version, and of the size and time of each of depguard's files.

    The second matters in a checkout, where the version stays and the code does not. Of the libraries it is
    their top file, and Python's own version.
    """
    lines = [__version__, sys.version, PACKAGE, *(f"{path} {size} {at}" for path, size, at in own_files())]
    for name in _DECIDING:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            stat = os.stat(spec.origin)
            lines.append(f"{spec.origin} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).digest()


@lru_cache(maxsize=1)
def own_files() -> tuple[CodeFile, ...]:
    """The files of this depguard's code."""
    return tuple(code_below(PACKAGE))


def code_below(folder: str) -> list[CodeFile]:
    """The code in a folder and all below it; what begins with ``_`` is byte code, or is what is shipped."""
    files: list[CodeFile] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.endswith(".py"):
                stat = entry.stat()
                files.append(CodeFile(entry.path, stat.st_size, stat.st_mtime_ns))
            elif not entry.name.startswith("_") and entry.is_dir():
                files += code_below(entry.path)
    return files
