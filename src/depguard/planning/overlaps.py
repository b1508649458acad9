"""Files of wheels that come in and that another distribution of the host owns already (DG103)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.utils import NormalizedName

from depguard.model.binary import WheelContents
from depguard.model.file_list import InstalledFile, top_level
from depguard.model.file_table import FileTable
from depguard.model.host import Host, InstalledDistribution
from depguard.records import dataclass

_SHARED_INIT = 400
"""Bytes. Shorter ``__init__.py`` files of one folder are those of a shared namespace (pkgutil style)."""

Listing = Mapping[str, InstalledFile]
Owners = tuple[NormalizedName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What one wheel would do to another distribution's files.

    ``files`` would be overwritten. ``known`` is False where the owner's list could not be had: they lie where
    the owner has its files. ``planted`` are files in the owner's folder that it does not have itself.
    """

    owner: NormalizedName
    files: tuple[str, ...]
    planted: tuple[str, ...] = ()
    known: bool = True


def overlaps(
    host: Host,
    table: FileTable,
    coming: Mapping[NormalizedName, WheelContents],
    changed: frozenset[NormalizedName],
    listing: Callable[[InstalledDistribution], Listing | None],
) -> dict[NormalizedName, tuple[Overlap, ...]]:
    """Overlaps by the name of what comes in, with what stays on the host and with what comes along.

    ``changed`` are the host's distributions that the same changes move or remove: their old files do not
    count. ``listing`` gives an installed distribution's files, None where they cannot be had.
    """
    roots, taken = _roots(host, table, changed)
    found: dict[NormalizedName, list[Overlap]] = {}
    for name, contents in coming.items():
        near = [top for top in contents.files.tops if taken.get(top)]
        for owner, files in _touched(contents.files.below(near), roots).items():
            if owner != name:
                overlap = _with(owner, files, listing(host.installed[owner]))
                if overlap is not None:
                    found.setdefault(name, []).append(overlap)
    counted = Counter(top for contents in coming.values() for top in contents.files.tops)
    shared = [top for top, count in counted.items() if count > 1]
    for name, overlap in _between(coming, shared):
        found.setdefault(name, []).append(overlap)
    return {name: tuple(sorted(all_, key=lambda o: o.owner)) for name, all_ in found.items()}


@dataclass(frozen=True, slots=True)
class _Roots:
    """Who owns what lies at or below a path. ``tops`` are the first parts of these paths, with their number.

    Most wheels have top-level names of their own: thousands of files need not be looked at one by one.
    """

    owners: Mapping[str, Owners]
    tops: Mapping[str, int]


_MOST = 4
"""Hosts are planned on one after the other, and each that stands here stays in memory: 2 MB."""
_all: dict[tuple[int, int], tuple[Host, FileTable, _Roots]] = {}


def _roots(
    host: Host, table: FileTable, changed: frozenset[NormalizedName]
) -> tuple[Mapping[str, Owners], Mapping[str, int]]:
    """The same but for what changes."""
    known = _all.get((id(host), id(table)))
    if known is None:
        if len(_all) >= _MOST:
            _all.pop(next(iter(_all)))
        everything = _all_roots(host, table)
        # The host and the table beside the answer keep their ids from being others'.
        known = (host, table, _Roots(everything, Counter(map(top_level, everything))))
        _all[id(host), id(table)] = known
    owners, tops = dict(known[2].owners), dict(known[2].tops)
    for name in changed & host.installed.keys():
        for root in _own_roots(host, table, name):
            owners[root] = tuple(owner for owner in owners[root] if owner != name)
            if not owners[root]:
                del owners[root]
                tops[top_level(root)] -= 1
    return owners, tops


def _all_roots(host: Host, table: FileTable) -> dict[str, Owners]:
    owners: dict[str, Owners] = {}
    for name in host.installed:
        for root in _own_roots(host, table, name):
            owners[root] = (*owners[root], name) if root in owners else (name,)
    return owners


def _own_roots(host: Host, table: FileTable, name: NormalizedName) -> Iterable[str]:
    roots = table.roots.get(name) or host.installed[name].modules or (name.replace("-", "_"),)
    return dict.fromkeys(roots) if len(roots) > 1 else roots


def _touched(
    files: Iterable[InstalledFile], roots: Mapping[str, Owners]
) -> dict[NormalizedName, list[InstalledFile]]:
    """The files that lie at or below a root, by the root's owners."""
    owners = _AtOrAbove(roots)
    touched: dict[NormalizedName, list[InstalledFile]] = {}
    for file in files:
        folder = file.path.rpartition("/")[0]
        if not folder.endswith(".dist-info"):
            for owner in (*owners[folder], *roots.get(file.path, ())):
                touched.setdefault(owner, []).append(file)
    return touched


class _AtOrAbove(dict[str, Owners]):
    """The owners of a folder and of those that it lies in, each found once."""

    def __init__(self, roots: Mapping[str, Owners]) -> None:
        super().__init__({"": ()})
        self._roots = roots

    def __missing__(self, folder: str) -> Owners:
        self[folder] = known = self[folder.rpartition("/")[0]] + self._roots.get(folder, ())
        return known


def _with(owner: NormalizedName, files: list[InstalledFile], own: Listing | None) -> Overlap | None:
    if own is None:
        paths = tuple(sorted(f.path for f in files if not f.path.endswith("/__init__.py")))
        return Overlap(owner=owner, files=paths, known=False) if paths else None
    over = tuple(sorted(f.path for f in files if f.path in own and not _same(f, own[f.path])))
    planted = tuple(sorted(f.path for f in files if f.path not in own))
    return Overlap(owner=owner, files=over, planted=planted) if over or planted else None


def _same(one: InstalledFile, other: InstalledFile) -> bool:
    return one.crc is not None and one.crc == other.crc and one.size == other.size


def _declare_namespace(*files: InstalledFile) -> bool:
    """Whether these only make a namespace that many share (``nvidia/__init__.py``), as far as sizes tell."""
    return all(f.path.endswith("/__init__.py") and (f.size or 0) <= _SHARED_INIT for f in files)


def _between(
    coming: Mapping[NormalizedName, WheelContents], tops: Sequence[str]
) -> Iterator[tuple[NormalizedName, Overlap]]:
    """Overlaps of two wheels that come in together, below ``tops``; the later one by name overwrites."""
    first: dict[str, tuple[NormalizedName, InstalledFile]] = {}
    pairs: dict[tuple[NormalizedName, NormalizedName], list[str]] = {}
    for name in sorted(coming):
        for file in coming[name].files.below(tops):
            held = first.setdefault(file.path, (name, file))
            if held[0] != name and not _same(file, held[1]) and not _declare_namespace(file, held[1]):
                pairs.setdefault((name, held[0]), []).append(file.path)
    for (name, owner), paths in pairs.items():
        yield name, Overlap(owner=owner, files=tuple(sorted(paths)))
