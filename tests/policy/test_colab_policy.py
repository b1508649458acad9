"""The shipped Colab policy on the shipped hosts."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from depguard.adapters.host_store import HostStore
from depguard.adapters.shipped import shipped_policies
from depguard.app.policies import check_policy
from depguard.model.policy import GripKind, Policy, SameMajor
from depguard.parse.policy import parse_policy
from depguard.planning.grips import grips
from kit.catalogue import shipped_store

RUNTIMES = ("2026.01", "2026.04", "2026.07", "2026.08")


@cache
def colab() -> Policy:
    return parse_policy(shipped_policies()["colab"].read_text("utf-8"), "colab")


@cache
def store() -> HostStore:
    return shipped_store()


def names(host: str, kind: GripKind) -> set[str]:
    return {name for name, grip in grips(colab(), store().find(host)).items() if grip.kind is kind}


def test_it_says_nothing_that_does_nothing() -> None:
    checked = check_policy(colab(), find=store().find, today=date(2026, 11, 22))
    assert checked.mistakes == ()
    assert checked.notes == ()
    assert set(checked.hosts) == {f"colab/{month}-{kind}" for month in RUNTIMES for kind in ("gpu", "cpu")}


@pytest.mark.parametrize("host", [f"colab/{month}-{kind}" for month in RUNTIMES for kind in ("gpu", "cpu")])
def test_the_core_is_protected_on_every_host(host: str) -> None:
    core = {"numpy", "scipy", "pandas", "torch", "torchvision", "torchaudio", "tensorflow", "jax", "jaxlib"}
    assert core <= names(host, GripKind.PROTECTED)
    assert names(host, GripKind.HELD) == {"protobuf"}


@pytest.mark.parametrize("month", RUNTIMES)
def test_the_cuda_closure_is_protected_and_only_that(month: str) -> None:
    protected = names(f"colab/{month}-gpu", GripKind.PROTECTED)
    assert {
        "triton",
        "nvidia-cublas-cu12",
        "nvidia-cudnn-cu12",
        "nvidia-nccl-cu12",
        "jax-cuda12-plugin",
    } <= protected
    free = names(f"colab/{month}-gpu", GripKind.FREE)
    assert {n for n in free if n.startswith("nvidia-")} <= {
        "nvidia-ml-py",
        "nvidia-libnvcomp-cu12",
        "nvidia-nvimgcodec-cu12",
        "nvidia-nccl-cu13",
    }


def test_its_tiers_build_on_each_other() -> None:
    tiers = colab().tiers
    assert {name: (tier.extends, tier.output) for name, tier in tiers.items()} == {
        "tier1": ((), "requirements-colab.txt"),
        "tier2": (("tier1",), "requirements-colab-tier2.txt"),
        "tier3": (("tier2",), "requirements-colab-tier3.txt"),
    }
    assert all(tier.about for tier in tiers.values())
    assert colab().held[0].allow is SameMajor.SAME_MAJOR
