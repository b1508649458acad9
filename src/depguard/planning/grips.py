"""What a policy says of each installed distribution, and of names that a plan would add.

Globs are matched with ``fnmatchcase`` against normalized names (PEP 503). Where several entries match
one name, the most specific decides: a name without wildcards before a glob, then the glob with more
characters of its own, then an entry's own pattern before a family's; what is still equal is protected
rather than held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Mapping
from fnmatch import fnmatchcase, translate
from functools import lru_cache

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host
from depguard.model.policy import Forbidden, Grip, GripKind, Held, Policy, Protected, SameMajor

EXCLUDES = "!"
"""In front of a family glob: these names are no part of the entry."""

_WILDCARDS = frozenset("*?[")
_Weight = tuple[bool, int, bool, bool]


def matches(name: str, pattern: str) -> bool:
    """Whether a glob matches a name. Most are names themselves, which ``fnmatch`` would make a regex of."""
    if _WILDCARDS.isdisjoint(pattern):
        return name == pattern
    return fnmatchcase(name, pattern)


def grips(policy: Policy, host: Host) -> Mapping[NormalizedName, Grip]:
    """The grip on every installed name; FREE where no entry matches.

    A family counts only where its head is installed. ``head`` of a member's grip is the head (of a head
    that is a glob, the first installed name that it matches); of everything else it is None.
    """
    names = sorted(host.installed)
    heads = {id(entry): _head(entry, names, host.installed) for entry in policy.protected}
    touched = _touched(policy)
    free = Grip(GripKind.FREE)
    return {name: _grip(policy, name, heads) if touched(name) else free for name in names}


def _touched(policy: Policy) -> Callable[[str], bool]:
    """Whether any entry may speak of a name: most names are no entry's, and one match says so."""
    patterns = {pattern for entry in policy.protected for pattern in (entry.pattern, *included(entry))}
    patterns |= {held.pattern for held in policy.held}
    return _matcher(frozenset(patterns))


@lru_cache(maxsize=16)
def _matcher(patterns: frozenset[str]) -> Callable[[str], bool]:
    """Whether any of the patterns matches a name. Hosts have most names in common."""
    literal = {pattern for pattern in patterns if _WILDCARDS.isdisjoint(pattern)}
    globs = re.compile("|".join(translate(pattern) for pattern in sorted(patterns - literal)) or r"(?!)")
    return lru_cache(maxsize=4096)(lambda name: name in literal or globs.match(name) is not None)


def _grip(policy: Policy, name: NormalizedName, heads: Mapping[int, NormalizedName | None]) -> Grip:
    best: tuple[_Weight, Grip] | None = None
    for entry in policy.protected:
        head = heads[id(entry)]
        if head is None or is_excluded(entry, name):
            continue
        for pattern in (entry.pattern, *included(entry)):
            if matches(name, pattern):
                own = pattern == entry.pattern
                grip = Grip(GripKind.PROTECTED, entry, None if own else head)
                best = _better(best, (_weight(pattern, own=own, firm=True), grip))
    for held in policy.held:
        if matches(name, held.pattern):
            weight = _weight(held.pattern, own=True, firm=False)
            best = _better(best, (weight, Grip(GripKind.HELD, held)))
    return best[1] if best is not None else Grip(GripKind.FREE)


def forbidden_entry(policy: Policy, name: str) -> Forbidden | None:
    """The most specific ``forbidden`` entry that matches the normalized ``name``, if any."""
    matching = [entry for entry in policy.forbidden if matches(name, entry.pattern)]
    return max(matching, key=lambda e: _weight(e.pattern, own=True, firm=True), default=None)


def held_range(held: Held, installed_version: Version) -> SpecifierSet:
    """The versions that a held distribution may move to.

    ``same-major`` starts at the host's version, since what was generated or compiled there may not
    run on an older one, and ends before the next major: ``>=5.29.6,<6``. Epochs stay (``1!5.2`` ends
    before ``1!6``). A 0.x version ends before 1: projects differ in what a 0.x minor may break, and
    whoever knows better writes the specifier. A specifier is taken as it stands.
    """
    if not isinstance(held.allow, SameMajor):
        return held.allow
    epoch = f"{installed_version.epoch}!" if installed_version.epoch else ""
    # A local label (PEP 440) may not stand behind >=, and says nothing about order between releases.
    return SpecifierSet(f">={installed_version.public},<{epoch}{installed_version.major + 1}")


def included(entry: Protected) -> tuple[str, ...]:
    """The family globs that put names in."""
    return tuple(glob for glob in entry.family if not glob.startswith(EXCLUDES))


def is_excluded(entry: Protected, name: str) -> bool:
    """Whether one of the entry's ``!`` globs takes the name out."""
    return any(
        matches(name, glob.removeprefix(EXCLUDES)) for glob in entry.family if glob.startswith(EXCLUDES)
    )


def is_member(entry: Protected, name: str) -> bool:
    """Whether the entry's pattern or family speaks of this name, installed or not."""
    return not is_excluded(entry, name) and any(
        matches(name, glob) for glob in (entry.pattern, *included(entry))
    )


def _head(
    entry: Protected, names: Collection[NormalizedName], installed: Container[str]
) -> NormalizedName | None:
    if _WILDCARDS.isdisjoint(entry.pattern):
        names = [NormalizedName(entry.pattern)] if entry.pattern in installed else []
    return next((n for n in names if matches(n, entry.pattern) and not is_excluded(entry, n)), None)


def _better(best: tuple[_Weight, Grip] | None, other: tuple[_Weight, Grip]) -> tuple[_Weight, Grip]:
    """The heavier one; of equals the first, so that the order of the policy decides."""
    return other if best is None or other[0] > best[0] else best


def _weight(pattern: str, *, own: bool, firm: bool) -> _Weight:
    literal = sum(character not in _WILDCARDS for character in pattern)
    return _WILDCARDS.isdisjoint(pattern), literal, own, firm
