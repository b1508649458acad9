"""What is written for a tier: exact pins with their hashes, and the protected pins beside them."""

from __future__ import annotations

from datetime import datetime

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.location import Location
from depguard.model.plan import Cause, ChangeSet
from depguard.model.policy import Installer, PolicySource, TierRequirement
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class PinnedArtifact:
    """A file that may be installed: name, sha256 and, where known, size in bytes."""

    filename: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A package that the tier adds or moves, with every artifact that fits one of the hosts."""

    name: NormalizedName
    spelled: str
    version: Version
    artifacts: tuple[PinnedArtifact, ...]
    via: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLine:
    """A protected or held package that a written file states, so that it fails closed."""

    name: NormalizedName
    spelled: str
    specifier: SpecifierSet
    reason: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedHost:
    """One host of a lock and what the tier changes there."""

    name: str
    sha256: str
    python: str
    changes: ChangeSet


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLock:
    """All that is written for one tier. ``output`` is the requirements file's project path.

    ``command`` makes the files again. ``no_deps``: the file holds only for an install without looking
    at requirements, because the policy overrides some of them. ``requires`` has the tier's requirements
    and those of what it extends, each once, in the order of the policy.
    """

    policy: str
    policy_sha256: str
    policy_sources: tuple[PolicySource, ...]
    tier: str
    about: str
    installer: Installer
    requires: tuple[TierRequirement, ...]
    cutoff: datetime
    hosts: tuple[LockedHost, ...]
    pins: tuple[Pin, ...]
    guards: tuple[GuardLine, ...]
    output: str
    command: str
    no_deps: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConstraints:
    """What guards every later install on one host: protected pins and held ranges."""

    host: str
    host_sha256: str
    policy: str
    policy_sha256: str
    guards: tuple[GuardLine, ...]
    command: str
