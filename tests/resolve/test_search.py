"""The thorough search, and what resolvelib alone would have made of the same universes."""

from __future__ import annotations

import pytest
from resolvelib import BaseReporter, Resolver

from depguard.resolve.joint import JointCandidate, JointNeed
from depguard.resolve.needs import Key
from depguard.resolve.outcome import Exhausted, Solved, Unsolvable
from depguard.resolve.search import is_sound, search
from depguard.resolve.solve import Repin, solve
from kit.guarded_search import guarded_search

Index = dict[str, dict[str, list[str]]]

# Found by chance among random universes: resolvelib (1.2.1) finds nothing here, though there is a plan.
HIDDEN: Index = {
    "a": {"2.0": ["b>=2.0", "d<2.0", "c==1.0"]},
    "b": {"2.0": ["c==1.5"]},
    "c": {"1.0": ["a<1.5", "b~=1.0", "d~=1.0"], "1.5": ["b>=1.5", "a", "d<2.0"], "2.0": ["a<1.5"]},
    "d": {"1.0": ["c"], "1.5": ["a==1.0"], "2.0": ["b!=1.5"]},
}
HIDDEN_HOST = {
    "a": {"version": "2.0", "requires": ["d"]},
    "c": {"version": "1.5", "requires": ["a", "d~=1.0"]},
}
# Here it unseats the d that was asked for, and loses what that d requires: nothing of it is in its answer.
LOST: Index = {
    "a": {"1.5": ["d!=1.5", "b<1.5", "c"], "2.0": ["c<1.5", "d<2.0", "b"]},
    "b": {"1.0": ["c", "d>=2.0"], "1.5": ["c<1.5", "a>=1.5"], "2.0": ["d<2.0", "a==1.5"]},
    "c": {"1.0": [], "1.5": ["a", "d>=2.0"]},
    "d": {"1.0": ["a>=2.0", "b>=2.0"], "1.5": ["b<2.0", "a>=1.5", "c==1.5"], "2.0": ["c", "b>=2.0"]},
}


def versions(outcome: object) -> dict[str, str]:
    assert isinstance(outcome, Solved)
    return {key.name: str(candidate.version_on(0)) for key, candidate in sorted(outcome.chosen.items())}


def test_it_finds_what_resolvelib_does_not() -> None:
    provider, roots = guarded_search(HIDDEN, HIDDEN_HOST, "a")
    assert isinstance(solve(provider, roots, rounds=1000), Unsolvable)
    provider, roots = guarded_search(HIDDEN, HIDDEN_HOST, "a")
    assert versions(search(provider, roots, rounds=1000)) == {"a": "2.0", "c": "1.5", "d": "1.0"}


def test_an_answer_that_lost_its_requirements_is_told_from_a_sound_one() -> None:
    provider, roots = guarded_search(LOST, {}, "d")
    lost = solve(provider, roots, rounds=1000, repin=Repin.ALWAYS)
    assert versions(lost) == {"d": "2.0"}
    assert isinstance(lost, Solved)
    assert not is_sound(provider, roots, lost.chosen)
    provider, roots = guarded_search(LOST, {}, "d")
    assert isinstance(search(provider, roots, rounds=1000), Unsolvable)


def test_it_prefers_what_the_provider_prefers() -> None:
    index: Index = {
        "top": {"1.0": ["low"], "2.0": ["low>=2"]},
        "low": {"1.0": [], "2.0": [], "3.0": ["top<2"]},
    }
    provider, roots = guarded_search(index, {}, "top")
    assert versions(search(provider, roots, rounds=100)) == {"low": "2.0", "top": "2.0"}


def test_a_dead_end_goes_back_to_what_has_to_do_with_it() -> None:
    many: Index = {f"n{number}": {f"{version}.0": [] for version in range(1, 6)} for number in range(12)}
    index: Index = {
        **many,
        "x": {"1.0": ["z<2"], "2.0": ["z<2"]},
        "y": {"1.0": ["z>=2"]},
        "z": {"1.0": [], "2.0": []},
    }
    provider, roots = guarded_search(index, {}, "x", *many, "y")
    # Going back step by step would try five to the twelfth combinations.
    assert isinstance(search(provider, roots, rounds=100), Unsolvable)


def test_extras_and_their_project_are_one_version() -> None:
    index: Index = {
        "web": {"2.0": ["tls>=2; extra == 's'"], "1.0": ["tls; extra == 's'"]},
        "tls": {"1.0": [], "2.0": ["web<2"]},
    }
    provider, roots = guarded_search(index, {}, "web[s]")
    assert versions(search(provider, roots, rounds=100)) == {"tls": "2.0", "web": "1.0"}


def test_its_budget_runs_out() -> None:
    provider, roots = guarded_search(HIDDEN, HIDDEN_HOST, "a")
    assert isinstance(search(provider, roots, rounds=1), Exhausted)


def test_a_circle_that_backtracking_leaves_behind_ends() -> None:
    """resolvelib's own last step recurses without end on this."""
    index: Index = {
        "top": {"1.0": [], "2.0": ["x"]},
        "x": {"1.0": ["y"]},
        "y": {"1.0": ["x", "top<2"]},
    }
    provider, roots = guarded_search(index, {}, "top")
    with pytest.raises(RecursionError):
        Resolver(provider, BaseReporter[JointNeed, JointCandidate, Key]()).resolve(roots)
    for repin in Repin:
        provider, roots = guarded_search(index, {}, "top")
        assert versions(solve(provider, roots, rounds=100, repin=repin)) == {"top": "1.0"}


def test_a_dependency_does_not_unseat_what_alone_brought_it_in() -> None:
    index: Index = {"d": {"1.0": [], "3.0": ["e"]}, "e": {"1.0": [], "2.0": ["d<2"]}}
    provider, roots = guarded_search(index, {}, "d")
    assert versions(solve(provider, roots, rounds=100)) == {"d": "3.0", "e": "1.0"}
    provider, roots = guarded_search(index, {}, "d")
    assert versions(solve(provider, roots, rounds=100, repin=Repin.ALWAYS)) == {"d": "1.0"}
