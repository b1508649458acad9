"""What a change of a repository does to hosts: targets before and after it, and which findings it brings."""

from __future__ import annotations

import enum
from datetime import datetime

from depguard.model.finding import Finding, Verdict
from depguard.model.policy import PolicySource, Severity
from depguard.model.report import Report
from depguard.records import dataclass

NO_SOLUTION = "DG000"
"""The code of a request that nothing solves and that no rule names."""
NOT_READ = "DG506"
"""The code of a file that could not be read, or was refused."""


class Standing(enum.Enum):
    """A finding before and after the change."""

    NEW = "new"
    STILL = "still"
    GONE = "gone"


class TargetKind(enum.Enum):
    """What sort of file installs something."""

    NOTEBOOK = "notebook"
    REQUIREMENTS = "requirements"
    CONSTRAINTS = "constraints"
    PYPROJECT = "pyproject"
    SHELL = "shell"
    DOCKERFILE = "dockerfile"
    PYTHON = "python"
    POLICY = "policy"
    LOCK = "lock"


@dataclass(frozen=True, slots=True, order=True)
class TargetName:
    """A file of the repository; ``part`` is what of it is installed together (``dependency-groups.test``)."""

    path: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.path} [{self.part}]" if self.part else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOutcome:
    """One target on one host. ``before`` is None where target or host are new, ``after`` where they are gone.

    ``reports`` are those after the change, one a command of the target: its commands are one session.
    ``again``: the same was asked before the change, so it was simulated once.
    """

    host: str
    before: Verdict | None
    after: Verdict | None
    reports: tuple[Report, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetOutcome:
    """One target on all its hosts, in the policy's order."""

    name: TargetName
    kind: TargetKind
    hosts: tuple[HostOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFinding:
    """A finding about a target on some hosts, and whether the change brings it.

    ``fingerprint`` stays the same when lines move, are reordered or name another version; it has nothing of
    the host in it. ``hosts`` are those on which the finding has this standing, in the policy's order; none
    for a finding about a file itself. ``file_line`` is the line of the file where the location is in a
    notebook, whose own lines are counted within cells. For GONE the location is that before the change.
    """

    finding: Finding
    standing: Standing
    fingerprint: str
    target: TargetName
    hosts: tuple[str, ...] = ()
    file_line: int | None = None

    @property
    def refuses(self) -> bool:
        """Whether it is an error that is there after the change."""
        return self.finding.severity is Severity.ERROR and self.standing is not Standing.GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisions:
    """What is compared: ``against`` as it was given, ``base`` the commit, ``head`` the one checked out."""

    against: str
    base: str
    head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """A whole check. ``revisions`` is None where the files are judged as they are.

    ``everything``: all findings refuse, not only new ones. ``cutoff`` is the moment that both sides are tied
    to. ``notes`` are remarks for people (what the change does to the policy). ``watched`` counts the files
    that were looked at, ``touched`` those whose targets the change may alter.
    """

    targets: tuple[TargetOutcome, ...]
    findings: tuple[CheckedFinding, ...]
    cutoff: datetime
    revisions: Revisions | None = None
    everything: bool = False
    policy: str | None = None
    policy_sources: tuple[PolicySource, ...] = ()
    notes: tuple[str, ...] = ()
    watched: int = 0
    touched: int = 0

    @property
    def failing(self) -> tuple[CheckedFinding, ...]:
        """The findings that refuse: the new errors, or all of them."""
        everything = self.everything or self.revisions is None
        return tuple(f for f in self.findings if f.refuses and (everything or f.standing is Standing.NEW))

    @property
    def verdict(self) -> Verdict:
        """The worst of what refuses."""
        return max((verdict_of(f.finding) for f in self.failing), key=lambda v: v.rank, default=Verdict.SAFE)

    def count(self, standing: Standing) -> int:
        """How many errors have a standing."""
        return sum(f.standing is standing and f.finding.severity is Severity.ERROR for f in self.findings)


def verdict_of(finding: Finding) -> Verdict:
    """What one error makes of a verdict."""
    if finding.severity is not Severity.ERROR:
        return Verdict.SAFE
    if finding.code == NO_SOLUTION:
        return Verdict.UNSOLVABLE
    return Verdict.UNPROVEN if finding.unproven else Verdict.UNSAFE
