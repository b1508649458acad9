"""What ships with depguard: its policies and the host catalogue."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.model.file_table import FileTable

from depguard.adapters.witness import is_file, is_folder, saw_content


def shipped_root() -> Path:
    """The folder of the shipped policies: inside an installed package, or a checkout's ``policies/``.

    An editable install has no ``_shipped`` folder: the checkout's own files are then the shipped ones.
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "_shipped"
    return installed if is_folder(installed) else package.parent.parent / "policies"


def shipped_policies() -> dict[str, Path]:
    """The shipped policies by name."""
    return {path.stem: path for path in sorted(shipped_root().glob("*.yaml"))}


def shipped_hosts() -> Path:
    """The folder of the host catalogue."""
    return shipped_root() / "hosts"


def shipped_file_table() -> FileTable | None:
    """Which files the distributions of the catalogue's hosts own; None where the table is not there."""
    path = shipped_hosts() / "files.json"
    if not is_file(path):
        return None
    data = path.read_bytes()
    saw_content(path, data)
    return _file_table(data)


@functools.lru_cache(maxsize=1)
def _file_table(data: bytes) -> FileTable | None:
    from depguard.model.file_table import FileTable

    try:
        return FileTable.load(data.decode())
    except (ValueError, KeyError, AttributeError):
        return None
