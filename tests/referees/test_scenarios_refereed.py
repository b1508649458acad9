"""The scenarios' install commands, given to real installers over a real index on this machine.

What they do is what the simulation says that this very version of them does; and where the scenario is
about this very version, what it expects. Which scenarios are not put to an installer, and why, is below.
"""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters.interpreters import Interpreter, Interpreters
from depguard.app.baseline_materialize import closest
from depguard.errors import OutOfReachError
from depguard.model.host import Host
from depguard.model.policy import Installer
from depguard.model.release import ArtifactKind, CoreMetadata
from depguard.model.request import Verb
from depguard.parse.platform_tags import parse_platform, wheel_tags
from depguard.parse.referee_output import uv_changes
from depguard.planning.case import make_case
from depguard.planning.simulate import DEFAULT_PIP, simulate
from kit.fake_index import FakeIndex
from kit.hosts import small_host
from kit.loopback import Loopback
from kit.referees import Change, Copy, Referee, changes_of, dry_run, make_copy, refill, run, texts
from kit.served import upload_times, write_wheels
from scenarios.loading import UNSOLVABLE, Expectation, Scenario, load

pytestmark = pytest.mark.referee

FOLDER = Path(__file__).parent.parent / "scenarios"

MACHINE = frozenset({"platform_release", "platform_version", "implementation_version"})
"""Marker variables that a machine answers, and a host file need not."""

CUTOFF_PIP = Version("26.0")
"""The first pip that has a cut-off."""

NO_CACHE = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1"}


def left_out(scenario: Scenario) -> str:
    """Why no real installer can be asked the same; empty where one can."""
    command = scenario.command
    if command is None:
        return "a tier"
    items = (*command.items, *command.constraints)
    if any(item.url is not None or item.editable or item.doubt is not None for item in items):
        return "it would run code, or nobody can read it: the answer is that it is not known"
    if command.unmodelled:
        return "an option that is not modelled: the answer is that it is not known"
    if command.user:
        return "a virtual environment has no user site"
    if scenario.unreachable:
        return "installers take an index out of reach for an empty one"
    source = scenario.source()
    for page in source.pages.values():
        for artifact in page.artifacts:
            answer = source.answers[artifact.filename]
            if not isinstance(answer, CoreMetadata):
                if artifact.kind is ArtifactKind.WHEEL:
                    return "metadata that cannot be read"
            elif any(MACHINE & _words(r.marker) for r in answer.requires_dist):
                return "this machine has a kernel of its own"
    return "it would run a build" if command.formats.no_binary else ""


def _words(marker: Marker | None) -> set[str]:
    return set(re.findall(r"\w+", str(marker)))


ALL = [(path.stem, scenario) for path in sorted(FOLDER.glob("*.yaml")) for scenario in load(path)]
PUT = [(stem, scenario) for stem, scenario in ALL if not left_out(scenario)]
SCENARIOS = [pytest.param(scenario, id=f"{stem}: {scenario.name}") for stem, scenario in PUT]

LEFT_OUT = {
    "a bare path cannot be known",
    "a direct URL is unproven",
    "a direct URL whose requirements the policy states",
    "a marker that the host file cannot answer",
    "a wheel whose metadata is unreadable does not count",
    "an index that cannot be asked decides nothing",
    "an option that is not modelled is named",
    "an unread constraints file leaves the answer open",
    "no wheel is wanted",
    "the same marker where the host file knows",
    "what the policy states of one URL is not said of another",
    "--user shadows what is protected",
}
"""The commands that no installer is asked about; `left_out` has the reasons."""


def test_there_are_enough_scenarios_and_few_are_left_out() -> None:
    assert len(ALL) >= 120
    assert {s.name for _, s in ALL if s.command is not None and left_out(s)} == LEFT_OUT
    assert len(PUT) >= 100


class NotHereError(Exception):
    """Why one of a scenario's hosts cannot be asked about on this machine."""


@dataclass
class Bench:
    """One environment for each Python: each scenario finds it filled with its own host."""

    root: Path
    count: int = 0
    copies: dict[tuple[int, ...], Copy] = field(default_factory=dict)

    def ask(self, scenario: Scenario, referee: Referee) -> None:
        """Hold simulation and installer against each other, on each of the scenario's hosts."""
        command = scenario.command
        assert command is not None
        self.count += 1
        here = self.root / str(self.count)
        main, extra = (FakeIndex.from_dict(each) for each in (scenario.index, scenario.extra_index))
        with _served(main, here / "wheels") as first, _served(extra, here / "more") as second:
            _write_files(scenario, here)
            indexes = ["--index-url", first.url]
            indexes += ["--extra-index-url", second.url] if scenario.extra_index else []
            passed_over: list[str] = []
            for host, expected in zip(scenario.hosts, scenario.expected, strict=True):
                try:
                    _fits_this_machine(scenario, host, referee)
                    copy = refill(self._copy(host), host)
                    got = _asked(scenario, referee, copy, indexes, here)
                except NotHereError as reason:
                    passed_over.append(str(reason))
                else:
                    _held(scenario, host, referee, expected, got)
        if len(passed_over) == len(scenario.hosts):
            pytest.skip("; ".join(dict.fromkeys(passed_over)))

    def _copy(self, host: Host) -> Copy:
        minor = host.python.release[:2]
        if minor not in self.copies:
            made = make_copy(small_host({}, python=str(host.python)), self.root / ".".join(map(str, minor)))
            if made is None:
                raise NotHereError(f"no Python {minor[0]}.{minor[1]} on this machine")
            self.copies[minor] = made
        return self.copies[minor]


@dataclass(frozen=True)
class Got:
    """What an installer did; None: it refused."""

    changes: frozenset[Change] | None
    said: str


def _held(scenario: Scenario, host: Host, referee: Referee, expected: Expectation, got: Got) -> None:
    """What the installer did on one host against what is simulated there."""
    simulated = _simulated(scenario, host, referee)
    if expected.really is None:
        assert got.changes == simulated, got.said
    else:
        assert got.changes != simulated, "right by now: mend the scenario"
    if _is_about(scenario, host, referee):
        assert _lines(got.changes) == _expected(expected), got.said


def _served(index: FakeIndex, folder: Path) -> Loopback:
    yanked = write_wheels(index, folder)
    return Loopback(folder, json=True, pep658=True, yanked=yanked, uploaded=upload_times(index))


def _write_files(scenario: Scenario, here: Path) -> None:
    """The files of a scenario; the hashes of its frozen index become those of the wheels made of it."""
    hashes = {
        hashlib.sha256(wheel.name.encode()).hexdigest(): hashlib.sha256(wheel.read_bytes()).hexdigest()
        for wheel in (here / "wheels").iterdir()
    }
    for name, text in scenario.files.items():
        for frozen, real in hashes.items():
            text = text.replace(frozen, real)  # noqa: PLW2901 - step by step
        (here / name).write_text(text)


def _asked(scenario: Scenario, referee: Referee, copy: Copy, indexes: list[str], here: Path) -> Got:
    command = scenario.command
    assert command is not None
    words = shlex.split(command.command)
    if command.verb is Verb.UNINSTALL:
        return _uninstalled(referee, copy, words[words.index("uninstall") + 1 :])
    if command.verb is Verb.SYNC:
        own = ["pip", "sync", "--python", str(copy.directory), *copy.uv_options, "--dry-run", *indexes]
        done = run([*referee.command, *own, *words[words.index("sync") + 1 :]], cwd=here, env=NO_CACHE)
        assert done.returncode == 0, done.stderr
        return Got(texts(uv_changes(done.stderr)), done.stderr)
    args = [*indexes, *words[words.index("install") + 1 :]]
    if scenario.cutoff is not None:
        option = "--exclude-newer" if referee.is_uv else "--uploaded-prior-to"
        args += [option, scenario.cutoff.isoformat()]
    ran = dry_run(referee, copy, args, cwd=here, env=NO_CACHE, direct=True)
    if "RecursionError" in ran.said:
        raise NotHereError(f"{referee.label} itself ends in a RecursionError")
    return Got(ran.changes, ran.said)


def _uninstalled(referee: Referee, copy: Copy, args: list[str]) -> Got:
    """No dry run: the copy is there to be changed, and there is nothing but metadata in it."""
    python = ["--python", str(copy.directory)]
    own = ["pip", "uninstall", *python] if referee.is_uv else [*python, "uninstall"]
    done = run([*referee.command, *own, *args])
    assert done.returncode == 0, done.stderr
    left = {path.name.partition("-")[0].replace("_", "-") for path in copy.directory.rglob("*.dist-info")}
    gone = (dist for name, dist in copy.host.installed.items() if name not in left)
    return Got(frozenset(Change(dist.name, str(dist.version), None) for dist in gone), done.stderr)


def _simulated(scenario: Scenario, host: Host, referee: Referee) -> frozenset[Change] | None:
    command = scenario.command
    assert command is not None
    case = make_case(
        host,
        None,
        scenario.source(),
        installer=command.installer,
        cutoff=scenario.cutoff,
        formats=command.formats,
    )
    try:
        said = simulate(case.free_view, command, pip=referee.version).changes
    except OutOfReachError:  # a cut-off on an index without upload times
        return None
    return changes_of(said) if said is not None else None


def _fits_this_machine(scenario: Scenario, host: Host, referee: Referee) -> None:
    """Raise NotHereError where this machine's own glibc, Python or installer would decide, not the host's."""
    own = host.installed.get(canonicalize_name("uv"))
    if referee.is_uv:
        if own is not None and own.version != referee.version:
            raise NotHereError(f"about uv {own.version}")
        return
    if scenario.cutoff is not None and referee.version < CUTOFF_PIP:
        raise NotHereError(f"{referee.label} has no cut-off")
    here = _tags_here(f"{host.python.major}.{host.python.minor}")
    source = scenario.source()
    for page in source.pages.values():
        for artifact in page.artifacts:
            if artifact.tags and artifact.tags.isdisjoint(here) != artifact.tags.isdisjoint(host.tags):
                raise NotHereError(f"{artifact.filename} is decided otherwise on this machine")
    if not all(_same_python(requirement.marker, host) for requirement in _requirements(source)):
        raise NotHereError("this machine's Python answers a marker otherwise")


def _requirements(source: FakeIndex) -> list[Requirement]:
    return [r for a in source.answers.values() if isinstance(a, CoreMetadata) for r in a.requires_dist]


def _same_python(marker: Marker | None, host: Host) -> bool:
    """Whether the Python here, of the same minor version, answers as the host's."""
    own = _interpreter(f"{host.python.major}.{host.python.minor}").python
    there = {**host.markers, "extra": ""}
    here = {**there, "python_full_version": str(own)}
    return marker is None or marker.evaluate(there) == marker.evaluate(here)


@cache
def _tags_here(minor: str) -> frozenset[Tag]:
    """The wheel tags of the interpreter that a copy of that minor version gets."""
    found = _interpreter(minor)
    if found.glibc is None:
        raise NotHereError("this machine's wheel tags are not those of any host")
    platform = parse_platform(f"manylinux_{found.glibc[0]}_{found.glibc[1]}_{found.machine}")
    return frozenset(wheel_tags(found.python, platform))


@cache
def _interpreter(minor: str) -> Interpreter:
    host = small_host({}, python=f"{minor}.0")
    found = closest(host, Interpreters().at_hand(minor))
    assert isinstance(found, Interpreter)
    return found


def _is_about(scenario: Scenario, host: Host, referee: Referee) -> bool:
    """Whether the scenario's own expectation is about this very version of an installer."""
    if referee.is_uv:
        return True
    own = host.installed.get(canonicalize_name("pip"))
    return referee.version == (scenario.pip or (own.version if own is not None else DEFAULT_PIP))


def _expected(expected: Expectation) -> list[str] | None:
    """The change lines that a scenario expects; where a public version comes anew is no matter here."""
    if expected.error is not None or expected.simulation == UNSOLVABLE:
        return None
    said = expected.really if expected.really is not None else expected.simulation
    assert said is not None, "the scenario does not say what the installer does"
    return sorted(line.replace(" => ", " -> ") for line in said)


def _lines(changes: frozenset[Change] | None) -> list[str] | None:
    if changes is None:
        return None
    return sorted(
        f"- {name} {old}" if new is None else f"+ {name} {new}" if old is None else f"{name} {old} -> {new}"
        for name, old, new in changes
    )


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("scenarios"))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_installer_does_what_is_simulated(
    scenario: Scenario, bench: Bench, referees: dict[str, Referee]
) -> None:
    assert scenario.command is not None
    label = "uv" if scenario.command.installer is Installer.UV else "current pip"
    if label not in referees:
        pytest.skip(f"no {label} beside the tests")
    bench.ask(scenario, referees[label])


@pytest.mark.network
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_hosts_own_installer_does_what_is_simulated(
    scenario: Scenario, bench: Bench, old_pip: Referee, old_uv: Callable[[Version], Referee]
) -> None:
    """The pip of Colab's hosts; and of uv the version that a scenario's host states."""
    assert scenario.command is not None
    if scenario.command.installer is Installer.PIP:
        bench.ask(scenario, old_pip)
        return
    own = scenario.hosts[0].installed.get(canonicalize_name("uv"))
    if own is None or own.version is None:
        pytest.skip("a scenario of the current uv")
    bench.ask(scenario, old_uv(own.version))
