"""What a program requires of the environment that it runs in, and what of that is lacking."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Here:
    """One installed distribution: its version and its own requirements as its metadata has them."""

    version: Version
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A tier as something that must be there.

    ``source`` is where it is said (a policy, a requirements file, the record of an install), ``command``
    what installs it, by words (``depguard install lab``). ``dropped`` are requirements that the policy
    overrides, by what states them: ``captum==0.8.0`` and of it ``numpy<2``. ``complete``: ``requires`` lists
    all that is to be installed, and what metadata asks for besides does not count.
    """

    tier: str
    about: str
    requires: tuple[Requirement, ...]
    source: str
    command: tuple[str, ...]
    dropped: Mapping[Requirement, tuple[Requirement, ...]] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """A requirement that is not met; ``found`` None: not installed. ``by`` needs it, None: the tier does."""

    name: NormalizedName
    requirement: str
    found: Version | None
    by: str | None = None
