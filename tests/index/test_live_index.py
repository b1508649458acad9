"""The same client against the index that this machine's pip uses by default, where it can be reached."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.default_index import default_index_url
from depguard.adapters.index.settings import IndexSettings
from depguard.model.release import Artifact, CoreMetadata, MetadataUnknown
from kit.live_index import patiently

pytestmark = pytest.mark.network


def wheel(client: IndexClient, name: str, version: str) -> Artifact:
    artifacts = client.page(canonicalize_name(name)).artifacts
    return next(a for a in artifacts if a.version == Version(version) and a.filename.endswith(".whl"))


def test_captum_080_wants_an_old_numpy(tmp_path: Path) -> None:
    def ask(client: IndexClient) -> tuple[Artifact, object]:
        artifact = wheel(client, "captum", "0.8.0")
        return artifact, client.metadata(artifact)

    artifact, metadata = patiently(ask, tmp_path)
    assert artifact.sha256 is not None
    assert artifact.upload_time is not None
    assert isinstance(metadata, CoreMetadata)
    assert "numpy<2.0" in {str(requirement) for requirement in metadata.requires_dist}


def test_a_large_wheel_is_not_downloaded(tmp_path: Path) -> None:
    def ask(client: IndexClient) -> tuple[object, int | None, int]:
        client.page(canonicalize_name("torch"))
        before = client.traffic.received
        artifact = wheel(client, "torch", "2.5.1")
        return client.metadata(artifact), client.size(artifact), client.traffic.received - before

    metadata, size, received = patiently(ask, tmp_path)
    assert isinstance(metadata, CoreMetadata)
    assert size is not None
    assert size > 50_000_000
    assert received < 4_000_000


def test_an_old_sdist_is_unknown_and_says_why(tmp_path: Path) -> None:
    def ask(client: IndexClient) -> object:
        artifacts = client.page(canonicalize_name("accelerate")).artifacts
        old = next(a for a in artifacts if a.filename == "accelerate-0.0.1.tar.gz")
        return client.metadata(old)

    answer = patiently(ask, tmp_path)
    assert isinstance(answer, MetadataUnknown)
    assert "metadata version" in answer.reason


def test_an_unknown_project_and_a_second_run_without_the_network(tmp_path: Path) -> None:
    absent = canonicalize_name("depguard-no-such-project-0")
    numpy = canonicalize_name("numpy")
    online = patiently(lambda client: (client.page(absent), client.page(numpy)), tmp_path)
    assert not online[0].found
    assert len(online[1].artifacts) > 3000
    settings = IndexSettings(index_url=default_index_url(), offline=True)
    with IndexClient(settings, cache=Cache.in_folder(tmp_path, note=print)) as client:
        assert (client.page(absent), client.page(numpy)) == online
        assert client.traffic.requests == 0
