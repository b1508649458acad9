"""Use case: what is written for tiers, proved by reading it back before anything is on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from packaging.utils import NormalizedName

from depguard.app.crew import ALONE, Crew
from depguard.app.plan import Planned, Question, Shared, plan_tier
from depguard.errors import DepguardError, Problem
from depguard.model.finding import Verdict
from depguard.model.lock import HostConstraints, LockedHost, Pin, TierLock
from depguard.model.plan import ChangeSet
from depguard.model.policy import Installer, Policy, Tier, TierRequirement
from depguard.model.request import InstallCommand
from depguard.parse.requirement_lines import read_requirements
from depguard.planning.case import Case
from depguard.planning.locking import guards_of, host_guards, pins_of
from depguard.planning.simulate import prerelease_rule, simulate
from depguard.planning.tiers import TierPlan, solve_row, stages_of
from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitters:
    """The texts of what is written; the command line gives the real ones."""

    requirements: Callable[[TierLock], str]
    lock: Callable[[TierLock], str]
    constraints: Callable[[HostConstraints], str]


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file to be written: its path relative to the project root, and its text."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLocked:
    """One tier's answer. ``locks`` is empty when it is not safe; nothing is written then."""

    tier: str
    planned: Planned
    locks: tuple[TierLock, ...]
    files: tuple[WrittenFile, ...]


class ReadBackError(DepguardError):
    """What would be written does not give the plan when it is installed. Nothing was written."""

    exit_code = 1


def lock_tier(
    question: Question,
    tier: str,
    emitters: Emitters,
    *,
    command: str,
    per_host: bool = False,
    shared: Shared | None = None,
) -> TierLocked:
    """Plan a tier on all hosts and make its files, if the verdict is safe.

    ``per_host`` writes one requirements file a host even where all agree (``--host H --write``).
    ``shared`` is what other tiers of the same question have found out already.
    Raises ReadBackError, InputError, OutOfReachError.
    """
    planned = plan_tier(question, tier, shared)
    if planned.reports.verdict is not Verdict.SAFE or question.policy is None:
        return TierLocked(tier=tier, planned=planned, locks=(), files=())
    policy = question.policy
    locks: list[TierLock] = []
    files: list[WrittenFile] = []
    for cases, plan, host in _groups(question, planned, tier, per_host=per_host):
        lock = _lock(question, policy, tier, cases, plan, command=command, host=host)
        text = emitters.requirements(lock)
        crew = shared.crew if shared is not None else ALONE
        _prove(question, lock, text, (cases, plan), crew=crew)
        stem = tier if host is None else f"{tier}.{file_stem(host)}"
        locks.append(lock)
        files += [
            WrittenFile(lock.output, text),
            WrittenFile(f"lockfiles/{stem}.lock.json", emitters.lock(lock)),
        ]
    return TierLocked(tier=tier, planned=planned, locks=tuple(locks), files=tuple(files))


def constraint_files(question: Question, emitters: Emitters, *, command: str) -> tuple[WrittenFile, ...]:
    """One constraints file a host: what is protected and held there."""
    files: list[WrittenFile] = []
    policy = question.policy
    if policy is None:
        return ()
    for case in question.cases():
        constraints = HostConstraints(
            host=case.host.name,
            host_sha256=case.host.sha256,
            policy=policy.name,
            policy_sha256=policy.sha256,
            guards=host_guards(case),
            command=command,
        )
        path = f"constraints-{file_stem(case.host.name)}.txt"
        files.append(WrittenFile(path, emitters.constraints(constraints)))
    return tuple(files)


def file_stem(host: str) -> str:
    """A host's name as part of a file name."""
    return host.replace("/", "-")


def host_output(output: str, host: str) -> str:
    """``requirements-colab.txt`` for one host: ``requirements-colab.<host>.txt``."""
    path = PurePosixPath(output)
    return str(path.with_name(f"{path.stem}.{file_stem(host)}{path.suffix}"))


def _groups(
    question: Question, planned: Planned, tier: str, *, per_host: bool
) -> Iterable[tuple[Sequence[Case], TierPlan, str | None]]:
    """The joint plan for all hosts, or each host's own with its name."""
    if planned.plan is not None:
        only = planned.cases[0].host.name if per_host and len(planned.cases) == 1 else None
        yield planned.cases, planned.plan, only
        return
    if question.policy is None:
        return
    stages = stages_of(question.policy.row(tier))
    for case in planned.cases:
        rule = prerelease_rule(case.free_view, question.installer, question.pip)
        yield [case], solve_row([case], stages, rule), case.host.name


def _lock(
    question: Question,
    policy: Policy,
    tier: str,
    cases: Sequence[Case],
    plan: TierPlan,
    *,
    command: str,
    host: str | None,
) -> TierLock:
    stated = policy.tiers[tier]
    pins = pins_of(cases, plan)
    _hashed(pins)
    changes = plan.guarded.changes or ()
    return TierLock(
        policy=policy.name,
        policy_sha256=policy.sha256,
        policy_sources=policy.sources_used,
        tier=tier,
        about=stated.about,
        installer=question.installer,
        requires=_requires(policy.row(tier)),
        cutoff=question.moment,
        hosts=tuple(
            LockedHost(
                name=case.host.name,
                sha256=case.host.sha256,
                python=str(case.host.python),
                changes=_sized(question, own),
            )
            for case, own in zip(cases, changes, strict=True)
        ),
        pins=pins,
        guards=guards_of(cases),
        output=stated.output if host is None else host_output(stated.output, host),
        command=command,
        no_deps=any(
            override.drop
            for case, own in zip(cases, changes, strict=True)
            for override in case.overrides_in(own)
        ),
    )


def _requires(row: Iterable[Tier]) -> tuple[TierRequirement, ...]:
    return tuple(requirement for tier in row for requirement in tier.requires)


def _sized(question: Question, changes: ChangeSet) -> ChangeSet:
    """The changes with the sizes that the plan's report has already asked for."""
    actions = (
        replace(action, size=question.source.size(action.artifact)) if action.artifact is not None else action
        for action in changes.changes
    )
    return ChangeSet(actions=tuple(actions))


def _hashed(pins: Iterable[Pin]) -> None:
    missing = [pin for pin in pins if not pin.artifacts]
    if missing:
        raise ReadBackError(
            *(
                Problem(
                    code="lock.no-hash",
                    message=f"no file of {pin.name} {pin.version} has a sha256: it cannot be locked [DG401]",
                    hint="use an index that gives hashes, or leave it out of the tier",
                )
                for pin in missing
            )
        )


def _prove(
    question: Question, lock: TierLock, text: str, planned: tuple[Sequence[Case], TierPlan], *, crew: Crew
) -> None:
    """Read the text as pip and uv would and simulate it: it must be the plan, on every host."""
    cases, plan = planned
    commands = [_reading(lock, text, installer, no_deps=no_deps) for installer, no_deps in _installs(lock)]

    def proved(index: int) -> list[Problem | None]:
        case = cases[index]
        want = (plan.guarded.changes or ())[index]
        problems: list[Problem | None] = []
        for command in commands:
            got = simulate(case.free_view, command, pip=question.pip).changes
            same = got is not None and _moves(got) == _moves(want)
            problems.append(None if same else _difference(lock, case, command.installer, got, want))
        return problems

    by_host = list(crew.each(proved, len(cases)))
    found = [problem for by_command in zip(*by_host, strict=True) for problem in by_command]
    problems = [problem for problem in found if problem is not None]
    if problems:
        raise ReadBackError(*problems)


def _reading(lock: TierLock, text: str, installer: Installer, *, no_deps: bool) -> InstallCommand:
    lines = read_requirements(lock.output, read=lambda *_: text, installer=installer)
    return InstallCommand(
        installer=installer,
        items=lines.items,
        constraints=lines.constraints,
        no_deps=no_deps,
        # uv checks hashes where there are some; all or nothing is its --require-hashes.
        require_hashes=installer is Installer.PIP,
    )


def _installs(lock: TierLock) -> tuple[tuple[Installer, bool], ...]:
    """The ways in which the file may be installed: with (False) or without looking at requirements."""
    without = ((Installer.PIP, True), (Installer.UV, True))
    if lock.no_deps:
        return without
    return ((Installer.PIP, False), (Installer.UV, False), *without)


def _moves(changes: ChangeSet) -> set[tuple[NormalizedName, str, str]]:
    return {(action.name, action.kind.value, str(action.new)) for action in changes.changes}


def _difference(
    lock: TierLock, case: Case, installer: Installer, got: ChangeSet | None, want: ChangeSet
) -> Problem:
    if got is None:
        what = "finds no solution for it"
    else:
        odd = sorted(f"{name} {kind} {new}" for name, kind, new in _moves(got) ^ _moves(want))
        what = f"would do something else: {', '.join(odd)}"
    return Problem(
        code="lock.read-back",
        message=f"{lock.output} is not what was planned on {case.host.name}: {installer.value} {what}",
        hint="nothing was written; please report this with the policy and the host",
    )
