"""A plan's index is asked while the host is being read; what is wrong is still said once."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from depguard.cli.first_time import NEEDED
from depguard.cli.main import main
from depguard.errors import InputError, Problem
from kit.loopback import Loopback
from kit.small_project import write_project
from kit.wheels import build_wheel

Plan = Callable[..., tuple[int, str, str]]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loopback:
    root = write_project(tmp_path / "project")
    build_wheel(tmp_path / "wheels", "small", "1.0")
    monkeypatch.chdir(root)
    return Loopback(tmp_path / "wheels")


@pytest.fixture
def plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Plan:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(["plan", *words, "--host", "host.yaml", "--cache-dir", str(tmp_path / "cache")])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_index_is_asked_before_all_of_the_host_is_read(
    index: Loopback, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_by_then: list[int] = []

    def read(*_: object) -> None:
        end = time.monotonic() + 20
        while not index.requests and time.monotonic() < end:
            time.sleep(0.01)
        asked_by_then.append(len(index.requests))
        raise InputError(Problem(code="host.metadata", message="too late"))

    monkeypatch.setattr("depguard.parse.host_metadata.parse_metadata", read)
    Path("host.metadata.json").write_text("{}")
    with index:
        assert plan("lab", "-i", index.url)[0] == 2
    assert asked_by_then[0] > 0


@pytest.mark.parametrize("module", NEEDED)
def test_what_is_imported_ahead_is_there(module: str) -> None:
    # A copy that cannot import what it is told to just ends: nobody would see it but the clock.
    import_module(module)


def test_it_is_asked_once(index: Loopback, plan: Plan) -> None:
    with index:
        assert plan("lab", "-i", index.url)[0] == 0
        assert index.paths() == ["/simple/small/", "/files/small-1.0-py3-none-any.whl"]


def test_with_v_nothing_is_told_twice(index: Loopback, plan: Plan) -> None:
    with index:
        code, _, said = plan("lab", "-i", index.url, "-v")
    assert code == 0
    assert said.count("index-url = ") == 1
    assert len(index.requests) == 2


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("lab", "--as", "poetry"), 2, "--as poetry is not known"),
        (("lab", "--offline"), 3, "offline, and the page of small"),
        (("other",), 2, "has no tier other"),
    ],
)
def test_what_is_wrong_is_said_once(
    index: Loopback, plan: Plan, words: tuple[str, ...], code: int, why: str
) -> None:
    with index:
        ended, out, said = plan(*words, "-i", index.url)
    assert (ended, out) == (code, "")
    assert said.count(why) == 1


def test_an_index_that_is_down_is_said_once(
    index: Loopback, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index:
        url = index.url
    monkeypatch.setenv("PIP_RETRIES", "0")
    code, _, said = plan("lab", "-i", url)
    assert code == 3
    assert said.count("the connection is refused") == 1
