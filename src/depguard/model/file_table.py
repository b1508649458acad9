"""Which files distributions own: where to look for a collision, and whole lists for those that count."""

from __future__ import annotations

import base64
import json
import posixpath
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

from packaging.utils import NormalizedName, canonicalize_name

from depguard.records import dataclass, field

FORMAT = 1
_MOST_UNPACKED = 1 << 26
_LEVELS = 6
_CHILDREN = 8
_NAMESPACE_INIT = 400
"""Bytes. A longer ``__init__.py`` is a package's own, a shorter one may be that of a shared namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """Roots by project, and file lists: packed by project, and those of one machine whole.

    A root is a file, or a folder below which a project has files; of all its releases that were looked at.
    ``installed`` has version and files of what was found on a machine.
    """

    roots: Mapping[NormalizedName, tuple[str, ...]]
    packed: Mapping[NormalizedName, str] = field(default_factory=dict)
    installed: Mapping[NormalizedName, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def files(self, name: NormalizedName, version: str) -> frozenset[str] | None:
        """All files of one release below site-packages; None where they are not in the table."""
        found = self.installed.get(name)
        if found is not None and found[0] == version:
            return found[1]
        text = self.packed.get(name)
        return unpack_lists(text).get(version) if text is not None else None

    @classmethod
    def of(cls, installed: Mapping[NormalizedName, tuple[str, Mapping[str, int | None]]]) -> Self:
        """The table of one machine, from the version and the files (with sizes) of each distribution."""
        return cls(
            roots={name: roots_of(files.items()) for name, (_, files) in installed.items()},
            installed={name: (version, frozenset(files)) for name, (version, files) in installed.items()},
        )

    def before(self, other: FileTable | None) -> FileTable:
        """Both; of what both know, this one says it."""
        if other is None:
            return self
        return FileTable(
            roots={**other.roots, **self.roots},
            packed={**other.packed, **self.packed},
            installed={**other.installed, **self.installed},
        )

    @classmethod
    def load(cls, text: str) -> Self:
        """What ``dump`` gave. Raises ValueError."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError("a file table of another format")
        try:
            whole = unpack_lists(data["installed"]) if "installed" in data else {}
            releases = [(*key.rpartition("=="), files) for key, files in whole.items()]
            return cls(
                roots={canonicalize_name(name): tuple(roots) for name, roots in data["roots"].items()},
                packed={canonicalize_name(name): str(blob) for name, blob in data["files"].items()},
                installed={canonicalize_name(n): (version, files) for n, _, version, files in releases},
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a file table: {error}") from None

    def dump(self) -> str:
        """JSON, one line a project; what was found on one machine is packed as a whole."""
        parts: dict[str, Mapping[NormalizedName, Any]] = {"roots": self.roots, "files": self.packed}
        sections = [
            f'"{section}": {{\n'
            + ",\n".join(f"{json.dumps(name)}: {json.dumps(values[name])}" for name in sorted(values))
            + "\n}"
            for section, values in parts.items()
        ]
        if self.installed:
            whole = pack_lists({f"{n}=={version}": files for n, (version, files) in self.installed.items()})
            sections.append(f'"installed": {json.dumps(whole)}')
        return f'{{"format": {FORMAT}, ' + ", ".join(sections) + "}\n"


def roots_of(files: Iterable[tuple[str, int | None]]) -> tuple[str, ...]:
    """The roots of a wheel's files (path and size): as high up as they are its own.

    A folder with files is one, unless its only file is the short ``__init__.py`` of a shared namespace.
    """
    tree: dict[str, Any] = {}
    for path, size in files:
        *folders, name = path.split("/")
        if folders and folders[0].endswith((".dist-info", ".egg-info")):
            continue
        here = tree
        for folder in folders:
            below = here.setdefault(folder, {})
            here = below if isinstance(below, dict) else {}
        here.setdefault(name, size)
    return tuple(sorted(_roots(tree, "", 0)))


def _roots(tree: Mapping[str, Any], above: str, level: int) -> Iterable[str]:
    for name, value in tree.items():
        path = f"{above}{name}"
        if not isinstance(value, dict):
            yield path
            continue
        own = [(n, size) for n, size in value.items() if not isinstance(size, dict)]
        folders = [n for n, below in value.items() if isinstance(below, dict)]
        shared = not own or (
            len(own) == 1 and own[0][0] == "__init__.py" and (own[0][1] or 0) <= _NAMESPACE_INIT
        )
        special = path.startswith("{") and level == 0
        if folders and ((shared and len(folders) <= _CHILDREN and level < _LEVELS) or special):
            yield from _roots({n: value[n] for n in folders}, f"{path}/", level + 1)
            if special:
                yield from (f"{path}/{n}" for n, _ in own)
        elif special:
            yield from (f"{path}/{n}" for n, _ in own)
        else:
            yield path


def pack_lists(lists: Mapping[str, Iterable[str]]) -> str:
    """File lists by version as one text: each path once, after what it shares with the one before."""
    import lzma

    versions = sorted(lists)
    masks: dict[str, int] = {}
    for i, version in enumerate(versions):
        for path in lists[version]:
            masks[path] = masks.get(path, 0) | 1 << i
    lines = [" ".join(versions)]
    last = ""
    for path, mask in sorted(masks.items()):
        shared = len(posixpath.commonprefix((last, path)))
        lines.append(f"{shared} {mask:x} {path[shared:]}")
        last = path
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    return base64.b85encode(lzma.compress(data, format=lzma.FORMAT_ALONE, preset=9)).decode()


@lru_cache(maxsize=16)  # a project's table is asked for each wheel that comes near it
def unpack_lists(text: str) -> Mapping[str, frozenset[str]]:
    """What ``pack_lists`` packed. Raises ValueError."""
    import lzma

    try:
        unpacking = lzma.LZMADecompressor(format=lzma.FORMAT_ALONE)
        data = unpacking.decompress(base64.b85decode(text), _MOST_UNPACKED)
    except lzma.LZMAError:
        raise ValueError("not a packed file list") from None
    if not unpacking.eof:
        raise ValueError("a packed file list that is cut off, or too long")
    head, *lines = data.decode("utf-8", "surrogatepass").split("\n")
    versions = head.split(" ")
    found: dict[str, set[str]] = {version: set() for version in versions}
    last = ""
    for line in lines:
        shared, mask, rest = line.split(" ", 2)
        last = last[: int(shared)] + rest
        holders = int(mask, 16)
        if not 0 < holders < 1 << len(versions):
            raise ValueError("a packed file list of versions that it does not name")
        for i in _bits(holders):
            found[versions[i]].add(last)
    return {version: frozenset(paths) for version, paths in found.items()}


def _bits(mask: int) -> Sequence[int]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
