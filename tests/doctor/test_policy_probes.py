"""Probes that a policy adds: how they are written, and that both sides must ask before one runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest

from depguard.adapters.probing import run_probes
from depguard.cli.main import main
from depguard.errors import InputError
from depguard.model.environment import ProbeOutcome
from depguard.parse.policy import merge, parse_policy, read_draft
from depguard.parse.policy_schema import policy_schema

HEAD = "schema: 1\n"


def test_a_probe_is_a_word_or_a_mapping() -> None:
    text = HEAD + 'probes: [tensorflow, {run: "course.health:check", reason: "it computes"}]\n'
    policy = parse_policy(text, "p.yaml")
    assert [(p.target, p.reason) for p in policy.probes] == [
        ("tensorflow", ""),
        ("course.health:check", "it computes"),
    ]


def test_probes_of_all_texts_count_and_the_nearer_reason_wins() -> None:
    own = read_draft(HEAD + 'probes: [{run: a, reason: "mine"}, b]\n', "own.yaml")
    base = read_draft(HEAD + "probes: [c, a]\n", "base.yaml")
    assert [(p.target, p.reason) for p in merge((own, base)).probes] == [("c", ""), ("a", "mine"), ("b", "")]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tensorflow", "probes cannot be 'tensorflow'"),
        ("[os.system('x')]", "a probe cannot be \"os.system('x')\""),
        ("[a, a]", "probes names a twice"),
        ("[{reason: why}]", "a probe does not say what to run"),
        ("[{run: a, when: now}]", "a probe has no key when"),
    ],
)
def test_mistakes_are_told_and_the_schema_refuses_them(written: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_policy(HEAD + f"probes: {written}\n", "p.yaml")
    assert said in [problem.message for problem in raised.value.problems]
    assert str(raised.value.problems[0].location).startswith("p.yaml:2:")


def test_the_schema_knows_them() -> None:
    validator = jsonschema.Draft202012Validator(policy_schema())
    assert validator.is_valid({"schema": 1, "probes": ["a", {"run": "a.b:c.d", "reason": "x"}]})
    assert not validator.is_valid({"schema": 1, "probes": ["a b"]})
    assert not validator.is_valid({"schema": 1, "probes": [{"reason": "x"}]})


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module whose function leaves a trace, on PYTHONPATH."""
    (tmp_path / "course.py").write_text(
        "import os, pathlib, time\n"
        f"TRACE = pathlib.Path({str(tmp_path / 'trace')!r})\n"
        "def check(): TRACE.write_text('ran')\n"
        "def wrong(): return False\n"
        "def raises(): raise RuntimeError('two is not three\\nreally')\n"
        "def dies(): os.abort()\n"
        "def leaves(): os._exit(3)\n"
        "def sleeps(): time.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "depguard.yaml").write_text('schema: 1\nprobes: ["course:check"]\n')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_runs_only_when_policy_and_command_line_ask(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--protected-only"]) == 0
    assert not (course / "trace").exists()
    capsys.readouterr()
    assert main(["doctor", "--fast", "--protected-only", "--probes", "--format", "json"]) == 0
    assert (course / "trace").read_text() == "ran"
    document = json.loads(capsys.readouterr().out)
    assert [(p["name"], p["outcome"]) for p in document["probes"]] == [("course:check", "passed")]


@pytest.mark.usefixtures("course")
def test_however_it_ends_it_is_an_answer() -> None:
    targets = [
        "course:wrong",
        "course:raises",
        "course:dies",
        "course:leaves",
        "course:absent",
        "nothing.there",
    ]
    found = run_probes(sys.executable, (), custom=targets)
    assert [(probe.name, probe.outcome, probe.detail) for probe in found] == [
        ("course:wrong", ProbeOutcome.FAILED, "ValueError: it returned False"),
        ("course:raises", ProbeOutcome.FAILED, "RuntimeError: two is not three"),
        ("course:dies", ProbeOutcome.CRASHED, "SIGABRT"),
        ("course:leaves", ProbeOutcome.CRASHED, "exit code 3"),
        ("course:absent", ProbeOutcome.FAILED, "AttributeError: module 'course' has no attribute 'absent'"),
        ("nothing.there", ProbeOutcome.FAILED, "ModuleNotFoundError: No module named 'nothing'"),
    ]


@pytest.mark.usefixtures("course")
def test_one_that_hangs_is_ended() -> None:
    (found,) = run_probes(sys.executable, (), custom=["course:sleeps"], limit=1.5)
    assert (found.outcome, found.seconds) == (ProbeOutcome.TIMED_OUT, 1.5)


def test_an_interpreter_that_cannot_start_fails_its_probes(tmp_path: Path) -> None:
    (found,) = run_probes(str(tmp_path / "no-python"), (), custom=["a"])
    assert found.outcome is ProbeOutcome.FAILED
