"""`Rounds` makes resolvelib's choices in resolvelib's order, on whatever universe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from resolvelib import BaseReporter, ResolutionImpossible
from resolvelib.resolvers import Criterion, Resolution

from depguard.planning.case import make_case
from depguard.resolve.installer import InstallerProvider, as_pip_asks, root_and_extras
from depguard.resolve.installer_choice import Behaviour
from depguard.resolve.needs import Key
from depguard.resolve.prereleases import PrereleaseRule
from depguard.resolve.provider import Provider
from depguard.resolve.rounds import Rounds
from kit.fake_index import FakeIndex
from kit.guarded_search import guarded_search
from kit.hosts import small_host

NAMES = ("a", "b", "c", "d", "e")
VERSIONS = ("1.0", "1.5", "2.0", "2.1rc1", "3.0")
SPECIFIERS = ("", ">=1.5", "<2.0", "<3", "==1.5", "!=3.0", "~=1.0", ">=2.1rc1", ">1.0", "[x]", "[x]<3")
REQUIREMENTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(NAMES),
    st.sampled_from(SPECIFIERS),
    st.sampled_from(("", "", "", "; extra == 'x'")),
)
RELEASES = st.dictionaries(st.sampled_from(VERSIONS), st.lists(REQUIREMENTS, max_size=3), min_size=1)
INDEXES = st.dictionaries(st.sampled_from(NAMES), RELEASES, min_size=2)
INSTALLED = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries(
        {"version": st.sampled_from(VERSIONS), "requires": st.lists(REQUIREMENTS, max_size=2)}
    ),
)
ASKED = st.lists(
    st.builds("{}{}".format, st.sampled_from(NAMES), st.sampled_from(SPECIFIERS)), min_size=1, max_size=3
)


class Log(BaseReporter[Any, Any, Key]):
    """What a resolution does, in texts."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def starting_round(self, index: int) -> None:
        self.lines.append(f"round {index}")

    def rejecting_candidate(self, criterion: Criterion[Any, Any], candidate: Any) -> None:
        self.lines.append(f"no {told(candidate)}: {[asked(i) for i in criterion.information]}")

    def pinning(self, candidate: Any) -> None:
        self.lines.append(f"pin {told(candidate)}")


def told(candidate: Any) -> str:
    return "-" if candidate is None else f"{candidate.key} {candidate.version}"


def asked(information: Any) -> str:
    return f"{information.requirement.requirement} of {told(information.parent)}"


def course(search: type[Resolution[Any, Any, Key]], provider: Provider[Any, Any], roots: Any) -> list[str]:
    """All that a search did, and what it came to."""
    log = Log()
    try:
        state = search(provider, log).resolve(list(roots), max_rounds=120)
    except ResolutionImpossible as error:
        return [*log.lines, f"impossible: {[asked(cause) for cause in error.causes]}"]
    except Exception as error:  # noqa: BLE001 - too deep, or a provider's own: the same for both
        return [*log.lines, type(error).__name__]
    ends = [f"{key}: {told(state.mapping.get(key))}" for key in state.criteria]
    known = [[asked(information) for information in c.information] for c in state.criteria.values()]
    return [*log.lines, *map(told, state.mapping.values()), *ends, str(known)]


def guarded(
    index: Any, installed: Any, wanted: Sequence[str], *, moves: bool, learns: bool = False
) -> tuple[Any, Any]:
    provider, roots = guarded_search(index, installed, *wanted, moves=moves)
    if not learns:  # what it learns on the way hangs on when it is asked, in which the two differ
        provider._dead.turn_off()
    return provider, roots


def installer(index: Any, installed: Any, wanted: Sequence[str], behaviour: Behaviour) -> tuple[Any, Any]:
    case = make_case(small_host(installed), None, FakeIndex.from_dict(index))
    roots = [need for text in wanted for need in as_pip_asks(root_and_extras(Requirement(text), parent=None))]
    return InstallerProvider(case.free_view, behaviour, roots, {}), roots


@pytest.mark.parametrize("moves", [False, True])
@settings(max_examples=40)
@given(index=INDEXES, installed=INSTALLED, wanted=ASKED)
def test_a_guarded_search_takes_its_course(moves: bool, index: Any, installed: Any, wanted: Any) -> None:
    theirs = course(Resolution, *guarded(index, installed, wanted, moves=moves))
    assert course(Rounds, *guarded(index, installed, wanted, moves=moves)) == theirs


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(prereleases=PrereleaseRule.CLASSIC, by_depth=True),
        Behaviour(prereleases=PrereleaseRule.CLASSIC),
        Behaviour(prereleases=PrereleaseRule.MODERN, promotes=True),
        Behaviour(prereleases=PrereleaseRule.MODERN, promotes=True, upgrade_all=True),
    ],
)
@settings(max_examples=40)
@given(index=INDEXES, installed=INSTALLED, wanted=ASKED)
def test_an_installers_search_takes_its_course(
    behaviour: Behaviour, index: Any, installed: Any, wanted: Any
) -> None:
    theirs = course(Resolution, *installer(index, installed, wanted, behaviour))
    assert course(Rounds, *installer(index, installed, wanted, behaviour)) == theirs


@settings(max_examples=100)
@given(index=INDEXES, installed=INSTALLED, wanted=ASKED)
@example(
    index={"c": {"1.0": []}, "b": {"1.5": ["d", "c"]}},
    installed={
        "b": {"version": "1.0", "requires": []},
        "c": {"version": "1.0", "requires": ["e"]},
        "d": {"version": "1.0", "requires": ["c"]},
    },
    wanted=["b>=1.5"],
)
def test_what_is_learnt_makes_no_search_longer_than_its_budget(
    index: Any, installed: Any, wanted: Any
) -> None:
    """A candidate that is found to be in no plan after it was offered is a failure like any other."""
    alone = course(Rounds, *guarded(index, installed, wanted, moves=False))
    learning = course(Rounds, *guarded(index, installed, wanted, moves=False, learns=True))
    assert "ResolutionTooDeep" in alone or "ResolutionTooDeep" not in learning
