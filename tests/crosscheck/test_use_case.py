"""Crosschecks with referees that say what they are told to: what is asked of whom, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.interpreters import Interpreter
from depguard.app.crosscheck import crosscheck
from depguard.app.crosscheck_trials import Inquiry, Referee
from depguard.app.lock import Emitters
from depguard.app.plan import Question
from depguard.emit.constraints import render_constraints
from depguard.emit.lock_json import render_lock
from depguard.emit.requirements import render_requirements
from depguard.model.crosscheck import (
    Answer,
    Answered,
    Ask,
    Change,
    Check,
    Comparison,
    Crosscheck,
    NoAnswer,
    Outcome,
    Program,
)
from depguard.model.host import Host
from depguard.model.policy import Installer
from depguard.parse.policy import parse_policy
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from scenarios.loading import TODAY

EMITTERS = Emitters(requirements=render_requirements, lock=render_lock, constraints=render_constraints)
HOST = {
    "numpy": "2.0.2",
    "protobuf": "5.29.6",
    "torch": {"version": "2.11.0+cu128", "requires": ["numpy"]},
}
INDEX: dict[str, Any] = {
    "onnx": {"1.22.0": ["protobuf>=4"], "1.23.2": ["protobuf>=6"]},
    "protobuf": {"5.29.6": [], "7.36.2": []},
    "captum": {"0.8.0": ["numpy<2"]},
    "numpy": {"1.26.4": [], "2.0.2": []},
}
POLICY = {
    "schema": 1,
    "name": "test",
    "protected": {"numpy": "C ABI", "torch": "CUDA build"},
    "held": {"protobuf": {"allow": "same-major", "reason": "generated code"}},
    "tiers": {"lab": ["onnx"], "bad": ["captum"]},
}
PLAIN = {"onnx": (None, "1.23.2"), "protobuf": ("5.29.6", "7.36.2")}
GUARDED = {"onnx": (None, "1.22.0")}

VERSION = Version("24.1.2")

Told = Mapping[str, tuple[str | None, str | None]]


def changes(told: Told) -> frozenset[Change]:
    return frozenset(
        Change(canonicalize_name(name), Version(old) if old else None, Version(new) if new else None)
        for name, (old, new) in told.items()
    )


@dataclass(frozen=True)
class Parrot:
    """A referee that answers as it was told, and keeps what it was asked."""

    program: Program = Program.PIP
    version: Version = VERSION
    answers: Mapping[Check, Answer] = field(default_factory=dict)
    asked: list[Ask] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.program.value} {self.version}"

    @property
    def installer(self) -> Installer:
        return Installer.UV if self.program is Program.UV else Installer.PIP

    def answer(self, ask: Ask) -> Answer:
        self.asked.append(ask)
        return self.answers[ask.check]


class Paper:
    """A workshop that writes nothing."""

    def write_environment(self, *_: object, force: bool) -> None:
        del force

    def write_wheels(self, *_: object, force: bool) -> None:
        del force


@dataclass
class FakeYard:
    who: Sequence[Referee]
    python: str = "3.12.1"
    workshop: Paper = field(default_factory=Paper)

    def at_hand(self, minor: str) -> Sequence[Interpreter]:
        del minor
        return [
            Interpreter(
                path=Path("python"),
                python=Version(self.python),
                implementation="cpython",
                machine="x86_64",
                platform="linux",
                glibc=(2, 35),
            )
        ]

    def folder(self, host: Host) -> Path:
        return Path("/copies") / host.name

    def referees(self, host: Host) -> Sequence[Referee]:
        del host
        return self.who

    def answers(self, asked: Sequence[tuple[Referee, Ask]]) -> Iterator[Answer]:
        return (referee.answer(ask) for referee, ask in asked)


def parrot(
    program: Program = Program.PIP, *, plain: Answer | None = None, file: Answer | None = None
) -> Parrot:
    guarded = file or Answered(changes=changes(GUARDED))
    return Parrot(
        program=program,
        answers={
            Check.SIMULATION: plain or Answered(changes=changes(PLAIN)),
            Check.FILE: guarded,
            Check.CLOSURE: guarded,
        },
    )


def check(*who: Parrot, tier: str = "lab", python: str = "3.12.1", **policy: Any) -> Crosscheck:
    question = Question(
        policy=parse_policy(yaml.safe_dump({**POLICY, **policy}), "policy.yaml"),
        hosts=(small_host(HOST),),
        source=FakeIndex.from_dict(INDEX),
        cutoff=None,
        moment=TODAY,
    )
    inquiry = Inquiry(
        planned=question,
        simulated=dict.fromkeys(Installer, question),
        emitters=EMITTERS,
        tiers=[tier],
    )
    return crosscheck(inquiry, FakeYard(who, python=python))


def outcomes(found: Crosscheck) -> list[tuple[str, str, str]]:
    return [(c.referee, c.check.value, c.outcome.value) for c in found.comparisons]


def odd(found: Crosscheck) -> Comparison:
    (comparison,) = (c for c in found.comparisons if c.outcome is not Outcome.AGREES)
    return comparison


def test_each_installer_is_asked_its_questions() -> None:
    found = check(parrot(), parrot(Program.UV), parrot(Program.PIP_TOOLS))
    assert outcomes(found) == [
        ("pip 24.1.2", "simulation", "agrees"),
        ("pip 24.1.2", "file", "agrees"),
        ("uv 24.1.2", "simulation", "agrees"),
        ("uv 24.1.2", "file", "agrees"),
        ("pip-tools 24.1.2", "closure", "agrees"),
    ]
    assert found.outcome is Outcome.AGREES
    assert [c.changes for c in found.comparisons] == [2, 1, 2, 1, 1]


def test_the_written_file_is_what_is_installed() -> None:
    pip = parrot()
    check(pip)
    plain, written = pip.asked
    assert (plain.requirements, plain.file) == (("onnx",), None)
    assert written.file is not None
    name, text = written.file
    assert name == "requirements-test-lab.txt"
    assert "onnx==1.22.0" in text
    assert "numpy==2.0.2" in text


def test_pip_tools_gets_the_hosts_own_artifacts_and_the_plans_versions() -> None:
    tools = parrot(Program.PIP_TOOLS)
    check(tools)
    (ask,) = tools.asked
    assert ask.requirements == ("onnx",)
    assert ask.constraints[0] == "onnx==1.22.0"
    assert "torch @ file:///copies/test/host/wheels/torch-2.11.0%2Bcu128-py3-none-any.whl" in ask.constraints
    assert len(ask.constraints) == 1 + len(HOST)


def test_what_the_plan_moves_along_is_compiled_as_well() -> None:
    tools = parrot(Program.PIP_TOOLS, file=Answered(changes=changes(PLAIN)))
    found = check(tools, held={}, tiers={"lab": ["onnx>=1.23"]})
    assert found.outcome is Outcome.AGREES
    assert tools.asked[0].requirements == ("onnx>=1.23", "protobuf")
    assert not any(line.startswith("protobuf @") for line in tools.asked[0].constraints)


def test_a_difference_has_both_reasons() -> None:
    theirs = {"onnx": (None, "1.22.0")}
    found = check(parrot(plain=Answered(changes=changes(theirs))))
    assert found.outcome is Outcome.DIFFERS
    told = {
        d.name: (str(d.ours), str(d.theirs), d.our_reason, d.their_reason) for d in odd(found).differences
    }
    assert told == {
        "onnx": ("onnx 1.23.2", "onnx 1.22.0", "requested onnx", "requested onnx"),
        "protobuf": (
            "protobuf 5.29.6 -> 7.36.2",
            "None",
            "onnx 1.23.2 requires protobuf>=6",
            "leaves it as it is",
        ),
    }


def test_the_other_sides_reason_is_read_from_what_it_chose() -> None:
    theirs = {**PLAIN, "protobuf": ("5.29.6", "7.36.1")}
    (difference,) = odd(check(parrot(plain=Answered(changes=changes(theirs))))).differences
    assert difference.their_reason == "onnx 1.23.2 requires protobuf>=6"


def test_a_file_that_touches_what_is_protected_differs() -> None:
    theirs = {**GUARDED, "numpy": ("2.0.2", "1.26.4")}
    found = check(parrot(file=Answered(changes=changes(theirs))))
    assert odd(found).touched == ("numpy",)
    assert [d.name for d in odd(found).differences] == ["numpy"]


def test_one_that_refuses_where_depguard_does_not() -> None:
    said = "Collecting onnx\nERROR: Cannot install onnx\nERROR: ResolutionImpossible\n"
    found = check(parrot(file=Answered(changes=None, said=said)))
    assert odd(found).failure == (
        "pip 24.1.2 refuses, where depguard finds 1 change:",
        "ERROR: Cannot install onnx",
        "ERROR: ResolutionImpossible",
    )


def test_one_that_solves_what_depguard_does_not() -> None:
    found = check(parrot(plain=Answered(changes=changes({}))), tier="none", tiers={"none": ["nosuchthing"]})
    assert odd(found).failure[0] == "pip 24.1.2 finds a solution, depguard none:"
    assert any("nosuchthing" in line for line in odd(found).failure)


def test_both_may_refuse() -> None:
    found = check(parrot(plain=Answered(changes=None)), tier="none", tiers={"none": ["nosuchthing"]})
    assert outcomes(found) == [("pip 24.1.2", "simulation", "agrees")]
    assert (found.comparisons[0].changes, found.refused) == (None, (("none", "unsolvable"),))


def test_a_refused_tier_is_no_pass_though_the_simulations_agree() -> None:
    plain = {"captum": (None, "0.8.0"), "numpy": ("2.0.2", "1.26.4")}
    found = check(parrot(plain=Answered(changes=changes(plain))), tier="bad")
    assert outcomes(found) == [("pip 24.1.2", "simulation", "agrees")]
    assert found.refused == (("bad", "unsafe"),)
    assert found.outcome is Outcome.DIFFERS


def test_an_index_out_of_reach_shows_nothing() -> None:
    found = check(parrot(plain=NoAnswer("Read timed out")))
    assert found.outcome is Outcome.NOT_ASKED
    assert odd(found).reason == "Read timed out"


def test_under_another_python_only_uv_is_asked() -> None:
    pip, tools, uv = parrot(), parrot(Program.PIP_TOOLS), parrot(Program.UV)
    found = check(pip, tools, uv, python="3.11.7")
    assert not pip.asked
    assert not tools.asked
    assert len(uv.asked) == 2
    assert found.outcome is Outcome.NOT_ASKED
    assert {c.reason for c in found.comparisons if c.outcome is Outcome.NOT_ASKED} == {
        "no Python 3.12 is at hand, which test/host has: only uv can be asked without"
    }


def test_a_file_that_holds_only_without_dependencies_is_installed_so() -> None:
    pip, tools = parrot(), parrot(Program.PIP_TOOLS)
    found = check(
        pip,
        tools,
        tiers={"lab": ["onnx==1.23.2"]},
        overrides=[{"package": "onnx==1.23.2", "drop": "protobuf>=6", "reason": "tried"}],
    )
    assert pip.asked[1].no_deps
    assert not tools.asked
    assert found.notes == (
        "lab: pip-tools is not asked, since it knows nothing of the requirements that the policy overrides",
    )


@pytest.mark.parametrize("worst", list(Outcome))
def test_the_worst_outcome_counts(worst: Outcome) -> None:
    def compared(outcome: Outcome) -> Comparison:
        return Comparison(check=Check.FILE, tier="lab", host="h", referee="pip 1", outcome=outcome)

    order = [Outcome.AGREES, Outcome.NOT_ASKED, Outcome.DIFFERS]
    milder = order[: order.index(worst) + 1]
    found = Crosscheck(cutoff=TODAY, comparisons=tuple(compared(outcome) for outcome in milder))
    assert found.outcome is worst
