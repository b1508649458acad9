"""Tiny universes for laws: Hypothesis strategies, and brute force under the two passes of a guarded solve."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from depguard.model.host import Host
from depguard.model.policy import Policy
from depguard.parse.policy import parse_policy
from kit.fake_index import FakeIndex
from kit.hosts import small_host

NAMES = ("a", "b", "c", "d")
VERSIONS = ("1.0", "1.5", "2.0")
_SPECIFIERS = ("", "", ">=1.5", ">=2.0", "<2.0", "<1.5", "==1.0", "==1.5", "!=1.5", "~=1.0")


@dataclass(frozen=True)
class Tiny:
    """A universe, a host in it, what a policy says, and a request. All plain data."""

    index: dict[str, dict[str, list[str]]]
    installed: dict[str, dict[str, Any]]
    protected: tuple[str, ...]
    held: tuple[str, ...]
    request: tuple[str, ...]
    forbidden: tuple[str, ...] = ()

    def but(self, **changed: Any) -> Tiny:
        """The same with something changed."""
        return replace(self, **changed)

    def host(self) -> Host:
        return small_host(self.installed)

    def source(self) -> FakeIndex:
        return FakeIndex.from_dict(self.index)

    def policy(self, **tiers: Any) -> Policy:
        body = {
            "schema": 1,
            "name": "tiny",
            "protected": dict.fromkeys(self.protected, "protected"),
            "held": {name: {"allow": "same-major", "reason": "held"} for name in self.held},
            "forbidden": dict.fromkeys(self.forbidden, "forbidden"),
            "tiers": tiers or {"lab": list(self.request)},
        }
        return parse_policy(yaml.safe_dump({key: value for key, value in body.items() if value}), "tiny.yaml")


@st.composite
def requirements(draw: st.DrawFn, owner: str, most: int = 2) -> list[str]:
    others = [name for name in NAMES if name != owner]
    chosen = draw(st.lists(st.sampled_from(others), max_size=most, unique=True))
    return [name + draw(st.sampled_from(_SPECIFIERS)) for name in chosen]


@st.composite
def tinies(draw: st.DrawFn) -> Tiny:
    index = {
        name: {
            version: draw(requirements(name))
            for version in draw(st.lists(st.sampled_from(VERSIONS), unique=True, min_size=1))
        }
        for name in NAMES
        if draw(st.integers(0, 9)) < 9
    }
    installed = {
        name: {"version": draw(st.sampled_from(VERSIONS)), "requires": draw(requirements(name, 1))}
        for name in NAMES
        if draw(st.booleans())
    }
    grips = {name: draw(st.sampled_from(("protected", "held", "free", "free"))) for name in installed}
    absent = [name for name in NAMES if name not in installed]
    request = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True))
    return Tiny(
        index=index,
        installed=installed,
        protected=tuple(name for name, grip in grips.items() if grip == "protected"),
        held=tuple(name for name, grip in grips.items() if grip == "held"),
        forbidden=tuple(name for name in absent if draw(st.integers(0, 5)) == 0),
        request=tuple(name + draw(st.sampled_from(_SPECIFIERS)) for name in request),
    )


State = str | None
"""A version from the index, KEPT for the host's own, or None for absent."""
KEPT = "kept"
Assignment = Mapping[str, State]


def solutions(tiny: Tiny, *, moves: bool) -> Iterator[Assignment]:
    """All assignments that honour the policy in one of the two passes (``moves``: the second)."""
    choices = [list(_states(tiny, name, moves=moves)) for name in NAMES]
    before = {
        name: [text for text in own["requires"] if is_met(tiny, untouched(tiny), text)]
        for name, own in tiny.installed.items()
    }
    for states in itertools.product(*choices):
        assignment = dict(zip(NAMES, states, strict=True))
        if _sound(tiny, assignment, before):
            yield assignment


def untouched(tiny: Tiny) -> Assignment:
    """The host as it is."""
    return {name: KEPT if name in tiny.installed else None for name in NAMES}


def _states(tiny: Tiny, name: str, *, moves: bool) -> Iterator[State]:
    offered = tiny.index.get(name, {})
    own = tiny.installed.get(name)
    if own is None:
        yield None
        if name not in tiny.forbidden:
            yield from offered
        return
    yield KEPT
    if name in tiny.protected:
        return
    named = any(_name(text) == name for text in tiny.request)
    version = Version(own["version"])
    for text in offered:
        candidate = Version(text)
        if candidate == version:
            continue  # the host's own stands for it
        if name in tiny.held and not version <= candidate < Version(str(version.major + 1)):
            continue
        if named or (moves and candidate > version):
            yield text


def _sound(tiny: Tiny, assignment: Assignment, before: Mapping[str, list[str]]) -> bool:
    """Whether an assignment breaks nothing. ``before`` has what each installed one needed and had."""
    if not all(is_met(tiny, assignment, text) for text in tiny.request):
        return False
    # Whoever stays keeps what it had; what the request reaches, and all that is new or moved, has everything.
    stays = [text for name, needs in before.items() if assignment[name] == KEPT for text in needs]
    if not all(is_met(tiny, assignment, text) for text in stays):
        return False
    waiting = [_name(text) for text in tiny.request]
    waiting += [name for name, state in assignment.items() if state not in (None, KEPT)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        for text in _requires(tiny, assignment, name):
            if not is_met(tiny, assignment, text):
                return False
            waiting.append(_name(text))
    return True


def is_met(tiny: Tiny, assignment: Assignment, text: str) -> bool:
    """Whether a requirement is met."""
    name = _name(text)
    state = assignment[name]
    version = tiny.installed[name]["version"] if state == KEPT else state
    return version is not None and _contains(text, version)


def _requires(tiny: Tiny, assignment: Assignment, name: str) -> list[str]:
    state = assignment[name]
    if state is None:
        return []
    return list(tiny.installed[name]["requires"]) if state == KEPT else tiny.index[name][state]


@cache
def _name(text: str) -> str:
    return Requirement(text).name


@cache
def _contains(text: str, version: str) -> bool:
    return Requirement(text).specifier.contains(version)
