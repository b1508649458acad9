"""What an install needs of the world: the runtime as the doctor sees it, plans, and a bench to work at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from packaging.utils import NormalizedName

from depguard.model.environment import ProtectedBytes
from depguard.model.examination import Examination
from depguard.model.install import (
    InstallerAtHand,
    InstallerRun,
    InstallJournal,
    InstallReport,
    Site,
    WheelFile,
)
from depguard.model.release import Artifact
from depguard.model.report import Report


class Runtime(Protocol):
    """The live environment."""

    def examine(self) -> Examination:
        """Look quickly, at everything. Raises InputError, OutOfReachError."""
        ...

    def examine_again(self) -> Examination:
        """Look again after a change, and try what is protected (probes)."""
        ...

    def begin_bytes(self) -> Callable[[], tuple[ProtectedBytes, ...]]:
        """Begin to read every byte of what is protected; the answer waits until that is done."""
        ...

    def bundle(self, report: InstallReport) -> str | None:
        """Write down all that is known, for a bug report; the path, None where that failed as well."""
        ...


class Plans(Protocol):
    """Plans for the live environment, and the index behind them."""

    def plan(self, tier: str) -> Report:
        """The tier's plan on the runtime as it is now. Raises InputError, OutOfReachError."""
        ...

    def artifact(self, wheel: WheelFile) -> Artifact | None:
        """The index's file for a wheel that an earlier run chose, None where it has it no longer."""
        ...

    def fetch(self, artifacts: Sequence[Artifact]) -> None:
        """Put these files on the bench, each with the right hash. Raises OutOfReachError."""
        ...


class Bench(Protocol):
    """The work folder of one environment, and the installer. What it does not say it leaves alone."""

    @property
    def site(self) -> Site:
        """Where packages go."""
        ...

    @property
    def installer(self) -> InstallerAtHand:
        """Who installs."""
        ...

    def journal(self) -> InstallJournal | None:
        """The install that was begun here and not finished."""
        ...

    def begin(self, journal: InstallJournal) -> None:
        """Put the journal on the disk. Raises OutOfReachError."""
        ...

    def finish(self, record: str) -> str:
        """Keep the record, forget journal and wheels; the record's path. Raises OutOfReachError."""
        ...

    def drop_journal(self) -> None:
        """Forget an unfinished install that has nothing left to put right."""
        ...

    def has(self, wheel: WheelFile) -> bool:
        """Whether the file is here with the right hash."""
        ...

    def writes(self, wheels: Sequence[WheelFile]) -> Mapping[str, WheelFile]:
        """The absolute path of every file that the wheels would put somewhere. Raises OutOfReachError."""
        ...

    def unpacked(self, wheels: Sequence[WheelFile]) -> int:
        """The bytes that they take when installed."""
        ...

    def room(self) -> int:
        """The bytes that are free where packages go."""
        ...

    def run(self, wheels: Sequence[WheelFile], *, again: bool) -> InstallerRun:
        """Install exactly these; ``again`` also what is there in that version already."""
        ...

    def whole(self, wheels: Sequence[WheelFile]) -> tuple[WheelFile, ...]:
        """Those that are installed with every file as its wheel has it."""
        ...

    def clear_half_installed(self, names: Iterable[NormalizedName]) -> None:
        """Remove metadata without a RECORD, which a killed installer left: nothing can install over it."""
        ...

    def leftovers(self) -> tuple[str, ...]:
        """The ``~`` names beside the packages, as paths."""
        ...

    def clear_leftovers(self, journal: InstallJournal) -> None:
        """Remove what the journal's own install set aside and left: nothing that was there before it."""
        ...
