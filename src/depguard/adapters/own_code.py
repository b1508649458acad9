"""What tells this depguard, and the libraries that decide with it, from others."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import lru_cache
from importlib.util import find_spec

from depguard import __version__

_DECIDING = ("packaging", "resolvelib", "yaml")


@lru_cache(maxsize=1)
def own_code() -> bytes:
    """The hash of the version, and of the size and time of each of depguard's files.

    The second matters in a checkout, where the version stays and the code does not. Of the libraries it is
    their top file, and Python's own version.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    lines = [__version__, sys.version, package]
    with os.scandir(package) as entries:
        folders = sorted(entry.path for entry in entries if entry.is_dir() and entry.name != "__pycache__")
    for folder in (package, *folders, os.path.join(package, "adapters", "index")):
        lines += _files(folder)
    for name in _DECIDING:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            stat = os.stat(spec.origin)
            lines.append(f"{spec.origin} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).digest()


def _files(folder: str) -> list[str]:
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.stat()) for entry in entries if entry.name.endswith(".py")]
    return [f"{folder} {name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in sorted(found)]
