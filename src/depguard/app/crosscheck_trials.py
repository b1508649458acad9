"""What each installer is asked in a crosscheck, with depguard's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.app.failures import simulation_failure
from depguard.app.lock import Emitters, TierLocked
from depguard.app.plan import Question, command_for, policy_of
from depguard.model.crosscheck import Answer, Ask, Check, Program, Side
from depguard.model.host import Host
from depguard.model.lock import TierLock
from depguard.model.plan import ChangeSet
from depguard.model.policy import Installer
from depguard.model.release import FormatControl
from depguard.planning.case import Case, make_case
from depguard.planning.guard import Wanted
from depguard.planning.refereed import side_of
from depguard.planning.simulate import simulate
from depguard.planning.tiers import stages_of
from depguard.records import dataclass, replace

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is crosschecked. ``simulated`` is ``planned`` as each installer would look at its indexes."""

    planned: Question
    simulated: Mapping[Installer, Question]
    emitters: Emitters
    tiers: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One question to one referee, with depguard's own answer. ``unasked``: why it is not put."""

    referee: Referee
    tier: str
    ask: Ask
    ours: Side
    case: Case
    wanted: tuple[Requirement, ...]
    unasked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A host's copy. ``foreign``: why pip would not decide there as on the host."""

    host: Host
    directory: Path
    uv_options: tuple[str, ...]
    referees: tuple[Referee, ...]
    wheels: Path | None
    exported: tuple[str, ...]
    foreign: str


def trials_of(inquiry: Inquiry, tier: str, locked: TierLocked, site: Site, case: Case) -> Iterator[Trial]:
    """Every question about a tier on a host. Raises OutOfReachError."""
    row = policy_of(inquiry.planned, tier).row(tier)
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
        yield Trial(
            referee=referee,
            tier=tier,
            ask=ask,
            ours=ours,
            case=case,
            wanted=requirements,
            unasked=unasked,
        )


def _ask(check: Check, site: Site, wanted: Sequence[Wanted]) -> Ask:
    return Ask(
        check=check,
        host=site.host,
        directory=site.directory,
        uv_options=site.uv_options,
        requirements=tuple(str(item.requirement) for item in wanted),
    )


def _simulation(
    question: Question, site: Site, tier: str, wanted: tuple[Wanted, ...], referee: Referee
) -> Trial:
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
    return Trial(
        referee=referee,
        tier=tier,
        ask=_ask(Check.SIMULATION, site, wanted),
        ours=ours,
        case=case,
        wanted=tuple(item.requirement for item in wanted),
    )


def _closure(site: Site, wanted: Sequence[Wanted], changes: ChangeSet) -> Ask:
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
