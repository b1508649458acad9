"""The installers and the copies of hosts, made once a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from packaging.version import Version

from kit.catalogue import shipped_host
from kit.referees import Copy, Referee, current_pip, find_exact_uv, find_pip, find_uv, make_copy, reachable

OLD_PIP = "24.1.2"
"""The pip that Colab's runtimes have."""

LABELS = ("old pip", "current pip", "uv")


@pytest.fixture(scope="session")
def referees(request: pytest.FixtureRequest) -> dict[str, Referee]:
    """What is at hand without the network."""
    del request
    found = {"current pip": current_pip(), "uv": find_uv()}
    return {label: referee for label, referee in found.items() if referee is not None}


@pytest.fixture(scope="session")
def old_pip(request: pytest.FixtureRequest) -> Referee:
    cache = request.config.cache
    assert cache is not None
    with reachable():
        return find_pip(cache.mkdir("depguard-referees"), OLD_PIP)


@pytest.fixture(scope="session")
def old_uv(request: pytest.FixtureRequest) -> Callable[[Version], Referee]:
    """Finds the uv of a version."""
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("depguard-referees")

    def find(version: Version) -> Referee:
        with reachable():
            return find_exact_uv(folder, version)

    return find


@pytest.fixture(params=LABELS)
def referee(request: pytest.FixtureRequest, referees: dict[str, Referee]) -> Referee:
    """Each of the three installers in turn. Needs the network for the old pip."""
    if request.param == "old pip":
        found: Referee = request.getfixturevalue("old_pip")
        return found
    return of(referees, request.param)


def of(referees: dict[str, Referee], label: str) -> Referee:
    if label not in referees:
        pytest.skip(f"no {label} beside the tests")
    return referees[label]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return _copy_of("colab/2026.07-gpu", tmp_path_factory)


@pytest.fixture(scope="session")
def next_copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The host of the month after: another Python, another numpy."""
    return _copy_of("colab/2026.08-gpu", tmp_path_factory)


def _copy_of(name: str, folders: pytest.TempPathFactory) -> Copy:
    host = shipped_host(name)
    made = make_copy(host, folders.mktemp("copies") / "copy")
    if made is None:
        pytest.skip(f"no Python {host.python.major}.{host.python.minor} on this machine")
    return made
