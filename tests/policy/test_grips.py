"""Which installed names a policy protects, holds or leaves free."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from depguard.model.policy import GripKind, Held, SameMajor
from depguard.parse.policy import parse_policy
from depguard.planning.grips import forbidden_entry, grips, held_range, is_member
from kit.hosts import small_host

TORCH = """\
schema: 1
protected:
  numpy: why
  torch:
    family: [torchvision, triton, "nvidia-*", "!nvidia-ml-py", "!nvidia-nvimgcodec-*"]
    reason: CUDA build
held:
  protobuf: {allow: same-major, reason: why}
"""


def kinds(text: str, *names: str) -> dict[str, tuple[GripKind, str | None, str | None]]:
    policy = parse_policy(text, "p.yaml")
    found = grips(policy, small_host(dict.fromkeys(names, "1.0")))
    return {n: (g.kind, g.entry.pattern if g.entry else None, g.head) for n, g in found.items()}


def test_families_exclusions_and_what_is_free() -> None:
    found = kinds(
        TORCH,
        "numpy",
        "Torch",
        "torchvision",
        "nvidia_cublas_cu12",
        "nvidia-ml-py",
        "nvidia-nvimgcodec-cu12",
        "einops",
    )
    free = (GripKind.FREE, None, None)
    assert found == {
        "numpy": (GripKind.PROTECTED, "numpy", None),
        "torch": (GripKind.PROTECTED, "torch", None),
        "torchvision": (GripKind.PROTECTED, "torch", "torch"),
        "nvidia-cublas-cu12": (GripKind.PROTECTED, "torch", "torch"),
        "nvidia-ml-py": free,
        "nvidia-nvimgcodec-cu12": free,
        "einops": free,
    }


def test_a_family_without_its_head_protects_nothing() -> None:
    assert kinds(TORCH, "triton", "nvidia-cublas-cu12", "protobuf") == {
        "triton": (GripKind.FREE, None, None),
        "nvidia-cublas-cu12": (GripKind.FREE, None, None),
        "protobuf": (GripKind.HELD, "protobuf", None),
    }


def test_the_most_specific_entry_decides() -> None:
    text = """\
schema: 1
protected:
  "*": nothing moves
  torch: {family: ["nvidia-*"], reason: why}
held:
  "opencv-*": {allow: same-major, reason: why}
  nvidia-nccl-cu12: {allow: ">=2", reason: why}
"""
    found = kinds(text, "torch", "nvidia-nccl-cu12", "nvidia-cufft-cu12", "opencv-python", "einops")
    assert found["einops"] == (GripKind.PROTECTED, "*", None)
    assert found["opencv-python"] == (GripKind.HELD, "opencv-*", None)
    assert found["nvidia-nccl-cu12"] == (GripKind.HELD, "nvidia-nccl-cu12", None)
    assert found["nvidia-cufft-cu12"] == (GripKind.PROTECTED, "torch", "torch")


def test_exclusions_count_for_a_head_that_is_a_glob() -> None:
    text = 'schema: 1\nprotected: {"nvidia-*": {family: [cuda-toolkit, "!nvidia-ml-py"], reason: why}}\n'
    assert kinds(text, "nvidia-ml-py", "cuda-toolkit") == {
        "nvidia-ml-py": (GripKind.FREE, None, None),
        "cuda-toolkit": (GripKind.FREE, None, None),
    }
    found = kinds(text, "nvidia-ml-py", "cuda-toolkit", "nvidia-cufft-cu12")
    assert found["cuda-toolkit"] == (GripKind.PROTECTED, "nvidia-*", "nvidia-cufft-cu12")


def test_is_member_speaks_of_names_that_are_not_installed() -> None:
    torch = parse_policy(TORCH, "p.yaml").protected[1]
    assert is_member(torch, "nvidia-cublas-cu13")
    assert not is_member(torch, "nvidia-ml-py")
    assert not is_member(torch, "numpy")


def test_forbidden_takes_the_most_specific_entry() -> None:
    policy = parse_policy(
        'schema: 1\nforbidden: {"tf-*": globs, tf-nightly: {instead: tensorflow, reason: exact}}\n', "p.yaml"
    )
    exact, glob, none = (forbidden_entry(policy, n) for n in ("tf-nightly", "tf-models", "tensorflow"))
    assert exact is not None
    assert exact.instead == "tensorflow"
    assert glob is not None
    assert glob.reason == "globs"
    assert none is None


def held(allow: Any) -> Held:
    return Held(pattern="x", reason="why", allow=allow)


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("5.29.6", ">=5.29.6,<6"),
        ("0.25.1", ">=0.25.1,<1"),
        ("2.11.0+cu128", ">=2.11.0,<3"),
        ("1!4.2", ">=1!4.2,<1!5"),
        ("2026.1", ">=2026.1,<2027"),
        ("5.0rc1", ">=5.0rc1,<6"),
    ],
)
def test_same_major_is_from_the_host_up_to_the_next_major(version: str, expected: str) -> None:
    assert held_range(held(SameMajor.SAME_MAJOR), Version(version)) == SpecifierSet(expected)


def test_a_stated_range_is_taken_as_it_stands() -> None:
    assert held_range(held(SpecifierSet(">=5,<6")), Version("5.29.6")) == SpecifierSet(">=5,<6")


numbers = st.integers(min_value=0, max_value=3000)


@given(st.tuples(numbers, numbers, numbers), st.tuples(numbers, numbers, numbers), st.integers(0, 2))
def test_same_major_means_that(mine: tuple[int, int, int], other: tuple[int, int, int], epoch: int) -> None:
    host = Version(f"{epoch}!{'.'.join(map(str, mine))}")
    candidate = Version(f"{epoch}!{'.'.join(map(str, other))}")
    allowed = held_range(held(SameMajor.SAME_MAJOR), host)
    assert host in allowed
    assert (candidate in allowed) == (candidate >= host and candidate.major == host.major)
    assert Version(f"{epoch + 1}!{'.'.join(map(str, mine))}") not in allowed
