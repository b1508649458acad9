"""What a running Python has loaded: by process id from the system's tables, or here in this very process.

`/proc/PID/maps`: https://www.kernel.org/doc/html/latest/filesystems/proc.html. A file that was deleted or
replaced after it was mapped is marked there; a renamed one shows its new name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.environment import Folder, LoadedModule, Process

_KERNELS = ("ipykernel", "colab_kernel_launcher")
_DELETED = " (deleted)"


def process(pid: int, folders: Sequence[Folder]) -> Process:
    """The process with this id, as far as its mapped files tell. Raises InputError, OutOfReachError."""
    try:
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise InputError(
            Problem(
                code="doctor.pid",
                message=f"there is no process {pid}"
                if Path("/proc/self/maps").exists()
                else "this system does not tell what a process has loaded",
                allowed="the id of a running Python, on Linux",
            )
        ) from None
    except OSError as error:
        raise OutOfReachError(
            Problem(
                code="doctor.pid",
                message=f"cannot look at process {pid}: {error.strerror or error}",
                hint="look at it as the user that it runs as",
            )
        ) from None
    return Process(pid=pid, started=_started(pid), kernel=_is_kernel(pid), gone=gone(maps, folders))


def this_process(folders: Sequence[Folder]) -> Process:
    """This very process: also the versions of its loaded modules. For notebooks and libraries."""
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        maps = ""  # no Linux: the versions have to do
    modules: list[LoadedModule] = []
    for name in sorted(sys.modules):
        # Not the attribute itself: a module may answer that with code of its own.
        facts: dict[str, object] = getattr(sys.modules[name], "__dict__", {})
        version, path = facts.get("__version__"), facts.get("__file__")
        if "." not in name and isinstance(version, str):
            modules.append(
                LoadedModule(module=name, version=version, path=path if isinstance(path, str) else None)
            )
    return Process(
        pid=os.getpid(),
        started=_started(os.getpid()),
        kernel="ipykernel" in sys.modules,
        modules=tuple(modules),
        gone=gone(maps, folders),
    )


def kernel_above() -> int | None:
    """The notebook kernel that started this process (``!depguard doctor`` in a cell), if one did."""
    pid = os.getppid()
    for _ in range(8):  # a cell's command has a shell or two between
        if pid <= 1:
            return None
        if _is_kernel(pid):
            return pid
        pid = _parent(pid)
    return None


def gone(maps: str, folders: Iterable[Folder]) -> tuple[str, ...]:
    """Mapped files below ``folders`` that are deleted, replaced, or set aside by pip as ``~`` names."""
    roots = tuple(folder.path.rstrip("/") + "/" for folder in folders)
    found: dict[str, bool] = {}
    for line in maps.splitlines():
        fields = line.split(None, 5)
        if len(fields) < 6 or not fields[5].startswith(roots):
            continue
        path = fields[5].removesuffix(_DELETED)
        if path not in found:
            found[path] = fields[5].endswith(_DELETED) or "/~" in path or _replaced(path, fields[4])
    return tuple(sorted(path for path, is_gone in found.items() if is_gone))


def _replaced(path: str, inode: str) -> bool:
    try:
        return os.stat(path).st_ino != int(inode)  # noqa: PTH116 - hundreds of them
    except (OSError, ValueError):
        return True


def _is_kernel(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return False
    return any(name in words for name in _KERNELS)


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, which may hold blanks."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if len(fields) > 1 else 0


def _started(pid: int) -> datetime | None:
    """Since when the process runs: clock ticks since the system's start."""
    fields = _stat(pid)
    try:
        lines = Path("/proc/stat").read_text(encoding="utf-8").splitlines()
        booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
        ticks = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, StopIteration, IndexError, ValueError):
        return None
    return datetime.fromtimestamp(int(booted + ticks), UTC)
