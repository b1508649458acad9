"""The tiers of a repository's own policy, before and after a change: their plans, and their locks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from depguard.app.check import Judged, unread
from depguard.app.check_findings import Seen, file_fingerprint, seen_in, standing
from depguard.app.check_sides import CheckQuestion, Side
from depguard.app.crew import ALONE, Crew
from depguard.app.lock import Emitters, TierLocked, WrittenFile, constraint_files, lock_tier
from depguard.app.lock_check import CODE as LOCK_CODE
from depguard.app.lock_check import check_step
from depguard.app.plan import Question, Shared, plan_tier
from depguard.errors import InputError
from depguard.model.check import NOT_READ, CheckedFinding, HostOutcome, TargetKind, TargetName, TargetOutcome
from depguard.model.finding import Finding, Verdict
from depguard.model.location import Location
from depguard.model.lock import TierLock
from depguard.model.policy import Policy
from depguard.model.report import Report
from depguard.parse.lock_file import parse_lock
from depguard.parse.requirement_text import decode_requirements
from depguard.records import dataclass, replace

_HOST = re.compile(r"\s--host[= ](?:'[^']*'|\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _TierSide:
    """One tier at one revision: its reports, a host each, and what could not be read of its locks."""

    reports: tuple[Report, ...] = ()
    problems: tuple[Finding, ...] = ()

    def seen(self, name: TargetName) -> tuple[Seen, ...]:
        found = [seen for r in self.reports for seen in seen_in(name, r.host.name, [(None, r)])]
        for finding in self.problems:
            print_ = file_fingerprint(name.path, NOT_READ, finding.message)
            found += [Seen(finding=finding, fingerprint=print_, host=r.host.name) for r in self.reports[:1]]
        return tuple(found)

    def verdicts(self) -> dict[str, Verdict]:
        return {report.host.name: report.verdict for report in self.reports}


class Shares:
    """What the tiers of one side share at one cut-off."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._made: dict[tuple[int, datetime | None], Shared] = {}

    def of(self, question: CheckQuestion, side: Side, cutoff: datetime | None) -> Shared:
        """The same for the same side and cut-off."""
        known = self._made.get((id(side), cutoff))
        if known is None:
            asked = question.ask(side, side.hosts, None, cutoff)
            known = self._made[id(side), cutoff] = Shared(asked, self._crew)
        return known


def check_tiers(question: CheckQuestion, emitters: Emitters, crew: Crew = ALONE) -> tuple[Judged, ...]:
    """Plan each tier of the repository's own policy on both sides, where the change touches it.

    A tier with a lock is planned at that lock's cut-off, and its files are compared. ``crew`` does what can
    be done for each host by itself. Raises OutOfReachError.
    """
    policy, base = question.head.policy, question.base
    if policy is None or question.project is None or not _wanted(question, policy):
        return ()
    if base is not None and not _touched(question, base):
        return ()
    label = f"{question.project}{policy.sources_used[0].label}"
    old = base.policy if base is not None else None
    found: list[Judged] = []
    shares = Shares(crew)
    for index, tier in enumerate(dict.fromkeys((*policy.tiers, *(old.tiers if old is not None else ())))):
        first = index == 0
        after = _at(question, question.head, tier, emitters, shares, first=first)
        before = _at(question, base, tier, emitters, shares, first=first) if base is not None else None
        found.append(_judged(TargetName(label, f"tiers.{tier}"), before, after))
    return tuple(found)


def _judged(name: TargetName, before: _TierSide | None, after: _TierSide | None) -> Judged:
    was = before.verdicts() if before is not None else {}
    now = after.verdicts() if after is not None else {}
    reports = {report.host.name: (report,) for report in (after.reports if after is not None else ())}
    outcome = TargetOutcome(
        name=name,
        kind=TargetKind.POLICY,
        hosts=tuple(
            HostOutcome(host=host, before=was.get(host), after=now.get(host), reports=reports.get(host, ()))
            for host in dict.fromkeys((*now, *was))
        ),
    )
    findings: tuple[CheckedFinding, ...] = standing(
        name,
        before.seen(name) if before is not None else None,
        after.seen(name) if after is not None else (),
    )
    return Judged(outcomes=(outcome,), findings=findings)


def _wanted(question: CheckQuestion, policy: Policy) -> bool:
    """Whether the paths that were asked for have anything to do with the tiers."""
    if not question.paths:
        return True
    own = [f"{question.project}{source.label}" for source in policy.sources_used]
    written = [f"{question.project}{tier.output}" for tier in policy.tiers.values()]
    written += [path for path in question.head.tree.paths() if _generated(question, path)]
    hosts = [f"{question.project}{host}" for host in policy.hosts]
    return any(question.wants(path) for path in (*own, *written, *hosts))


def _generated(question: CheckQuestion, path: str) -> bool:
    """Whether ``depguard lock`` writes files of that name beside the requirements files."""
    name = path.removeprefix(question.project or "")
    return bool(re.fullmatch(r"lockfiles/[^/]+\.lock\.json|constraints-[^/]+\.txt", name))


def _touched(question: CheckQuestion, base: Side) -> bool:
    head = question.head
    if base.world(tiers=True) != head.world(tiers=True):
        return True
    tiers = head.policy.tiers.values() if head.policy is not None else ()
    paths = {f"{question.project}{tier.output}" for tier in tiers}
    for side in (base, head):
        paths |= {path for path in side.tree.paths() if _generated(question, path)}
    return any(base.tree.identity(path) != head.tree.identity(path) for path in sorted(paths))


def _at(
    question: CheckQuestion, side: Side, tier: str, emitters: Emitters, shares: Shares, *, first: bool
) -> _TierSide | None:
    """One tier at one revision; None where it has no such tier. ``first``: the hosts' files count here.

    ``shares`` is what the tiers of one revision find out for each other, at one cut-off.
    """
    policy = side.policy
    if policy is None or tier not in policy.tiers:
        return None
    locks: list[TierLock] = []
    problems: list[Finding] = []
    for path in _locks(question, side, tier):
        try:
            locks.append(parse_lock(decode_requirements(side.tree.data(path), path), path))
        except InputError as error:
            problems += [unread(problem, path) for problem in error.problems]
    cutoff = max((lock.cutoff for lock in locks), default=None)
    shared = shares.of(question, side, cutoff)
    asked = shared.question
    if not locks:
        return _TierSide(reports=plan_tier(asked, tier, shared).reports.reports, problems=tuple(problems))
    reports: list[Report] = []
    for locked, files_of in _locked(shared, tier, locks, emitters):
        files = list(locked.files)
        if first:
            command = _HOST.sub("", locks[0].command)
            files += constraint_files(files_of, emitters, command=command)
        reports += _in_step(question, side, locked, files)
    return _TierSide(reports=tuple(reports), problems=tuple(problems))


def _locked(
    shared: Shared, tier: str, locks: list[TierLock], emitters: Emitters
) -> Iterator[tuple[TierLocked, Question]]:
    """The tier locked again as its locks were: for all hosts, or for single ones that were named."""
    asked = shared.question
    named = [lock for lock in locks if _HOST.search(lock.command)]
    if len(named) < len(locks):
        command = next(lock.command for lock in locks if lock not in named)
        yield lock_tier(asked, tier, emitters, command=command, shared=shared), asked
        return
    for lock in named:
        names = {host.name for host in lock.hosts}
        alone = replace(asked, hosts=tuple(host for host in asked.hosts if host.name in names))
        if alone.hosts:
            yield lock_tier(alone, tier, emitters, command=lock.command, per_host=True), alone


def _in_step(
    question: CheckQuestion, side: Side, locked: TierLocked, files: list[WrittenFile]
) -> Iterator[Report]:
    """The tier's reports, with a finding for each file that is not what would be written (DG502)."""
    reports = locked.planned.reports
    if reports.verdict is not Verdict.SAFE:
        yield from reports.reports
        return

    def on_disk(path: str) -> str | None:
        inside = f"{question.project}{path}"
        if side.tree.identity(inside) is None:
            return None
        return decode_requirements(side.tree.data(inside), inside)

    for report in check_step([locked], files, on_disk, side.policy).reports:
        findings = (_in_repository(question, finding) for finding in report.findings)
        yield replace(report, findings=tuple(findings))


def _in_repository(question: CheckQuestion, finding: Finding) -> Finding:
    if finding.code != LOCK_CODE or finding.location is None:
        return finding
    return replace(finding, location=Location(f"{question.project}{finding.location.file}"))


def _locks(question: CheckQuestion, side: Side, tier: str) -> list[str]:
    """The lockfiles of a tier: one for all hosts, or one a host."""
    begin = f"{question.project}lockfiles/{tier}."
    return [
        path
        for path in side.tree.paths()
        if path.startswith(begin) and path.endswith(".lock.json") and "/" not in path[len(begin) :]
    ]
