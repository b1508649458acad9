"""Use case: which files the distributions of hosts own, read from the wheels that are installed there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from packaging.utils import NormalizedName

from depguard.errors import OutOfReachError
from depguard.model.binary import Depth, WheelContents
from depguard.model.file_table import FileTable, pack_lists, roots_of
from depguard.model.host import Host
from depguard.model.policy import GripKind, Policy
from depguard.model.release import Artifact
from depguard.planning.grips import grips
from depguard.records import dataclass
from depguard.resolve.ports import BinarySource, PackageSource

_AHEAD = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMade:
    """The table, and what could not be read: ``name version: why``."""

    table: FileTable
    missing: tuple[str, ...]


def make_file_table(
    hosts: Iterable[Host],
    policy: Policy,
    source: PackageSource,
    binaries: BinarySource,
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> TableMade:
    """Read every wheel that is installed on the hosts; whole lists are kept of what the policy protects."""
    wanted: dict[tuple[NormalizedName, str], str] = {}
    protected: set[NormalizedName] = set()
    for host in hosts:
        gripped = grips(policy, host)
        for name, dist in host.installed.items():
            if dist.version is not None and dist.requirements.source.endswith(".whl"):
                wanted[name, str(dist.version)] = dist.requirements.source
            if name in gripped and gripped[name].kind is GripKind.PROTECTED:
                protected.add(name)
    roots: dict[NormalizedName, set[str]] = {}
    lists: dict[NormalizedName, dict[str, tuple[str, ...]]] = {}
    missing: list[str] = []
    ordered = sorted(wanted)
    for start in range(0, len(ordered), _AHEAD):
        batch = ordered[start : start + _AHEAD]
        source.prefetch(name for name, _ in batch)
        artifacts = {key: _artifact(source, key[0], wanted[key]) for key in batch}
        found = [a for a in artifacts.values() if a is not None]
        binaries.prefetch_contents(found, depth=Depth.FILES, most=0)
        for key, artifact in artifacts.items():
            contents = _contents(binaries, artifact)
            if not isinstance(contents, WheelContents):
                missing.append(f"{key[0]} {key[1]}: {contents}")
                continue
            roots.setdefault(key[0], set()).update(roots_of((f.path, f.size) for f in contents.files))
            if key[0] in protected:
                paths = tuple(path for path in contents.files.paths if ".dist-info/" not in path)
                lists.setdefault(key[0], {})[key[1]] = paths
        progress(min(start + _AHEAD, len(ordered)))
    return TableMade(table=_table(roots, lists), missing=tuple(missing))


def _table(
    roots: Mapping[NormalizedName, set[str]],
    lists: Mapping[NormalizedName, Mapping[str, tuple[str, ...]]],
) -> FileTable:
    return FileTable(
        roots={name: _highest(paths) for name, paths in roots.items()},
        packed={name: pack_lists(by_version) for name, by_version in lists.items()},
    )


def _highest(paths: Iterable[str]) -> tuple[str, ...]:
    """Without what lies below another one."""
    kept: list[str] = []
    for path in sorted(paths, key=lambda p: (p.count("/"), p)):
        if not any(path.startswith(f"{other}/") for other in kept):
            kept.append(path)
    return tuple(sorted(kept))


def _artifact(source: PackageSource, name: NormalizedName, filename: str) -> Artifact | None:
    return next((a for a in source.page(name).artifacts if a.filename == filename), None)


def _contents(binaries: BinarySource, artifact: Artifact | None) -> WheelContents | str:
    if artifact is None:
        return "the index does not have the file any more"
    try:
        contents = binaries.contents(artifact, depth=Depth.FILES, most=0)
    except OutOfReachError as error:
        return str(error)
    return contents if isinstance(contents, WheelContents) else contents.reason
