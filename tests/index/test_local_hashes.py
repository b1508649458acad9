"""Files of a local folder carry their own sha256, so that what comes from it can be locked."""

from __future__ import annotations

import hashlib
from pathlib import Path

from packaging.utils import canonicalize_name

from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.settings import IndexSettings
from kit.wheels import build_wheel


def test_a_wheel_of_a_folder_has_the_hash_of_its_bytes(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "small", "1.0")
    settings = IndexSettings(index_url=None, find_links=(str(tmp_path),))
    with IndexClient(settings) as client:
        (artifact,) = client.page(canonicalize_name("small")).artifacts
    assert artifact.local
    assert artifact.sha256 == hashlib.sha256(wheel.read_bytes()).hexdigest()
