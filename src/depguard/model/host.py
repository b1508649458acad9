"""A host: a prepared machine, its marker environment, its wheel tags and its baseline."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.location import Location
from depguard.records import dataclass, field


class OriginKind(enum.Enum):
    """How a distribution came to its host (PEP 610 where it is recorded)."""

    INDEX = "index"
    URL = "url"
    FILE = "file"
    VCS = "vcs"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an installed distribution came from; ``reference`` has no credentials in it."""

    kind: OriginKind = OriginKind.INDEX
    filename: str | None = None
    reference: str | None = None
    sha256: str | None = None


class Knowledge(enum.Enum):
    """How the requirements of an installed distribution are known.

    CAPTURED: read from the installed metadata itself. RELEASE: read from the index, from an artifact
    of exactly this version. ASSUMED: read from the public release of the same public version (the
    host's has a local label, so it is another artifact). STATED: written in the host file by a
    person, with a source. UNKNOWN: not known, with the reason.
    """

    CAPTURED = "captured"
    RELEASE = "release"
    ASSUMED = "assumed"
    STATED = "stated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What an installed distribution requires, and how that is known.

    ``source`` is the artifact's file name, the stated source or, when ``how`` is UNKNOWN, the
    reason. ``contradicted`` are assumed requirements that the host itself contradicts: they were
    taken out of ``requires``.
    """

    how: Knowledge
    source: str
    requires: Sequence[Requirement] = ()
    extras: frozenset[NormalizedName] = frozenset()
    requires_python: SpecifierSet | None = None
    contradicted: Sequence[Requirement] = ()

    @property
    def known(self) -> bool:
        """Whether anything is known at all (assumed metadata counts as known)."""
        return self.how is not Knowledge.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledDistribution:
    """One distribution of the baseline. ``version`` is None when nothing carries it."""

    name: NormalizedName
    spelled: str
    version: Version | None
    requirements: Requirements
    origin: Origin = Origin()
    installer: str | None = None
    modules: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A prepared machine.

    ``markers`` has all eleven environment variables of PEP 508; those in ``unknown_markers`` are not
    known for this host and their value there means nothing. ``tags`` are the wheel tags in order of
    preference, most preferred first. ``loaded`` are the top-level modules that the host has imported
    before the user's first line, None where that is not known. ``sha256`` is the hash of the
    canonical form of all that follows from the host file and its metadata.
    """

    name: str
    python: Version
    markers: Mapping[str, str]
    tags: tuple[Tag, ...]
    installed: Mapping[NormalizedName, InstalledDistribution]
    sha256: str
    unknown_markers: frozenset[str] = frozenset({"platform_release", "platform_version"})
    glibc: tuple[int, int] | None = None
    family: str | None = None
    about: str = ""
    accelerator: str | None = None
    loaded: frozenset[str] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    def satisfies(self, requirement: Requirement) -> bool:
        """Whether what is installed satisfies a requirement, its marker aside.

        Something installed whose version is unknown does: nothing shows that it does not. A URL requirement
        is satisfied by the project, wherever it came from.
        """
        installed = self.installed.get(canonicalize_name(requirement.name))
        if installed is None:
            return False
        if installed.version is None:
            return True
        return requirement.specifier.contains(installed.version, prereleases=True)
