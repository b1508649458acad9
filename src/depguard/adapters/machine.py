"""Where installers find their configuration on this machine, or on one that a test makes up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from depguard.adapters.files import read_text
from depguard.adapters.witness import is_file
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where an installer finds its configuration.

    ``prefix`` is that of the Python which pip belongs to (pip's site file), ``platform`` as in
    ``sys.platform``, ``etc`` the folder of system-wide files.
    """

    environ: Mapping[str, str]
    home: Path
    prefix: Path
    cwd: Path
    platform: str = "linux"
    etc: Path = Path("/etc")


def live_machine() -> Machine:
    """This process's own. A virtual environment that is active counts as pip's."""
    import sys

    prefix = os.environ.get("VIRTUAL_ENV") or sys.prefix
    return Machine(
        environ=os.environ, home=Path.home(), prefix=Path(prefix), cwd=Path.cwd(), platform=sys.platform
    )


def text_if_any(path: Path) -> str | None:
    """A file's text; None where there is none, or none that may be read (as the installers have it)."""
    try:
        return read_text(path) if is_file(path) else None
    except OSError:
        return None


def shown(path: Path, machine: Machine) -> str:
    """The path as people write it: ``~`` for the home folder."""
    try:
        return f"~/{path.relative_to(machine.home).as_posix()}"
    except ValueError:
        return str(path)
