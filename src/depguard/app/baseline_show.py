"""A host described, and two hosts compared."""

from __future__ import annotations

from collections import Counter

from depguard.model.baseline import BaselineDiff, Change, HostDescription
from depguard.model.host import Host, InstalledDistribution, Knowledge
from depguard.planning.health import health


def describe_host(host: Host) -> HostDescription:
    """How much is known of a host, and what it violates untouched."""
    installed = [host.installed[name] for name in sorted(host.installed)]

    def of(how: Knowledge) -> tuple[InstalledDistribution, ...]:
        return tuple(d for d in installed if d.requirements.how is how)

    return HostDescription(
        host=host,
        counts=Counter(d.requirements.how for d in installed),
        violations=health(host),
        assumed=of(Knowledge.ASSUMED),
        unknown=of(Knowledge.UNKNOWN),
    )


def compare_hosts(before: Host, after: Host) -> BaselineDiff:
    """What somebody meets who moves from one host to the other."""
    old, new = before.installed, after.installed
    both = sorted(old.keys() & new.keys())
    changed = tuple(
        Change(before=old[name], after=new[name]) for name in both if _differs(old[name], new[name])
    )
    facts_before, facts_after = _facts(before), _facts(after)
    return BaselineDiff(
        before=before,
        after=after,
        facts=tuple(
            (key, facts_before.get(key, ""), facts_after.get(key, ""))
            for key in dict.fromkeys((*facts_before, *facts_after))
            if facts_before.get(key) != facts_after.get(key)
        ),
        added=tuple(new[name] for name in sorted(new.keys() - old.keys())),
        removed=tuple(old[name] for name in sorted(old.keys() - new.keys())),
        changed=changed,
        same=len(both) - len(changed),
    )


def _differs(one: InstalledDistribution, other: InstalledDistribution) -> bool:
    """By version; where one of them has none, by where it came from."""
    if one.version is None or other.version is None:
        return one.version is not other.version or one.origin.reference != other.origin.reference
    return one.version != other.version


def _facts(host: Host) -> dict[str, str]:
    facts = {"python": str(host.python), "accelerator": host.accelerator or "", **host.facts}
    return {key: value for key, value in facts.items() if value}
