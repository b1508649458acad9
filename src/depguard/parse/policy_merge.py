"""Drafts along ``extends`` to one Policy: what the nearer text says wins, key by key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TypeVar

from depguard.model.binary import Binaries
from depguard.model.policy import (
    DEFAULT_WATCH,
    Builds,
    Forbidden,
    Held,
    Installer,
    Policy,
    PolicySource,
    Probe,
    Protected,
    Severity,
    Sources,
)
from depguard.parse.policy_draft import PolicyDraft

T = TypeVar("T")
P = TypeVar("P", Protected, Held, Forbidden)


def merge(drafts: Sequence[PolicyDraft]) -> Policy:
    """One policy from a draft and all that it extends.

    ``drafts`` has the policy itself first, then what it extends, each before what *it* extends; what
    comes earlier wins, key by key. A package that a policy names itself (protected, held or
    forbidden) loses what its base says of the same glob. Tiers and the name are the first draft's
    own; overrides, waivers and probes of all count, the base's first; hosts and watch are replaced as a
    whole.
    """
    own, bases_first = drafts[0], tuple(reversed(drafts))
    rules: dict[str, Severity] = {}
    for draft in bases_first:
        rules.update(draft.rules)
    used = tuple(draft.source for draft in drafts)
    hosts = _first(d.hosts for d in drafts) or ()
    return Policy(
        name=own.name or default_name(own.source.label),
        hosts=tuple(reference.text for reference in hosts),
        host_locations=MappingProxyType({reference.text: reference.location for reference in hosts}),
        installer=_first(d.installer for d in drafts) or Installer.PIP,
        protected=_surviving(drafts, [d.protected for d in drafts]),
        held=_surviving(drafts, [d.held for d in drafts]),
        forbidden=_surviving(drafts, [d.forbidden for d in drafts]),
        overrides=tuple(o for d in bases_first for o in d.overrides),
        waivers=tuple(w for d in bases_first for w in d.waivers),
        sources=Sources(
            builds=_first(d.sources.builds for d in drafts) or Builds.NEVER,
            exclude_newer=_first(d.sources.exclude_newer for d in drafts),
            index_url=_first(d.sources.index_url for d in drafts),
            extra_index_urls=_first(d.sources.extra_index_urls for d in drafts) or (),
            find_links=_first(d.sources.find_links for d in drafts) or (),
        ),
        binaries=_first(d.binaries for d in drafts) or Binaries.REPORT,
        tiers=MappingProxyType({tier.name: tier for tier in own.tiers}),
        rules=MappingProxyType(dict(sorted(rules.items()))),
        probes=_probes(drafts),
        sources_used=used,
        sha256=_joint_sha256(used),
        watch=_first(d.watch for d in drafts) or DEFAULT_WATCH,
        repository=_first(d.repository for d in drafts) or (),
    )


def _probes(drafts: Sequence[PolicyDraft]) -> tuple[Probe, ...]:
    """The probes of all texts, base's first; of two alike the nearer text's."""
    found: dict[str, Probe] = {}
    for draft in reversed(drafts):
        found.update((probe.target, probe) for probe in draft.probes)
    return tuple(found.values())


def default_name(label: str) -> str:
    """What a policy without a ``name`` is called: its file's name without the ending."""
    return re.split(r"[/\\:]", label)[-1].removesuffix(".yaml").removesuffix(".yml") or "policy"


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value is not None), None)


def _surviving(drafts: Sequence[PolicyDraft], sections: Sequence[tuple[P, ...]]) -> tuple[P, ...]:
    """The entries of one section, base's first, less those that an earlier draft speaks of itself."""
    kept: list[tuple[P, ...]] = []
    said: set[str] = set()
    for draft, section in zip(drafts, sections, strict=True):
        kept.append(tuple(entry for entry in section if entry.pattern not in said))
        said |= _patterns(draft)
    return tuple(entry for section in reversed(kept) for entry in section)


def _patterns(draft: PolicyDraft) -> set[str]:
    entries: list[Protected | Held | Forbidden] = [*draft.protected, *draft.held, *draft.forbidden]
    return {entry.pattern for entry in entries}


def _joint_sha256(used: Sequence[PolicySource]) -> str:
    """One text: the sha256 of its bytes. Several: that of their hashes, a line each, in order."""
    if len(used) == 1:
        return used[0].sha256
    return hashlib.sha256("".join(f"{source.sha256}\n" for source in used).encode()).hexdigest()
