"""What an index offers: artifacts of a project, and the core metadata read from one of them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import BuildTag, NormalizedName
from packaging.version import Version

from depguard.records import dataclass, field


class ArtifactKind(enum.Enum):
    """The two distribution formats that installers take."""

    WHEEL = "wheel"
    SDIST = "sdist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of one release, as an index page lists it (PEP 503, 592, 658, 691, 700).

    ``url`` serves fetching only and never reaches a written file. ``yanked`` is the reason that the
    index gives (possibly empty), or None. ``size`` is in bytes. ``core_metadata`` says whether the
    index serves the metadata beside the file (PEP 658 as amended by PEP 714): None when it does not,
    else its hashes (possibly empty). ``local`` marks a file of a local folder, to which a cut-off
    date does not apply.
    """

    name: NormalizedName
    version: Version
    filename: str
    kind: ArtifactKind
    url: str = field(repr=False)
    index: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    size: int | None = None
    requires_python: SpecifierSet | None = None
    upload_time: datetime | None = None
    yanked: str | None = None
    tags: frozenset[Tag] = frozenset()
    build: BuildTag = ()
    core_metadata: tuple[tuple[str, str], ...] | None = None
    local: bool = False

    @property
    def sha256(self) -> str | None:
        """The lower-case hexadecimal sha256, where the index gives one."""
        return dict(self.hashes).get("sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatControl:
    """``--only-binary`` and ``--no-binary``: ``{":all:"}`` or normalized names; the later one won."""

    only_binary: frozenset[str] = frozenset()
    no_binary: frozenset[str] = frozenset()


ANY_FORMAT: Final = FormatControl()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """All artifacts of one project over the indexes that count, or its absence (``found``).

    ``skipped`` has, for each file that was passed over, its name and why (an odd file name, say).
    """

    name: NormalizedName
    artifacts: tuple[Artifact, ...]
    found: bool = True
    skipped: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """The part of an artifact's core metadata that a resolver needs (PEP 566, 643, 685)."""

    name: NormalizedName
    version: Version
    requires_dist: Sequence[Requirement] = ()
    requires_python: SpecifierSet | None = None
    extras: frozenset[NormalizedName] = frozenset()


@dataclass(frozen=True, slots=True)
class MetadataUnknown:
    """Core metadata that cannot be had without running somebody's code, and why."""

    reason: str


MetadataAnswer = CoreMetadata | MetadataUnknown
