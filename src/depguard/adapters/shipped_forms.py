"""What ships with depguard, parsed when it was built: a first run need not read the YAML of its catalogue.

The forms are those of `depguard.adapters.compiled`, one packed file each, named by the hash of what it was
made of and of the code that made it. Where there are none, or none that fits, everything is parsed.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from depguard import __version__
from depguard.adapters.compiled import digest
from depguard.adapters.own_code import PACKAGE, own_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACE = "\0place"
"""Stands in a form for the place that its source was read from, which every machine has elsewhere."""

FOLDER = os.path.join(PACKAGE, "_forms")
"""Where forms are that came with depguard; beside the code, in a checkout as well."""
_MOST = 64 << 20
_QUOTED = json.dumps(PLACE)


def shipped_form(kind: str, sources: Sequence[str], place: str) -> str | None:
    """The form that exactly these sources have, as if they were read from ``place``; None if none ships."""
    try:
        with open(os.path.join(FOLDER, _name(kind, sources)), "rb") as file:
            if not _is_current(file.fileno()):
                return None
            unpacker = zlib.decompressobj()
            text = unpacker.decompress(file.read(), _MOST).decode()
    except (OSError, ValueError, zlib.error):
        return None
    if not unpacker.eof:  # cut off, and nothing has checked it
        return None
    return text.replace(_QUOTED, json.dumps(place))


def write_forms(policies: Path, folder: Path) -> int:
    """Parse what ships, of which ``policies`` is the source, and keep it in ``folder``. How many forms.

    Raises OSError, and whatever is wrong with a policy or a host.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept: set[str] = set()
    for kind, sources, text in _forms(policies):
        name = _name(kind, sources)
        packed = folder / f"{name}.new"
        packed.write_bytes(zlib.compress(text.encode(), 9))
        packed.replace(folder / name)
        kept.add(name)
    for old in folder.iterdir():
        if old.name not in kept:
            old.unlink()
    return len(kept)


def _forms(policies: Path) -> Iterator[tuple[str, tuple[str, ...], str]]:
    from pathlib import Path

    from depguard.adapters.host_store import metadata_path_of, parsed_host
    from depguard.parse.host_compiled import compiled_text
    from depguard.parse.policy import read_draft
    from depguard.parse.policy_draft import DRAFTS

    for path in sorted(policies.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        yield "policy", (text,), DRAFTS.to_text(read_draft(text, PLACE))
        yield "policy-at-all", (text,), json.dumps(obj=True)
    for path in sorted((policies / "hosts").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        metadata = metadata_path_of(path).read_text(encoding="utf-8")
        yield "host", (text, metadata), compiled_text(parsed_host(Path(PLACE), text, metadata))


def _name(kind: str, sources: Sequence[str]) -> str:
    return digest((kind, *sources), _code())


@lru_cache(maxsize=1)
def _code() -> bytes:
    """The hash of the code that makes forms and reads them, wherever it is installed."""
    lines = [__version__, *(f"{os.path.relpath(path, PACKAGE)} {size}" for path, size, _ in own_files())]
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).digest()


def _is_current(descriptor: int) -> bool:
    """Whether the code is what it was: that of a checkout may change, and keep its size."""
    if os.path.isdir(os.path.join(PACKAGE, "_shipped")):
        return True
    return os.stat(descriptor).st_mtime_ns >= max(file.written for file in own_files())
