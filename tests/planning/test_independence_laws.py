"""What an answer does not depend on: the order of an index, what is cached, hash seeds, the own Python."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.interpreters import Interpreters
from kit.checkout import ROOT
from kit.laws import law
from kit.loopback import Loopback
from kit.served import write_wheels
from planning.asked import ask
from planning.tiny import Tiny, tinies
from scenarios.asking import told

_SCRIPT = """
from pathlib import Path
from scenarios.asking import answer, told
from scenarios.loading import load
for path in sorted(Path('tests/scenarios').glob('*.yaml')):
    for scenario in load(path)[::3]:
        print(scenario.name, [told(report) for report in answer(scenario).reports])
"""


@law(30)
@given(tinies(), st.randoms(use_true_random=False))
def test_the_order_of_an_index_and_of_a_host_does_not_matter(tiny: Tiny, chance: random.Random) -> None:
    def shuffled(mapping: dict[str, Any]) -> dict[str, Any]:
        items = list(mapping.items())
        chance.shuffle(items)
        return dict(items)

    other = tiny.but(
        index=shuffled({name: shuffled(releases) for name, releases in tiny.index.items()}),
        installed=shuffled(tiny.installed),
    )
    assert told(ask(tiny).reports.reports[0]) == told(ask(other).reports.reports[0])


@law(4, share=20)
@given(tinies())
def test_what_is_cached_does_not_matter(tiny: Tiny) -> None:
    answers = list(_over_the_wire(tiny))
    assert [told(ask(tiny).reports.reports[0])] * 4 == answers


def _over_the_wire(tiny: Tiny) -> Iterator[list[str]]:
    """Without a cache, with an empty one, with a full one, and with that one alone."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        write_wheels(tiny.source(), here / "wheels")
        with Loopback(here / "wheels", json=True, pep658=True) as index:
            for cached, offline in ((False, False), (True, False), (True, False), (True, True)):
                cache = Cache.in_folder(here / "cache", note=pytest.fail) if cached else Cache.none()
                settings = IndexSettings(index_url=index.url, offline=offline)
                with IndexClient(settings, cache=cache) as source:
                    yield told(ask(tiny, source=source).reports.reports[0])


def test_neither_the_hash_seed_nor_the_own_python_matters() -> None:
    """Which interpreter runs depguard is nothing to a host: each has a marker environment of its own."""
    said = {("1", sys.executable): _scenarios_under(sys.executable, "1")}
    others = [
        interpreter.path
        for minor in ("3.12", "3.13")
        for interpreter in Interpreters().at_hand(minor)
        if interpreter.python.release[:2] != sys.version_info[:2] and interpreter.python.release >= (3, 11)
    ]
    for python in {*map(str, others)} or {sys.executable}:
        said["2", python] = _scenarios_under(python, "2")
    assert len(set(said.values())) == 1, list(said)
    assert len(next(iter(said.values())).splitlines()) > 50


def _scenarios_under(python: str, seed: str) -> str:
    """What a third of the scenarios answer, in a process of its own, with the pure modules of this one."""
    own = [path for path in sys.path if path.endswith("site-packages")]
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), *own]),
    }
    done = subprocess.run(
        [python, "-c", _SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
