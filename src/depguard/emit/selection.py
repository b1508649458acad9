"""Which findings and changes of a report decide, and which are told beside them."""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.finding import About, Finding
from depguard.model.plan import ChangeSet
from depguard.model.policy import Severity
from depguard.model.report import Report


def subject_of(report: Report) -> About:
    """Whose verdict the report has."""
    return About(report.subject)


def about_subject(report: Report) -> tuple[Finding, ...]:
    """Findings about the report's subject that are not switched off, in the report's order."""
    subject = subject_of(report)
    return tuple(f for f in report.findings if f.about is subject and f.severity is not Severity.OFF)


def blocking(report: Report) -> tuple[Finding, ...]:
    """The errors that make the verdict: what is wrong before what is not known."""
    errors = [f for f in about_subject(report) if f.severity is Severity.ERROR]
    return tuple(sorted(errors, key=lambda f: f.unproven))


def warnings(report: Report) -> tuple[Finding, ...]:
    """The warnings about the subject."""
    return tuple(f for f in about_subject(report) if f.severity is Severity.WARNING)


def waived(report: Report) -> tuple[Finding, ...]:
    """The findings about the subject that the policy accepts."""
    return tuple(f for f in about_subject(report) if f.waived is not None)


def harm(report: Report) -> tuple[Finding, ...]:
    """What an installer with nobody guarding would do wrong: the simulation's errors."""
    return tuple(f for f in report.findings if f.about is About.SIMULATION and f.severity is Severity.ERROR)


def told_as_broken(report: Report, finding: Finding) -> bool:
    """Whether a finding is one of the simulation's broken packages, which are listed by themselves."""
    if finding.code != "DG202" or report.simulation is None:
        return False
    return any(item.name == finding.package for item in report.simulation.broken)


def explained(finding: Finding) -> bool:
    """Whether chain and policy entry say all that a hint or the solver's own account would."""
    return bool(finding.chain) and finding.policy_location is not None


def subject_changes(report: Report) -> ChangeSet | None:
    """The subject's changes, None where nothing solves."""
    result = report.plan if subject_of(report) is About.PLAN else report.simulation
    return result.changes if result is not None else None


def subject_failure(report: Report) -> tuple[str, ...]:
    """Why the subject does not solve, in lines."""
    result = report.plan if subject_of(report) is About.PLAN else report.simulation
    return result.failure if result is not None else ()


def installed_version(report: Report, name: NormalizedName) -> Version | None:
    """The host's version of a package, as far as the report's actions tell it."""
    for result in (report.simulation, report.plan):
        for action in result.changes.actions if result is not None and result.changes is not None else ():
            if action.name == name and action.old is not None:
                return action.old
    return None


def required_name(requirement: str) -> NormalizedName | None:
    """The project that a requirement's text names, None where it is no requirement."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return None
