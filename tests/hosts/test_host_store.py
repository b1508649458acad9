"""Hosts by name, by path, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.host_store import HostStore, metadata_path_of
from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.parse.host_assembly import baseline_sha256, make_host
from depguard.parse.host_file import parse_host_file
from depguard.parse.host_metadata import HostMetadata, dump_metadata
from kit.catalogue import no_live_host
from kit.hosts import hosts_in_memory

TEXT = (
    "schema: 1\nname: {name}\npython: 3.12.13\nplatform: manylinux_2_35_x86_64\n"
    "distributions: {{numpy: {numpy}}}\n"
)


def put(root: Path, name: str, numpy: str = "2.0.2") -> Path:
    path = root / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(name=name, numpy=numpy))
    return path


@pytest.fixture
def store(tmp_path: Path) -> HostStore:
    for name in ("colab/2026.07-gpu", "colab/2026.07-cpu", "colab/2025-11-11-gpu", "lab/image"):
        put(tmp_path / "shipped", name)
    put(tmp_path / "own", "lab/image", numpy="1.26.4")
    return HostStore([tmp_path / "own", tmp_path / "shipped"], no_live_host)


def problem(store: HostStore, name: str) -> Problem:
    with pytest.raises(InputError) as caught:
        store.find(name)
    return caught.value.problems[0]


@pytest.mark.parametrize(
    "name",
    ["colab/2026.07-gpu", "2026.07-gpu", "2026-07-gpu", "colab/2026-07-gpu", "Colab/2026.07-GPU"],
)
def test_a_host_has_short_names(store: HostStore, name: str) -> None:
    assert store.find(name).name == "colab/2026.07-gpu"


def test_the_projects_own_host_comes_before_the_shipped_one(store: HostStore) -> None:
    assert str(store.find("image").installed[canonicalize_name("numpy")].version) == "1.26.4"


def test_an_outline_is_read_once(store: HostStore, tmp_path: Path) -> None:
    outline = store.outline("image")
    put(tmp_path / "own", "lab/image", numpy="2.1.0")
    assert store.outline("lab/image") is outline


def test_the_catalogue_is_sorted(store: HostStore) -> None:
    assert store.names() == ("colab/2025-11-11-gpu", "colab/2026.07-cpu", "colab/2026.07-gpu", "lab/image")


def test_an_unknown_name_is_answered_with_the_nearest(store: HostStore) -> None:
    found = problem(store, "2026.07-gpuu")
    assert found.code == "host.unknown"
    assert found.hint is not None
    assert "colab/2026.07-gpu" in found.hint


def test_an_ambiguous_short_name_is_answered_with_all(store: HostStore, tmp_path: Path) -> None:
    put(tmp_path / "shipped", "kaggle/2026.07-gpu")
    found = problem(store, "2026.07-gpu")
    assert found.code == "host.ambiguous"
    assert found.allowed == "colab/2026.07-gpu, kaggle/2026.07-gpu"


def test_a_path_is_read_as_it_is(store: HostStore, tmp_path: Path) -> None:
    path = put(tmp_path / "elsewhere", "mine", numpy="1.0")
    assert store.find(str(path)).name == "mine"
    assert problem(store, str(tmp_path / "none.yaml")).code == "file.missing"


def test_a_list_is_no_host_file_and_says_what_to_do(store: HostStore, tmp_path: Path) -> None:
    path = tmp_path / "freeze.txt"
    path.write_text("numpy==2.0.2\n")
    found = problem(store, str(path))
    assert found.hint is not None
    assert "baseline import" in found.hint


def test_metadata_is_read_from_beside_and_refused_when_it_is_of_another_state(
    store: HostStore, tmp_path: Path
) -> None:
    path = put(tmp_path / "elsewhere", "mine")
    file = parse_host_file(path.read_text(), "mine.yaml")
    metadata = HostMetadata(host="mine", baseline_sha256=baseline_sha256(file), entries={})
    metadata_path_of(path).write_text(dump_metadata(metadata))
    assert store.find(str(path)).sha256 == make_host(file, metadata).sha256
    other = put(tmp_path / "elsewhere", "other", numpy="1.0")
    metadata_path_of(other).write_text(dump_metadata(metadata))
    stale = problem(store, str(other))
    assert stale.code == "host.stale-metadata"
    assert str(stale.location).endswith("other.metadata.json")


def test_a_host_is_read_once(store: HostStore) -> None:
    assert store.find("2026.07-gpu") is store.find("colab/2026.07-gpu")


def test_several_are_read_when_they_are_looked_at(store: HostStore) -> None:
    hosts = store.several(["image", "lost", "2026.07-gpu", "2026.07-cpu"])
    assert len(hosts) == 4
    assert hosts[0] == store.find("lab/image")
    assert hosts[0] is hosts[0]
    assert [host.name for host in hosts[2:]] == ["colab/2026.07-gpu", "colab/2026.07-cpu"]
    with pytest.raises(InputError):
        hosts[1]


def test_of_several_only_the_last_is_kept_but_what_was_found_before_is_taken(store: HostStore) -> None:
    found = store.find("lab/image")
    hosts = store.several(["lab/image", "2026.07-gpu", "live"])
    assert hosts[0] is found
    before = hosts_in_memory()
    hosts[1]
    assert hosts_in_memory() == before + 1
    hosts[0]
    assert hosts_in_memory() == before


def test_one_of_several_may_be_the_live_one(tmp_path: Path) -> None:
    host = make_host(parse_host_file(TEXT.format(name="live", numpy="1.0"), "x"), None)
    assert HostStore([tmp_path], lambda: host).several(["live"])[0] is host


def test_live_is_asked_for_by_name(tmp_path: Path) -> None:
    host = make_host(parse_host_file(TEXT.format(name="live", numpy="1.0"), "x"), None)
    assert HostStore([tmp_path], lambda: host).find("live") is host


def test_what_a_host_has_is_told_before_its_requirements_are_read(tmp_path: Path) -> None:
    told: list[Host] = []
    path = put(tmp_path, "mine")
    metadata_path_of(path).write_text("{")
    with pytest.raises(InputError):
        HostStore([tmp_path], no_live_host, ahead=told.append).find("mine")
    (outline,) = told
    assert str(outline.installed[canonicalize_name("numpy")].version) == "2.0.2"
    assert outline.tags
