"""What a run of the doctor or of an install leaves in a log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from depguard.app.doctor import protects
from depguard.errors import Problem
from depguard.model.environment import Snapshot
from depguard.model.examination import Examination
from depguard.model.finding import About, Finding, Verdict
from depguard.model.install import InstallOutcome, InstallReport
from depguard.model.policy import Policy, Severity
from depguard.model.run_log import RunRecord

Versions = dict[str, tuple[str | None, str | None]]


def install_run(report: InstallReport, policy: Policy, *, at: datetime, depguard: str) -> RunRecord:
    """The record of an install; ``depguard`` is the version that did it."""
    before, after = report.examination, report.after
    versions = _protected(before, policy)
    known = _versions(before.snapshot) if before is not None else {}
    for wheel in report.landed:
        versions[wheel.name] = (known.get(wheel.name), str(wheel.version))
    for change in report.compared.changes if report.compared is not None else ():
        versions[change.name] = (_text(change.before), _text(change.after))
    codes = [*_errors(before.findings if before else ()), *_errors(after.findings if after else ())]
    plan = report.plan
    if plan is not None and plan.verdict is not Verdict.SAFE:
        codes += _errors(finding for finding in plan.findings if finding.about is About.PLAN)
    codes += [problem.code for problem in report.why]
    return RunRecord(
        at=at,
        command="install",
        tier=report.tier,
        outcome=report.outcome.value,
        good=report.outcome in {InstallOutcome.READY, InstallOutcome.PLANNED},
        seconds=report.seconds,
        host=before.host if before is not None else None,
        python=before.snapshot.python if before is not None else "",
        policy_sha256=policy.sha256,
        depguard=depguard,
        versions=versions,
        probes=_probes(after),
        causes=tuple(dict.fromkeys(codes)),
    )


def doctor_run(
    examined: Examination, policy: Policy | None, *, at: datetime, seconds: float, depguard: str
) -> RunRecord:
    """The record of a look by the doctor."""
    return RunRecord(
        at=at,
        command="doctor",
        outcome=examined.verdict.value,
        good=examined.verdict is Verdict.SAFE,
        seconds=seconds,
        host=examined.host,
        python=examined.snapshot.python,
        policy_sha256=policy.sha256 if policy is not None else None,
        depguard=depguard,
        versions=_protected(examined, policy),
        probes=_probes(examined),
        causes=tuple(dict.fromkeys(_errors(examined.findings))),
    )


def failed_run(
    command: str, problems: Iterable[Problem], *, at: datetime, seconds: float, depguard: str
) -> RunRecord:
    """The record of a run that ended with an error (bad input, or something out of reach)."""
    return RunRecord(
        at=at,
        command=command,
        outcome="error",
        good=False,
        seconds=seconds,
        depguard=depguard,
        causes=tuple(dict.fromkeys(problem.code for problem in problems)),
    )


def _versions(snapshot: Snapshot) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for item in snapshot.distributions:
        found.setdefault(item.name, _text(item.version))
    return found


def _protected(examined: Examination | None, policy: Policy | None) -> Versions:
    if examined is None:
        return {}
    protected = protects(policy)
    return {
        item.name: (_text(item.version), _text(item.version))
        for item in reversed(examined.snapshot.distributions)
        if protected(item.name)
    }


def _probes(examined: Examination | None) -> dict[str, str]:
    probes = examined.snapshot.probes if examined is not None else ()
    return {probe.name: probe.outcome.value for probe in probes}


def _errors(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings if finding.severity is Severity.ERROR]


def _text(version: object) -> str | None:
    return str(version) if version is not None else None
