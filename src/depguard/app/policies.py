"""Use case of ``depguard policy check``: what a policy that can be read still gets wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase

from packaging.utils import NormalizedName, canonicalize_name

from depguard.errors import InputError, Problem
from depguard.model.host import Host
from depguard.model.location import Location
from depguard.model.policy import Policy
from depguard.planning.grips import EXCLUDES, forbidden_entry
from depguard.records import dataclass

FindHost = Callable[[str], Host]
"""The host of a name or file. Raises InputError, OutOfReachError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCheck:
    """What was looked at and what is to be said of it.

    ``mistakes`` keep the policy from being used (a host that does not exist). ``notes`` do not: a glob
    that matches nothing on any host, a waiver past its end. Both are sorted by place.
    """

    policy: Policy
    hosts: Mapping[str, Host]
    mistakes: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def check_policy(policy: Policy, *, find: FindHost, today: date) -> PolicyCheck:
    """Check a policy against its hosts and the day. Raises OutOfReachError when a host cannot be read."""
    hosts: dict[str, Host] = {}
    mistakes: list[Problem] = []
    for name in policy.hosts:
        try:
            hosts[name] = find(name)
        except InputError as error:
            mistakes += _at_host(error, policy.host_locations.get(name))
    notes = [*_shape_notes(policy), *_waiver_notes(policy, today), *_tier_notes(policy)]
    if hosts and not mistakes:
        installed = frozenset[NormalizedName]().union(*(host.installed for host in hosts.values()))
        notes += _glob_notes(policy, installed, len(hosts))
    return PolicyCheck(
        policy=policy,
        hosts=hosts,
        mistakes=tuple(sorted(mistakes, key=_place)),
        notes=tuple(sorted(notes, key=_place)),
    )


def _at_host(error: InputError, stated: Location | None) -> Iterator[Problem]:
    """A host that does not exist is told where the policy names it; a broken host file where it is broken."""
    for problem in error.problems:
        yield Problem(
            code=problem.code,
            message=problem.message,
            location=problem.location or stated,
            allowed=problem.allowed,
            hint=problem.hint,
        )


def _shape_notes(policy: Policy) -> Iterator[Problem]:
    where = Location(policy.sources_used[0].label) if policy.sources_used else None
    if not policy.tiers:
        yield Problem(
            code="policy.no-tiers",
            message="the policy has no tiers: it can only be extended",
            location=where,
            hint="tiers: {lab: [captum]}",
        )
    if not policy.hosts:
        yield Problem(
            code="policy.no-hosts",
            message="the policy names no hosts: every plan needs --host",
            location=where,
            hint="hosts: [colab/2026.07-gpu]",
        )


def _waiver_notes(policy: Policy, today: date) -> Iterator[Problem]:
    for waiver in policy.waivers:
        if waiver.until < today:
            yield Problem(
                code="policy.waiver-ended",
                message=f"the waiver of {waiver.code} for {waiver.package} ended on {waiver.until}",
                location=waiver.location,
                hint="take it out, or give it a later day",
            )


def _tier_notes(policy: Policy) -> Iterator[Problem]:
    for tier in policy.tiers.values():
        for stated in tier.requires:
            name = canonicalize_name(stated.requirement.name)
            entry = forbidden_entry(policy, name)
            if entry is not None:
                yield Problem(
                    code="policy.asks-for-forbidden",
                    message=f"tier {tier.name} asks for {name}, which is forbidden: {entry.reason}",
                    location=stated.location,
                    hint=f"take {entry.instead}" if entry.instead else "take it out",
                )


def _glob_notes(policy: Policy, installed: frozenset[NormalizedName], hosts: int) -> Iterator[Problem]:
    """Entries that do nothing: usually a spelling, sometimes an older host that was taken out."""
    globs = [("protected", p.pattern, p.pattern, p.location) for p in policy.protected]
    for p in policy.protected:
        globs += [(f"family of {p.pattern}", f, f.removeprefix(EXCLUDES), p.location) for f in p.family]
    globs += [("held", h.pattern, h.pattern, h.location) for h in policy.held]
    where = "the host" if hosts == 1 else f"any of the {hosts} hosts"
    for section, shown, glob, location in globs:
        if not any(fnmatchcase(name, glob) for name in installed):
            yield Problem(
                code="policy.matches-nothing",
                message=f"{section}: {shown} matches nothing on {where}",
                location=location,
            )


def _place(problem: Problem) -> tuple[str, int, int]:
    where = problem.location
    return (where.file, where.line or 0, where.column or 0) if where is not None else ("", 0, 0)
