"""Use case: tiers held against real installers, which are asked in dry runs on copies of the hosts.

Three steps: depguard answers, the installers answer the same questions, the answers are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from packaging.utils import NormalizedName

from depguard.app.baseline_materialize import PythonAtHand, Workshop, closest, export_index, materialize
from depguard.app.crosscheck_trials import Inquiry, Referee, Site, Trial, trials_of
from depguard.app.lock import lock_tier
from depguard.app.plan import Shared
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
)
from depguard.model.host import Host
from depguard.model.policy import GripKind
from depguard.parse.referee_output import complaint
from depguard.planning.refereed import differences, their_side
from depguard.records import replace


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


def crosscheck(inquiry: Inquiry, yard: Yard) -> Crosscheck:
    """Ask every referee about every tier on every host.

    Raises InputError for an unknown tier and a missing referee, OutOfReachError, ReadBackError.
    """
    question = inquiry.planned
    sites = [_site(host, yard) for host in question.hosts]
    shared = Shared(question)
    trials: list[Trial] = []
    refused: list[tuple[str, str]] = []
    notes: dict[str, None] = {}
    for tier in inquiry.tiers:
        locked = lock_tier(question, tier, inquiry.emitters, command="depguard lock", shared=shared)
        if not locked.locks:
            refused.append((tier, locked.planned.reports.verdict.value))
        for site, case in zip(sites, shared.cases, strict=True):
            trials += trials_of(inquiry, tier, locked, site, case)
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


def _site(host: Host, yard: Yard) -> Site:
    folder = yard.folder(host)
    referees = tuple(yard.referees(host))
    at_hand = yard.at_hand(f"{host.python.major}.{host.python.minor}")
    copy = folder / "copy"
    made = materialize(host, at_hand, yard.workshop, copy)
    wheels = folder / "wheels" if any(r.program is Program.PIP_TOOLS for r in referees) else None
    exported = export_index(host, yard.workshop, wheels, everything=True).wheels if wheels is not None else ()
    return Site(
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


def _compared(trial: Trial, answer: Answer) -> Comparison:
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


def _one_sided(trial: Trial, answer: Answered) -> tuple[str, ...]:
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


def _touched(trial: Trial, answer: Answered) -> tuple[NormalizedName, ...]:
    grips = trial.case.grips
    return tuple(
        sorted(
            change.name
            for change in answer.changes or ()
            if change.name in grips and grips[change.name].kind is GripKind.PROTECTED
        )
    )
