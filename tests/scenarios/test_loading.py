"""Scenario files that are wrong say so with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from depguard.errors import InputError
from scenarios.loading import load, parse

GOOD = "- {scenario: one, host: {installed: {}}, ask: pip install a, expect: {verdict: safe}}\n"


def problems(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        parse(text, "odd.yaml")
    return [f"{problem.location}: {problem.message}" for problem in caught.value.problems]


def test_a_small_scenario() -> None:
    (scenario,) = parse(GOOD, "good.yaml")
    assert (scenario.name, scenario.tier, scenario.hosts[0].python.release) == ("one", None, (3, 12, 13))
    assert scenario.command is not None
    assert [item.text for item in scenario.command.items] == ["a"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\n", "odd.yaml:1:1: a scenario file is a list"),
        ("- {scenario: one}\n", "odd.yaml:1:3: the scenario has no 'ask'"),
        (GOOD.replace("ask:", "aks:"), "odd.yaml:1:42: a scenario has no 'aks'"),
        (GOOD.replace("verdict:", "verdit:"), "odd.yaml:1:71: expect has no 'verdit'"),
        (GOOD.replace("host:", "hosts: [], host:"), "odd.yaml:1:3: a scenario has either host or hosts"),
        (
            GOOD.replace("pip install a", "{tier: lab, run: x}"),
            "odd.yaml:1:47: ask names either a tier or what to run",
        ),
        (
            GOOD.replace("pip install a", "pipp install a"),
            "odd.yaml:1:47: <command line>: 'pipp' is no installer",
        ),
        (
            GOOD.replace("ask", "index: {a: {1.0: {requiers: []}}}, ask"),
            "odd.yaml:1:49: ValueError: a 1.0: unknown keys ['requiers']",
        ),
        (
            GOOD.replace("installed: {}", "installed: {a: {verson: 1}}"),
            "odd.yaml:1:25: ValueError: a: unknown keys ['verson']",
        ),
        (GOOD.replace("ask", "policy: {protectd: {a: b}}, ask"), "odd.yaml:1:50: policy.yaml:3:1: "),
        (GOOD + GOOD, "odd.yaml:2:3: 'one' stands twice"),
        (GOOD.replace("{}", "{{"), "odd.yaml:2:1: not valid YAML"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    assert problems(text)[0].startswith(expected)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("verdict", "verdit") + GOOD.replace("ask", "aks").replace("one", "two")
    path = tmp_path / "odd.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"(?s)odd\.yaml:1:71.*did you mean verdict\?.*odd\.yaml:2:42"):
        load(path)
