"""The metadata folders of installed distributions: what their names, METADATA and RECORD say."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.adapters.recorded_files import RecordRow, moment, read_record
from depguard.records import dataclass

_INFO = re.compile(r"(?P<name>[^-]+(?:-[^-]+)*?)-(?P<version>\d[^-]*)(?:-py[\d.]+)?\.(?:dist|egg)-info")
_IMPORTABLE = re.compile(r"(^|\.)(py|pyd|so)$")


@dataclass(slots=True)
class MetadataFolder:
    """A metadata folder with what its name and RECORD say."""

    info: str
    name: NormalizedName
    spelled: str
    version: Version | None
    rows: list[RecordRow] | None
    tops: frozenset[str] = frozenset()


def metadata_folder(folder: str, info: str) -> MetadataFolder:
    """What ``info`` in ``folder`` says: a ``.dist-info`` folder, or what older tools left (``.egg-info``)."""
    matched = _INFO.fullmatch(info)
    spelled = matched["name"] if matched else info.rpartition(".")[0]
    text = matched["version"] if matched else ""
    if not matched or info.startswith("~"):
        spelled, text = _from_metadata(f"{folder}/{info}", spelled)
    rows = read_record(f"{folder}/{info}/RECORD") if info.endswith(".dist-info") else None
    tops = frozenset(row.path.partition("/")[0] for row in rows or ()) - {info}
    return MetadataFolder(
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


def modules_of(item: MetadataFolder) -> tuple[str, ...]:
    """Top-level names that may be imported, by RECORD; none where there is none."""
    names = set()
    for top in item.tops:
        name, dot, suffix = top.partition(".")
        if name.isidentifier() and (not dot or _IMPORTABLE.search(suffix)):
            names.add(name)
    return tuple(sorted(names))


def first_line(path: str) -> str:
    """The first line of a small file, empty where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:  # noqa: PTH123 - a Path for each of 700 costs more than the reading
            return stream.readline().strip()[:40]
    except OSError:
        return ""


def last_written(path: str) -> datetime | None:
    """When something was last written, to the second."""
    try:
        return moment(os.stat(path).st_mtime)  # noqa: PTH116 - a Path for each of 700 costs more than the reading
    except OSError:
        return None
