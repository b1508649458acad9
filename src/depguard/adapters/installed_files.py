"""Which files the distributions of a live interpreter own, by their RECORDs."""

from __future__ import annotations

import os
from collections.abc import Iterator

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.adapters.recorded_files import RecordRow, read_record
from depguard.adapters.search_path import search_path
from depguard.model.file_table import FileTable

_INFO = ".dist-info"
_SCRIPTS = ("/bin/", "/Scripts/")
"""Where an environment keeps its scripts, seen from site-packages."""


def live_file_table(python: str | None = None) -> FileTable:
    """The files of every distribution on the search path of ``python`` that has a RECORD.

    Of a project that is there twice, the one that an import finds counts. Raises InputError if ``python`` is
    no interpreter, OutOfReachError if it does not answer.
    """
    found: dict[NormalizedName, tuple[str, dict[str, int | None]]] = {}
    for folder in search_path(python).folders:
        for info, name, version in _infos(folder.path):
            rows = read_record(f"{folder.path}/{info}/RECORD", elsewhere=True)
            if rows is not None and name not in found:
                found[name] = (version, dict(_own(rows, info)))
    return FileTable.of(found)


def _infos(folder: str) -> Iterator[tuple[str, NormalizedName, str]]:
    """Metadata folders with name and version; what pip set aside (``~``) belongs to nobody."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names alone are wanted
    except OSError:
        return
    for info in names:
        name, _, version = info.removesuffix(_INFO).rpartition("-")
        if info.endswith(_INFO) and name and not info.startswith("~"):
            try:
                yield info, canonicalize_name(name), str(Version(version.replace("_", "-")))
            except InvalidVersion:
                continue


def _own(rows: list[RecordRow], info: str) -> Iterator[tuple[str, int | None]]:
    """Files as a wheel's list names them: scripts in ``{scripts}``, the metadata folder left out."""
    for row in rows:
        if row.path.startswith(".."):
            for place in _SCRIPTS:
                if place in row.path:
                    yield "{scripts}/" + row.path.rpartition(place)[2], row.size
                    break
        elif not row.path.startswith((f"{info}/", "/")):
            yield row.path, row.size
