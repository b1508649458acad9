"""The Report: the only thing an emitter sees."""

from __future__ import annotations

from datetime import datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.finding import Finding, Verdict
from depguard.model.location import Location
from depguard.model.plan import ChangeSet
from depguard.model.policy import PolicySource
from depguard.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSummary:
    """Which host a report is about; ``installed`` counts its distributions."""

    name: str
    sha256: str
    python: str
    installed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One requested requirement as it was written, and where."""

    text: str
    name: NormalizedName | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """What was asked: a tier, or a command (``command``, as typed)."""

    requirements: tuple[Asked, ...]
    tier: str | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A requirement of a host distribution that held before a change and does not hold after it.

    ``violated`` are only those clauses of it that the change violates (``protobuf<6``), for people.
    """

    name: NormalizedName
    version: Version | None
    requirement: str
    violated: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationResult:
    """What the installer would do. ``installer`` is "pip 24.1.2", say.

    ``changes`` is None when its resolver finds no solution; ``failure`` then says why, in lines.
    """

    installer: str
    changes: ChangeSet | None
    broken: tuple[Broken, ...] = ()
    failure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """What depguard proposes. ``changes`` is None when nothing solves; ``failure`` says why."""

    changes: ChangeSet | None
    failure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelNote:
    """Something about one wheel that comes in: that it was not looked into and why, or its ``.pth`` files."""

    name: NormalizedName
    version: Version | None
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryNotes:
    """What the report says of wheels' contents beside its findings.

    ``unlooked`` has why the binaries of a wheel were not looked at, ``startup`` its ``.pth`` files, and
    ``refused`` why a newer release was no candidate.
    """

    unlooked: tuple[WheelNote, ...] = ()
    startup: tuple[WheelNote, ...] = ()
    refused: tuple[WheelNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One request on one host, judged. ``subject`` is "plan" or "simulation": whose verdict it is.

    ``plan`` is None for a bare simulation without a plan beside it. ``unknown`` are things that
    could not be known, in prose, sorted; ``assumed`` what was taken as known (see Knowledge.ASSUMED).
    ``notices`` are side remarks for people (a used override), ``binaries`` those about wheels' contents.
    """

    verdict: Verdict
    subject: str
    host: HostSummary
    request: RequestSummary
    simulation: SimulationResult | None
    plan: PlanResult | None
    findings: tuple[Finding, ...]
    cutoff: datetime | None
    unknown: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    policy: str | None = None
    policy_sources: tuple[PolicySource, ...] = ()
    notices: tuple[str, ...] = ()
    binaries: BinaryNotes = field(default_factory=BinaryNotes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The same request on several hosts. The worst verdict wins."""

    reports: tuple[Report, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all reports."""
        return max((r.verdict for r in self.reports), key=lambda v: v.rank)
