"""A cold plan asks an index about as often in a row as its graph is deep, and for nothing that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from depguard.cli.main import main
from kit.elf import MARKS, build_elf
from kit.loopback import Loopback
from kit.rounds import Rounds
from kit.small_project import HOST, write_project
from kit.wheels import build_wheel

POLICY = """\
schema: 1
hosts: [host.yaml]
protected: {numpy: C ABI}
held: {protobuf: {allow: same-major, reason: "made for a test"}}
tiers:
  lab: [top, numpy, other>=1]
"""
INSTALLED = """\
  protobuf: {version: 5.29.6, requires: [], source: "stated for a test"}
  idna: {version: "3.0", requires: [], source: "stated for a test"}
"""
DEPTH = 4
"""``top`` requires ``level-1``, and so on down to ``level-3``."""
LEVEL = 2
"""A page and its metadata."""
TRIES = 4
"""A busy machine may be late with a request of a round, which makes one more of it and never one less."""


@dataclass
class Project:
    """A project on disk, and its index."""

    root: Path
    wheels: Path
    index: Loopback
    capsys: pytest.CaptureFixture[str]

    def plan(self, *options: str, cache: str = "cache") -> tuple[str, list[list[str]]]:
        """What is said, and the paths of each round."""
        self.index.requests.clear()
        self.index.gate = gate = Rounds()
        words = ["plan", "lab", "--host", "host.yaml", "-i", self.index.url]
        code = main([*words, "--cache-dir", str(self.root / cache), *options])
        said = self.capsys.readouterr()
        assert (code, said.err) == (0, ""), said.out
        return said.out, gate.done

    def plan_within(self, rounds: int) -> str:
        """What is said of a cold plan, which can do with so many rounds."""
        asked: list[list[str]] = []
        for attempt in range(TRIES):
            out, asked = self.plan(cache=f"cold-{attempt}")
            if len(asked) <= rounds:
                return out
        raise AssertionError(asked)


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Project]:
    root = write_project(tmp_path / "project", policy=POLICY, host=HOST + INSTALLED)
    monkeypatch.chdir(root)
    wheels = tmp_path / "wheels"
    for level in range(DEPTH):
        name = f"level-{level}" if level else "top"
        below = [f"level-{level + 1}"] if level + 1 < DEPTH else []
        build_wheel(wheels, name, "1.0", requires=[*below, "numpy>=2", "idna", "protobuf<6"])
    build_wheel(wheels, "other", "1.0")
    build_wheel(wheels, "other", "2.0", requires=["wide-1", "wide-2", "wide-3"])
    for number in (1, 2, 3):
        build_wheel(wheels, f"wide-{number}", "1.0", requires=["idna>=2"])
    for name in ("numpy", "idna", "protobuf"):
        build_wheel(wheels, name, "9.0")
    with Loopback(wheels) as index:
        yield Project(root, wheels, index, capsys)


def test_no_more_rounds_than_the_graph_is_deep(project: Project) -> None:
    out = project.plan_within(DEPTH * LEVEL)
    assert "level-3 1.0" in out
    assert "wide-3 1.0" in out


def test_what_is_there_and_will_do_costs_no_request(project: Project) -> None:
    project.plan()
    asked = " ".join(asked.path for asked in project.index.requests)
    assert not any(name in asked for name in ("numpy", "idna", "protobuf"))


def test_nothing_is_asked_for_twice(project: Project) -> None:
    project.plan()
    # small wheels come whole with their ends: one request for a page, one for its wheel
    assert len(project.index.requests) == len(set(project.index.paths())) == 2 * (DEPTH + 4)


def test_a_release_that_cannot_come_costs_a_round_of_its_own_alone(project: Project) -> None:
    for version in ("3.0", "4.0"):
        build_wheel(project.wheels, "top", version, requires=["level-1", "protobuf>=6"])
    # while older releases are looked at, the rest of the graph is fetched
    assert "top 1.0" in project.plan_within(DEPTH * LEVEL + 2)


def test_modules_are_read_in_one_more_round(project: Project) -> None:
    for name in ("top", "other"):
        files = {f"{name}/_core.so": build_elf(data=MARKS["new"], padding=300_000)}
        build_wheel(
            project.wheels,
            name,
            "5.0",
            requires=["numpy"],
            tag="cp312-cp312-manylinux_2_17_x86_64",
            files=files,
            compression=0,
        )
    assert "top 5.0" in project.plan_within(LEVEL + 1)


def test_what_is_cached_takes_no_round(project: Project) -> None:
    first, _ = project.plan()
    assert project.plan("--offline") == (first, [])
