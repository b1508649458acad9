"""One install line, put to depguard and to real installers on the same host and the same index."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from packaging.version import Version

from depguard.app.plan import Question
from depguard.app.simulate import simulate_step
from depguard.errors import InputError, OutOfReachError
from depguard.model.finding import About
from depguard.model.host import Host
from depguard.model.policy import Policy, Severity
from depguard.planning.case import make_case
from depguard.planning.simulate import simulate
from depguard.resolve.ports import PackageSource
from kit import referees
from kit.referees import Copy, Referee, changes_of
from survey.journal import Answer, Judged
from survey.lines import InstallLine

TOO_SLOW = "took more than"
"""What is said of an installer that was stopped."""

NO_CACHE = {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "PIP_RETRIES": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What is the same for all lines. ``url`` is the mirror of ``source``; an answer may take ``seconds``."""

    host: Host
    policy: Policy | None
    source: PackageSource
    url: str
    copy: Copy
    cutoff: datetime
    seconds: float

    def real(self, line: InstallLine, referee: Referee) -> Answer:
        """What the installer itself does, in a dry run on the copy."""
        began = time.monotonic()
        args = ["--index-url", self.url, *line.args]
        patient = replace(referee, program=replace(referee.program, seconds=self.seconds))
        try:
            ran = referees.dry_run(patient, self.copy, args, env=NO_CACHE, direct=True)
        except referees.OutOfReachError as error:
            why = "time" if TOO_SLOW in str(error) else f"out of reach: {error}"[:300]
            return self._answer(line, referee.label, began, apart=why)
        said = "" if ran.changes is not None else ran.said[-1500:]
        return replace(self._answer(line, referee.label, began), outcome=ran.changes, said=said)

    def ours(self, line: InstallLine, referee: Referee) -> Answer:
        """What depguard says that this very installer does."""
        host = self.host if referee.is_uv else _under_the_copys_python(self.host, self.copy.python)
        began = time.monotonic()
        label = ours(referee.label)
        try:
            command = line.command("uv pip" if referee.is_uv else "pip")
            case = make_case(
                host,
                None,
                self.source,
                cutoff=self.cutoff,
                formats=command.formats,
                installer=command.installer,
            )
            pip = None if referee.is_uv else referee.version
            with _at_most(self.seconds):
                simulation = simulate(case.free_view, command, pip=pip)
        except InputError:  # the installer refuses the line as it stands
            return self._answer(line, label, began)
        except TimeoutError:
            return self._answer(line, label, began, apart="time")
        except OutOfReachError as error:
            return self._answer(line, label, began, apart=f"out of reach: {error}"[:300])
        changes = simulation.changes
        answer = self._answer(line, label, began, apart="rounds" if simulation.exhausted else "")
        return replace(answer, outcome=changes_of(changes) if changes is not None else None)

    def judged(self, line: InstallLine) -> Judged:
        """The verdict on what the host's own pip would do, as ``depguard simulate`` gives it.

        No plan beside it and no way out: the figures are about the lines as people run them.
        """
        began = time.monotonic()
        question = Question(
            policy=self.policy,
            hosts=(self.host,),
            source=self.source,
            cutoff=self.cutoff,
            moment=self.cutoff,
        )
        try:
            with _at_most(self.seconds):
                reports, _ = simulate_step(question, line.command("pip"), advise=False)
        except TimeoutError:
            return Judged(line=line.name, seconds=time.monotonic() - began, verdict="too slow")
        except OutOfReachError:
            return Judged(line=line.name, seconds=time.monotonic() - began, verdict="out of reach")
        (report,) = reports.reports
        errors = [f for f in report.findings if f.severity is Severity.ERROR and f.about is About.SIMULATION]
        return Judged(
            line=line.name,
            seconds=time.monotonic() - began,
            verdict=report.verdict.value,
            codes=tuple(sorted({finding.code for finding in errors})),
            culprits=tuple(sorted({f.culprit for f in errors if f.culprit is not None})),
            touched=tuple(sorted({f.package for f in errors})),
        )

    def _answer(self, line: InstallLine, by: str, began: float, *, apart: str = "") -> Answer:
        return Answer(line=line.name, by=by, seconds=time.monotonic() - began, apart=apart)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Break off after so many seconds with a TimeoutError. In the main thread of a process, on Unix."""

    def stop(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ours(label: str) -> str:
    """How depguard's answer in an installer's place is named."""
    return f"depguard as {label}"


def contestants(cache: Path) -> Iterator[Referee]:
    """The pip that Colab has, the current pip and uv. Raises OutOfReachError where one cannot be had."""
    yield referees.find_pip(cache, "24.1.2")
    for found in (referees.current_pip(), referees.find_uv()):
        if found is None:
            raise referees.OutOfReachError("no current pip or no uv beside the tests")
        yield found


def _under_the_copys_python(host: Host, python: Version) -> Host:
    """The host with the patch release of Python that pip finds in the copy."""
    full = {"python_full_version": str(python), "implementation_version": str(python)}
    return replace(host, python=python, markers={**host.markers, **full})
