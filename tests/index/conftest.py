from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.certificates import make_certificate
from kit.index_bench import Bench
from kit.wheels import build_sdist, build_wheel


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    build_wheel(folder, "demo", "1.0", requires=["other>=1", "torch; extra == 'gpu'"], extras=["gpu"])
    build_wheel(folder, "demo", "1.1", requires_python=">=3.9,<4", tag="cp312-cp312-manylinux_2_17_x86_64")
    build_sdist(folder, "demo", "1.1", requires=["other<2"])
    build_wheel(folder, "other", "2.0")
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody vouches for, with its key, in one file."""
    return make_certificate(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")
