"""Golden files: what an emitter said when somebody last looked at it and found it good."""

from __future__ import annotations

import os
from pathlib import Path


def matches_golden(text: str, path: Path) -> None:
    """Fail unless ``text`` is the file's content. ``UPDATE_GOLDEN=1`` writes the file instead."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert path.is_file(), f"{path.name} is missing: run again with UPDATE_GOLDEN=1 and look at it"
    assert text.encode() == path.read_bytes()
