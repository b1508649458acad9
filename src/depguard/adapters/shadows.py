"""Modules that an import finds before the protected distribution that they are named like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.model.environment import Folder, FolderKind, Installed, Shadow

_HIDING = frozenset(
    {
        FolderKind.WORKING,
        FolderKind.TESTS,
        FolderKind.ENVIRONMENT,
        FolderKind.USER,
        FolderKind.OVERLAY,
        FolderKind.LINKED,
        FolderKind.INSERTED,
    }
)
"""Folders whose modules are not those that the host came with."""


def shadows(
    folders: Sequence[Folder],
    distributions: Iterable[Installed],
    protects: Callable[[NormalizedName], bool],
) -> Iterator[Shadow]:
    """Each module of a protected distribution that lies in a folder searched before its own.

    The owner is the last distribution of that name on the path: what the host came with. A folder without
    ``__init__.py`` is harmless, a namespace package yields to a regular one.
    """
    order = {folder.path: index for index, folder in enumerate(folders)}
    owners: dict[str, Installed] = {}
    copies: dict[tuple[str, NormalizedName], Installed] = {}
    for item in distributions:
        copies[item.folder, item.name] = item
        if not protects(item.name) or _kind(folders, order, item.folder) is FolderKind.SYSTEM:
            continue
        for module in item.modules:
            known = owners.get(module)
            if known is None or order[item.folder] >= order[known.folder]:
                owners[module] = item
    for module, owner in sorted(owners.items()):
        for folder in folders[: order[owner.folder]]:
            if folder.kind not in _HIDING:
                continue
            path = _importable(Path(folder.path), module)
            if path is None or folder.path == owner.folder:
                continue
            copy = copies.get((folder.path, owner.name))
            yield Shadow(
                module=module,
                path=str(path),
                kind=folder.kind,
                hidden=owner.name,
                version=copy.version if copy is not None else None,
            )


def _kind(folders: Sequence[Folder], order: dict[str, int], path: str) -> FolderKind:
    return folders[order[path]].kind


def _importable(folder: Path, module: str) -> Path | None:
    """What ``import module`` would take from a folder, a namespace package left out."""
    package = folder / module / "__init__.py"
    if package.is_file():
        return package.parent
    source = folder / f"{module}.py"
    if source.is_file():
        return source
    return next((path for path in folder.glob(f"{module}.*") if path.suffix in {".so", ".pyd"}), None)
