"""The shipped catalogue: whole, readable, in step with its metadata, and as its sources say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.host_store import metadata_path_of
from depguard.adapters.shipped import shipped_hosts
from depguard.model.host import Host, Knowledge
from depguard.planning.health import health
from kit.catalogue import shipped_store

MONTHS = ("2025.07", "2025.10", "2026.01", "2026.04", "2026.07", "2026.08")
GPU = [f"colab/{month}-gpu" for month in MONTHS] + ["colab/2025-11-11-gpu"]
TPU = [f"colab/{month}-tpu" for month in MONTHS]
CPU = [f"colab/{month}-cpu" for month in MONTHS if month >= "2026"]


STORE = shipped_store()


def version(host: Host, name: str) -> str:
    return str(host.installed[canonicalize_name(name)].version)


def test_every_list_that_colab_published_is_there() -> None:
    assert {name for name in STORE.names() if name.startswith("colab/")} == {*GPU, *TPU, *CPU}


@pytest.mark.parametrize("name", [*GPU, *TPU, *CPU])
def test_a_host_is_whole(name: str) -> None:
    host = STORE.find(name)
    assert (host.name, host.family, host.glibc) == (name, "colab", (2, 35))
    assert host.accelerator == name.rpartition("-")[2]
    assert len(host.installed) > 280
    assert f"cp{host.python.major}{host.python.minor}" == host.tags[0].interpreter
    unknown = {n for n, d in host.installed.items() if not d.requirements.known}
    # No index has this build of libtpu-nightly, and its own metadata is nowhere public.
    assert unknown == ({"libtpu-nightly"} if name == "colab/2025.07-tpu" else set())
    colab = host.installed[canonicalize_name("google-colab")].requirements
    assert colab.how is Knowledge.STATED
    assert f"pandas=={version(host, 'pandas')}" in {str(r) for r in colab.requires}


@pytest.mark.parametrize("name", [*GPU, *TPU, *CPU])
def test_every_runtime_lacks_jedi(name: str) -> None:
    violated = {f"{v.parent} {v.requirement}" for v in health(STORE.find(name))}
    assert "ipython jedi>=0.16" in violated


def test_the_newest_gpu_runtimes_lack_nothing_else() -> None:
    for name in ("colab/2026.07-gpu", "colab/2026.08-gpu"):
        assert [v.parent for v in health(STORE.find(name))] == ["ipython"]


def test_a_few_facts_of_the_lists() -> None:
    host = STORE.find("2026.07-gpu")
    facts = {name: version(host, name) for name in ("numpy", "torch", "protobuf", "tensorflow")}
    assert facts == {"numpy": "2.0.2", "torch": "2.11.0+cu128", "protobuf": "5.29.6", "tensorflow": "2.20.0"}
    assert len(host.installed) == 704
    assert version(STORE.find("2026.08-gpu"), "numpy") == "2.1.3"
    assert str(STORE.find("2026.08-gpu").python) == "3.13.15"
    assert version(STORE.find("2025-11-11-gpu"), "numpy") == "2.0.2"


def test_a_local_build_does_not_ask_for_what_the_public_release_asks_for() -> None:
    torch = STORE.find("2026.07-gpu").installed[canonicalize_name("torch")].requirements
    assert torch.how is Knowledge.ASSUMED
    assert any(r.name == "nvidia-cudnn-cu13" for r in torch.contradicted)
    assert not any(r.name.endswith("-cu13") for r in torch.requires)
    assert any(r.name == "triton" for r in torch.requires)


def test_no_file_names_the_place_that_something_was_fetched_from() -> None:
    address = re.compile(r"https?://[^\s\"'@]+")
    for path in shipped_hosts().rglob("*"):
        if path.is_file():
            found = set(address.findall(path.read_text(encoding="utf-8")))
            assert {url.split("/")[2] for url in found} <= {"github.com"}, path


def test_each_host_file_has_its_metadata_beside_it_and_nothing_is_left_over() -> None:
    hosts = set(shipped_hosts().rglob("*.yaml"))
    metadata = {metadata_path_of(path) for path in hosts}
    others = {path for path in shipped_hosts().rglob("*") if path.is_file()} - hosts - metadata
    others -= {shipped_hosts() / "files.json"}  # who owns which files, on all of them
    assert others == set[Path]()
    assert all(path.is_file() for path in metadata)
