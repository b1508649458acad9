"""Python interpreters at hand: on PATH, under pyenv, managed by uv, and the one that runs this."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.records import dataclass

_TIMEOUT = 20
"""Seconds for one interpreter to say what it is; a shim that fetches something is none."""

_PROBE = """
import json, os, platform, sys, sysconfig
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, OSError, ValueError):
    libc = ""
print(json.dumps({
    "executable": sys.executable,
    "python": platform.python_version(),
    "implementation": sys.implementation.name,
    "machine": platform.machine(),
    "platform": sys.platform,
    "libc": libc,
    "threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """An interpreter that answered. ``glibc`` is None where it has another C library."""

    path: Path
    python: Version
    implementation: str
    machine: str
    platform: str
    glibc: tuple[int, int] | None
    free_threaded: bool = False


class Interpreters:
    """Finds interpreters; ``environ`` and ``home`` are this process's unless given."""

    def __init__(self, environ: Mapping[str, str] | None = None, home: Path | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._home = home or Path.home()

    def at_hand(self, minor: str) -> tuple[Interpreter, ...]:
        """Those that answer, each once: of Python ``minor`` (``3.12``) where there are any, and this one."""
        found: dict[Path, Interpreter] = {}
        for path in self._candidates(minor):
            interpreter = probe(path)
            if interpreter is not None:
                found.setdefault(interpreter.path, interpreter)
        return tuple(found.values())

    def named(self, path: str) -> Interpreter:
        """The interpreter at ``path`` or of that name on PATH. Raises InputError if there is none."""
        import shutil

        where = shutil.which(path, path=self._environ.get("PATH"))
        interpreter = probe(Path(where)) if where else None
        if interpreter is None:
            raise InputError(
                Problem(
                    code="python.none",
                    message=f"{path} does not answer as Python does",
                    allowed="the path of a Python interpreter, 3.8 or later",
                )
            )
        return interpreter

    def _candidates(self, minor: str) -> Iterator[Path]:
        yield Path(sys.executable)
        for folder in self._environ.get("PATH", "").split(os.pathsep):
            if folder:
                yield from _existing(Path(folder), (f"python{minor}", f"python{minor}.exe"))
        pyenv = Path(self._environ.get("PYENV_ROOT") or self._home / ".pyenv") / "versions"
        data = Path(self._environ.get("XDG_DATA_HOME") or self._home / ".local" / "share")
        uv = Path(self._environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
        for root, pattern in ((pyenv, f"{minor}*"), (uv, f"cpython-{minor}.*")):
            for installed in sorted(root.glob(pattern)) if root.is_dir() else ():
                yield from _existing(installed, ("bin/python", "python.exe"))


def probe(path: Path) -> Interpreter | None:
    """What the interpreter at ``path`` is, None if it does not say (a shim without a version, say)."""
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter of this machine, asked for its version
            [str(path), "-I", "-B", "-c", _PROBE], capture_output=True, timeout=_TIMEOUT, check=True
        )
        said = json.loads(done.stdout)
        libc, _, number = str(said["libc"]).partition(" ")
        major, _, minor = number.partition(".")
        return Interpreter(
            path=Path(said["executable"]),
            python=Version(said["python"]),
            implementation=said["implementation"],
            machine=said["machine"],
            platform=said["platform"],
            glibc=(int(major), int(minor)) if libc == "glibc" else None,
            free_threaded=said["threaded"],
        )
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None


def _existing(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    return (folder / name for name in names if (folder / name).is_file())
