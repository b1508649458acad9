"""A file's hash is that of all its bytes, however many there are."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from depguard.adapters.recorded_files import file_sha256


@pytest.mark.parametrize(
    "size", [0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 17, (1 << 17) + 1, 3_000_001]
)
def test_every_byte_counts(tmp_path: Path, size: int) -> None:
    data = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    path = tmp_path / "file"
    path.write_bytes(data)
    expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    assert file_sha256(str(path)) == expected
