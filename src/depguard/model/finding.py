"""A finding: what a rule saw, about what, with its evidence as data."""

from __future__ import annotations

import enum

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.plan import Action
from depguard.model.policy import Severity
from depguard.records import dataclass


class About(enum.Enum):
    """What a finding speaks of."""

    PLAN = "plan"
    SIMULATION = "simulation"
    BASELINE = "baseline"
    ENVIRONMENT = "environment"


class Verdict(enum.Enum):
    """The answer, best first. The exit code follows it."""

    SAFE = "safe"
    UNPROVEN = "unproven"
    UNSAFE = "unsafe"
    UNSOLVABLE = "unsolvable"

    @property
    def rank(self) -> int:
        """0 for SAFE up to 3 for UNSOLVABLE: the worst of several hosts wins."""
        return list(Verdict).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One step of a chain: ``name version`` asks for ``requirement``.

    The first link of a chain is the request itself: its ``name`` is the tier or the command and its
    version None. The last link's requirement names the package that the finding is about.
    """

    name: str
    version: Version | None
    requirement: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """A change that makes the request solvable; proved by a solve, ``verdict`` is that solve's."""

    change: str
    verdict: Verdict
    note: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one package.

    ``unproven`` marks an error that says "this could not be known" rather than "this is wrong": it
    makes the verdict ``unproven`` instead of ``unsafe``. ``culprit`` is the requirement that started
    the chain, as text (``captum==0.8.0``). ``policy`` is the entry that was touched, with its reason.
    ``waived`` is the reason of the waiver that accepted it.
    """

    code: str
    about: About
    severity: Severity
    package: NormalizedName
    message: str
    hint: str = ""
    because: tuple[str, ...] = ()
    location: Location | None = None
    culprit: str | None = None
    chain: tuple[Link, ...] = ()
    ways_out: tuple[WayOut, ...] = ()
    policy_location: Location | None = None
    policy_reason: str = ""
    unproven: bool = False
    waived: str | None = None
