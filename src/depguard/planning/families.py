"""Families that share one CUDA: whether an addition goes with the members that the host has."""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host
from depguard.model.plan import ActionKind, ChangeSet
from depguard.model.policy import Grip, GripKind, Policy, Protected
from depguard.planning.grips import is_member
from depguard.records import dataclass

_SUFFIX = re.compile(r"-cu(?:da)?(\d{2})x?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A package that does not go with the family that the host has.

    ``head`` is the protected package, ``detail`` says what differs (``CUDA 13 beside CUDA 12``).
    """

    head: NormalizedName
    detail: str


def cuda_split(
    policy: Policy | None, host: Host, grips: Mapping[NormalizedName, Grip], name: str
) -> Split | None:
    """Whether ``name`` is a family member under another CUDA suffix than the host's members.

    Members are told by the family's globs; only names that are not installed are looked at.
    """
    theirs = _SUFFIX.search(name)
    if policy is None or theirs is None or name in host.installed:
        return None
    for entry in policy.protected:
        if not is_member(entry, name):
            continue
        heads = [n for n, grip in grips.items() if grip.entry is entry and grip.kind is GripKind.PROTECTED]
        ours = {found.group(1) for member in heads if (found := _SUFFIX.search(member)) is not None}
        if ours and theirs.group(1) not in ours:
            detail = f"CUDA {theirs.group(1)} beside CUDA {', '.join(sorted(ours))}"
            return Split(head=NormalizedName(entry.pattern), detail=detail)
    return None


def splits(
    policy: Policy | None, host: Host, grips: Mapping[NormalizedName, Grip], changes: ChangeSet
) -> dict[NormalizedName, Split]:
    """All additions that split a protected family: another CUDA, or another version of the head."""
    found: dict[NormalizedName, Split] = {}
    added = {a.name: a for a in changes.changes if a.kind is ActionKind.ADD}
    for name in added:
        split = cuda_split(policy, host, grips, name)
        if split is not None:
            found[name] = split
    for action in changes.actions:
        head = grips.get(action.name)
        if head is None or not isinstance(head.entry, Protected) or not head.entry.family:
            continue  # only a package with a family can be split from it
        for cause in action.because:
            if cause.parent in added and not _admits(cause.requirement.specifier, action.old):
                found.setdefault(
                    cause.parent,
                    Split(
                        head=action.name, detail=f"it needs {cause.requirement}, the host has {action.old}"
                    ),
                )
    return found


def _admits(specifier: SpecifierSet, version: Version | None) -> bool:
    return version is None or specifier.contains(version, prereleases=True)
