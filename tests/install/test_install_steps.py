"""The steps of an install over hand-made ports: their order, what a fault leaves, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.app.install import InstallRequest, Tools, install
from depguard.app.install_wheels import choose_wheels
from depguard.emit.install_json import render_install_json
from depguard.emit.install_text import render_install, render_steps
from depguard.errors import OutOfReachError, Problem
from depguard.model.environment import Depth, HostKind, Installed, ProtectedBytes, Snapshot
from depguard.model.examination import Examination
from depguard.model.finding import Verdict
from depguard.model.install import (
    InstallerAtHand,
    InstallerRun,
    InstallJournal,
    InstallOutcome,
    InstallReport,
    Site,
    WheelFile,
)
from depguard.model.plan import ActionKind
from depguard.model.policy import Policy, Tier
from depguard.model.release import Artifact
from depguard.model.report import Report
from kit.golden import matches_golden
from kit.report_parts import action, changes, report

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = "/env/lib/python3.12/site-packages"
SOLID = canonicalize_name("solid")
POLICY = Policy(name="lab", tiers={"lab": Tier(name="lab", requires=(), about="small things")}, rules={})
PLAN = report(
    Verdict.SAFE,
    tier="lab",
    planned=changes(
        action("small", None, "1.0", "small"), action("free", "1.0", "2.0", "small 1.0: free>=2")
    ),
)
STEPS = ("begin_bytes", "examine", "plan", "fetch", "writes", "begin", "run", "bytes after", "examine_again")


def unreachable(step: str) -> OutOfReachError:
    return OutOfReachError(Problem(code="kit.fault", message=f"{step} fails"))


ENVIRONMENT = Site(
    python=Path("/env/bin/python"),
    prefix=Path("/env"),
    purelib=Path(SITE),
    platlib=Path(SITE),
    writable=True,
    free=1 << 40,
)
PIP = InstallerAtHand(name="pip", version="24.1.2", command=("pip",))


@dataclass
class World:
    """All ports in one, with a fault at one step; ``done`` has the steps in their order."""

    fails: str | None = None
    site: Site = ENVIRONMENT
    installer: InstallerAtHand = PIP
    planned: Report = PLAN
    free: int = 1 << 40
    size: int = 1000
    code: int = 0
    harm: bool = False
    left: InstallJournal | None = None
    lost: bool = False
    done: list[str] = field(default_factory=list)
    installed: set[str] = field(default_factory=set)
    looks: int = 0

    def _step(self, name: str) -> None:
        self.done.append(name)
        if self.fails == name:
            raise unreachable(name)

    def examine(self) -> Examination:
        self._step("examine")
        return examination()

    def examine_again(self) -> Examination:
        self._step("examine_again")
        return examination()

    def begin_bytes(self) -> Callable[[], tuple[ProtectedBytes, ...]]:
        self.looks += 1
        self._step("begin_bytes" if self.looks == 1 else "bytes after")
        content = "11" if self.harm and self.looks > 1 else "00"
        found = ProtectedBytes(
            name=SOLID, version=Version("2.0.2"), folder=SITE, files={"solid/core.so": content}
        )
        return lambda: (found,)

    def bundle(self, report: InstallReport) -> str | None:
        assert report.outcome is InstallOutcome.DEFECT
        return "/cache/bundles/install-lab.zip"

    def plan(self, tier: str) -> Report:
        assert tier == "lab"
        self._step("plan")
        return self.planned

    def artifact(self, wheel: WheelFile) -> Artifact | None:
        assert wheel.filename
        return None

    def fetch(self, artifacts: Sequence[Artifact]) -> None:
        assert artifacts
        self._step("fetch")

    def journal(self) -> InstallJournal | None:
        return self.left

    def begin(self, journal: InstallJournal) -> None:
        self._step("begin")
        self.left = journal

    def finish(self, record: str) -> str:
        assert "depguard.install/1" in record
        self._step("finish")
        self.left = None
        return "/cache/installs/records/1.json"

    def drop_journal(self) -> None:
        self.left = None

    def has(self, wheel: WheelFile) -> bool:
        return wheel.sha256 == "0" and not self.lost

    def writes(self, wheels: Sequence[WheelFile]) -> Mapping[str, WheelFile]:
        self._step("writes")
        return {f"{SITE}/{wheel.name}.py": wheel for wheel in wheels}

    def unpacked(self, wheels: Sequence[WheelFile]) -> int:
        return self.size * len(wheels)

    def room(self) -> int:
        return self.free

    def run(self, wheels: Sequence[WheelFile], *, again: bool) -> InstallerRun:
        assert again == (self.left is not None and self.left.tier != "lab")
        self._step("run")
        self.installed |= {f"{w.name} {w.version}" for w in (wheels if self.code == 0 else wheels[:1])}
        return InstallerRun(code=self.code, said=("ERROR: no more",) if self.code else ())

    def whole(self, wheels: Sequence[WheelFile]) -> tuple[WheelFile, ...]:
        return tuple(w for w in wheels if f"{w.name} {w.version}" in self.installed)

    def clear_half_installed(self, names: Iterable[NormalizedName]) -> None:
        self.done.append(f"clear {', '.join(names)}")

    def leftovers(self) -> tuple[str, ...]:
        return ()

    def clear_leftovers(self, journal: InstallJournal) -> None:
        assert journal == self.left
        self.done.append("clear leftovers")


def examination() -> Examination:
    snapshot = Snapshot(
        taken=NOON,
        depth=Depth.FAST,
        python="3.12.13",
        executable="/env/bin/python",
        prefix="/env",
        kind=HostKind.COLAB,
        folders=(),
        distributions=(
            Installed(
                name=SOLID,
                spelled="solid",
                version=Version("2.0.2"),
                folder=SITE,
                info="solid-2.0.2.dist-info",
                recorded=True,
            ),
        ),
    )
    return Examination(snapshot=snapshot, findings=(), verdict=Verdict.SAFE, host="colab/2026.07-gpu", same=1)


def go(
    world: World, *, dry: bool = False, override: bool = False
) -> tuple[InstallReport, list[InstallReport]]:
    told: list[InstallReport] = []
    tools = Tools(
        runtime=world,
        plans=world,
        bench=world,
        record=render_install_json,
        elapsed=lambda: 9.0,
        tell=told.append,
    )
    request = InstallRequest(tier="lab", policy=POLICY, started=NOON, dry_run=dry, override_system=override)
    return install(request, tools), told


def test_what_can_fail_comes_before_the_first_change() -> None:
    world = World()
    found, _ = go(world)
    assert found.outcome is InstallOutcome.READY
    assert tuple(world.done) == (*STEPS, "finish")
    assert world.left is None
    assert found.record is not None


@pytest.mark.parametrize("step", STEPS[:7])
def test_a_fault_before_the_first_change(step: str) -> None:
    world = World(fails=step)
    with pytest.raises(OutOfReachError, match=f"{step} fails"):
        go(world)
    assert world.installed == set()
    assert world.done[-1] == step


@pytest.mark.parametrize("step", STEPS[7:])
def test_a_fault_after_the_first_change(step: str) -> None:
    world = World(fails=step)
    found, _ = go(world)
    assert found.outcome is InstallOutcome.FAILED
    assert [problem.message for problem in found.why] == [f"{step} fails"]
    assert world.left is not None, "a second run finishes it"


def test_a_record_that_cannot_be_written_changes_nothing() -> None:
    found, _ = go(World(fails="finish"))
    assert found.outcome is InstallOutcome.READY
    assert found.why[0].message == "finish fails"


def test_a_dry_run_stops_before_the_journal() -> None:
    world = World()
    found, _ = go(world, dry=True)
    assert found.outcome is InstallOutcome.PLANNED
    assert world.done == list(STEPS[:5])


def test_an_unfinished_install_is_taken_up_first() -> None:
    """What was to be moved and is lost comes from the wheel that was kept; what was to be added can wait."""
    free = WheelFile(name=canonicalize_name("free"), version=Version("2.0"), filename="f", sha256="0")
    small = replace(free, name=canonicalize_name("small"), version=Version("1.0"))
    journal = InstallJournal(
        tier="older", python="p", started=NOON, wheels=(free, small), moves={free.name: Version("1.0")}
    )
    world = World(left=journal, planned=report(Verdict.SAFE, tier="lab", planned=changes()))
    found, _ = go(world)
    assert world.done[:4] == ["begin_bytes", "clear free, small", "run", "clear leftovers"]
    assert world.installed == {"free 2.0"}
    assert (found.outcome, found.finished) == (InstallOutcome.READY, "older")
    assert found.compared is not None

    gone = World(left=journal, lost=True)
    with pytest.raises(OutOfReachError, match="is on no index any more"):
        go(gone)
    assert gone.left == journal


@pytest.mark.parametrize(
    ("world", "code"),
    [
        (World(site=replace(ENVIRONMENT, writable=False)), "install.read-only"),
        (World(site=replace(ENVIRONMENT, managed=True)), "install.managed"),
        (World(free=1000), "install.no-room"),
        (World(free=40 << 20, size=20 << 20), "install.no-room"),
    ],
)
def test_what_stops_it(world: World, code: str) -> None:
    found, _ = go(world)
    assert found.outcome is InstallOutcome.STOPPED
    assert [problem.code for problem in found.why] == [code]
    assert "begin" not in world.done


def test_who_may_change_a_managed_python_says_so() -> None:
    found, _ = go(World(site=replace(ENVIRONMENT, managed=True)), override=True)
    assert found.outcome is InstallOutcome.READY


def test_what_is_no_wheel_with_a_hash_is_refused() -> None:
    wheel = action("a", None, "1.0", "a")
    assert wheel.artifact is not None
    bare = replace(wheel, artifact=replace(wheel.artifact, hashes=()))
    sdist = replace(wheel, artifact=None, url="https://example.org/a.tar.gz")
    removed = action("a", "1.0", None, kind=ActionKind.REMOVE)
    for unfit, code in ((bare, "no-hash"), (sdist, "no-wheel"), (removed, "removes")):
        chosen = choose_wheels(changes(unfit))
        assert [problem.code for problem in chosen.problems] == [f"install.{code}"]
        assert chosen.wheels == ()


GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {
    "ready": World(),
    "failed": World(code=1),
    "killed": World(code=-9),
    "defect": World(harm=True),
    "no-room": World(free=1000),
    "nothing-to-do": World(planned=report(Verdict.SAFE, tier="lab", planned=changes())),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("dry", [False, True])
def test_what_is_said(name: str, dry: bool) -> None:
    """In text and JSON; and what was told of the first steps stands as it was when the last ones end."""
    found, told = go(replace(ENDINGS[name], done=[], installed=set()), dry=dry)
    text = render_install(found)
    for early in told:
        assert text.startswith(render_steps(early))
    if not dry:
        matches_golden(text, GOLDEN / f"ending-{name}.txt")
        matches_golden(render_install_json(found), GOLDEN / f"ending-{name}.json")
    assert "nothing was changed" in text or not dry or found.outcome is InstallOutcome.STOPPED
