"""Wheel tags and marker environment of a CPython on a named platform (PEP 425, 513, 571, 599, 600, 656, 508).

``packaging`` knows the running machine; this module describes another one, from two facts: the full
Python version and the platform tag that its newest wheels may carry (``manylinux_2_35_x86_64``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms
from packaging.version import Version

from depguard.records import dataclass

LINUX_MACHINES = (
    "x86_64",
    "i686",
    "aarch64",
    "armv7l",
    "ppc64",
    "ppc64le",
    "s390x",
    "loongarch64",
    "riscv64",
)
WINDOWS_MACHINES = {"win_amd64": "AMD64", "win_arm64": "ARM64", "win32": "x86"}
MAC_MACHINES = ("arm64", "x86_64")

PLATFORM_EXAMPLES = "manylinux_2_35_x86_64, musllinux_1_2_x86_64, macosx_14_0_arm64, win_amd64"

_LEGACY_MANYLINUX = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
_LEGACY_GLIBC = {alias: glibc for glibc, alias in _LEGACY_MANYLINUX.items()}

_LINUX = re.compile(r"(manylinux|musllinux)_(\d+)_(\d+)_(\w+)")
_LEGACY = re.compile(r"(manylinux2014|manylinux2010|manylinux1)_(\w+)")
_MAC = re.compile(r"macosx_(\d+)_(\d+)_(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlatform:
    """A platform as wheels and markers see it. ``wheel_platforms`` are in order of preference."""

    text: str
    wheel_platforms: tuple[str, ...]
    machine: str
    os_name: str
    sys_platform: str
    system: str
    glibc: tuple[int, int] | None = None


@lru_cache(maxsize=64)
def parse_platform(text: str) -> HostPlatform:
    """The platform that the tag ``text`` names. Raises ValueError, with what would be right."""
    if legacy := _LEGACY.fullmatch(text):
        major, minor = _LEGACY_GLIBC[legacy[1]]
        return _linux(text, "manylinux", (major, minor), legacy[2])
    if linux := _LINUX.fullmatch(text):
        return _linux(text, linux[1], (int(linux[2]), int(linux[3])), linux[4])
    if text.startswith("linux_"):
        return _linux(text, "", (0, 0), text.removeprefix("linux_"))
    if mac := _MAC.fullmatch(text):
        machine = _machine(text, mac[3], MAC_MACHINES)
        platforms = tuple(mac_platforms((int(mac[1]), int(mac[2])), machine))
        return HostPlatform(
            text=text,
            wheel_platforms=platforms,
            machine=machine,
            os_name="posix",
            sys_platform="darwin",
            system="Darwin",
        )
    if text in WINDOWS_MACHINES:
        return HostPlatform(
            text=text,
            wheel_platforms=(text,),
            machine=WINDOWS_MACHINES[text],
            os_name="nt",
            sys_platform="win32",
            system="Windows",
        )
    raise ValueError(f"unknown platform {text!r}; a platform reads like {PLATFORM_EXAMPLES}")


def _linux(text: str, libc: str, version: tuple[int, int], machine: str) -> HostPlatform:
    machine = _machine(text, machine, LINUX_MACHINES)
    platforms: list[str] = []
    if libc == "manylinux":
        platforms += _manylinux(version, machine)
    elif libc == "musllinux":
        platforms += [f"musllinux_{version[0]}_{minor}_{machine}" for minor in range(version[1], -1, -1)]
    # Last, as pip up to 25 has it. packaging 26.3 puts it first; the big index takes no such wheel.
    platforms.append(f"linux_{machine}")
    return HostPlatform(
        text=text,
        wheel_platforms=tuple(platforms),
        machine=machine,
        os_name="posix",
        sys_platform="linux",
        system="Linux",
        glibc=version if libc == "manylinux" else None,
    )


def _manylinux(glibc: tuple[int, int], machine: str) -> Iterator[str]:
    """Every manylinux tag from ``glibc`` down to the oldest that PEP 600 allows for the machine."""
    if glibc[0] != 2:
        raise ValueError(f"glibc {glibc[0]}.{glibc[1]} is unknown: manylinux tags are defined for glibc 2")
    floor = 5 if machine in {"x86_64", "i686"} else 17
    for minor in range(glibc[1], floor - 1, -1):
        yield f"manylinux_2_{minor}_{machine}"
        if alias := _LEGACY_MANYLINUX.get((2, minor)):
            yield f"{alias}_{machine}"


def _machine(text: str, machine: str, allowed: tuple[str, ...]) -> str:
    if machine not in allowed:
        raise ValueError(f"unknown machine {machine!r} in platform {text!r}; known are {', '.join(allowed)}")
    return machine


@lru_cache(maxsize=64)
def wheel_tags(python: Version, platform: HostPlatform, abi: str | None = None) -> tuple[Tag, ...]:
    """The ordered wheel tags of CPython ``python`` there, most preferred first.

    ``abi`` is for builds that differ from the usual one (``cp313t``).
    """
    release = (python.major, python.minor)
    interpreter = f"cp{python.major}{python.minor}"
    platforms = platform.wheel_platforms
    return (
        *cpython_tags(release, abis=[abi or interpreter], platforms=platforms),
        *compatible_tags(release, interpreter=interpreter, platforms=platforms),
    )


def marker_environment(python: Version, platform: HostPlatform) -> dict[str, str]:
    """The eleven variables of PEP 508 for CPython ``python`` there.

    ``platform_release`` and ``platform_version`` are empty: they cannot be known from these facts.
    Raises ValueError if ``python`` has no patch level, since ``python_full_version`` needs one.
    """
    if len(python.release) != 3:
        raise ValueError(f"Python {python} has no patch level; give the full version, such as 3.12.13")
    full = str(python)
    return {
        "implementation_name": "cpython",
        # sys.implementation.version writes a release candidate as c1, platform.python_version() as rc1.
        "implementation_version": full.replace("rc", "c"),
        "os_name": platform.os_name,
        "platform_machine": platform.machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": platform.system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": f"{python.major}.{python.minor}",
        "sys_platform": platform.sys_platform,
    }
