"""Every scenario of every file, asked of depguard over a frozen index in memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from scenarios.asking import answer, differences
from scenarios.loading import Scenario, load

FOLDER = Path(__file__).parent
SCENARIOS = [(path.stem, scenario) for path in sorted(FOLDER.glob("*.yaml")) for scenario in load(path)]


@pytest.mark.parametrize("scenario", [pytest.param(s, id=f"{stem}: {s.name}") for stem, s in SCENARIOS])
def test_scenario(scenario: Scenario) -> None:
    odd = list(differences(scenario, answer(scenario)))
    assert not odd, f"{scenario.location}\n" + "\n".join(odd)
