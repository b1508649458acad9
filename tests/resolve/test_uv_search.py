"""uv's search: it finds what there is, and what it finds holds; who gives way where versions conflict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from depguard.parse.install_command import parse_install_command
from depguard.planning.case import make_case
from depguard.planning.simulate import root_needs, simulate
from depguard.resolve.installer import InstallerProvider
from depguard.resolve.installer_choice import Behaviour
from depguard.resolve.needs import Need
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.prereleases import PrereleaseRule
from depguard.resolve.search import is_sound, search
from depguard.resolve.uv_search import solve_as_uv
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from kit.universes import Index, Universe, random_universe


def ready(
    index: Index, installed: Mapping[str, Any], *request: str, upgrade: bool = False
) -> tuple[InstallerProvider, list[Need], FakeIndex]:
    command = parse_install_command(["uv", "pip", "install", *request])
    source = FakeIndex.from_dict(index)
    case = make_case(small_host(installed), None, source, installer=command.installer)
    roots, _ = root_needs(case.free_view, command.items)
    behaviour = Behaviour(prereleases=PrereleaseRule.UV, upgrade_all=upgrade)
    return InstallerProvider(case.free_view, behaviour, roots, {}), roots, source


def asked_of(universe: Universe) -> tuple[InstallerProvider, list[Need]]:
    made = ready(universe.index, universe.installed, *universe.request, upgrade=universe.upgrade)
    return made[0], made[1]


def versions(outcome: object) -> dict[str, str]:
    assert isinstance(outcome, Solved)
    return {key.name: str(candidate.version) for key, candidate in sorted(outcome.chosen.items())}


@pytest.mark.parametrize("batch", range(8))
def test_it_finds_an_answer_exactly_where_there_is_one(batch: int) -> None:
    for seed in range(batch * 50, batch * 50 + 50):
        universe = random_universe(seed)
        provider, roots = asked_of(universe)
        outcome = solve_as_uv(provider, roots, rounds=10_000)
        if isinstance(outcome, Solved):
            assert is_sound(provider, roots, outcome.chosen), (seed, universe)
            assert set(outcome.asked) == set(outcome.chosen)
        else:
            assert isinstance(outcome, Unsolvable), (seed, universe)
            provider, roots = asked_of(universe)
            assert isinstance(search(provider, roots, rounds=100_000), Unsolvable), (seed, universe)


def test_who_was_settled_first_stands() -> None:
    """b comes first, so a gives way; pip would unseat b."""
    index: Index = {"a": {"1.0": [], "2.0": ["b<2"]}, "b": {"1.0": [], "2.0": []}}
    provider, roots, _ = ready(index, {}, "b", "a")
    assert versions(solve_as_uv(provider, roots, rounds=100)) == {"a": "1.0", "b": "2.0"}


def test_what_keeps_being_rejected_is_settled_first() -> None:
    """Six releases of a reject the newest b: from the fifth on it is b that has to give way."""
    index: Index = {
        "a": {f"{version}.0": ["b<2"] for version in range(1, 7)} | {"0.1": []},
        "b": {"1.0": [], "2.0": []},
    }
    provider, roots, _ = ready(index, {}, "b", "a")
    assert versions(solve_as_uv(provider, roots, rounds=100)) == {"a": "6.0", "b": "1.0"}


def test_what_is_pinned_comes_before_what_was_met_first() -> None:
    """c, pinned through b, is settled before a is: so a gives way."""
    index: Index = {
        "top": {"1.0": ["b", "a", "c"]},
        "a": {"1.0": [], "2.0": ["c>=2"]},
        "b": {"1.0": ["c==1.0"]},
        "c": {"1.0": [], "2.0": []},
    }
    provider, roots, _ = ready(index, {}, "top")
    expected = {"a": "1.0", "b": "1.0", "c": "1.0", "top": "1.0"}
    assert versions(solve_as_uv(provider, roots, rounds=100)) == expected


def test_an_installed_version_that_does_costs_no_page() -> None:
    index: Index = {"a": {"1.0": ["b"], "2.0": ["b"]}, "b": {"1.0": [], "2.0": []}}
    installed = {"a": {"version": "1.0", "requires": ["b"]}, "b": {"version": "1.0"}}
    provider, roots, source = ready(index, installed, "a")
    assert versions(solve_as_uv(provider, roots, rounds=100)) == {"a": "1.0", "b": "1.0"}
    assert not source.page_calls


def test_what_an_abandoned_release_wanted_does_not_stay() -> None:
    """The newest top pins low; once top gives way, low is the host's again."""
    index: Index = {
        "top": {"1.0": ["low"], "2.0": ["low==1.0", "side"]},
        "side": {"1.0": ["top<2"]},
        "low": {"1.0": [], "2.0": []},
    }
    provider, roots, _ = ready(index, {"low": {"version": "2.0"}}, "top", "side")
    assert versions(solve_as_uv(provider, roots, rounds=100)) == {"low": "2.0", "side": "1.0", "top": "1.0"}


def test_its_budget_runs_out() -> None:
    index: Index = {"a": {"1.0": ["b"]}, "b": {"1.0": []}}
    provider, roots, _ = ready(index, {}, "a")
    assert isinstance(solve_as_uv(provider, roots, rounds=1), Exhausted)


def test_a_refusal_says_what_met() -> None:
    index: Index = {"a": {"1.0": ["c<2"]}, "b": {"1.0": ["c>=2"]}, "c": {"1.0": [], "2.0": []}}
    command = parse_install_command(["uv", "pip", "install", "a", "b"])
    case = make_case(small_host({}), None, FakeIndex.from_dict(index), installer=command.installer)
    simulation = simulate(case.free_view, command)
    assert simulation.changes is None
    assert {str(n.cause) for r in simulation.refusals for n in r.needs} >= {
        "a 1.0 requires c<2",
        "b 1.0 requires c>=2",
    }
