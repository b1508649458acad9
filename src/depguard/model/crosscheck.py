"""depguard's answers held against real installers: what is asked, what comes back, how they differ."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host
from depguard.records import dataclass, field


class Program(enum.Enum):
    """The installers that can be asked. Each is a distribution of that name."""

    PIP = "pip"
    UV = "uv"
    PIP_TOOLS = "pip-tools"


class Check(enum.Enum):
    """What is compared.

    SIMULATION: the tier as a plain install, nobody guarding. FILE: the written requirements file,
    installed. CLOSURE: the tier compiled with everything of the host and the plan pinned.
    """

    SIMULATION = "simulation"
    FILE = "file"
    CLOSURE = "closure"


class Outcome(enum.Enum):
    """How an answer compares. NOT_ASKED: there was none, for the reason that goes with it."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_ASKED = "not-asked"


@dataclass(frozen=True, slots=True)
class Change:
    """One distribution that would be changed; None where there is none before or after.

    A version that nothing carries is 0 before, as in a metadata-only copy.
    """

    name: NormalizedName
    old: Version | None
    new: Version | None

    def __str__(self) -> str:
        if self.new is None:
            return f"{self.name} {self.old} removed"
        return f"{self.name} {self.new}" if self.old is None else f"{self.name} {self.old} -> {self.new}"


Changes = frozenset[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A dry run that an installer is asked for, on a metadata-only copy of ``host`` in ``directory``.

    ``requirements`` are lines of a requirements file. ``file`` is a written file to install instead, as
    its name and text. ``constraints`` are lines of a constraints file, ``wheels`` the folder with a wheel
    of each of the host's own distributions (both for CLOSURE). ``uv_options`` tell uv the host's own
    Python and platform.
    """

    check: Check
    host: Host
    directory: Path
    uv_options: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    file: tuple[str, str] | None = None
    no_deps: bool = False
    constraints: tuple[str, ...] = ()
    wheels: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an installer would change. None: it refuses, and ``said`` is why, in its own words."""

    changes: Changes | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The installer could not be asked, or gave up waiting for an index: nothing is shown, either way."""

    reason: str


Answer = Answered | NoAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side of a comparison says: its changes with who asked for each, or why there are none."""

    changes: Changes | None
    because: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    failure: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One name on which two sides differ, with the reason that each has. None: it leaves that be."""

    name: NormalizedName
    ours: Change | None
    theirs: Change | None
    our_reason: str
    their_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One answer beside depguard's.

    ``changes`` counts depguard's own; None: it finds that nothing solves. ``differences`` are by name;
    where one side refuses, ``failure`` says so in lines. ``touched`` are protected names that
    the written file would change (FILE). ``reason`` says why a NOT_ASKED one was not.
    """

    check: Check
    tier: str
    host: str
    referee: str
    outcome: Outcome
    changes: int | None = None
    differences: tuple[Difference, ...] = ()
    failure: tuple[str, ...] = ()
    touched: tuple[NormalizedName, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crosscheck:
    """All comparisons of some tiers. ``cutoff``: both sides saw the index as of this moment.

    ``refused`` are tiers without a safe plan on some host, each with its verdict in words: nothing is
    written for them, so only their simulations are compared. ``notes`` are sentences for people.
    """

    cutoff: datetime
    comparisons: tuple[Comparison, ...]
    refused: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """DIFFERS if anything differs or is refused; NOT_ASKED if something could not be shown."""
        found = {comparison.outcome for comparison in self.comparisons}
        if Outcome.DIFFERS in found or self.refused:
            return Outcome.DIFFERS
        return Outcome.NOT_ASKED if Outcome.NOT_ASKED in found or not found else Outcome.AGREES
