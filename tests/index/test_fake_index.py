from __future__ import annotations

from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name

from depguard.errors import OutOfReachError
from depguard.model.release import ArtifactKind, CoreMetadata, MetadataUnknown
from depguard.resolve.ports import PackageSource
from kit.fake_index import FakeIndex

TEXT = """
captum:
  "0.7.0": null
  "0.8.0":
    requires: ["numpy<2", "pytest; extra == 'dev'"]
    python: ">=3.9"
    sdist: true
    dynamic: true
    yanked: broken
    uploaded: 2025-11-01
    size: 12
Flask-SQLAlchemy:
  "3.0":
    requires: [flask]
    tags: [cp312-cp312-win_amd64, cp312-cp312-macosx_11_0_arm64]
    spelled: Flask-SQLAlchemy
old: {"1": {sdist: only, unknown: no idea}}
"""


def test_a_release_has_what_its_mapping_says() -> None:
    index = FakeIndex.from_yaml(TEXT)
    source: PackageSource = index
    silent, wheel, sdist = source.page(canonicalize_name("captum")).artifacts
    assert (silent.filename, silent.yanked, silent.upload_time) == (
        "captum-0.7.0-py3-none-any.whl",
        None,
        None,
    )
    assert (wheel.filename, wheel.kind) == ("captum-0.8.0-py3-none-any.whl", ArtifactKind.WHEEL)
    assert (sdist.filename, sdist.kind) == ("captum-0.8.0.tar.gz", ArtifactKind.SDIST)
    assert (wheel.yanked, wheel.size, str(wheel.requires_python)) == ("broken", 12, ">=3.9")
    assert wheel.upload_time == datetime(2025, 11, 1, tzinfo=UTC)
    metadata = source.metadata(wheel)
    assert isinstance(metadata, CoreMetadata)
    assert [str(r) for r in metadata.requires_dist] == ["numpy<2", 'pytest; extra == "dev"']
    assert metadata.extras == {"dev"}
    assert isinstance(source.metadata(sdist), MetadataUnknown)
    assert index.page_calls["captum"] == 1
    assert index.metadata_calls[wheel.filename] == 1


def test_spelling_tags_and_sdist_only() -> None:
    index = FakeIndex.from_yaml(TEXT)
    files = [a.filename for a in index.page(canonicalize_name("flask.sqlalchemy")).artifacts]
    assert files == [
        "Flask_SQLAlchemy-3.0-cp312-cp312-win_amd64.whl",
        "Flask_SQLAlchemy-3.0-cp312-cp312-macosx_11_0_arm64.whl",
    ]
    (old,) = index.page(canonicalize_name("old")).artifacts
    assert index.metadata(old) == MetadataUnknown("no idea")


def test_absent_and_unreachable() -> None:
    index = FakeIndex.from_dict({"a": {"1": ["b"]}})
    assert not index.page(canonicalize_name("nothing")).found
    index.unreachable.add(canonicalize_name("a"))
    with pytest.raises(OutOfReachError):
        index.page(canonicalize_name("a"))


def test_a_misspelt_key_and_a_number_for_a_version_are_refused() -> None:
    with pytest.raises(ValueError, match="require"):
        FakeIndex.from_dict({"a": {"1": {"require": []}}})
    with pytest.raises(TypeError, match="quote"):
        FakeIndex.from_yaml("a: {1.10: null}")
