"""What is stated beside a tier's pins: protected packages that a file can name for all of its hosts."""

from __future__ import annotations

from typing import Any

from depguard.parse.policy import parse_policy
from depguard.planning.case import Case, make_case
from depguard.planning.locking import guards_of, host_guards
from kit.fake_index import FakeIndex
from kit.hosts import small_host

POLICY = parse_policy(
    """
schema: 1
name: test
protected: {numpy: C ABI, torch: {family: ["nvidia-*"], reason: CUDA}, tool: ours}
held: {protobuf: {allow: same-major, reason: generated code}, grpcio: {allow: ">=1.60,<2", reason: r}}
tiers: {lab: [x]}
""",
    "policy.yaml",
)


def case(installed: dict[str, Any], name: str = "test/a") -> Case:
    return make_case(small_host(installed, name=name), POLICY, FakeIndex.from_dict({}))


def guards(*hosts: dict[str, Any]) -> dict[str, str]:
    return {line.name: str(line.specifier) for line in guards_of([case(host) for host in hosts])}


def test_protected_pins_and_no_held_ones() -> None:
    assert guards({"numpy": "2.0.2", "protobuf": "5.29.6", "other": "1.0"}) == {"numpy": "==2.0.2"}


def test_where_hosts_differ_a_range_is_stated() -> None:
    assert guards({"numpy": "2.0.2"}, {"numpy": "2.1.3"}, {"numpy": "2.0.2"}) == {"numpy": "<=2.1.3,>=2.0.2"}
    assert guards({"torch": "2.11.0+cu128"}, {"torch": "2.11.0+cpu"}) == {"torch": "==2.11.0"}
    assert guards({"torch": "2.11.0+cu128"}, {"torch": "2.11.0+cu128"}) == {"torch": "==2.11.0+cu128"}


def test_only_what_every_host_has_is_stated() -> None:
    assert guards({"numpy": "2.0.2"}, {"torch": "2.11.0"}) == {}


def test_what_an_installer_would_repair_is_left_out() -> None:
    """Naming a package whose requirements are not met, here or further down, would change the host."""
    assert guards({"tool": {"version": "1.0", "requires": ["jedi"]}, "numpy": "2.0.2"}) == {
        "numpy": "==2.0.2"
    }
    assert (
        guards(
            {
                "tool": {"version": "1.0", "requires": ["shell"]},
                "shell": {"version": "1.0", "requires": ["jedi>=2"]},
                "jedi": "1.0",
            }
        )
        == {}
    )
    unknown = {"tool": {"version": "1.0", "requires": ["dark"]}, "dark": {"version": "1.0", "requires": None}}
    assert guards(unknown) == {}
    assert guards({"tool": {"version": None}}) == {}
    doubtful = {"tool": {"version": "1.0", "requires": ["numpy; platform_release >= '6'"]}, "numpy": "2.0.2"}
    assert guards(doubtful) == {"numpy": "==2.0.2"}
    circle = {
        "tool": {"version": "1.0", "requires": ["numpy"]},
        "numpy": {"version": "2.0.2", "requires": ["tool"]},
    }
    assert guards(circle) == {"numpy": "==2.0.2", "tool": "==1.0"}


def test_constraints_of_a_host_have_pins_and_ranges() -> None:
    lines = host_guards(
        case(
            {
                "numpy": "2.0.2",
                "protobuf": "5.29.6",
                "grpcio": "1.71.0",
                "torch": "2.11.0+cu128",
                "nvidia-cublas": "12.8",
                "tool": {"version": None},
                "free": "1.0",
            }
        )
    )
    assert {line.name: (str(line.specifier), line.reason) for line in lines} == {
        "grpcio": ("<2,>=1.60", "r"),
        "numpy": ("==2.0.2", "C ABI"),
        "nvidia-cublas": ("==12.8", "CUDA"),
        "protobuf": ("<6,>=5.29.6", "generated code"),
        "torch": ("==2.11.0+cu128", "CUDA"),
    }
    assert all(line.location is not None for line in lines)
