"""What one folder of the search path holds: distributions, leftovers, and what nobody recorded."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.adapters.metadata_folders import (
    MetadataFolder,
    first_line,
    last_written,
    metadata_folder,
    modules_of,
)
from depguard.adapters.recorded_files import code_below, look, look_inside
from depguard.adapters.stat_baseline import StatBaseline
from depguard.adapters.unrecorded import leftovers, strays
from depguard.model.environment import Depth, Folder, FolderKind, Installed, Leftover, Stray
from depguard.records import dataclass, field

_STATED = re.compile(
    r"^(?:__version__|version|full_version|_version)\s*(?::\s*[\w.\[\]]+\s*)?=\s*['\"](\d[^'\"]*)['\"]",
    re.MULTILINE,
)
_CONDA = "conda"
_STATED_LIMIT = 64 * 1024
"""Bytes of a source file that are searched for the version it states."""


@dataclass(slots=True)
class FolderContents:
    """What a folder holds, as values of the model."""

    distributions: list[Installed] = field(default_factory=list)
    leftovers: list[Leftover] = field(default_factory=list)
    strays: list[Stray] = field(default_factory=list)


def folder_contents(
    folder: Folder,
    *,
    depth: Depth,
    protected: Callable[[NormalizedName], bool],
    baseline: StatBaseline,
    only_protected: bool = False,
    conda: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> FolderContents:
    """Look at every distribution of a folder; ``only_protected`` leaves out the files of the others.

    A folder that cannot be listed holds nothing. The operating system's own is only listed, and so is in an
    environment of ``conda`` what that installed: such managers strip, split and rewrite files (prefixes in
    binaries, say) and do not correct RECORD.
    """
    try:
        names = sorted(os.listdir(folder.path))  # noqa: PTH208 - names alone are wanted
    except OSError:
        return FolderContents()
    contents = FolderContents()
    infos = (name for name in names if name.endswith((".dist-info", ".egg-info")) and name[:1] != "~")
    distributions = [metadata_folder(folder.path, info) for info in infos]
    owned = _Owned(distributions)
    for item in distributions:
        guarded = protected(item.name)
        progress(item.name)
        contents.distributions.append(
            _installed(folder.path, item, depth, baseline, owned if guarded else None)
            if (guarded or not only_protected)
            and folder.kind is not FolderKind.SYSTEM
            and not (conda and first_line(f"{folder.path}/{item.info}/INSTALLER") == _CONDA)
            else _listed(folder.path, item)
        )
    contents.leftovers = leftovers(folder.path, names, distributions)
    if folder.kind in (FolderKind.SITE, FolderKind.OVERLAY, FolderKind.USER) and not conda:
        contents.strays = strays(folder.path, names, distributions)
    return contents


class _Owned:
    """Which files all RECORDs of a folder list below a top-level name."""

    def __init__(self, distributions: Iterable[MetadataFolder]) -> None:
        self._all = list(distributions)
        self._by_top: dict[str, set[str] | None] = {}

    def below(self, top: str) -> set[str] | None:
        """The recorded paths below a top-level folder; None where somebody there has no RECORD."""
        if top not in self._by_top:
            prefix = f"{top}/"
            self._by_top[top] = {
                row.path
                for item in self._all
                if item.rows is not None and top in item.tops
                for row in item.rows
                if row.path.startswith(prefix)
            }
        return self._by_top[top]

    def first_owner(self, top: str) -> str:
        """Who is told of what nobody recorded there: of several the first by its metadata folder."""
        return next(item.info for item in self._all if top in item.tops)


def _listed(folder: str, item: MetadataFolder) -> Installed:
    """A distribution whose files are not looked at."""
    return Installed(
        name=item.name,
        spelled=item.spelled,
        version=item.version,
        folder=folder,
        info=item.info,
        recorded=item.rows is not None,
        modules=modules_of(item),
        installed_at=last_written(f"{folder}/{item.info}"),
    )


def _installed(
    folder: str, item: MetadataFolder, depth: Depth, baseline: StatBaseline, owned: _Owned | None
) -> Installed:
    """A distribution with its files; ``owned`` is given for a protected one."""
    info = f"{folder}/{item.info}"
    rows = item.rows or []
    looked = look(folder, rows)
    known = baseline.entry(info)
    same = known is not None and known.stats == looked.stats
    verified = known.verified if known is not None and same else None
    suspect = bool(looked.changed) or (known is not None and not same)
    if depth is Depth.FULL or (depth is Depth.NORMAL and owned is not None and verified is None) or suspect:
        look_inside(folder, rows, looked)
        verified = baseline.now
    unowned = _unowned(folder, item, owned) if owned is not None and item.rows is not None else ()
    if item.info.endswith(".dist-info"):
        if not Path(info, "METADATA").exists():
            looked.missing.append(f"{item.info}/METADATA")
        if item.rows is None and owned is not None:
            looked.missing.append(f"{item.info}/RECORD")  # what belongs to it cannot be known without
    healthy = not (looked.missing or looked.changed or unowned)
    seen = known.seen if known is not None else None
    if healthy and item.rows is not None:
        baseline.note(info, looked.stats, verified)
    return Installed(
        name=item.name,
        spelled=item.spelled,
        version=item.version,
        folder=folder,
        info=item.info,
        recorded=item.rows is not None,
        # Read where it may be told: 700 files more take longer than they are worth.
        installer="" if healthy and owned is None else first_line(f"{info}/INSTALLER"),
        installed_at=last_written(info),
        files=looked.files,
        size=looked.size,
        missing=tuple(sorted(set(looked.missing))),
        changed=tuple(looked.changed),
        unowned=unowned,
        stated=_stated(folder, item) if looked.changed or unowned else None,
        modules=modules_of(item),
        hashed=looked.hashed or verified is not None,
        verified=verified,
        seen=seen,
    )


def _unowned(folder: str, item: MetadataFolder, owned: _Owned) -> tuple[str, ...]:
    found: list[str] = []
    for top in sorted(item.tops):
        recorded = owned.below(top)
        if recorded is None or owned.first_owner(top) != item.info or not Path(folder, top).is_dir():
            continue
        found += [path for path in code_below(folder, top) if path not in recorded]
    return tuple(sorted(found))


def _stated(folder: str, item: MetadataFolder) -> str | None:
    """The version that the package's own source states: ``version.py`` before ``__init__.py``."""
    for top in sorted(item.tops):
        for name in ("version.py", "_version.py", "__version__.py", "__init__.py"):
            path = Path(folder, top, name)
            try:
                with path.open(encoding="utf-8", errors="replace") as stream:
                    stated = _STATED.search(stream.read(_STATED_LIMIT))
            except OSError:
                continue
            if stated:
                return stated[1]
    return None
