"""A policy: what is protected, held and forbidden on which hosts, and the tiers of extras."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import date, datetime

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.model.binary import Binaries
from depguard.model.location import Location
from depguard.records import dataclass, field

DEFAULT_WATCH = (
    "**/*.ipynb",
    "**/requirements*.txt",
    "**/*requirements.txt",
    "**/requirements/*.txt",
    "**/*constraints*.txt",
    "**/pyproject.toml",
    "**/*.sh",
    "**/Dockerfile*",
    "**/*.Dockerfile",
    "**/Containerfile*",
    "!**/.ipynb_checkpoints/**",
    "!**/node_modules/**",
    "!**/site-packages/**",
    "!**/.venv/**",
    "!**/venv/**",
)
"""The files that ``depguard check`` looks at where the policy does not say; ``!`` takes out again."""


class Installer(enum.Enum):
    """Whose behaviour is simulated."""

    PIP = "pip"
    UV = "uv"


class Severity(enum.Enum):
    """How much a finding weighs. OFF silences a rule; only ERROR can refuse."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OFF = "off"


class Builds(enum.Enum):
    """Whether a plan may contain artifacts that have to be built on the host."""

    NEVER = "never"
    ALLOW = "allow"


class SameMajor(enum.Enum):
    """The one keyword that a held entry's ``allow`` takes beside a specifier."""

    SAME_MAJOR = "same-major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """A glob over installed names whose artifacts stay, byte for byte, and its family's globs.

    A family glob with ``!`` in front takes names out of the whole entry again.
    """

    pattern: str
    reason: str
    family: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A glob over installed names that may move, but only inside a range."""

    pattern: str
    reason: str
    allow: SpecifierSet | SameMajor
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """A glob over names that a plan must not add, and what to take instead."""

    pattern: str
    reason: str
    instead: str | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Better knowledge than the metadata's, for exactly one release or direct URL.

    Either ``drop`` (requirements to take out) or ``requires`` (the whole list, for something whose
    metadata cannot be had).
    """

    package: Requirement
    reason: str
    drop: tuple[Requirement, ...] = ()
    requires: tuple[Requirement, ...] | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that is accepted: one code, one package glob, up to and including a day."""

    code: str
    package: str
    until: date
    reason: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where artifacts may come from and up to when. Index fields are None when not stated."""

    builds: Builds = Builds.NEVER
    exclude_newer: datetime | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRequirement:
    """One requirement of a tier and where the policy states it."""

    requirement: Requirement
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A named set of requirements. ``extends`` names tiers of the same policy."""

    name: str
    requires: tuple[TierRequirement, ...]
    about: str = ""
    extends: tuple[str, ...] = ()
    output: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Something that must work on a live host: ``module`` to import, or ``module:function`` to call.

    A function fails by raising, or by returning False. It runs only where the command line asks for it.
    """

    target: str
    reason: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySource:
    """One text that a policy was made from: its label and the sha256 of its bytes."""

    label: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy, after ``extends`` is resolved. ``sources_used`` has this file's text first.

    ``host_locations`` says, for each of ``hosts``, where a policy text names it. ``watch`` are the globs of
    the files that ``depguard check`` looks at, ``repository`` the repository's own addresses.
    """

    name: str
    hosts: tuple[str, ...] = ()
    installer: Installer = Installer.PIP
    protected: tuple[Protected, ...] = ()
    held: tuple[Held, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    sources: Sources = Sources()
    binaries: Binaries = Binaries.REPORT
    tiers: Mapping[str, Tier]
    rules: Mapping[str, Severity]
    probes: tuple[Probe, ...] = ()
    sources_used: tuple[PolicySource, ...] = ()
    sha256: str = ""
    host_locations: Mapping[str, Location] = field(default_factory=dict)
    watch: tuple[str, ...] = DEFAULT_WATCH
    repository: tuple[str, ...] = ()

    def row(self, tier: str) -> tuple[Tier, ...]:
        """A tier with all that it extends, lowest first, each once."""
        row: dict[str, Tier] = {}

        def add(tier: Tier) -> None:
            for below in tier.extends:
                if below not in row:
                    add(self.tiers[below])
            row.setdefault(tier.name, tier)

        add(self.tiers[tier])
        return tuple(row.values())


class GripKind(enum.Enum):
    """How firmly an installed distribution is kept."""

    PROTECTED = "protected"
    HELD = "held"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Grip:
    """What a policy says of one installed distribution (``depguard.planning.grips`` decides it)."""

    kind: GripKind
    entry: Protected | Held | None = None
    head: NormalizedName | None = None
