"""What lies in a folder of the search path and nobody recorded: what pip set aside, and strays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from depguard.adapters.metadata_folders import MetadataFolder, last_written, metadata_folder
from depguard.adapters.recorded_files import code_below
from depguard.model.environment import Leftover, Stray

_STASHED = "-~.=%0123456789"
"""In front of a folder that pip set aside: ``~``, then some of these (pip's AdjacentTempDirectory)."""
_NO_STRAYS = frozenset({"__pycache__", "sitecustomize", "usercustomize", "_virtualenv"})


def leftovers(folder: str, names: Iterable[str], installed: Iterable[MetadataFolder]) -> list[Leftover]:
    """What pip set aside (``~``) and did not take away again, with whose it was."""
    stashed = [name for name in names if name.startswith("~")]
    if not stashed:
        return []
    infos = [metadata_folder(folder, name) for name in stashed if name.endswith(".dist-info")]
    found: list[Leftover] = []
    for name in stashed:
        own = next((item for item in infos if item.info == name), None)
        owner = own or _owner_of(name, infos) or _owner_of(name, installed)
        found.append(
            Leftover(
                folder=folder,
                name=name,
                project=owner.name if owner is not None else None,
                version=own.version if own is not None else None,
                modified=last_written(f"{folder}/{name}"),
            )
        )
    return found


def _owner_of(stashed: str, candidates: Iterable[MetadataFolder]) -> MetadataFolder | None:
    """Whose top-level folder was set aside: pip keeps the length of the name and its tail."""
    tail = stashed.lstrip(_STASHED)
    for item in candidates:
        tops = item.tops | {item.spelled.replace("-", "_"), item.info}
        if any(len(top) == len(stashed) and top.endswith(tail) for top in tops):
            return item
    return None


def strays(folder: str, names: Iterable[str], installed: Iterable[MetadataFolder]) -> list[Stray]:
    """Top-level modules and packages that no RECORD of the folder lists."""
    tops = {top for item in installed for top in item.tops}
    found: list[Stray] = []
    for name in names:
        module = name.partition(".")[0]
        if name in tops or module in _NO_STRAYS or not module.isidentifier() or name.endswith("-info"):
            continue
        is_folder = Path(folder, name).is_dir()
        importable = name.endswith((".py", ".so", ".pyd")) if not is_folder else "." not in name
        if not importable or (is_folder and next(code_below(folder, name), None) is None):
            continue
        found.append(
            Stray(folder=folder, name=name, module=module, modified=last_written(f"{folder}/{name}"))
        )
    return found
