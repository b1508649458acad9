"""Real wheels of the live index whose verdict is known from importing them."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from depguard.adapters.index.client import IndexClient
from depguard.app.abi import remote_subjects
from depguard.model.abi_report import AbiSubject, Fit
from depguard.model.host_abi import HostAbi
from depguard.parse.host_binaries import load_host_binaries
from depguard.parse.platform_tags import parse_platform, wheel_tags
from kit.live_index import patiently

pytestmark = pytest.mark.network

NUMPY_2 = HostAbi(numpy=Version("2.0.2"), glibc=(2, 35), python=(3, 11))
FIXTURES = {
    "ecos==2.0.12": Fit.BLOCKED,
    "ecos==2.0.14": Fit.FITS,
    "bottleneck==1.3.7": Fit.BLOCKED,
    "bottleneck==1.4.0": Fit.FITS,
    "numexpr==2.8.4": Fit.BLOCKED,
    "numexpr==2.10.0": Fit.FITS,
    "thinc==8.2.3": Fit.BLOCKED,  # by Cython's strings alone
    "pycocotools==2.0.7": Fit.BLOCKED,
    "pycocotools==2.0.8": Fit.FITS,
    "contourpy==1.0.7": Fit.DOUBTFUL,  # imports, and computes wrong offsets
    "contourpy==1.2.1": Fit.FITS,
    "soxr==0.3.7": Fit.BLOCKED,
    "soxr==0.5.0.post1": Fit.FITS,  # nanobind
    "tsdownsample==0.1.3": Fit.DOUBTFUL,  # an old rust-numpy, which works
    "dm-tree==0.1.8": Fit.FITS,
    "ujson==5.10.0": Fit.FITS,
    "numpy-quaddtype==1.0.0": Fit.BLOCKED,  # needs 2.4
}


def judged(names: list[str], host: HostAbi, folder: Path) -> dict[str, AbiSubject]:
    tags = wheel_tags(Version("3.11.13"), parse_platform("manylinux_2_35_x86_64"))
    wanted = [(name, Version(version)) for name, _, version in (text.partition("==") for text in names)]

    def ask(client: IndexClient) -> list[AbiSubject]:
        return remote_subjects(client, client, wanted, tags, host)

    return dict(zip(names, patiently(ask, folder), strict=True))


def test_every_known_wheel_gets_its_verdict(tmp_path: Path) -> None:
    found = judged(list(FIXTURES), NUMPY_2, tmp_path)
    assert {name: subject.fit for name, subject in found.items()} == FIXTURES
    assert found["ecos==2.0.14"].floor == Version("1.16")


def test_one_optional_module_above_the_rest_is_no_floor(tmp_path: Path) -> None:
    old = HostAbi(numpy=Version("1.26.4"), glibc=(2, 35), python=(3, 11))
    assert judged(["h5py==3.15.1"], old, tmp_path)["h5py==3.15.1"].fit is Fit.FITS


def test_quaddtype_goes_with_the_numpy_that_it_asks_for(tmp_path: Path) -> None:
    new = HostAbi(numpy=Version("2.4.0"), glibc=(2, 35), python=(3, 11))
    assert judged(["numpy-quaddtype==1.0.0"], new, tmp_path)["numpy-quaddtype==1.0.0"].fit is Fit.FITS


TORCH_BLOCKS = {
    "torchrl==0.14.1": "symbols that torch 2.13.0+cpu does not have",
    "torchtext==0.18.0": "the C++ ABI before C++11",
    "torchcodec==0.7.0": "MessageLogger",
    "torchaudio==2.11.0": "was built for CUDA 13, and torch 2.13.0+cpu has no CUDA",
}


def test_extensions_of_another_torch_are_blocked(tmp_path: Path) -> None:
    """Against what a machine with the CPU build of torch 2.13.0 offers, captured once."""
    kept = Path(__file__).parent / "torch-2.13.0-cpu.binaries.json"
    host = load_host_binaries(kept.read_text(encoding="utf-8"), kept.name)
    found = judged(list(TORCH_BLOCKS), host, tmp_path)
    assert {name: subject.fit for name, subject in found.items()} == dict.fromkeys(TORCH_BLOCKS, Fit.BLOCKED)
    for name, said in TORCH_BLOCKS.items():
        assert any(said in clash.message for clash in found[name].clashes if clash.code == "DG302")
