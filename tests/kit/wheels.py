"""Tiny real wheels and sdists, the same bytes for the same arguments."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

_WHEN = (2025, 1, 1, 0, 0, 0)


def metadata_text(
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    extras: Iterable[str] = (),
    requires_python: str | None = None,
    metadata_version: str = "2.1",
    dynamic: Iterable[str] = (),
) -> str:
    """Core metadata, with a description that looks like headers."""
    lines = [
        f"Metadata-Version: {metadata_version}",
        f"Name: {name}",
        f"Version: {version}",
        "Summary: made for a test",
    ]
    lines += [f"Dynamic: {field}" for field in dynamic]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {line}" for line in requires]
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    return "\n".join(lines) + "\n\nRequires-Dist: this is the description\n"


def build_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    extras: Iterable[str] = (),
    requires_python: str | None = None,
    tag: str = "py3-none-any",
    build: str | None = None,
    files: Mapping[str, bytes] | None = None,
    metadata: str | None = None,
    compression: int = zipfile.ZIP_DEFLATED,
) -> Path:
    """A wheel that pip installs. ``files`` default to one module; ``metadata`` is the whole METADATA text."""
    stem = f"{_escape(name)}-{version}"
    path = folder / f"{stem}-{f'{build}-' if build else ''}{tag}.whl"
    text = metadata or metadata_text(
        name, version, requires=requires, extras=extras, requires_python=requires_python
    )
    members = (
        dict(files)
        if files is not None
        else {f"{_escape(name).lower()}.py": f"VERSION = {version!r}\n".encode()}
    )
    members[f"{stem}.dist-info/METADATA"] = text.encode()
    wheel = ["Wheel-Version: 1.0", "Generator: kit", "Root-Is-Purelib: true"]
    python, abi, platform = tag.split("-")
    wheel += [
        f"Tag: {p}-{a}-{f}" for p in python.split(".") for a in abi.split(".") for f in platform.split(".")
    ]
    members[f"{stem}.dist-info/WHEEL"] = ("\n".join(wheel) + "\n").encode()
    record = "".join(f"{member},sha256={_digest(data)},{len(data)}\n" for member, data in members.items())
    members[f"{stem}.dist-info/RECORD"] = f"{record}{stem}.dist-info/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", compression) as archive:
        for member, data in members.items():
            info = zipfile.ZipInfo(member, _WHEN)
            info.compress_type = compression
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return path


def build_sdist(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Iterable[str] = (),
    requires_python: str | None = None,
    metadata_version: str = "2.2",
    dynamic: Iterable[str] = (),
    files: Mapping[str, bytes] | None = None,
    ending: str = ".tar.gz",
) -> Path:
    """An sdist with a PKG-INFO behind its other files; it cannot be built, as nothing may build one."""
    stem = f"{_escape(name)}-{version}"
    path = folder / f"{stem}{ending}"
    text = metadata_text(
        name,
        version,
        requires=requires,
        requires_python=requires_python,
        metadata_version=metadata_version,
        dynamic=dynamic,
    )
    members = {
        "setup.py": b"raise SystemExit('nobody may run this')\n",
        **(files or {}),
        "PKG-INFO": text.encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    if ending == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members.items():
                archive.writestr(zipfile.ZipInfo(f"{stem}/{member}", _WHEN), data)
        return path
    kind = {".tar.gz": "gz", ".tgz": "gz", ".tar.bz2": "bz2", ".tar.xz": "xz", ".tar": ""}[ending]
    with tarfile.open(path, f"w:{kind}") as tar:  # type: ignore[call-overload]  # typeshed lists the modes one by one
        for member, data in members.items():
            info = tarfile.TarInfo(f"{stem}/{member}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def _escape(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
