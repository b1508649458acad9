"""Runs inside the interpreter that is captured: prints what is installed there, as one line of JSON.

The output has the shape of ``pip inspect`` (version 1) with a ``depguard`` table beside it. Only the standard
library is used, in a way that Python 3.8 understands: the interpreter may be any, and need not have pip. It
is run by its source text, so it imports nothing of depguard.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pathlib
import platform
import re
import struct
import sys
import sysconfig
from importlib import metadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Fields = dict[str, Any]

MARK = "depguard-capture:"
"""Starts the line with the report: a sitecustomize may print lines of its own before."""


def report(loaded: Iterable[str] | None = None) -> Fields:
    """The whole report as plain data; ``loaded`` are top-level names of loaded modules, if they count."""
    installed, unreadable = _installed()
    tags = _tags()
    own: Fields = {"tags": tags, "platform": _platform(tags), "facts": _facts(unreadable)}
    if loaded is not None:
        own["loaded"] = sorted(loaded)
    return {"version": "1", "installed": installed, "environment": _environment(), "depguard": own}


def loaded_modules() -> list[str]:
    """Top-level names of the modules that this process has loaded, the standard library's left out."""
    standard = getattr(sys, "stdlib_module_names", frozenset(sys.builtin_module_names))
    names = {name.partition(".")[0] for name in list(sys.modules)}
    own = {"__main__", "__mp_main__", "depguard"}
    return sorted(name for name in names - set(standard) - own if name.isidentifier())


def _installed() -> tuple[list[Fields], list[str]]:
    """The distributions on sys.path, the first of each project, and the folders without metadata."""
    found: dict[str, Fields] = {}
    unreadable: list[str] = []
    for distribution in metadata.distributions():
        try:
            fields: Any = distribution.metadata
            # Asking for a field that is not there warns since Python 3.12, and is to raise.
            name, version = fields.get("Name", ""), fields.get("Version", "")
        except Exception:  # noqa: BLE001 - broken metadata raises what it likes; that it is broken is the finding
            name = version = ""
        if not name or not version:
            unreadable.append(pathlib.Path(str(getattr(distribution, "_path", distribution))).name)
            continue
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key not in found:
            found[key] = _distribution(distribution, name, version)
    return [found[key] for key in sorted(found)], sorted(unreadable)


def _distribution(distribution: metadata.Distribution, name: str, version: str) -> Fields:
    fields: Any = distribution.metadata
    item: Fields = {
        "metadata": {
            "name": name,
            "version": version,
            # Not Requires-Dist itself: an egg-info keeps its requirements elsewhere.
            "requires_dist": list(distribution.requires or ()),
            "requires_python": fields.get("Requires-Python"),
            "provides_extra": fields.get_all("Provides-Extra") or [],
        },
        "installer": (_text(distribution, "INSTALLER") or "").strip(),
        "modules": _modules(distribution),
    }
    direct_url = _text(distribution, "direct_url.json")
    if direct_url:
        with contextlib.suppress(ValueError):
            item["direct_url"] = json.loads(direct_url)
    return item


def _text(distribution: metadata.Distribution, name: str) -> str | None:
    try:
        return distribution.read_text(name)
    except (OSError, UnicodeDecodeError):
        return None


def _modules(distribution: metadata.Distribution) -> list[str]:
    """Top-level names that can be imported, by the list of installed files."""
    names = set()
    for path in distribution.files or ():
        first = path.parts[0]
        if len(path.parts) > 1:
            is_module = path.suffix in (".py", ".so", ".pyd", ".pyi")
            name = first
        else:
            is_module = path.suffix in (".py", ".so", ".pyd")
            name = first.partition(".")[0]
        if is_module and name.isidentifier() and name != "__pycache__":
            names.add(name)
    return sorted(names)


def _environment() -> dict[str, str]:
    """The eleven variables of PEP 508."""
    info = sys.implementation.version
    version = ".".join(map(str, info[:3]))
    if info.releaselevel != "final":
        version += info.releaselevel[0] + str(info.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def _tags() -> list[str]:
    """The ordered wheel tags as this interpreter's own packaging gives them; none without one."""
    for name in ("packaging.tags", "pip._vendor.packaging.tags"):
        with contextlib.suppress(ImportError):
            return [str(tag) for tag in importlib.import_module(name).sys_tags()]
    return []


def _platform(tags: list[str]) -> str:
    """The newest platform tag that wheels for this machine may carry."""
    system = str(sys.platform)
    if system == "linux":
        machine = sysconfig.get_platform().partition("-")[2]
        if struct.calcsize("P") == 4:
            machine = {"x86_64": "i686", "aarch64": "armv7l"}.get(machine, machine)
        glibc = re.match(r"glibc (\d+)\.(\d+)", _confstr())
        if glibc:
            return f"manylinux_{glibc.group(1)}_{glibc.group(2)}_{machine}"
        musl = [tag.split("-")[2] for tag in tags if "-musllinux_" in tag]
        return musl[0] if musl else "linux_" + machine
    if system == "darwin":
        mac = [tag.split("-")[2] for tag in tags if "-macosx_" in tag]
        if mac:
            return mac[0]
        release = platform.mac_ver()[0].split(".")
        minor = release[1] if release[0] == "10" else "0"
        return f"macosx_{release[0]}_{minor}_{platform.machine()}"
    return re.sub(r"[.-]", "_", sysconfig.get_platform())


def _confstr() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def _facts(unreadable: list[str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    try:
        with pathlib.Path("/etc/os-release").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("PRETTY_NAME="):
                    facts["os"] = line.partition("=")[2].strip().strip("\"'")
    except OSError:
        facts["os"] = platform.platform(terse=True)
    if unreadable:
        facts["unreadable"] = ", ".join(unreadable)
    return facts


if __name__ == "__main__":
    sys.stdout.write(MARK + json.dumps(report()) + "\n")
