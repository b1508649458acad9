"""The files of a repository that say what it installs."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

from depguard.adapters.files import read_bytes, read_text
from depguard.parse.requirement_text import decode_requirements

MAX_FILES = 5000
NOTEBOOK_LIMIT = 100_000_000
_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"})
_WANTED = ("*.ipynb", "requirements*.txt", "*requirements.txt")


class FolderOfProject:
    """``app.init_project.ProjectFiles`` over a folder; hidden folders and environments are passed over."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def paths(self) -> tuple[str, ...]:
        """What may install something, ``MAX_FILES`` at most."""
        found: list[str] = []
        for folder, folders, names in os.walk(self._root):
            folders[:] = sorted(
                name
                for name in folders
                if not name.startswith(".")
                and name not in _SKIPPED
                and not (Path(folder) / name / "pyvenv.cfg").exists()
            )
            here = Path(folder)
            found += [
                (here / name).relative_to(self._root).as_posix()
                for name in names
                if any(fnmatch.fnmatch(name, pattern) for pattern in _WANTED)
                or (name == "pyproject.toml" and here == self._root)
            ]
            if len(found) >= MAX_FILES:
                break
        return tuple(sorted(found)[:MAX_FILES])

    def text(self, path: str) -> str:
        """The text of a file below the root."""
        target = self._root / path
        if path.endswith(".txt"):
            return decode_requirements(read_bytes(target, label=path), path)
        return read_text(target, label=path, limit=NOTEBOOK_LIMIT)
