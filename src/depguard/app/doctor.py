"""Use case of ``depguard doctor``: a snapshot, judged against a policy and the host that was planned for."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence
from datetime import date

from packaging.utils import NormalizedName

from depguard.doctor.drift import UNINSTALLED, drift, drift_findings
from depguard.doctor.files import file_findings
from depguard.doctor.imports import probe_findings, process_findings, shadow_findings
from depguard.doctor.remedy import remedy
from depguard.model.environment import Snapshot
from depguard.model.examination import Examination
from depguard.model.finding import About, Finding
from depguard.model.host import Host
from depguard.model.policy import Policy, Severity
from depguard.planning.grips import included, is_member
from depguard.records import replace
from depguard.rules.verdicts import judge, verdict

_EXPLAINS = frozenset({"DG901", "DG902", "DG903", "DG904", "DG905", "DG906", "DG503"})
"""With an error of these codes, that something does not work says nothing new."""


def protects(policy: Policy | None) -> Callable[[NormalizedName], bool]:
    """Whether a policy protects a name, installed or not; without a policy nothing is."""
    entries = policy.protected if policy is not None else ()
    # One expression over all globs: most names of a machine are in none of them.
    globs = [glob for entry in entries for glob in (entry.pattern, *included(entry))]
    any_of = re.compile("|".join(fnmatch.translate(glob) for glob in globs) or r"(?!)")
    known: dict[NormalizedName, bool] = {}

    def protected(name: NormalizedName) -> bool:
        if name not in known:
            known[name] = bool(any_of.match(name)) and any(is_member(entry, name) for entry in entries)
        return known[name]

    return protected


def examine(
    snapshot: Snapshot,
    policy: Policy | None,
    *,
    today: date,
    planned: Host | None = None,
    nearest: str | None = None,
    build: bool = False,
    further: Sequence[Finding] = (),
) -> Examination:
    """Judge a snapshot. Pure: the same snapshot gives the same answer anywhere.

    ``today`` is the day by which waivers are judged. ``planned`` is the host that plans were made for (DG503,
    DG909); ``nearest`` names one that fits the machine better, where there is one. ``further`` are findings
    of closer looks. ``build``: it is an image that is being built, which decides what the way out is. An
    error in a finding makes the verdict ``unsafe``, a probe that ran out of time ``unproven``.
    """
    protected = protects(policy)
    findings = list(file_findings(snapshot, protected))
    findings += shadow_findings(snapshot)
    findings += further
    difference = drift(snapshot, planned) if planned is not None else None
    if planned is not None and difference is not None:
        findings += drift_findings(snapshot, planned, difference, protected, nearest)
    findings += process_findings(snapshot, protected)
    if not any(f.code in _EXPLAINS and f.severity is Severity.ERROR for f in findings):
        findings += probe_findings(snapshot)
    judged = judge(_without_repeats(findings), policy, today)
    return Examination(
        snapshot=snapshot,
        findings=judged.findings,
        verdict=verdict(judged.findings, About.ENVIRONMENT),
        remedy=remedy(snapshot, judged.findings, build=build),
        host=planned.name if planned is not None else None,
        same=difference.same if difference is not None else None,
        policy=policy.name if policy is not None else None,
    )


def _without_repeats(findings: Sequence[Finding]) -> list[Finding]:
    """A project that is recorded twice is not said to have the wrong version as well: DG904 has that."""
    twice = {finding.package for finding in findings if finding.code == "DG904"}
    gone = {
        finding.package
        for finding in findings
        if finding.code in ("DG901", "DG905") and finding.severity is Severity.ERROR
    }
    kept = []
    for finding in findings:
        if finding.code == "DG503" and finding.package in twice:
            continue
        if finding.code == "DG503" and finding.package in gone and finding.hint == UNINSTALLED:
            kept.append(replace(finding, severity=Severity.NOTE))
            continue
        kept.append(finding)
    return kept
