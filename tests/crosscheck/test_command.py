"""``depguard crosscheck`` as a command: over a small index on this machine, and against the live one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from depguard.adapters.interpreters import Interpreters
from depguard.cli.main import main
from kit.fake_index import FakeIndex
from kit.hosts import host_text
from kit.live_index import UNDECIDED
from kit.loopback import Loopback
from kit.referees import OutOfReachError, reachable
from kit.served import write_wheels

POLICY = """
schema: 1
name: small
hosts: [host.yaml]
protected: {numpy: C ABI}
held: {protobuf: {allow: same-major, reason: generated code}}
tiers: {lab: [onnx], bad: [captum]}
"""
HOST = host_text({"numpy": "2.0.2", "protobuf": "5.29.6"}, name="small/host", python="3.12.1")
INDEX: dict[str, Any] = {
    "onnx": {"1.22.0": ["helper", "numpy", "protobuf"], "1.23.2": ["protobuf>=6"]},
    "protobuf": {"5.29.6": [], "7.36.2": []},
    "helper": {"1.0": [], "2.0": []},
    "captum": {"0.8.0": ["numpy<2"]},
    "numpy": {"1.26.4": [], "2.0.2": []},
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "depguard.yaml").write_text(POLICY)
    (tmp_path / "host.yaml").write_text(HOST)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lab", "--with", "conda"], "conda is no installer that depguard can ask"),
        (["lab", "--offline"], "leave out --offline"),
        (["lba"], "has no tier lba"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_done(
    words: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = ["--host", "2026.07-gpu", "--cache-dir", str(project / "cache"), "--no-index"]
    assert main(["crosscheck", *words, *host]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_policy_without_tiers_has_nothing_to_ask_about(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "depguard.yaml").write_text(POLICY.replace("{lab: [onnx], bad: [captum]}", "{}"))
    assert main(["crosscheck", "--cache-dir", str(project / "cache"), "--no-index"]) == 2
    assert "the policy small has no tier to ask about" in capsys.readouterr().err


@pytest.mark.referee
def test_three_real_installers_over_a_small_index(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if all(found.python.release[:2] != (3, 12) for found in Interpreters().at_hand("3.12")):
        pytest.skip("no Python 3.12 on this machine")
    write_wheels(FakeIndex.from_dict(INDEX), project / "wheels")
    with Loopback(project / "wheels", pep658=True) as index:
        options = ["--index-url", index.url, "--cache-dir", str(project / "cache"), "--format", "json"]
        codes, texts = [], []
        for words in (["lab"], ["bad", "--with", "uv"]):
            codes.append(main(["crosscheck", *words, *options]))
            texts.append(capsys.readouterr().out)
    found = [json.loads(text) for text in texts]
    assert codes == [0, 1], texts
    assert [(c["check"], c["outcome"], c["changes"]) for c in found[0]["comparisons"]] == [
        ("simulation", "agrees", 2),
        ("file", "agrees", 2),
        ("simulation", "agrees", 2),
        ("file", "agrees", 2),
        ("closure", "agrees", 2),
    ]
    assert found[1]["refused"] == [{"tier": "bad", "verdict": "unsafe"}]
    assert [c["outcome"] for c in found[1]["comparisons"]] == ["agrees"]


@pytest.mark.network
@pytest.mark.referee
def test_the_real_ones_agree_on_real_hosts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = ["--host", "colab/2026.07-gpu", "--host", "colab/2026.08-gpu"]
    with reachable():
        code = main(["crosscheck", "tier3", "--policy", "colab", "--format", "json", *hosts])
        captured = capsys.readouterr()
        assert "internal error" not in captured.err, captured.err
        if code == UNDECIDED:
            raise OutOfReachError(captured.out or captured.err)
    found = json.loads(captured.out)
    assert (code, found["outcome"]) == (0, "agrees"), captured.out
    told = {(c["host"], c["referee"].split()[0], c["check"]) for c in found["comparisons"]}
    assert len(told) == len(found["comparisons"]) == 10
