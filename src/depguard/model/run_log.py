"""Runs of the doctor and of installs, as a log keeps them, and what many of them come to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from depguard.errors import Problem
from depguard.records import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run: one line of a log.

    ``outcome`` is an install's outcome or a doctor's verdict, ``error`` where it ended with one; ``good`` is
    whether its exit code was 0. ``versions`` has, for what is protected and what was installed, the version
    before and after, None where there was none. ``probes`` are outcomes by name. ``causes`` are the codes
    of the errors, each once. ``host`` is the host that the machine was compared with.
    """

    at: datetime
    command: str
    outcome: str
    good: bool
    seconds: float
    python: str = ""
    host: str | None = None
    tier: str | None = None
    policy_sha256: str | None = None
    depguard: str = ""
    versions: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    probes: Mapping[str, str] = field(default_factory=dict)
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs there were, how many were good, and the median of how long they took, in seconds."""

    runs: int
    good: int
    median: float

    @property
    def rate(self) -> float:
        """The share of good ones, 0 to 1."""
        return self.good / self.runs if self.runs else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The runs of one day, week or month, by command; ``begin`` is its first day (UTC)."""

    begin: date
    tallies: Mapping[str, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a log comes to. ``by`` says how long the periods are: day, week or month.

    ``causes`` counts the codes of the errors, the most frequent first. ``bad_lines`` are those that are
    no runs.
    """

    first: datetime
    last: datetime
    by: str
    hosts: Mapping[str, int]
    totals: Mapping[str, Tally]
    periods: tuple[Period, ...]
    causes: Mapping[str, int]
    bad_lines: tuple[Problem, ...] = ()
