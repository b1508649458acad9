"""Where the policies of a project lie."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from depguard.adapters.witness import exists

PROJECT_FILE = "depguard.yaml"
PROJECT_FOLDER = "policies"


def project_root(path: Path) -> Path:
    """The root of the project that a policy file belongs to.

    The folder of ``depguard.yaml``, the parent of ``policies/``; for a file elsewhere the git root above
    it, or its own folder.
    """
    folder = path.absolute().parent
    if path.name == PROJECT_FILE:
        return folder
    if folder.name == PROJECT_FOLDER:
        return folder.parent
    return up_to_git_root(folder)[-1]


def up_to_git_root(folder: Path) -> tuple[Path, ...]:
    """The folder and its parents up to the git root; the folder alone where there is none."""
    folders = (folder, *folder.parents)
    for index, candidate in enumerate(folders):
        if exists(candidate / ".git"):  # a file in worktrees and submodules
            return folders[: index + 1]
    return folders[:1]


def looks_like_path(reference: str) -> bool:
    """Whether a reference is a path, and no name of a shipped policy."""
    return "/" in reference or "\\" in reference or PurePosixPath(reference).suffix in {".yaml", ".yml"}


def relative(path: Path, root: Path) -> str:
    """What people call a path below a root."""
    try:
        return os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # another drive of Windows
        return str(path)
