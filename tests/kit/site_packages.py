"""Small made distributions in a folder, as an installer leaves them, and snapshots of such folders."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.adapters.search_path import SearchPath
from depguard.adapters.snapshot import Look, Protects, snapshot_of
from depguard.model.environment import Depth, Folder, FolderKind, Snapshot

PROTECTED = frozenset({"numpy", "torch", "nvidia-cublas", "nvidia-cudnn"})


def protected(name: NormalizedName) -> bool:
    return name in PROTECTED


def install(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes] | None = None,
    *,
    requires: Iterable[str] = (),
    record: bool = True,
    installer: str = "pip",
) -> Path:
    """Write a distribution's files, its metadata and its RECORD; the metadata folder."""
    module = name.replace("-", "_")
    contents = dict(
        files
        if files is not None
        else {
            f"{module}/__init__.py": f'__version__ = "{version}"\n'.encode(),
            f"{module}/core.py": b"x = 1\n" * 50,
            f"{module}/_native.cpython-311-x86_64-linux-gnu.so": b"\x7fELF" + bytes(200),
            f"{module}/tests/test_core.py": b"assert True\n",
        }
    )
    info = f"{module}-{version}.dist-info"
    lines = [f"Requires-Dist: {text}" for text in requires]
    contents[f"{info}/METADATA"] = "\n".join(
        ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines, "", ""]
    ).encode()
    contents[f"{info}/INSTALLER"] = f"{installer}\n".encode()
    rows = []
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(content)}")
    rows += [
        f"{module}/__pycache__/core.cpython-311.pyc,,",
        "../../../bin/tool,sha256=x,3",
        f"{info}/RECORD,,",
    ]
    if record:
        (folder / info / "RECORD").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / info


def path_of(*folders: Path, kinds: Iterable[FolderKind] = (), prefix: str = "/srv/lab") -> SearchPath:
    """A search path over made folders; all are the interpreter's own unless ``kinds`` says otherwise."""
    of_kind = [*kinds] or [FolderKind.SITE] * len(folders)
    return SearchPath(
        python="3.11.7",
        executable=f"{prefix}/bin/python",
        prefix=prefix,
        base="/usr",
        folders=tuple(Folder(path=str(f), kind=k) for f, k in zip(folders, of_kind, strict=True)),
    )


def snapshot(
    *folders: Path,
    kinds: Iterable[FolderKind] = (),
    depth: Depth = Depth.FULL,
    cache: Path | None = None,
    protects: Protects = protected,
    only_protected: bool = False,
    prefix: Path | None = None,
) -> Snapshot:
    """The snapshot of made folders."""
    look = Look(protects=protects, depth=depth, cache=cache, environ={}, only_protected=only_protected)
    return snapshot_of(path_of(*folders, kinds=kinds, prefix=str(prefix or "/srv/lab")), look)
