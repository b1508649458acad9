"""A folder that is no git repository, as one revision: the files that people wrote."""

from __future__ import annotations

import os
from pathlib import Path

from depguard.adapters.git_trees import WorkingTree

MAX_FILES = 20_000
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"})


class FolderTree(WorkingTree):
    """The files below a folder; hidden folders and environments are passed over."""

    label = "this folder"

    def __init__(self, root: Path) -> None:
        super().__init__(root, tuple(_walk(root)))


def _walk(root: Path) -> list[str]:
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not (here / name / "pyvenv.cfg").exists()
        )
        found += [(here / name).relative_to(root).as_posix() for name in names]
        if len(found) >= MAX_FILES:
            break
    return sorted(found)[:MAX_FILES]
