"""``depguard policy``: checks against hosts and the day, and what the command prints."""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from depguard.app.policies import PolicyCheck, check_policy
from depguard.cli.arguments import parse
from depguard.cli.commands import policy as command
from depguard.cli.console import Console
from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.parse.policy import parse_policy
from depguard.parse.policy_schema import policy_schema
from kit.hosts import small_host

GPU = small_host({"numpy": "2.0.2", "torch": "2.11.0", "nvidia-cufft-cu12": "1", "protobuf": "5.29.6"})
CPU = small_host({"numpy": "2.0.2", "torch": "2.11.0", "tensorflow": "2.20.0"})

TEXT = """\
schema: 1
hosts: [a/gpu, a/cpu]
protected:
  numpy: why
  torch: {family: ["nvidia-*", torchvison, "!nvidia-ml-py"], reason: why}
  tensorflow: why
  scippy: why
held:
  protobuf: {allow: same-major, reason: why}
  "opencv-*": {allow: same-major, reason: why}
forbidden:
  onnxruntime-gpu: {instead: onnxruntime, reason: same files}
waive:
  - {code: DG202, package: ydf, until: 2026-11-20, reason: unused}
  - {code: DG202, package: old, until: 2026-11-19, reason: unused}
tiers: {lab: [captum, onnxruntime_gpu]}
"""


def checked(text: str, hosts: Mapping[str, Host] | None = None) -> PolicyCheck:
    known = {"a/gpu": GPU, "a/cpu": CPU} if hosts is None else hosts

    def find(name: str) -> Host:
        if name not in known:
            raise InputError(Problem(code="host.unknown", message=f"no {name}", hint="did you mean a/gpu?"))
        return known[name]

    return check_policy(parse_policy(text, "p.yaml"), find=find, today=date(2026, 11, 20))


def test_notes_in_the_order_of_their_places() -> None:
    notes = [(str(p.location), p.code, p.message) for p in checked(TEXT).notes]
    assert notes == [
        (
            "p.yaml:5:3",
            "policy.matches-nothing",
            "family of torch: torchvison matches nothing on any of the 2 hosts",
        ),
        (
            "p.yaml:5:3",
            "policy.matches-nothing",
            "family of torch: !nvidia-ml-py matches nothing on any of the 2 hosts",
        ),
        ("p.yaml:7:3", "policy.matches-nothing", "protected: scippy matches nothing on any of the 2 hosts"),
        ("p.yaml:10:3", "policy.matches-nothing", "held: opencv-* matches nothing on any of the 2 hosts"),
        ("p.yaml:15:5", "policy.waiver-ended", "the waiver of DG202 for old ended on 2026-11-19"),
        (
            "p.yaml:16:23",
            "policy.asks-for-forbidden",
            "tier lab asks for onnxruntime-gpu, which is forbidden: same files",
        ),
    ]


def test_an_unknown_host_is_a_mistake_where_it_is_named() -> None:
    found = checked("schema: 1\nhosts: [a/gpu, a/gup]\nprotected: {gone: why}\ntiers: {x: [y]}\n")
    (problem,) = found.mistakes
    assert (str(problem.location), problem.hint) == ("p.yaml:2:16", "did you mean a/gpu?")
    assert found.notes == ()  # what matches nothing cannot be said with a host missing


def test_a_policy_without_tiers_and_hosts() -> None:
    assert [p.code for p in checked("schema: 1\n").notes] == ["policy.no-tiers", "policy.no-hosts"]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.chdir(folder)
    args: argparse.Namespace = parse("policy", command.register, words, takes_rest=False)
    out = io.StringIO()
    assert command.run(args, Console(out=out, err=io.StringIO(), environ={})) == 0
    return out.getvalue()


def test_schema_prints_the_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(run(tmp_path, monkeypatch, "schema")) == policy_schema()


def test_show_names_what_came_from_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "depguard.yaml").write_text(TEXT)
    shown = run(tmp_path, monkeypatch, "show")
    assert "protected  torch and nvidia-*, torchvison, !nvidia-ml-py: why  [depguard.yaml:5:3]\n" in shown
    assert "held  protobuf (same-major): why  [depguard.yaml:9:3]\n" in shown
    assert "forbidden  onnxruntime-gpu (take onnxruntime): same files" in shown
    assert "tier  lab: captum, onnxruntime_gpu -> requirements-lab.txt  [depguard.yaml:16:9]\n" in shown
    assert f"{'sha256 ':>7}" in shown.splitlines()[1]


def test_no_policy_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no policy here") as caught:
        run(tmp_path, monkeypatch, "check")
    assert caught.value.problems[0].hint == "depguard init, or a shipped one: colab"


def test_live_is_no_host_for_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "depguard.yaml").write_text("schema: 1\nhosts: [live]\ntiers: {a: [b]}\n")
    with pytest.raises(InputError) as caught:
        run(tmp_path, monkeypatch, "check")
    assert str(caught.value.problems[0].location) == "depguard.yaml:2:9"
