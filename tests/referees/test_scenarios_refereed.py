"""The scenarios' install commands, given to real installers over a real index on this machine.

What they do is what the simulation says that this very version of them does.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from depguard.model.policy import Installer
from depguard.model.release import CoreMetadata
from depguard.model.request import Verb
from depguard.planning.case import make_case
from depguard.planning.simulate import simulate
from kit.hosts import small_host
from kit.loopback import Loopback
from kit.referees import Copy, Referee, changes_of, dry_run, make_copy, refill
from kit.served import write_wheels
from scenarios.loading import Scenario, load

pytestmark = pytest.mark.referee

FOLDER = Path(__file__).parent.parent / "scenarios"


ELSEWHERE = frozenset(
    {"python_full_version", "implementation_version", "platform_release", "platform_version"}
)
"""Marker variables that an interpreter of this machine answers in its own way."""


def refereed(scenario: Scenario) -> bool:
    """Whether a real installer can be asked the same: no code to run, no place but the index."""
    command = scenario.command
    if command is None or command.verb is not Verb.INSTALL or command.unmodelled or command.user:
        return False
    items = (*command.items, *command.constraints)
    plain = all(item.url is None and not item.editable and item.doubt is None for item in items)
    return plain and _served(scenario) and not scenario.unreachable and scenario.cutoff is None


def _served(scenario: Scenario) -> bool:
    """Whether its index can be written as wheels, for this machine, and its hosts can be copied to it."""
    index = scenario.source()
    for page in index.pages.values():
        for artifact in page.artifacts:
            answer = index.answers[artifact.filename]
            if not artifact.filename.endswith("-any.whl") or not isinstance(answer, CoreMetadata):
                return False
            if any(ELSEWHERE & set(re.findall(r"\w+", str(r.marker))) for r in answer.requires_dist):
                return False
    # An own uv on the host says which one is simulated; the one here is another.
    return all(h.python.release[:2] == (3, 12) and "uv" not in h.installed for h in scenario.hosts)


SCENARIOS = [
    pytest.param(scenario, id=f"{path.stem}: {scenario.name}")
    for path in sorted(FOLDER.glob("*.yaml"))
    for scenario in load(path)
    if refereed(scenario)
]


@dataclass
class Bench:
    """One environment and one server for all scenarios: each finds them filled with its own."""

    copy: Copy
    folders: Path
    count: int = field(default=0)

    def ask(self, scenario: Scenario, referee: Referee) -> None:
        """Hold simulation and installer against each other, on each of the scenario's hosts."""
        assert scenario.command is not None
        self.count += 1
        here = self.folders / str(self.count)
        yanked = write_wheels(scenario.source(), here / "wheels")
        for name, text in scenario.files.items():
            (here / name).write_text(text)
        words = shlex.split(scenario.command.command)
        args = words[words.index("install") + 1 :]
        with Loopback(here / "wheels", yanked=yanked, pep658=True) as index:
            for host in scenario.hosts:
                copy = refill(self.copy, host)
                asked = ["--index-url", index.url, *args]
                ran = dry_run(referee, copy, asked, cwd=here, env=NO_CACHE, direct=True)
                if "RecursionError" in ran.said:
                    pytest.skip(f"{referee.label} itself ends in a RecursionError")
                case = make_case(host, None, scenario.source(), installer=scenario.command.installer)
                said = simulate(case.free_view, scenario.command, pip=referee.version).changes
                assert ran.changes == (changes_of(said) if said is not None else None), ran.said


NO_CACHE = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = make_copy(small_host({}), tmp_path_factory.mktemp("scenarios") / "copy")
    if made is None:
        pytest.skip("no Python 3.12 on this machine")
    return Bench(made, tmp_path_factory.mktemp("wheels"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_installer_does_what_is_simulated(
    scenario: Scenario, bench: Bench, referees: dict[str, Referee]
) -> None:
    assert scenario.command is not None
    label = "uv" if scenario.command.installer is Installer.UV else "current pip"
    if label not in referees:
        pytest.skip(f"no {label} beside the tests")
    bench.ask(scenario, referees[label])


@pytest.mark.network
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_hosts_own_pip_does_what_is_simulated(scenario: Scenario, bench: Bench, old_pip: Referee) -> None:
    assert scenario.command is not None
    if scenario.command.installer is Installer.UV:
        pytest.skip("a scenario of uv")
    bench.ask(scenario, old_pip)
