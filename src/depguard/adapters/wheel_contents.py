"""What wheels on the disk would put where, and which of them are installed whole."""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from depguard.errors import OutOfReachError, Problem
from depguard.model.install import Site, WheelFile
from depguard.model.location import Location

_INFO = ".dist-info"
_DATA = re.compile(r"[^/]+\.data/(?P<kind>[^/]+)/(?P<path>.+)")


def installed_paths(wheel: Path, site: Site) -> frozenset[str]:
    """The files that a wheel brings, as absolute paths; its own metadata folder is left out.

    Scripts are those of its ``.data`` folder and of its entry points. Raises OutOfReachError for a file
    that is no archive.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            return frozenset(_paths(archive, site))
    except (zipfile.BadZipFile, OSError) as error:
        raise OutOfReachError(
            Problem(
                code="install.wheel",
                message=f"{wheel.name} cannot be read as a wheel: {error}",
                location=Location(str(wheel)),
            )
        ) from None


def unpacked_size(wheels: Iterable[Path]) -> int:
    """Bytes that the wheels take when they are unpacked."""
    total = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            total += sum(member.file_size for member in archive.infolist())
    return total


def landed(wheels: Sequence[WheelFile], site: Site) -> tuple[WheelFile, ...]:
    """Those of the wheels that are installed: there is a RECORD of their version, which is written last."""
    there = {(name, version) for name, version, folder in _infos(site) if (folder / "RECORD").is_file()}
    return tuple(wheel for wheel in wheels if (wheel.name, str(wheel.version)) in there)


def whole(wheels: Sequence[WheelFile], site: Site) -> tuple[WheelFile, ...]:
    """Those of the wheels that are installed with every file of their RECORD, by size and sha256."""
    folders = {(name, version): folder for name, version, folder in _infos(site)}
    return tuple(w for w in landed(wheels, site) if _is_whole(folders[(w.name, str(w.version))]))


def half_installed(names: Iterable[NormalizedName], site: Site) -> tuple[Path, ...]:
    """Metadata folders of these projects without a RECORD: an installer was killed while it wrote them."""
    wanted = set(names)
    return tuple(
        folder for name, _, folder in _infos(site) if name in wanted and not (folder / "RECORD").is_file()
    )


def leftovers(site: Site) -> tuple[str, ...]:
    """The ``~`` names beside the packages, as absolute paths, sorted: pip sets aside what it takes out."""
    return tuple(
        sorted(str(path) for folder in site.folders if folder.is_dir() for path in folder.glob("~*"))
    )


def remove(paths: Iterable[Path]) -> None:
    """Remove folders and files. What cannot be removed stays."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _paths(archive: zipfile.ZipFile, site: Site) -> Iterator[str]:
    scripts = site.prefix / ("Scripts" if os.name == "nt" else "bin")
    root = site.platlib
    for member in archive.namelist():
        if member.endswith("/"):
            continue
        moved = _DATA.fullmatch(member)
        if moved is not None:
            match moved["kind"]:
                case "scripts":
                    yield str(scripts / moved["path"])
                case "purelib" | "platlib":
                    yield str(root / moved["path"])
                case "data":
                    yield str(site.prefix / moved["path"])
                case _:  # headers have a folder of their own for each project
                    pass
        elif member.partition("/")[0].endswith(_INFO):
            if member.endswith(f"{_INFO}/entry_points.txt"):
                yield from (
                    str(scripts / name) for name in _scripts(archive.read(member).decode("utf-8", "replace"))
                )
        else:
            yield str(root / member)


def _scripts(text: str) -> list[str]:
    parser = configparser.ConfigParser(delimiters=("=",), strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # names of commands keep their case
    try:
        parser.read_string(text)
    except configparser.Error:
        return []
    return [
        name
        for section in ("console_scripts", "gui_scripts")
        if parser.has_section(section)
        for name in parser.options(section)
    ]


def _infos(site: Site) -> Iterator[tuple[NormalizedName, str, Path]]:
    """Name, version and folder of each installed distribution's metadata, by the folder's name."""
    from packaging.version import InvalidVersion, Version

    for root in site.folders:
        for folder in sorted(root.glob(f"*{_INFO}")) if root.is_dir() else ():
            name, _, version = folder.name.removesuffix(_INFO).partition("-")
            if name.startswith("~"):
                continue
            try:
                yield canonicalize_name(name), str(Version(version)), folder
            except InvalidVersion:
                yield canonicalize_name(name), version, folder


def _is_whole(info: Path) -> bool:
    try:
        with (info / "RECORD").open(encoding="utf-8", newline="") as stream:
            return all(_as_recorded(info.parent / row[0], row) for row in csv.reader(stream) if row)
    except (OSError, UnicodeDecodeError, csv.Error, IndexError):
        return False


def _as_recorded(path: Path, row: Sequence[str]) -> bool:
    """Whether a file is there as its line of RECORD says; byte code and RECORD itself have no hash there."""
    if row[0].endswith(".pyc"):
        return True
    kind, _, recorded = row[1].partition("=") if len(row) > 1 else ("", "", "")
    if kind != "sha256":
        return path.is_file()
    if len(row) > 2 and row[2].isdigit() and path.stat().st_size != int(row[2]):
        return False
    digest = hashlib.sha256(path.read_bytes()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == recorded
