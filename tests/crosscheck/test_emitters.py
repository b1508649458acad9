"""How a crosscheck reads, and its JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.emit.crosscheck_json import crosscheck_json
from depguard.emit.crosscheck_text import render_crosscheck
from depguard.model.crosscheck import Change, Check, Comparison, Crosscheck, Difference, Outcome
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = Path(__file__).parents[2] / "docs" / "crosscheck.schema.json"
WHO = ("pip 24.1.2", "uv 0.13.9")
HOSTS = ("colab/2026.07-gpu", "colab/2026.08-gpu")
PROTOBUF = canonicalize_name("protobuf")


def compared(
    check: Check, referee: str, host: str, outcome: Outcome = Outcome.AGREES, **more: Any
) -> Comparison:
    known = {"tier": "tier3", "changes": 11 if check is Check.SIMULATION else 10, **more}
    return Comparison(check=check, referee=referee, host=host, outcome=outcome, **known)


def agreeing(*hosts: str) -> list[Comparison]:
    found = [compared(check, who, host) for host in hosts for who in WHO for check in list(Check)[:2]]
    return [*found, *(compared(Check.CLOSURE, "pip-tools 7.6.2", host) for host in hosts)]


def whole(*comparisons: Comparison, **more: Any) -> Crosscheck:
    cutoff = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
    return Crosscheck(cutoff=cutoff, comparisons=comparisons, **more)


DIFFERENCE = Difference(
    name=PROTOBUF,
    ours=Change(PROTOBUF, Version("5.29.6"), Version("7.36.2")),
    theirs=None,
    our_reason="onnx 1.23.2 requires protobuf>=6.31.1",
    their_reason="leaves it as it is",
)
CASES = {
    "agrees": whole(*agreeing(*HOSTS)),
    "one-host": whole(*agreeing(HOSTS[0]), compared(Check.SIMULATION, "pip 26.3", HOSTS[0], changes=None)),
    "differs": whole(
        *agreeing(HOSTS[0]),
        compared(Check.SIMULATION, WHO[0], HOSTS[1], Outcome.DIFFERS, differences=(DIFFERENCE,)),
        compared(Check.SIMULATION, WHO[1], HOSTS[1]),
        compared(
            Check.FILE,
            WHO[0],
            HOSTS[1],
            Outcome.DIFFERS,
            failure=(
                "pip 24.1.2 refuses, where depguard finds 10 changes:",
                "ERROR: No matching distribution",
            ),
            touched=(canonicalize_name("numpy"),),
        ),
        notes=("lab: pip-tools is not asked",),
    ),
    "open": whole(
        *agreeing(HOSTS[0]),
        *(
            compared(check, WHO[0], HOSTS[1], Outcome.NOT_ASKED, reason="no Python 3.13 is at hand")
            for check in list(Check)[:2]
        ),
    ),
    "refused": whole(
        compared(Check.SIMULATION, WHO[0], HOSTS[0], tier="tier2"), refused=(("tier2", "unproven"),)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_crosscheck(CASES[name]), GOLDEN / f"{name}.txt")


@pytest.mark.parametrize("name", CASES)
def test_the_json_keeps_to_its_schema(name: str) -> None:
    value = json.loads(crosscheck_json(CASES[name]))
    jsonschema.validate(value, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert value["outcome"] == CASES[name].outcome.value
    assert len(value["comparisons"]) == len(CASES[name].comparisons)


def test_a_difference_keeps_both_sides() -> None:
    value = json.loads(crosscheck_json(CASES["differs"]))
    (difference,) = (d for comparison in value["comparisons"] for d in comparison["differences"])
    assert difference == {
        "name": "protobuf",
        "depguard": {"from": "5.29.6", "to": "7.36.2"},
        "referee": None,
        "depguard_reason": "onnx 1.23.2 requires protobuf>=6.31.1",
        "referee_reason": "leaves it as it is",
    }


def test_only_the_outcome_has_colour() -> None:
    plain, coloured = (render_crosscheck(CASES["agrees"], colour=colour) for colour in (False, True))
    assert "\033[" not in plain
    assert coloured.startswith("\033[1;32mAGREES\033[0m  ")
    assert coloured.count("\033[") == 2
