"""Use case: what a change of a repository does to the hosts of its policy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.utils import NormalizedName

from depguard.app.check_findings import file_fingerprint, relocated, standing
from depguard.app.check_policy import policy_notes
from depguard.app.check_session import Session, in_common, run_session
from depguard.app.check_sides import CheckQuestion
from depguard.app.check_targets import FileTargets, Target
from depguard.app.check_touched import touched_files
from depguard.errors import InputError, Problem
from depguard.model.check import (
    NOT_READ,
    CheckedFinding,
    CheckReport,
    HostOutcome,
    Standing,
    TargetName,
    TargetOutcome,
)
from depguard.model.finding import About, Finding
from depguard.model.location import Location
from depguard.model.policy import Severity
from depguard.parse.notebook_lines import file_line
from depguard.parse.requirement_text import decode_requirements
from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of one thing: its outcomes and findings."""

    outcomes: tuple[TargetOutcome, ...] = ()
    findings: tuple[CheckedFinding, ...] = ()


def check(question: CheckQuestion, *, tiers: Sequence[Judged] = ()) -> CheckReport:
    """Judge what a change touches, on both sides. ``tiers`` are the policy's own tiers, judged already.

    Raises OutOfReachError when the index cannot answer.
    """
    same = question.base is not None and question.base.world(tiers=False) == question.head.world(tiers=False)
    touched, watched = touched_files(question, same=same)
    judged = [_file(question, before, after, same=same) for before, after in touched]
    judged += tiers
    findings = [finding for each in judged for finding in each.findings]
    findings += _policy_problems(question)
    policy = question.head.policy
    base = question.base
    report = CheckReport(
        targets=tuple(outcome for each in judged for outcome in each.outcomes),
        findings=tuple(sorted((_lined(question, finding) for finding in findings), key=_order)),
        cutoff=question.cutoff,
        revisions=question.revisions,
        everything=question.everything,
        policy=policy.name if policy is not None else None,
        policy_sources=policy.sources_used if policy is not None else (),
        notes=policy_notes(base.policy, policy) if base is not None else (),
        watched=watched,
        touched=len(touched),
    )
    return _in_repository(question, report)


def _in_repository(question: CheckQuestion, report: CheckReport) -> CheckReport:
    """The policy's own places are told from the project's root: here from the repository's."""
    if not question.project:
        return report
    policies = [side.policy for side in (question.head, question.base) if side is not None]
    labels = {source.label for policy in policies if policy is not None for source in policy.sources_used}
    own = {label: f"{question.project}{label}" for label in labels if _is_path(question, label)}
    moved: CheckReport = relocated(report, own)
    return moved


def _is_path(question: CheckQuestion, label: str) -> bool:
    path = f"{question.project}{label}"
    sides = (question.head, question.base)
    return any(side is not None and side.tree.identity(path) is not None for side in sides)


def _file(
    question: CheckQuestion, before: FileTargets | None, after: FileTargets | None, *, same: bool
) -> Judged:
    """Both sides of one file, under the name that it has now."""
    path = after.path if after is not None else before.path if before is not None else ""
    old = {target.name.part: target for target in before.targets} if before is not None else {}
    new = {target.name.part: target for target in after.targets} if after is not None else {}
    outcomes: list[TargetOutcome] = []
    findings: list[CheckedFinding] = []
    for part in dict.fromkeys((*new, *old)):
        judged = _target(question, TargetName(path, part), old.get(part), new.get(part), same=same)
        outcomes += judged.outcomes
        findings += judged.findings
    findings += _problems(question, path, before, after)
    return Judged(outcomes=tuple(outcomes), findings=tuple(findings))


def _target(
    question: CheckQuestion, name: TargetName, old: Target | None, new: Target | None, *, same: bool
) -> Judged:
    """One target on all hosts at both revisions; simulated once where both ask for the same."""
    head, base = question.head, question.base
    after = run_session(question, head, new.steps, advise=True) if new is not None else None
    before: Session | None = None
    again = False
    if base is not None and old is not None:
        shared = in_common(old.steps, new.steps) if same and new is not None else 0
        again = new is not None and shared == len(old.steps) == len(new.steps)
        begun = after.until(shared) if after is not None and shared else None
        before = run_session(question, base, old.steps, advise=False, begun=begun)
    kind = new.kind if new is not None else old.kind if old is not None else None
    if kind is None:
        return Judged()
    was = before.verdicts() if before is not None else {}
    now = after.verdicts() if after is not None else {}
    reports = {host: tuple(report for _, report in steps) for host, steps in after.hosts} if after else {}
    outcome = TargetOutcome(
        name=name,
        kind=kind,
        hosts=tuple(
            HostOutcome(
                host=host,
                before=was.get(host),
                after=now.get(host),
                reports=reports.get(host, ()),
                again=again,
            )
            for host in dict.fromkeys((*now, *was))
        ),
    )
    found = standing(
        name,
        before.seen(name) if before is not None else None,
        after.seen(name) if after is not None else (),
    )
    return Judged(outcomes=(outcome,), findings=found)


def _problems(
    question: CheckQuestion, path: str, before: FileTargets | None, after: FileTargets | None
) -> Iterable[CheckedFinding]:
    """What could not be read of a file, before and now."""
    severity = _severity(question)
    if severity is Severity.OFF:
        return
    old = {_print(path, p): p for p in (before.problems if before is not None else ())}
    new = {_print(path, p): p for p in (after.problems if after is not None else ())}
    for print_, problem in {**old, **new}.items():
        where = Standing.GONE if print_ not in new else Standing.STILL if print_ in old else Standing.NEW
        yield CheckedFinding(
            finding=unread(problem, path, severity),
            standing=where,
            fingerprint=print_,
            target=TargetName(path),
        )


def _print(path: str, problem: Problem) -> str:
    return file_fingerprint(path, NOT_READ, f"{problem.code} {problem.message}")


def _severity(question: CheckQuestion) -> Severity:
    """How much an unread file weighs; what must not be trusted always refuses."""
    policy = question.head.policy
    return policy.rules.get(NOT_READ, Severity.ERROR) if policy is not None else Severity.ERROR


def unread(problem: Problem, path: str, severity: Severity = Severity.ERROR) -> Finding:
    """DG506: a file could not be read, or may not be."""
    hint = "; ".join(
        part
        for part in (f"allowed: {problem.allowed}" if problem.allowed else "", problem.hint or "")
        if part
    )
    return Finding(
        code=NOT_READ,
        about=About.SIMULATION,
        severity=severity,
        package=NormalizedName(path),
        message=f"not read: {problem.message}",
        hint=hint,
        location=problem.location or Location(path),
        unproven=True,
    )


def _policy_problems(question: CheckQuestion) -> Iterable[CheckedFinding]:
    for problem in question.problems:
        path = problem.location.file if problem.location is not None else "policy"
        yield CheckedFinding(
            finding=unread(problem, path),
            standing=Standing.NEW,
            fingerprint=_print(path, problem),
            target=TargetName(path),
        )


def _lined(question: CheckQuestion, found: CheckedFinding) -> CheckedFinding:
    """With the line of the notebook's file."""
    place = found.finding.location
    if place is None or place.cell is None or place.line is None:
        return found
    side = question.base if found.standing is Standing.GONE else question.head
    if side is None:
        return found
    try:
        text = decode_requirements(side.tree.data(place.file), place.file)
    except InputError:
        return found
    return replace(found, file_line=file_line(text, place.cell, place.line))


def _order(found: CheckedFinding) -> tuple[object, ...]:
    """New ones first, errors first, then by place."""
    place = found.finding.location
    severity = list(Severity).index(found.finding.severity)
    return (
        list(Standing).index(found.standing),
        severity,
        found.target,
        (place.file, place.cell or 0, place.line or 0, place.column or 0)
        if place is not None
        else ("", 0, 0, 0),
        found.finding.unproven,
        found.finding.code,
        len(found.finding.chain),
        found.finding.package,
        found.finding.message,
        found.hosts,
    )
