"""The installers and the copies of hosts, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from depguard.adapters.host_store import HostStore
from depguard.adapters.shipped import shipped_root
from depguard.model.host import Host
from kit.referees import Copy, OutOfReachError, Referee, current_pip, find_pip, find_uv, make_copy

HOST = "colab/2026.07-gpu"
OLD_PIP = "24.1.2"
"""The pip that Colab's runtimes have."""

LABELS = ("old pip", "current pip", "uv")


@contextmanager
def reachable() -> Iterator[None]:
    """An index that does not answer shows nothing about depguard: the test is skipped, not failed."""
    try:
        yield
    except OutOfReachError as error:
        pytest.skip(f"out of reach: {error}")


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
def colab() -> Host:
    return HostStore([shipped_root() / "hosts"], live=_no_live).find(HOST)


@pytest.fixture(scope="session")
def copy(colab: Host, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    made = make_copy(colab, tmp_path_factory.mktemp("copies") / "colab")
    if made is None:
        pytest.skip(f"no Python {colab.python.major}.{colab.python.minor} on this machine")
    return made


def _no_live() -> Host:
    raise AssertionError("no test here means the machine that it runs on")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, and the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
