from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from depguard.emit.json_report import render_json
from depguard.model.finding import Link, Verdict, WayOut
from depguard.model.location import Location
from depguard.model.plan import ActionKind
from depguard.model.report import Reports
from kit import report_parts as parts
from kit import reports as kit
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", kit.ALL)
def test_json_is_as_it_was_found_good(name: str) -> None:
    matches_golden(render_json(kit.ALL[name]), GOLDEN / f"{name}.json")


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("path", [GOLDEN / f"{name}.json" for name in kit.ALL], ids=lambda path: path.name)
def test_every_golden_report_is_valid(path: Path) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("verdict",), "fine"),
        (("host", "sha256"), "abc"),
        (("findings", 0, "location", "line"), "1"),
        (("simulation", "actions", 0, "kind"), "keep"),
        (("cutoff",), "2026-11-22"),
    ],
)
def test_the_schema_refuses_what_is_no_report(where: tuple[str | int, ...], value: object) -> None:
    document = json.loads(render_json(kit.ALL["simulate-refused"]))
    target: Any = document
    for step in where[:-1]:
        target = target[step]
    assert where[-1] in target or isinstance(where[-1], int)
    target[where[-1]] = value
    assert not Draft202012Validator(SCHEMA).is_valid(document)


def test_the_contract() -> None:
    document = json.loads(render_json(kit.ALL["simulate-refused"]))
    assert document["schema"] == "depguard.report/1"
    assert document["verdict"] == "unsafe"
    assert document["request"] == {"tier": None, "command": "pip install onnx", "requirements": ["onnx"]}
    assert document["cutoff"] == "2026-11-22T08:30:00Z"
    protobuf = document["simulation"]["actions"][1]
    assert {key: protobuf[key] for key in ("name", "kind", "from", "to", "because")} == {
        "name": "protobuf",
        "kind": "upgrade",
        "from": "5.29.6",
        "to": "7.36.2",
        "because": ["onnx 1.23.2 requires protobuf>=6.31.1"],
    }
    assert set(protobuf["artifact"]) == {"filename", "sha256", "size"}
    held = document["findings"][0]
    assert held["code"] == "DG201"
    assert held["about"] == "simulation"
    assert held["culprit"] == "onnx"
    assert held["chain"][1] == {
        "name": "onnx",
        "version": "1.23.2",
        "requirement": "protobuf>=6.31.1",
        "file": None,
        "line": None,
    }
    assert held["ways_out"][0]["change"] == "onnx==1.22.0"


def test_several_hosts_have_the_worst_verdict() -> None:
    document = json.loads(render_json(kit.SEVERAL_DIFFERENT))
    assert document["schema"] == "depguard.reports/1"
    assert document["verdict"] == "unsafe"
    assert [each["verdict"] for each in document["reports"]] == ["safe", "safe", "unsafe"]


def test_what_stays_is_left_out_and_what_does_not_solve_is_null() -> None:
    document = json.loads(render_json(kit.ALL["simulate-nothing"]))
    assert document["simulation"]["actions"] == []
    document = json.loads(render_json(kit.ALL["unsolvable"]))
    assert document["simulation"] is None
    assert document["plan"] is None
    assert document["failure"]["simulation"][0].startswith("tensorflow 2.15.0 has no artifact")


def test_no_url_and_no_credential_is_told() -> None:
    for reports in kit.ALL.values():
        assert "secret" not in render_json(reports)


texts = st.text(max_size=20)
locations = st.none() | st.builds(
    Location,
    texts,
    st.none() | st.integers(1, 99),
    st.none() | st.integers(1, 99),
    st.none() | st.integers(1),
)


@given(texts, texts, st.sampled_from(Verdict), st.sampled_from(ActionKind), locations)
def test_any_report_is_valid_and_ascii(
    message: str, change: str, verdict: Verdict, kind: ActionKind, location: Location | None
) -> None:
    action = parts.action("a", "1.0", "2.0", "a", kind=kind)
    found = parts.finding(
        "DG101",
        "a",
        message,
        chain=(Link(name=change, version=None, requirement=message, location=location),),
        ways_out=(WayOut(change=change, verdict=verdict, actions=(action,)),),
    )
    report = parts.report(verdict, tier=change, planned=parts.changes(action), findings=(found,))
    text = render_json(Reports(reports=(report,)))
    assert text.isascii()
    Draft202012Validator(SCHEMA).validate(json.loads(text))
