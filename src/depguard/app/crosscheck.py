"""Use case: tiers held against real installers, which are asked in dry runs on copies of the hosts.

Three steps: depguard answers, the installers answer the same questions, the answers are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.app.baseline_materialize import PythonAtHand, Workshop, closest, export_index, materialize
from depguard.app.failures import simulation_failure
from depguard.app.lock import Emitters, TierLocked, lock_tier
from depguard.app.plan import Question, command_for, policy_of
from depguard.model.crosscheck import (
    Answer,
    Answered,
    Ask,
    Check,
    Comparison,
    Crosscheck,
    NoAnswer,
    Outcome,
    Program,
    Side,
)
from depguard.model.host import Host
from depguard.model.lock import TierLock
from depguard.model.plan import ChangeSet
from depguard.model.policy import GripKind, Installer
from depguard.model.request import FormatControl
from depguard.parse.referee_output import complaint
from depguard.planning.case import Case, make_case
from depguard.planning.guard import Wanted
from depguard.planning.refereed import differences, side_of, their_side
from depguard.planning.simulate import simulate
from depguard.planning.tiers import stages_of, tier_row

WHEELS = FormatControl(only_binary=frozenset({":all:"}))
"""No installer is let build anything here; so the simulation takes wheels alone as well."""


class Referee(Protocol):
    """An installer that can be asked."""

    @property
    def program(self) -> Program:
        """What it is."""
        ...

    @property
    def label(self) -> str:
        """As reports name it: ``pip 24.1.2``."""
        ...

    @property
    def version(self) -> Version:
        """Its version."""
        ...

    @property
    def installer(self) -> Installer:
        """Whose rules it follows."""
        ...

    def answer(self, ask: Ask) -> Answer:
        """Ask it, in a process of its own. Never raises for what it says or fails to say."""
        ...


class Yard(Protocol):
    """Where copies of hosts stand, and who is asked about them."""

    @property
    def workshop(self) -> Workshop:
        """Writes the copies."""
        ...

    def at_hand(self, minor: str) -> Sequence[PythonAtHand]:
        """The interpreters of this machine, of Python ``minor`` where there are any."""
        ...

    def folder(self, host: Host) -> Path:
        """A folder for what is made of a host."""
        ...

    def referees(self, host: Host) -> Sequence[Referee]:
        """Who is asked about a host. Raises InputError where one is missing, OutOfReachError."""
        ...

    def answers(self, asked: Sequence[tuple[Referee, Ask]]) -> Iterator[Answer]:
        """All answers, in the order of the questions; several may be asked at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is crosschecked. ``simulated`` is ``planned`` as each installer would look at its indexes."""

    planned: Question
    simulated: Mapping[Installer, Question]
    emitters: Emitters
    tiers: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """One question to one referee, with depguard's own answer. ``unasked``: why it is not put."""

    referee: Referee
    tier: str
    ask: Ask
    ours: Side
    case: Case
    wanted: tuple[Requirement, ...]
    unasked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Site:
    """A host's copy. ``foreign``: why pip would not decide there as on the host."""

    host: Host
    directory: Path
    uv_options: tuple[str, ...]
    referees: tuple[Referee, ...]
    wheels: Path | None
    exported: tuple[str, ...]
    foreign: str


def crosscheck(inquiry: Inquiry, yard: Yard) -> Crosscheck:
    """Ask every referee about every tier on every host.

    Raises InputError for an unknown tier and a missing referee, OutOfReachError, ReadBackError.
    """
    question = inquiry.planned
    sites = [_site(host, yard) for host in question.hosts]
    cases = question.cases()
    trials: list[_Trial] = []
    refused: list[tuple[str, str]] = []
    notes: dict[str, None] = {}
    for tier in inquiry.tiers:
        locked = lock_tier(question, tier, inquiry.emitters, command="depguard lock")
        if not locked.locks:
            refused.append((tier, locked.planned.reports.verdict.value))
        for site, case in zip(sites, cases, strict=True):
            trials += _trials(inquiry, tier, locked, site, case)
        if any(lock.no_deps for lock in locked.locks):
            notes[_NO_CLOSURE.format(tier=tier)] = None
    answers = yard.answers([(t.referee, t.ask) for t in trials if not t.unasked])
    compared = [_compared(t, NoAnswer(t.unasked) if t.unasked else next(answers)) for t in trials]
    return Crosscheck(
        cutoff=question.moment, comparisons=tuple(compared), refused=tuple(refused), notes=tuple(notes)
    )


_NO_CLOSURE = (
    "{tier}: pip-tools is not asked, since it knows nothing of the requirements that the policy overrides"
)


def _site(host: Host, yard: Yard) -> _Site:
    folder = yard.folder(host)
    referees = tuple(yard.referees(host))
    at_hand = yard.at_hand(f"{host.python.major}.{host.python.minor}")
    copy = folder / "copy"
    made = materialize(host, at_hand, yard.workshop, copy)
    wheels = folder / "wheels" if any(r.program is Program.PIP_TOOLS for r in referees) else None
    exported = export_index(host, yard.workshop, wheels, everything=True).wheels if wheels is not None else ()
    return _Site(
        host=host,
        directory=copy,
        uv_options=made.uv_options,
        referees=referees,
        wheels=wheels,
        exported=exported,
        foreign=_foreign(host, closest(host, at_hand)),
    )


def _foreign(host: Host, python: PythonAtHand) -> str:
    """Why pip, which asks the interpreter that it runs under, would choose other files than on the host."""
    if python.python.release[:2] != host.python.release[:2] or python.implementation != "cpython":
        wanted = f"{host.python.major}.{host.python.minor}"
        return f"no Python {wanted} is at hand, which {host.name} has: only uv can be asked without"
    platform = (host.markers["sys_platform"], host.markers["platform_machine"])
    if (python.platform, python.machine) != platform:
        return f"this machine is not {' '.join(platform)}, as {host.name} is: only uv can be asked here"
    return ""


def _trials(inquiry: Inquiry, tier: str, locked: TierLocked, site: _Site, case: Case) -> Iterator[_Trial]:
    row = tier_row(policy_of(inquiry.planned, tier), tier)
    wanted = tuple(item for _, own in stages_of(row) for item in own)
    lock, changes = _lock_of(locked, site.host)
    for referee in site.referees:
        unasked = site.foreign if referee.program is not Program.UV else ""
        if referee.program is not Program.PIP_TOOLS:
            yield replace(
                _simulation(inquiry.simulated[referee.installer], site, tier, wanted, referee),
                unasked=unasked,
            )
        if lock is None or changes is None:
            continue
        ours = side_of(site.host, changes)
        requirements = tuple(item.requirement for item in wanted)
        if referee.program is not Program.PIP_TOOLS:
            ask = replace(_ask(Check.FILE, site, ()), file=_file_of(locked, lock), no_deps=lock.no_deps)
        elif not lock.no_deps:
            ask = _closure(site, wanted, changes)
        else:
            continue
        yield _Trial(
            referee=referee,
            tier=tier,
            ask=ask,
            ours=ours,
            case=case,
            wanted=requirements,
            unasked=unasked,
        )


def _ask(check: Check, site: _Site, wanted: Sequence[Wanted]) -> Ask:
    return Ask(
        check=check,
        host=site.host,
        directory=site.directory,
        uv_options=site.uv_options,
        requirements=tuple(str(item.requirement) for item in wanted),
    )


def _simulation(
    question: Question, site: _Site, tier: str, wanted: tuple[Wanted, ...], referee: Referee
) -> _Trial:
    case = make_case(
        site.host,
        question.policy,
        question.source,
        cutoff=question.cutoff,
        formats=WHEELS,
        today=question.today,
        installer=referee.installer,
    )
    command = replace(command_for(question, wanted), installer=referee.installer, formats=WHEELS)
    pip = referee.version if referee.installer is Installer.PIP else None
    said = simulate(case.free_view, command, pip=pip)
    ours = (
        side_of(site.host, said.changes)
        if said.changes is not None
        else Side(changes=None, failure=simulation_failure(case, said))
    )
    return _Trial(
        referee=referee,
        tier=tier,
        ask=_ask(Check.SIMULATION, site, wanted),
        ours=ours,
        case=case,
        wanted=tuple(item.requirement for item in wanted),
    )


def _closure(site: _Site, wanted: Sequence[Wanted], changes: ChangeSet) -> Ask:
    """The tier to compile: the plan's versions pinned, and all else that the host has, as the host has it.

    A host's pin leads to its own metadata, in a wheel without code: the release of the same number on an
    index is another artifact. What the plan moves along with something else is asked for as well.
    """
    moved = {action.name: action.new for action in changes.changes if action.new is not None}
    along = [str(name) for name in moved if name in site.host.installed]
    pins = [f"{name}=={version}" for name, version in sorted(moved.items())]
    if site.wheels is not None:
        pins += [
            f"{name} @ {(site.wheels / wheel).as_uri()}"
            for wheel in site.exported
            if (name := canonicalize_name(wheel.partition("-")[0])) not in moved
        ]
    ask = _ask(Check.CLOSURE, site, wanted)
    return replace(
        ask,
        requirements=(*ask.requirements, *along),
        constraints=tuple(pins),
        wheels=site.wheels,
    )


def _lock_of(locked: TierLocked, host: Host) -> tuple[TierLock | None, ChangeSet | None]:
    """The lock that speaks of a host, and what it changes there."""
    for lock in locked.locks:
        for own in lock.hosts:
            if own.name == host.name:
                return lock, own.changes
    return None, None


def _file_of(locked: TierLocked, lock: TierLock) -> tuple[str, str]:
    (text,) = (file.text for file in locked.files if file.path == lock.output)
    return Path(lock.output).name, text


def _compared(trial: _Trial, answer: Answer) -> Comparison:
    ours = trial.ours
    comparison = Comparison(
        check=trial.ask.check,
        tier=trial.tier,
        host=trial.ask.host.name,
        referee=trial.referee.label,
        outcome=Outcome.AGREES,
        changes=len(ours.changes) if ours.changes is not None else None,
    )
    if isinstance(answer, NoAnswer):
        return replace(comparison, outcome=Outcome.NOT_ASKED, reason=answer.reason)
    failure = _one_sided(trial, answer)
    if failure:
        return replace(comparison, outcome=Outcome.DIFFERS, failure=failure)
    if ours.changes is None or answer.changes is None:
        return comparison
    theirs = their_side(trial.case.free_view, trial.wanted, answer.changes)
    found = differences(ours, theirs)
    touched = _touched(trial, answer) if trial.ask.check is Check.FILE else ()
    outcome = Outcome.DIFFERS if found or touched else Outcome.AGREES
    return replace(comparison, outcome=outcome, differences=found, touched=touched)


def _one_sided(trial: _Trial, answer: Answered) -> tuple[str, ...]:
    """Lines where exactly one side finds a solution."""
    ours = trial.ours
    if (ours.changes is None) is (answer.changes is None):
        return ()
    if ours.changes is None:
        return (
            f"{trial.referee.label} finds a solution, depguard none:",
            *ours.failure,
        )
    return (
        f"{trial.referee.label} refuses, where depguard finds {_counted(len(ours.changes))}:",
        *complaint(answer.said),
    )


def _counted(number: int) -> str:
    return "1 change" if number == 1 else f"{number} changes"


def _touched(trial: _Trial, answer: Answered) -> tuple[NormalizedName, ...]:
    grips = trial.case.grips
    return tuple(
        sorted(
            change.name
            for change in answer.changes or ()
            if change.name in grips and grips[change.name].kind is GripKind.PROTECTED
        )
    )
