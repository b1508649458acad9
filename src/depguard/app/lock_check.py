"""Whether the files on disk are what would be written now: DG502."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from packaging.utils import NormalizedName

from depguard.app.lock import TierLocked, WrittenFile
from depguard.model.finding import About, Finding
from depguard.model.location import Location
from depguard.model.policy import Policy, Severity
from depguard.model.report import Report, Reports
from depguard.records import replace
from depguard.rules.verdicts import verdict

CODE = "DG502"

_UNKNOWN_SIZE = '"size": null'
_SIZE = re.compile(r'"size": (null|\d+)')


def check_step(
    locked: Sequence[TierLocked],
    files: Sequence[WrittenFile],
    on_disk: Callable[[str], str | None],
    policy: Policy | None,
) -> Reports:
    """The reports of safe tiers, with a finding for each file that is out of step.

    ``on_disk`` gives the text of a path of the project, None where there is no such file. A tier's own
    files count against it; those of all tiers (constraints) against the first. The policy's severity
    for DG502 decides whether it refuses.
    """
    severity = policy.rules.get(CODE, Severity.ERROR) if policy is not None else Severity.ERROR
    own = {file.path for tier in locked for file in tier.files}
    common = [file for file in files if file.path not in own]
    reports: list[Report] = []
    for index, tier in enumerate(locked):
        judged = [*tier.files, *(common if index == 0 else ())]
        found = tuple(finding for file in judged for finding in _findings(file, on_disk(file.path), severity))
        reports += [_with(report, found) for report in tier.planned.reports.reports]
    return Reports(reports=tuple(reports))


def out_of_step(reports: Reports) -> bool:
    """Whether some file is, whatever weight the policy gives it."""
    return any(finding.code == CODE for report in reports.reports for finding in report.findings)


def _findings(file: WrittenFile, text: str | None, severity: Severity) -> tuple[Finding, ...]:
    if severity is Severity.OFF or (text is not None and _alike(text, file.text)):
        return ()
    what = "is missing" if text is None else "is out of step with the policy or its hosts"
    return (
        Finding(
            code=CODE,
            about=About.PLAN,
            severity=severity,
            package=NormalizedName(file.path),
            message=f"{file.path} {what}",
            hint="run depguard lock, and commit what it writes",
            location=Location(file.path),
        ),
    )


def _alike(text: str, other: str) -> bool:
    """Whether two texts say the same: not every index tells each size, and none does offline."""
    if text == other:
        return True
    lines, others = text.split("\n"), other.split("\n")
    return len(lines) == len(others) and all(
        one == two or _same_size(one.strip(), two.strip()) for one, two in zip(lines, others, strict=True)
    )


def _same_size(one: str, two: str) -> bool:
    return _UNKNOWN_SIZE in (one, two) and all(map(_SIZE.fullmatch, (one, two)))


def _with(report: Report, found: tuple[Finding, ...]) -> Report:
    if not found:
        return report
    own = verdict(found, About.PLAN)
    worse = max(report.verdict, own, key=lambda v: v.rank)
    return replace(report, findings=(*report.findings, *found), verdict=worse)
