"""Facts about a wheel's binaries that both forms of the abi report show."""

from __future__ import annotations

from collections.abc import Iterable

from depguard.model.binary import Binary, WheelContents
from depguard.resolve.abi import version_number


def newest_need(binaries: Iterable[Binary], prefix: str) -> str | None:
    """The newest symbol version with that prefix that any file needs: ``2.28`` of ``GLIBC_2.28``."""
    newest = max((version_number(need, prefix) for b in binaries for need in b.versions), default=())
    return ".".join(map(str, newest)) if newest else None


def outside_libraries(contents: WheelContents) -> list[str]:
    """The libraries that the host has to have: those that the wheel does not bring itself."""
    own = {path.rpartition("/")[2] for path in contents.files.paths} | {b.soname for b in contents.binaries}
    return sorted({library for b in contents.binaries for library in b.needed if library not in own})
