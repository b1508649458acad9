"""What one policy text says by itself, before ``extends`` is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from depguard.model.binary import Binaries
from depguard.model.location import Location
from depguard.model.policy import (
    Builds,
    Forbidden,
    Held,
    Installer,
    Override,
    PolicySource,
    Probe,
    Protected,
    SameMajor,
    Severity,
    Tier,
    TierRequirement,
    Waiver,
)
from depguard.parse.plain_values import PlainValues
from depguard.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A name of something elsewhere (a policy, a host) as it was written, and where."""

    text: str
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesDraft:
    """The ``sources`` of one text; None is what it does not say."""

    builds: Builds | None = None
    exclude_newer: datetime | None = None
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] | None = None
    find_links: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """One text, typed, every entry with its place. None is what it does not say."""

    source: PolicySource
    name: str | None = None
    extends: tuple[Reference, ...] = ()
    hosts: tuple[Reference, ...] | None = None
    installer: Installer | None = None
    protected: tuple[Protected, ...] = ()
    held: tuple[Held, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    overrides: tuple[Override, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    sources: SourcesDraft = SourcesDraft()
    binaries: Binaries | None = None
    tiers: tuple[Tier, ...] = ()
    watch: tuple[str, ...] | None = None
    repository: tuple[str, ...] | None = None
    rules: Mapping[str, Severity]
    probes: tuple[Probe, ...] = ()


DRAFTS = PlainValues(
    (
        PolicyDraft, SourcesDraft, Reference, Location, PolicySource, Protected, Held, Forbidden, Override,
        Waiver, Tier, TierRequirement, Builds, Installer, SameMajor, Severity, Probe,
    )
)  # fmt: skip
"""Drafts as text and back."""
