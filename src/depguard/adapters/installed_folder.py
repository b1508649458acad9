"""What one folder of the search path holds: distributions, leftovers, and what nobody recorded."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.adapters.recorded_files import (
    RecordRow,
    code_below,
    look,
    look_inside,
    moment,
    read_record,
)
from depguard.adapters.stat_baseline import StatBaseline
from depguard.model.environment import Depth, Folder, FolderKind, Installed, Leftover, Stray

_INFO = re.compile(r"(?P<name>[^-]+(?:-[^-]+)*?)-(?P<version>\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info")
_STASHED = "-~.=%0123456789"
"""In front of a folder that pip set aside: ``~``, then some of these (pip's AdjacentTempDirectory)."""
_NO_STRAYS = frozenset({"__pycache__", "sitecustomize", "usercustomize", "_virtualenv"})
_STATED = re.compile(
    r"^(?:__version__|version|full_version|_version)\s*(?::\s*[\w.\[\]]+\s*)?=\s*['\"](\d[^'\"]*)['\"]",
    re.MULTILINE,
)
_CONDA = "conda"
_IMPORTABLE = re.compile(r"(^|\.)(py|pyd|so)$")
_STATED_LIMIT = 64 * 1024
"""Bytes of a source file that are searched for the version it states."""


@dataclass(slots=True)
class _Found:
    """A metadata folder with what its name and RECORD say."""

    info: str
    name: NormalizedName
    spelled: str
    version: Version | None
    rows: list[RecordRow] | None
    tops: frozenset[str] = frozenset()


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
    found = [_found(folder.path, name) for name in names if name.endswith((".dist-info", ".egg-info"))]
    distributions = [item for item in found if not item.info.startswith("~")]
    owned = _Owned(distributions)
    for item in distributions:
        guarded = protected(item.name)
        progress(item.name)
        contents.distributions.append(
            _installed(folder.path, item, depth, baseline, owned if guarded else None)
            if (guarded or not only_protected)
            and folder.kind is not FolderKind.SYSTEM
            and not (conda and _first_line(f"{folder.path}/{item.info}/INSTALLER") == _CONDA)
            else _listed(folder.path, item)
        )
    contents.leftovers = _leftovers(folder.path, names, distributions)
    if folder.kind in (FolderKind.SITE, FolderKind.OVERLAY, FolderKind.USER) and not conda:
        contents.strays = _strays(folder.path, names, distributions)
    return contents


class _Owned:
    """Which files all RECORDs of a folder list below a top-level name."""

    def __init__(self, distributions: Iterable[_Found]) -> None:
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


def _found(folder: str, info: str) -> _Found:
    matched = _INFO.fullmatch(info)
    spelled = matched["name"] if matched else info.rpartition(".")[0]
    text = matched["version"] if matched else ""
    if not matched or info.startswith("~"):
        spelled, text = _from_metadata(f"{folder}/{info}", spelled)
    rows = read_record(f"{folder}/{info}/RECORD") if info.endswith(".dist-info") else None
    tops = frozenset(row.path.partition("/")[0] for row in rows or ()) - {info}
    return _Found(
        info=info,
        name=canonicalize_name(spelled),
        spelled=spelled,
        version=_version(text),
        rows=rows,
        tops=tops,
    )


def _from_metadata(path: str, spelled: str) -> tuple[str, str]:
    """Name and version as the metadata file says them: for a folder whose name does not."""
    name, version = spelled, ""
    for file in (f"{path}/METADATA", f"{path}/PKG-INFO", path):
        try:
            with Path(file).open(encoding="utf-8", errors="replace") as stream:
                for line in stream:
                    if not line.strip():
                        break
                    key, _, value = line.partition(":")
                    if key == "Name":
                        name = value.strip()
                    elif key == "Version":
                        version = value.strip()
                return name, version
        except OSError:
            continue
    return name, version


def _version(text: str) -> Version | None:
    try:
        return Version(text.replace("_", "-")) if text else None
    except InvalidVersion:
        return None


def _listed(folder: str, item: _Found) -> Installed:
    """A distribution whose files are not looked at."""
    return Installed(
        name=item.name,
        spelled=item.spelled,
        version=item.version,
        folder=folder,
        info=item.info,
        recorded=item.rows is not None,
        modules=_modules(item),
        installed_at=_time(f"{folder}/{item.info}"),
    )


def _installed(
    folder: str, item: _Found, depth: Depth, baseline: StatBaseline, owned: _Owned | None
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
        installer="" if healthy and owned is None else _first_line(f"{info}/INSTALLER"),
        installed_at=_time(info),
        files=looked.files,
        size=looked.size,
        missing=tuple(sorted(set(looked.missing))),
        changed=tuple(looked.changed),
        unowned=unowned,
        stated=_stated(folder, item) if looked.changed or unowned else None,
        modules=_modules(item),
        hashed=looked.hashed or verified is not None,
        verified=verified,
        seen=seen,
    )


def _unowned(folder: str, item: _Found, owned: _Owned) -> tuple[str, ...]:
    found: list[str] = []
    for top in sorted(item.tops):
        recorded = owned.below(top)
        if recorded is None or owned.first_owner(top) != item.info or not Path(folder, top).is_dir():
            continue
        found += [path for path in code_below(folder, top) if path not in recorded]
    return tuple(sorted(found))


def _stated(folder: str, item: _Found) -> str | None:
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


def _modules(item: _Found) -> tuple[str, ...]:
    """Top-level names that may be imported, by RECORD; none where there is none."""
    names = set()
    for top in item.tops:
        name, dot, suffix = top.partition(".")
        if name.isidentifier() and (not dot or _IMPORTABLE.search(suffix)):
            names.add(name)
    return tuple(sorted(names))


def _leftovers(folder: str, names: Iterable[str], installed: Iterable[_Found]) -> list[Leftover]:
    stashed = [name for name in names if name.startswith("~")]
    if not stashed:
        return []
    infos = [_found(folder, name) for name in stashed if name.endswith(".dist-info")]
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
                modified=_time(f"{folder}/{name}"),
            )
        )
    return found


def _owner_of(stashed: str, candidates: Iterable[_Found]) -> _Found | None:
    """Whose top-level folder was set aside: pip keeps the length of the name and its tail."""
    tail = stashed.lstrip(_STASHED)
    for item in candidates:
        tops = item.tops | {item.spelled.replace("-", "_"), item.info}
        if any(len(top) == len(stashed) and top.endswith(tail) for top in tops):
            return item
    return None


def _strays(folder: str, names: Iterable[str], installed: Iterable[_Found]) -> list[Stray]:
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
        found.append(Stray(folder=folder, name=name, module=module, modified=_time(f"{folder}/{name}")))
    return found


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - 700 of them
            return stream.readline().strip()[:40]
    except OSError:
        return ""


def _time(path: str) -> datetime | None:
    """When something was last written, to the second."""
    try:
        return moment(os.stat(path).st_mtime)  # noqa: PTH116 - 700 of them
    except OSError:
        return None
