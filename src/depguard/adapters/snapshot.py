"""The snapshot of a live environment: files read, nothing imported, nothing changed there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.adapters.installed_folder import folder_contents
from depguard.adapters.late_requirements import with_requirements
from depguard.adapters.recorded_files import code_below, file_sha256, hexadecimal, read_record
from depguard.adapters.search_path import SearchPath, search_path
from depguard.adapters.shadows import shadows
from depguard.adapters.stat_baseline import StatBaseline
from depguard.model.environment import (
    Depth,
    FolderKind,
    HostKind,
    Installed,
    Leftover,
    ProtectedBytes,
    Snapshot,
    Stray,
)
from depguard.records import dataclass, field

Protects = Callable[[NormalizedName], bool]
"""Whether a policy protects a name."""

_INSTALLED = (FolderKind.ENVIRONMENT, FolderKind.USER, FolderKind.OVERLAY, FolderKind.SITE, FolderKind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How to look. ``python`` None: this interpreter. ``cache`` None: no memory of earlier looks.

    ``working`` is the folder that scripts and notebooks start in, None where that does not count;
    ``running`` the ``sys.path`` of a running process that does.
    """

    protects: Protects
    depth: Depth = Depth.FAST
    python: str | None = None
    only_protected: bool = False
    cache: Path | None = None
    working: Path | None = None
    running: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    progress: Callable[[str], None] = lambda _: None


def take_snapshot(look: Look) -> Snapshot:
    """What is installed there and how its files are.

    Raises InputError, OutOfReachError where the interpreter does not answer.
    """
    return snapshot_of(search_path(look.python, look.environ, look.working, look.running), look)


def snapshot_of(path: SearchPath, look: Look) -> Snapshot:
    """The same for an interpreter whose search path is known."""
    baseline = StatBaseline.in_folder(look.cache, path.prefix, datetime.now(UTC))
    distributions: list[Installed] = []
    leftovers: list[Leftover] = []
    strays: list[Stray] = []
    conda = Path(path.prefix, "conda-meta").is_dir()
    for folder in path.folders:
        if folder.kind not in _INSTALLED:
            continue
        contents = folder_contents(
            folder,
            depth=look.depth,
            protected=look.protects,
            baseline=baseline,
            only_protected=look.only_protected,
            conda=conda,
            progress=look.progress,
        )
        distributions += contents.distributions
        leftovers += contents.leftovers
        strays += contents.strays
    baseline.save()
    distributions = with_requirements(distributions)
    return Snapshot(
        taken=baseline.now,
        depth=look.depth,
        python=path.python,
        executable=path.executable,
        prefix=path.prefix,
        kind=_kind(path, distributions, look.environ),
        folders=path.folders,
        distributions=tuple(distributions),
        leftovers=tuple(leftovers),
        strays=tuple(strays),
        shadows=tuple(shadows(path.folders, distributions, look.protects)),
        since=baseline.since,
    )


def protected_bytes(protects: Protects, python: str | None = None) -> tuple[ProtectedBytes, ...]:
    """Every file of each protected distribution by its sha256, read now. Sorted by name.

    Raises InputError, OutOfReachError where the interpreter does not answer.
    """
    return bytes_of(search_path(python), protects)


def bytes_of(path: SearchPath, protects: Protects) -> tuple[ProtectedBytes, ...]:
    """The same for an interpreter whose search path is known."""
    found: list[ProtectedBytes] = []
    nothing = StatBaseline(None, datetime.now(UTC))
    for folder in path.folders:
        if folder.kind not in _INSTALLED:
            continue
        # Outlines only: the files are read below, all of them.
        outlines = folder_contents(
            folder, depth=Depth.FAST, protected=lambda _: False, baseline=nothing, only_protected=True
        )
        for item in outlines.distributions:
            if protects(item.name):
                files = {path: hexadecimal(digest) or "" for path, digest in _digests(item)}
                found.append(
                    ProtectedBytes(name=item.name, version=item.version, folder=item.folder, files=files)
                )
    return tuple(sorted(found, key=lambda item: (item.name, item.folder)))


def _digests(item: Installed) -> Iterator[tuple[str, str]]:
    """What RECORD lists, its metadata folder, and code that lies in its packages unrecorded."""
    rows = read_record(f"{item.folder}/{item.info}/RECORD") or []
    paths = {row.path for row in rows}
    tops = {path.partition("/")[0] for path in paths if "/" in path} - {item.info}
    for top in tops:
        if "." not in top:
            paths |= set(code_below(item.folder, top))
    info = Path(item.folder, item.info)
    paths |= {f"{item.info}/{path.name}" for path in info.glob("*") if path.is_file()}
    for path in sorted(paths):
        try:
            yield path, file_sha256(f"{item.folder}/{path}")
        except OSError:
            continue  # missing, or not to be read: absent from both looks, or a difference


def _kind(path: SearchPath, distributions: list[Installed], environ: Mapping[str, str]) -> HostKind:
    names = {item.name for item in distributions}
    if path.in_venv and not any(folder.kind is FolderKind.OVERLAY for folder in path.folders):
        return HostKind.VENV
    if "google-colab" in names or "COLAB_RELEASE_TAG" in environ:
        return HostKind.COLAB
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        return HostKind.KAGGLE
    if "SAGEMAKER_INTERNAL_IMAGE_URI" in environ or "SM_CURRENT_HOST" in environ:
        return HostKind.SAGEMAKER
    if path.in_venv:
        return HostKind.VENV
    if Path(path.prefix, "conda-meta").is_dir():
        return HostKind.CONDA
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in environ:
        return HostKind.CONTAINER
    return HostKind.SYSTEM
