"""A search that jumps back often keeps what it knows small."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.version import Version

from depguard.parse.install_command import parse_install_command
from depguard.planning.case import make_case
from depguard.planning.simulate import simulate
from depguard.resolve.solve import Steady
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from kit.universes import Index


def towers(releases: int) -> Index:
    """Three towers on one floor, which is asked for in its first release: only the first ones fit."""
    index: dict[str, dict[str, list[str]]] = {"floor": {f"{n}.0": [] for n in range(1, releases)}}
    for tower in ("a", "b", "c"):
        for height, below in ((3, f"{tower}2"), (2, f"{tower}1"), (1, "floor")):
            index[f"{tower}{height}"] = {f"{n}.0": [f"{below}=={n}.0"] for n in range(1, releases)}
    return index


@pytest.mark.parametrize("pip", ["24.1.2", "26.3"])
def test_what_is_given_up_is_noted_once(pip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    longest = 0

    def patched(self: Steady[Any, Any], broken: list[tuple[Any, list[Any]]]) -> bool:
        nonlocal longest
        answer = patch(self, broken)
        longest = max([longest, *(len(given_up) for _, given_up in broken)])
        return answer

    patch = Steady._patch_criteria
    monkeypatch.setattr(Steady, "_patch_criteria", patched)
    command = parse_install_command(["pip", "install", "floor<2", "a3", "b3", "c3"])
    case = make_case(small_host({}), None, FakeIndex.from_dict(towers(30)))
    simulate(case.free_view, command, pip=Version(pip))
    assert 0 < longest < 30
