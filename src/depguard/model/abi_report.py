"""What ``depguard abi`` found: one subject a wheel, file or folder."""

from __future__ import annotations

import enum

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.binary import WheelContents
from depguard.model.host_abi import HostAbi
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """One reason against a wheel on a host. ``certain``: it cannot run; else it may not, or may go wrong.

    ``files`` are those that show it, the first one first.
    """

    code: str
    certain: bool
    message: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledBinaries:
    """The compiled modules of one installed distribution, with paths as in its RECORD."""

    name: NormalizedName
    version: Version
    contents: WheelContents


class Fit(enum.Enum):
    """Whether binaries go with a host, best first. FITS means that nothing speaks against it."""

    FITS = "fits"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiSubject:
    """Something with binaries. ``contents`` is None where it cannot be read; ``unknown`` then says why."""

    label: str
    contents: WheelContents | None = None
    floor: Version | None = None
    clashes: tuple[Clash, ...] = ()
    unknown: str = ""

    @property
    def fit(self) -> Fit:
        """The worst of what was found."""
        if any(clash.certain for clash in self.clashes):
            return Fit.BLOCKED
        if self.contents is None:
            return Fit.UNKNOWN
        return Fit.DOUBTFUL if self.clashes else Fit.FITS


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiReport:
    """All subjects, and the host that they were judged against."""

    host: HostAbi
    subjects: tuple[AbiSubject, ...]

    @property
    def judged(self) -> bool:
        """Whether there was anything to judge against."""
        return self.host != HostAbi(python=self.host.python)
