"""Bundles for bug reports: a zip of a snapshot and what was said of it, or one JSON file with both."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from depguard.adapters.files import decode, read_bytes, write_whole
from depguard.adapters.index.archives import DAMAGED_ARCHIVE
from depguard.errors import InputError, Problem
from depguard.model.location import Location

SCHEMA = "depguard.bundle/1"
_SNAPSHOT = "snapshot.json"
_TIME = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip archive can say: the same bundle gives the same bytes."""
_LIMIT = 256 * 1024 * 1024
"""Bytes of a snapshot; one with every file of a large environment changed has some twenty million."""


def write_bundle(path: Path, snapshot: Any, report: Any, text: str) -> None:
    """Write JSON values and the text beside them; ``*.json`` is one file, anything else a zip.

    Raises OutOfReachError where it cannot be written.
    """
    if path.suffix == ".json":
        document = {"schema": SCHEMA, "snapshot": snapshot, "report": report, "text": text}
        write_whole(path, json.dumps(document, indent=1) + "\n")
        return
    members = {
        _SNAPSHOT: json.dumps(snapshot, indent=1) + "\n",
        "report.json": json.dumps(report, indent=2) + "\n",
        "report.txt": text,
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    write_whole(path, written.getvalue())


def read_snapshot_text(path: Path) -> str:
    """The snapshot's text in a snapshot file or a bundle. Raises InputError, OutOfReachError."""
    data = read_bytes(path, limit=_LIMIT)
    if zipfile.is_zipfile(io.BytesIO(data)):
        return _from_zip(data, str(path))
    text = decode(data, str(path))
    if f'"{SCHEMA}"' in text[:200]:
        try:
            return json.dumps(json.loads(text)["snapshot"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(_no_bundle(str(path))) from None
    return text


def _from_zip(data: bytes, label: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo(_SNAPSHOT).file_size > _LIMIT:
                raise InputError(_no_bundle(label))
            return decode(archive.read(_SNAPSHOT), f"{label}/{_SNAPSHOT}")
    except DAMAGED_ARCHIVE:
        raise InputError(_no_bundle(label)) from None


def _no_bundle(label: str) -> Problem:
    return Problem(
        code="bundle.none",
        message=f"{label} holds no snapshot",
        location=Location(label),
        allowed="what depguard doctor --save or --bundle wrote",
    )
