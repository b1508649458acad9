"""The real Colab baseline, the live index, and real installers: what is written is what they do."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from kit.live_index import UNDECIDED
from kit.referees import Change, Copy, OutOfReachError, Ran, Referee, dry_run, names, reachable, run

pytestmark = [pytest.mark.network, pytest.mark.referee]

HOST = "colab/2026.07-gpu"
NEXT_HOST = "colab/2026.08-gpu"
CAPTUM = "captum==0.8.0 --hash=sha256:b0465431f5cbc666d86c14ee853ee6155e97460369238f85bd10a241b87eea47\n"
"""The release that asks for numpy<2, hashed: what a lock file without the host's pins would say."""


@dataclass(frozen=True, slots=True)
class Written:
    """A project folder after ``depguard`` wrote tier3, and what its report says of the plan."""

    folder: Path
    planned: frozenset[Change]

    @property
    def requirements(self) -> Path:
        (path,) = self.folder.glob("requirements-colab-tier3*.txt")
        return path

    def constraints(self, host: str = HOST) -> Path:
        return self.folder / f"constraints-{host.replace('/', '-')}.txt"

    def kept(self, host: str = HOST) -> frozenset[str]:
        """The names that the policy protects or holds on a host."""
        return frozenset(
            re.findall(r"^([a-z0-9-]+)[<>=!~]", self.constraints(host).read_text(), re.MULTILINE)
        )


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("depguard-cache")


def depguard(folder: Path, cache: Path, command: str, *words: str) -> dict[str, Any]:
    """A command's JSON report, whatever its verdict. Raises OutOfReachError for an index that is."""
    own, rest = (words[: words.index("--")], words[words.index("--") :]) if "--" in words else (words, ())
    options = ["--policy", "colab", "--format", "json", "--cache-dir", str(cache)]
    done = run([sys.executable, "-m", "depguard", command, *own, *options, *rest], cwd=folder)
    if done.returncode == UNDECIDED:
        assert "internal error" not in done.stderr, done.stderr
        raise OutOfReachError(done.stderr)
    assert done.returncode in (0, 1), done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def changes_in(actions: list[dict[str, Any]]) -> frozenset[Change]:
    return frozenset(Change(action["name"], action.get("from"), action.get("to")) for action in actions)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Written:
    """``depguard plan tier3 --write`` for the one host."""
    folder = tmp_path_factory.mktemp("project")
    with reachable():
        report = depguard(folder, cache_dir, "plan", "tier3", "--host", HOST, "--write")
    tier3 = report["reports"][-1]
    assert (tier3["request"]["tier"], tier3["verdict"]) == ("tier3", "safe")
    return Written(folder, changes_in(tier3["plan"]["actions"]))


@pytest.fixture
def ask(tmp_path: Path, cache_dir: Path) -> Callable[..., dict[str, Any]]:
    """What depguard says that an installer would do on the host."""

    def simulate(referee: Referee, *args: str) -> dict[str, Any]:
        program = ["uv", "pip"] if referee.is_uv else ["pip"]
        as_what = "uv" if referee.is_uv else f"pip=={referee.version}"
        words = ("--host", HOST, "--as", as_what, "--", *program, "install", *args)
        with reachable():
            return depguard(tmp_path, cache_dir, "simulate", *words)

    return simulate


def judge(referee: Referee, copy: Copy, *args: str, cwd: Path | None = None, **env: str) -> Ran:
    with reachable():
        return dry_run(referee, copy, args, cwd=cwd, env=env)


def test_the_command_in_the_file_does_what_was_planned(
    referee: Referee, copy: Copy, written: Written
) -> None:
    """The header's own command, as it stands there for this installer."""
    program = "uv pip" if referee.is_uv else r"(?<!uv )pip"
    found = re.search(rf"^# .*?{program} install (.*)$", written.requirements.read_text(), re.MULTILINE)
    assert found is not None
    ran = judge(referee, copy, *shlex.split(found[1]), cwd=written.folder)
    assert ran.changes == written.planned, ran.said
    assert not names(written.planned) & written.kept()
    assert len(written.kept()) > 20


def test_with_the_constraints_the_next_install_is_guarded(
    referee: Referee, copy: Copy, written: Written
) -> None:
    variable = {"UV_CONSTRAINT" if referee.is_uv else "PIP_CONSTRAINT": written.constraints().name}
    onnx = judge(referee, copy, "onnx", cwd=written.folder, **variable)
    (planned,) = (change for change in written.planned if change.name == "onnx")
    assert onnx.changes == frozenset({planned}), onnx.said
    numpy = judge(referee, copy, "numpy<2", cwd=written.folder, **variable)
    assert numpy.changes is None
    assert "numpy" in numpy.said


def test_a_protected_pin_beside_hashed_lines_fails_closed(
    referee: Referee, copy: Copy, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text(CAPTUM + "numpy==2.0.2\n")
    ran = judge(referee, copy, "-r", "requirements.txt", cwd=tmp_path)
    assert ran.changes is None, ran.changes
    assert "numpy" in ran.said


def test_without_the_pin_uv_moves_numpy(referees: dict[str, Referee], copy: Copy, tmp_path: Path) -> None:
    if "uv" not in referees:
        pytest.skip("no uv beside the tests")
    (tmp_path / "requirements.txt").write_text(CAPTUM)
    ran = judge(referees["uv"], copy, "-r", "requirements.txt", cwd=tmp_path)
    assert ran.changes is not None, ran.said
    assert Change("numpy", "2.0.2", "1.26.4") in ran.changes


@pytest.mark.parametrize("line", ["torchinfo", "einops", "numpy<2", "tensorflow==2.15"])
def test_the_simulation_is_what_the_installer_does(
    referee: Referee, copy: Copy, ask: Callable[..., dict[str, Any]], line: str
) -> None:
    agrees(referee, copy, ask, line)


def test_the_simulation_moves_protobuf_as_the_installer_does(
    referee: Referee, copy: Copy, ask: Callable[..., dict[str, Any]]
) -> None:
    """What all of this is about: neither says a word, and three packages are broken."""
    assert "protobuf" in agrees(referee, copy, ask, "onnx")


def test_the_simulation_repairs_the_host_as_the_installer_does(
    referee: Referee, copy: Copy, ask: Callable[..., dict[str, Any]]
) -> None:
    """The way from ipympl leads to ipython, and to the jedi that every list of 2026 lacks."""
    assert canonicalize_name("jedi") not in copy.host.installed
    assert "jedi" in agrees(referee, copy, ask, "ipympl")


# Hundreds of megabytes each where an installer has to fetch the wheels to see what they require.
@pytest.mark.parametrize("line", ["-U torch", "tensorflow==2.18", "-U wandb"])
def test_the_simulation_is_what_uv_does(
    referees: dict[str, Referee], copy: Copy, ask: Callable[..., dict[str, Any]], line: str
) -> None:
    if "uv" not in referees:
        pytest.skip("no uv beside the tests")
    agrees(referees["uv"], copy, ask, line)


def agrees(referee: Referee, copy: Copy, ask: Callable[..., dict[str, Any]], line: str) -> frozenset[str]:
    """Hold the simulation against the installer; the names that both would touch."""
    args = line.split()
    ran = judge(referee, copy, *args)
    simulated = ask(referee, *args)["simulation"]
    said = simulated["actions"] if simulated is not None else None
    assert (None if said is None else changes_in(said)) == ran.changes, ran.said
    return names(ran.changes or ())


@pytest.fixture(scope="session")
def joint(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> Written:
    """``depguard lock tier3`` for two hosts, of Python 3.12 and 3.13: one file for both."""
    folder = tmp_path_factory.mktemp("joint")
    with reachable():
        report = depguard(folder, cache_dir, "lock", "tier3", "--host", HOST, "--host", NEXT_HOST)
    assert report["verdict"] == "safe"
    one, other = (changes_in(each["plan"]["actions"]) for each in report["reports"])
    assert {(c.name, c.new) for c in one} == {(c.name, c.new) for c in other}
    return Written(folder, one)


def test_a_file_for_two_hosts_installs_on_the_first(referee: Referee, copy: Copy, joint: Written) -> None:
    files = ("-r", joint.requirements.name, "-c", joint.constraints().name)
    ran = judge(referee, copy, *files, cwd=joint.folder)
    assert ran.changes == joint.planned, ran.said


def test_a_file_for_two_hosts_installs_on_the_second(
    referee: Referee, next_copy: Copy, joint: Written
) -> None:
    ran = judge(referee, next_copy, "-r", joint.requirements.name, cwd=joint.folder)
    assert ran.changes is not None, ran.said
    assert not names(ran.changes) & joint.kept(NEXT_HOST)
    assert {(c.name, c.new) for c in ran.changes} == {(c.name, c.new) for c in joint.planned}
