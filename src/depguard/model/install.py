"""A guarded install on a live environment: what it sets out to do, how far it came, what it left behind."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.errors import Problem
from depguard.model.environment import ByteChange
from depguard.model.examination import Examination
from depguard.model.policy import Override
from depguard.model.report import Report
from depguard.records import dataclass, field


class Stage(enum.Enum):
    """The steps of an install, in their order."""

    RUNTIME = "runtime"
    PLAN = "plan"
    FETCH = "fetch"
    INSTALL = "install"
    CHECK = "check"


class InstallOutcome(enum.Enum):
    """How an install ended.

    READY: all of the tier is there and nothing protected changed. PLANNED: a dry run; it would begin.
    STOPPED: it was not begun, the environment is as it was. FAILED: it was begun and is not finished;
    nothing protected changed. DEFECT: something protected changed, which is a fault of depguard's.
    """

    READY = "ready"
    PLANNED = "planned"
    STOPPED = "stopped"
    FAILED = "failed"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class WheelFile:
    """One wheel that an install brings; ``size`` in bytes."""

    name: NormalizedName
    version: Version
    filename: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallJournal:
    """What an install set out to do, on the disk before the first file is touched.

    ``moves`` are those of ``wheels`` that were installed in another version before, with that version.
    ``leftovers`` are the ``~`` names that were there already, as ``folder/name``. It is there as long as
    the install is not finished.
    """

    tier: str
    python: str
    started: datetime
    wheels: tuple[WheelFile, ...]
    moves: Mapping[NormalizedName, Version | None] = field(default_factory=dict)
    leftovers: tuple[str, ...] = ()
    policy: str | None = None
    policy_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerAtHand:
    """The installer that does it: ``command`` runs it, up to its own arguments."""

    name: str
    version: str
    command: tuple[str, ...]

    @property
    def label(self) -> str:
        """``pip 25.1``."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where an interpreter's packages go.

    ``purelib`` and ``platlib`` are the folders; ``writable`` whether this user may write there; ``free``
    the bytes that are left. ``managed``: the operating system's packager asks installers to keep away
    (PEP 668). ``pip`` is the version of the interpreter's own pip.
    """

    python: Path
    prefix: Path
    purelib: Path
    platlib: Path
    writable: bool
    free: int
    managed: bool = False
    pip: str | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Both folders, once where they are the same."""
        return tuple(dict.fromkeys((self.purelib, self.platlib)))


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallerRun:
    """How an installer's process ended: its exit code (negative: a signal) and its last words."""

    code: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The comparison of what is protected before and after: distributions, files, and what differs."""

    distributions: int
    files: int
    changes: tuple[ByteChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallReport:
    """One run of ``depguard install``. What its stage did not reach is None or empty.

    ``stage`` is the last one that was begun. ``examination`` is the doctor's look before, ``after`` the one
    at what changed, with its probes. ``landed`` are the wheels that are installed whole now and
    were not before. ``finished`` is the tier of an unfinished install that this run took up. ``why`` says
    why it stopped or failed. ``seconds`` is how long it took. ``record`` and ``bundle`` are paths of
    files that were written. ``overrides`` are the policy's.
    """

    outcome: InstallOutcome
    stage: Stage
    tier: str
    about: str = ""
    overrides: tuple[Override, ...] = ()
    examination: Examination | None = None
    plan: Report | None = None
    wheels: tuple[WheelFile, ...] = ()
    landed: tuple[WheelFile, ...] = ()
    restart: bool = False
    installer: str | None = None
    finished: str | None = None
    compared: Compared | None = None
    after: Examination | None = None
    why: tuple[Problem, ...] = ()
    seconds: float = 0.0
    record: str | None = None
    bundle: str | None = None
