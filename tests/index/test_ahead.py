"""What will most likely be asked for is fetched ahead, and what is at hand is not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name

from depguard.errors import OutOfReachError, Problem
from depguard.model.binary import Depth, WheelContents
from depguard.model.release import Artifact, CoreMetadata, MetadataAnswer
from depguard.resolve.ports import Following, Look, Page
from kit.index_bench import Bench
from kit.loopback import Loopback
from kit.wheels import build_wheel

SMALL, LARGE, OLD = map(canonicalize_name, ("small", "large", "old"))


class Leads:
    """A guess: the first artifact of a page, then what its mapping says."""

    def __init__(self, projects: Mapping[str, Sequence[NormalizedName]] | None = None) -> None:
        self.projects = projects or {}

    def likely(self, page: Page) -> Sequence[Artifact]:
        return page.artifacts[:1]

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        assert isinstance(answer, CoreMetadata)
        return Following(projects=tuple(self.projects.get(artifact.name, ())))


class Fails(Leads):
    def likely(self, page: Page) -> Sequence[Artifact]:
        raise OutOfReachError(Problem(code="index.no-upload-time", message=f"no time for {page.name}"))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    build_wheel(tmp_path / "wheels", "small", "1.0", requires=["numpy"])
    return tmp_path / "wheels"


def until(index: Loopback, count: int) -> int:
    """The number of requests, once there are ``count``."""
    end = time.monotonic() + 20
    while len(index.requests) < count and time.monotonic() < end:
        time.sleep(0.01)
    return len(index.requests)


def test_metadata_follows_its_page_unasked(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        client = bench.client(index.url)
        client.prefetch([SMALL], Leads())
        assert until(index, 2) == 2
        asked = index.paths()
        assert asked[1].endswith(".whl.metadata")
        client.metadata(client.page(SMALL).artifacts[0])
        assert index.paths() == asked


class Looks(Leads):
    """Leads to what is in each wheel."""

    def following(self, artifact: Artifact, answer: MetadataAnswer) -> Following:
        assert isinstance(answer, CoreMetadata)
        return Following(contents=(Look(artifact, Depth.FILES, 0),))


def test_what_is_in_a_wheel_follows_its_metadata_unasked(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        client = bench.client(index.url)
        client.prefetch([SMALL], Looks())
        assert until(index, 3) == 3
        (wheel,) = client.page(SMALL).artifacts
        found = client.contents(wheel, depth=Depth.FILES, most=0)
        assert isinstance(found, WheelContents)
        assert "small.py" in found.files.paths
        assert len(index.requests) == 3


def test_without_a_guess_the_page_alone(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        client = bench.client(index.url)
        client.prefetch([SMALL])
        client.page(SMALL)
        assert index.paths() == ["/simple/small/"]


def test_what_the_cache_has_starts_no_work(bench: Bench, wheels: Path, tmp_path: Path) -> None:
    with Loopback(wheels, pep658=True, json=True) as index:
        first = bench.client(index.url, cache=tmp_path / "cache")
        first.metadata(first.page(SMALL).artifacts[0])
        asked = len(index.requests)
        second = bench.client(index.url, cache=tmp_path / "cache")
        second.prefetch([SMALL], Leads())
        second.metadata(second.page(SMALL).artifacts[0])
        assert len(index.requests) == asked


def test_a_guess_that_fails_is_no_failure(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as index:
        client = bench.client(index.url)
        client.prefetch([SMALL], Fails())
        assert client.page(SMALL).found
