from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.emit.lock_json import render_lock
from depguard.errors import InputError, Problem
from depguard.model.lock import TierLock
from depguard.parse.lock_file import parse_lock
from kit import locks as kit
from kit.golden import matches_golden

GOLDEN = Path(__file__).parent / "golden"


def test_a_lock_is_as_it_was_found_good() -> None:
    matches_golden(render_lock(kit.LOCK), GOLDEN / "lab.lock.json")


def test_no_url_and_no_kept_package_is_written() -> None:
    text = render_lock(kit.LOCK)
    assert "://" not in text
    hosts = json.loads(text)["hosts"]
    assert [[change["name"] for change in host["changes"]] for host in hosts] == [
        ["alembic", "optuna"],
        ["optuna"],
    ]


def test_order_of_pins_and_guards_makes_no_difference() -> None:
    other = replace(kit.LOCK, pins=tuple(reversed(kit.LOCK.pins)), guards=tuple(reversed(kit.LOCK.guards)))
    assert render_lock(other) == render_lock(kit.LOCK)


def test_reading_and_writing_again_changes_nothing() -> None:
    text = render_lock(kit.LOCK)
    assert render_lock(parse_lock(text, "lab.lock.json")) == text


@given(kit.locks)
def test_what_is_written_is_read_back(lock: TierLock) -> None:
    text = render_lock(lock)
    assert text.isascii()
    assert parse_lock(text, "x.lock.json") == lock


def damaged(path: tuple[str | int, ...], value: object, *, delete: bool = False) -> str:
    document = json.loads(render_lock(kit.LOCK))
    target: Any = document
    for step in path[:-1]:
        target = target[step]
    if delete:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return json.dumps(document, indent=2)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("tier",), 3, "tier is a number"),
        (("cutoff",), "yesterday", "cutoff: 'yesterday' is not a UTC time such as 2026-11-22T08:00:00Z"),
        (("cutoff",), "2026-11-22T08:00:00", "cutoff: '2026-11-22T08:00:00' is not a UTC time"),
        (("installer",), "conda", "installer: 'conda' is not pip or uv"),
        (("no_deps",), 1, "no_deps is a number"),
        (("policy",), [], "policy is an array"),
        (
            ("policy", "sha256"),
            "AB",
            "policy.sha256: 'AB' is not a sha256 of 64 lower-case hex digits",
        ),
        (("requires", 0, "requirement"), "a b", "requires[0].requirement: 'a b' is not a requirement"),
        (("hosts",), None, "hosts is null"),
        (("hosts", 0, "changes", 1, "kind"), "keeps", "hosts[0].changes[1].kind: 'keeps' is not keep, add,"),
        (("hosts", 0, "changes", 1, "to"), None, "hosts[0].changes[1].artifact stands beside a change"),
        (("hosts", 0, "changes", 0, "artifact", "size"), -1, "hosts[0].changes[0].artifact.size is -1"),
        (("hosts", 0, "changes", 0, "artifact", "size"), True, "artifact.size is true"),
        (("pins", 0, "version"), "1.x", "pins[0].version: '1.x' is not a version"),
        (("pins", 0, "artifacts", 0, "sha256"), None, "pins[0].artifacts[0] has no sha256"),
        (("guards", 0, "specifier"), "=>1", "guards[0].specifier: '=>1' is not a version specifier"),
    ],
)
def test_damage_is_named_with_its_place(path: tuple[str | int, ...], value: object, message: str) -> None:
    text = damaged(path, value)
    with pytest.raises(InputError) as caught:
        parse_lock(text, "lab.lock.json")
    problem = caught.value.problems[0]
    assert message in problem.message
    assert problem.hint is not None
    assert problem.hint.startswith("make it again: depguard lock --upgrade")
    assert problem.location is not None
    assert problem.location.file == "lab.lock.json"
    line = text.splitlines()[(problem.location.line or 0) - 1]
    said = line[(problem.location.column or 0) - 1 :]
    whole = not isinstance(value, list) and value is not None and "artifact stands" not in message
    if whole:
        assert said.rstrip(",") == json.dumps(value)


def test_a_missing_key_is_placed_at_its_object() -> None:
    with pytest.raises(InputError) as caught:
        parse_lock(damaged(("pins", 1, "version"), None, delete=True), "f")
    (problem,) = caught.value.problems
    assert problem.message == "pins[1].version is missing"
    text = damaged(("pins", 1, "version"), None, delete=True)
    assert problem.location is not None
    line, column = problem.location.line or 0, problem.location.column or 0
    assert text.splitlines()[line - 1][column - 1] == "{"
    assert json.dumps("optuna") in text.splitlines()[line]


def test_all_damages_are_reported_at_once() -> None:
    document = json.loads(render_lock(kit.LOCK))
    del document["tier"]
    document["pins"][0]["version"] = "x"
    document["guards"][1]["reason"] = None
    with pytest.raises(InputError) as caught:
        parse_lock(json.dumps(document), "f")
    assert [p.message for p in caught.value.problems] == [
        "pins[0].version: 'x' is not a version",
        "guards[1].reason is null",
        "tier is missing",
    ]


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "not JSON: Expecting value", 1, 1),
        ('{"schema":\n  nope}', "not JSON: Expecting value", 2, 3),
        ('\n{"schema": "depguard.lock/2"}', "'depguard.lock/2' is no schema of a lock", 2, 12),
        ("[" * 100_000, "nested too deep", None, None),
        ("3", "the document is a number", 1, 1),
    ],
)
def test_what_is_no_lock_at_all(text: str, message: str, line: int | None, column: int | None) -> None:
    with pytest.raises(InputError) as caught:
        parse_lock(text, "f")
    problem = caught.value.problems[0]
    assert problem.message.startswith(message)
    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (line, column)


@given(st.data())
def test_no_damage_ends_in_a_traceback(data: st.DataObject) -> None:
    """Any value of a lock may become any other JSON value; the reader reads it or says what is wrong."""
    document = json.loads(render_lock(kit.LOCK))
    target: Any = document
    while True:
        keys = list(target) if isinstance(target, dict) else list(range(len(target)))
        key = data.draw(st.sampled_from(keys))
        inner = target[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        target = inner
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )
    target[key] = data.draw(json_values)
    text = json.dumps(document, indent=data.draw(st.none() | st.integers(0, 3)))
    problems: tuple[Problem, ...] = ()
    try:
        parse_lock(text, "f")
    except InputError as error:
        problems = error.problems
    assert all(p.location is not None and p.location.line is not None for p in problems)


def test_a_lock_from_before_a_field_was_added_is_still_read() -> None:
    document = json.loads(render_lock(kit.LOCK))
    for pin in document["pins"]:
        for cause in pin["via"]:
            del cause["breaks"]
    read = parse_lock(json.dumps(document), "lab.lock.json")
    assert not any(cause.breaks for pin in read.pins for cause in pin.via)
    assert [pin.name for pin in read.pins] == ["alembic", "optuna"]
