"""Use case: install a tier on the live environment, and leave what is protected as it was, byte for byte.

Everything that can fail without touching the environment comes first: the doctor's look, the plan, every file
with its hash, the room on the disk. Then one installer call on local files, then the comparison. A journal is
on the disk from before the first change to after the last: whoever finds it finishes what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from depguard.app.install_ports import Bench, Plans, Runtime
from depguard.app.install_wheels import choose_wheels, lack_of_room, still_at_hand, written_over
from depguard.doctor.byte_changes import byte_changes
from depguard.errors import DepguardError, Problem
from depguard.model.environment import ProtectedBytes
from depguard.model.finding import About, Verdict
from depguard.model.install import (
    Compared,
    InstallerRun,
    InstallJournal,
    InstallOutcome,
    InstallReport,
    Stage,
    WheelFile,
)
from depguard.model.plan import ActionKind
from depguard.model.policy import Policy
from depguard.model.release import Artifact
from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """What is asked. ``override_system``: the user lets installers into the system's Python (PEP 668)."""

    tier: str
    policy: Policy
    started: datetime
    dry_run: bool = False
    override_system: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The ports, the clock (seconds since the install began) and who is told of each step's outcome."""

    runtime: Runtime
    plans: Plans
    bench: Bench
    record: Callable[[InstallReport], str]
    elapsed: Callable[[], float] = lambda: 0.0
    tell: Callable[[InstallReport], None] = lambda _: None


class _Ended(Exception):  # noqa: N818 - not an error: the report says how it ended
    def __init__(self, report: InstallReport) -> None:
        super().__init__(report.outcome.value)
        self.report = report


def install(request: InstallRequest, tools: Tools) -> InstallReport:
    """Do it, step by step; the report of how far it came. Raises InputError, OutOfReachError.

    An error is raised only while the environment is as it was; from the first change on every outcome is
    a report.
    """
    tier = request.policy.tiers.get(request.tier)
    report = InstallReport(
        outcome=InstallOutcome.STOPPED,
        stage=Stage.RUNTIME,
        tier=request.tier,
        about=tier.about if tier is not None else "",
        overrides=request.policy.overrides,
    )
    try:
        _may_write(request, tools.bench, report)
    except _Ended as ended:
        return _timed(ended.report, tools)
    bytes_before = tools.runtime.begin_bytes()
    try:
        report = _take_up(request, tools, report, bytes_before)
        report = _examine(tools, report)
        tools.tell(report)
        report, artifacts = _plan(request, tools, replace(report, stage=Stage.PLAN))
        tools.tell(report)
        if report.wheels:
            report = _fetch(tools, replace(report, stage=Stage.FETCH), artifacts, bytes_before)
        if request.dry_run:
            return _timed(replace(report, outcome=InstallOutcome.PLANNED), tools)
        if not report.wheels and report.finished is None:
            return _timed(replace(report, outcome=InstallOutcome.READY), tools)
        if report.wheels:
            report = _install(request, tools, replace(report, stage=Stage.INSTALL))
            tools.tell(report)
    except _Ended as ended:
        if ended.report.stage is not Stage.INSTALL:
            return _timed(ended.report, tools)
        report = ended.report
    try:
        return _check(tools, report, bytes_before)
    except DepguardError as error:
        failed = replace(report, outcome=InstallOutcome.FAILED, why=(*report.why, *error.problems))
        return _timed(failed, tools)


def _timed(report: InstallReport, tools: Tools) -> InstallReport:
    return replace(report, seconds=tools.elapsed())


def _stop(report: InstallReport, *problems: Problem) -> _Ended:
    return _Ended(replace(report, outcome=InstallOutcome.STOPPED, why=problems))


def _may_write(request: InstallRequest, bench: Bench, report: InstallReport) -> None:
    site = bench.site
    if not site.writable:
        raise _stop(
            report,
            Problem(
                code="install.read-only",
                message=f"{site.purelib} cannot be written by this user",
                hint="make a virtual environment over it: python -m venv --system-site-packages DIR",
            ),
        )
    if site.managed and not request.override_system:
        raise _stop(
            report,
            Problem(
                code="install.managed",
                message=f"{site.python} belongs to the operating system's packager (EXTERNALLY-MANAGED)",
                hint="use a virtual environment, or set PIP_BREAK_SYSTEM_PACKAGES=1 if this image is yours",
            ),
        )


def _take_up(
    request: InstallRequest,
    tools: Tools,
    report: InstallReport,
    bytes_before: Callable[[], tuple[ProtectedBytes, ...]],
) -> InstallReport:
    """Put right what an unfinished install took out: a moved package of which neither version is there.

    What it only had to add needs nothing of it: the plan that follows asks for it again.
    """
    bench = tools.bench
    journal = bench.journal()
    if journal is None or request.dry_run:
        return replace(report, finished=None if journal is None else journal.tier)
    report = replace(report, finished=journal.tier)
    bytes_before()
    bench.clear_half_installed(wheel.name for wheel in journal.wheels)
    broken = _lost(bench, journal)
    if broken:
        missing = [wheel for wheel in broken if not bench.has(wheel)]
        if missing:
            tools.plans.fetch([still_at_hand(tools.plans, wheel) for wheel in missing])
        run = bench.run(broken, again=True)
        whole = bench.whole(broken)
        if len(whole) < len(broken):
            failed = replace(report, outcome=InstallOutcome.FAILED, stage=Stage.INSTALL, landed=whole)
            raise _Ended(replace(failed, wheels=tuple(broken), why=(_unfinished(bench, run),)))
    bench.clear_leftovers(journal)
    bench.drop_journal()
    return report


def _lost(bench: Bench, journal: InstallJournal) -> list[WheelFile]:
    """The wheels of moved packages of which neither the old version nor the new one is whole."""
    moved = [wheel for wheel in journal.wheels if wheel.name in journal.moves]
    before = {
        wheel.name: replace(wheel, version=old)
        for wheel in moved
        if (old := journal.moves[wheel.name]) is not None
    }
    there = {wheel.name for wheel in bench.whole([*moved, *before.values()])}
    return [wheel for wheel in moved if wheel.name not in there]


def _examine(tools: Tools, report: InstallReport) -> InstallReport:
    examination = tools.runtime.examine()
    report = replace(report, examination=examination)
    if examination.verdict is not Verdict.SAFE:
        raise _stop(report)
    return report


def _plan(
    request: InstallRequest, tools: Tools, report: InstallReport
) -> tuple[InstallReport, tuple[Artifact, ...]]:
    planned = tools.plans.plan(request.tier)
    report = replace(report, plan=planned)
    changes = planned.plan.changes if planned.plan is not None else None
    if planned.verdict is not Verdict.SAFE or changes is None:
        raise _stop(report)
    chosen = choose_wheels(changes)
    if chosen.problems:
        raise _stop(report, *chosen.problems)
    restart = any(finding.code == "DG204" for finding in planned.findings if finding.about is About.PLAN)
    return replace(report, wheels=chosen.wheels, restart=restart), chosen.artifacts


def _fetch(
    tools: Tools,
    report: InstallReport,
    artifacts: Sequence[Artifact],
    bytes_before: Callable[[], tuple[ProtectedBytes, ...]],
) -> InstallReport:
    """Every file on this disk, looked through: it writes over nothing protected, and there is room for it."""
    bench, wheels = tools.bench, report.wheels
    problems = lack_of_room(bench, sum(wheel.size or 0 for wheel in wheels))
    if not problems:
        tools.plans.fetch(artifacts)
        problems = written_over(bench.writes(wheels), bytes_before())
    problems = problems or lack_of_room(bench, bench.unpacked(wheels))
    if problems:
        raise _stop(report, *problems)
    return report


def _install(request: InstallRequest, tools: Tools, report: InstallReport) -> InstallReport:
    bench = tools.bench
    changes = report.plan.plan.changes if report.plan is not None and report.plan.plan is not None else None
    journal = InstallJournal(
        tier=request.tier,
        python=str(bench.site.python),
        started=request.started,
        wheels=report.wheels,
        moves={a.name: a.old for a in changes.changes if a.kind is not ActionKind.ADD} if changes else {},
        leftovers=bench.leftovers(),
        policy=request.policy.name,
        policy_sha256=request.policy.sha256,
    )
    bench.begin(journal)
    report = replace(report, installer=bench.installer.label)
    run = bench.run(report.wheels, again=False)
    whole = bench.whole(report.wheels)
    report = replace(report, landed=whole)
    if run.code != 0 or len(whole) < len(report.wheels):
        return replace(report, outcome=InstallOutcome.FAILED, why=(_unfinished(bench, run),))
    return report


def _unfinished(bench: Bench, run: InstallerRun) -> Problem:
    if run.code < 0:
        what = f"{bench.installer.label} was killed (signal {-run.code})"
    elif run.code > 0:
        said = next((line for line in reversed(run.said) if "error" in line.lower()), "")
        said = said or (run.said[-1] if run.said else "")
        what = f"{bench.installer.label} ended with exit code {run.code}" + (
            f": {said[:300]}" if said else ""
        )
    else:
        what = f"{bench.installer.label} says that all is well, and files are missing"
    return Problem(
        code="install.unfinished", message=what, hint="run the same command again: it finishes this"
    )


def _check(
    tools: Tools, report: InstallReport, bytes_before: Callable[[], tuple[ProtectedBytes, ...]]
) -> InstallReport:
    """Compare what is protected, look at what changed, try it; then the record."""
    runtime = tools.runtime
    if report.outcome is not InstallOutcome.FAILED:
        report = replace(report, stage=Stage.CHECK)
    before, now = bytes_before(), runtime.begin_bytes()()
    compared = Compared(
        distributions=len(before),
        files=sum(len(item.files) for item in before),
        changes=byte_changes(before, now),
    )
    report = replace(report, compared=compared)
    if compared.changes:
        defect = replace(report, outcome=InstallOutcome.DEFECT)
        return _timed(replace(defect, bundle=runtime.bundle(defect)), tools)
    if report.outcome is InstallOutcome.FAILED:
        return _timed(report, tools)
    after = runtime.examine_again()
    report = replace(report, after=after)
    if after.verdict is not Verdict.SAFE:
        return _timed(replace(report, outcome=InstallOutcome.FAILED), tools)
    report = _timed(replace(report, outcome=InstallOutcome.READY), tools)
    try:
        return replace(report, record=tools.bench.finish(tools.record(report)))
    except DepguardError as error:  # all is there; that it could not be written down is worth a word
        return replace(report, why=error.problems)
