"""What an installer settles next, where resolvelib does its search: in a conflict the later one gives way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from resolvelib.resolvers import RequirementInformation

from depguard.resolve.needs import BOUNDS, EQUALS, PINS, PYTHON, Candidate, Key, Need, Says, said_by

Information = RequirementInformation[Need, Candidate]

CONFLICTS_TO_PROMOTE = 5
"""pip 26 promotes a project once it was met unpinned in this many conflicts."""


class InstallerTurns:
    """The order of pip before 25.1 (``by_depth``), since then, since 26.0 (``promotes``), or of uv.

    uv has a search of its own (`depguard.resolve.uv_search`); its order here is for telling what met.
    """

    def __init__(self, roots: Iterable[Need], *, uv: bool, by_depth: bool, promotes: bool) -> None:
        self._uv = uv
        self._by_depth = by_depth
        self._promotes = promotes
        self._order: dict[Key, int] = {}
        for need in roots:
            # For pip an item counts once: as the project where it names versions, else with its extras.
            if uv or not need.key.extras or not (need.specifier or need.requirement.url):
                self._order.setdefault(need.key, len(self._order))
        self.era = 0
        """As `Provider` says: what is known of others decides as well."""
        self._depths: dict[Key, float] = {}
        self._lacking: set[Key] = set()
        self._conflicts: Counter[Key] = Counter()
        self._seen: dict[Key, int] = {}
        self._told: dict[Key, _Told] = {}
        self._causes: Sequence[Information] | None = None
        self._causes_keys: set[Key] = set()

    def preference(
        self, key: Key, known: Collection[Information], causes: Sequence[Information]
    ) -> tuple[Any, ...]:
        """A sort key for a key, by what is ``known`` of it: smaller comes first."""
        told = self._told.get(key)
        if told is None or told.known is not known:
            told = self._told[key] = _told_together(known)
        cause = bool(causes) and key in self._concerned(causes)
        if self._uv:
            seen = self._seen.setdefault(key, len(self._seen))
            return (not told.direct, not told.says & PINS, not cause, seen)
        order = self._order.get(key, math.inf)
        if self._by_depth:
            depth = self._depth(key, told.parents)
            return (not known, not told.says & EQUALS, not cause, depth, order, not told.says, key)
        promoted = self._promotes and self._conflicts[key] >= CONFLICTS_TO_PROMOTE
        pins, bounds = told.says & PINS, told.says & BOUNDS
        return (not promoted, not told.direct, not pins, not bounds, order, not told.says, key)

    def narrowed(
        self, identifiers: Iterable[Key], resolutions: Mapping[Key, Candidate], causes: Sequence[Information]
    ) -> Iterable[Key]:
        """The interpreter first; then, for pip from 25.1 on, what the last conflict was about."""
        keys = list(identifiers)
        if self._promotes:
            self._count(resolutions, causes)
        if PYTHON in keys:
            return [PYTHON]
        if self._by_depth or self._uv:
            return keys
        concerned = self._concerned(causes)
        narrowed = [key for key in keys if key in concerned]
        if not narrowed and self._promotes:
            narrowed = [key for key in keys if self._conflicts[key] >= CONFLICTS_TO_PROMOTE]
        return narrowed or keys

    def _concerned(self, causes: Sequence[Information]) -> set[Key]:
        """The keys of a conflict. Asked for every open key in a round, of the same list."""
        if self._causes is not causes:
            keys = {cause.requirement.key for cause in causes}
            self._causes_keys = keys | {cause.parent.key for cause in causes if cause.parent is not None}
            self._causes = causes
        return self._causes_keys

    def _count(self, resolutions: Mapping[Key, Candidate], causes: Sequence[Information]) -> None:
        """Once for each requirement that met, in each round until the next conflict: so pip 26 counts."""
        for cause in causes:
            for key in (cause.requirement.key, cause.parent.key if cause.parent is not None else None):
                if key is not None and key not in resolutions:
                    self._conflicts[key] += 1
                    self.era += self._conflicts[key] == CONFLICTS_TO_PROMOTE

    def _depth(self, key: Key, parents: Iterable[Key | None]) -> float:
        depth = 1.0
        if key not in self._order:
            known = self._depths
            self._lacking.update(parent for parent in parents if parent is not None and parent not in known)
            depth += min((0.0 if p is None else known.get(p, math.inf) for p in parents), default=math.inf)
        before = self._depths.get(key)
        if before != depth:
            self._depths[key] = depth
            self.era += before is not None or key in self._lacking
        return depth


class _Told(NamedTuple):
    """What the needs on a key say together, and who has them (None: the request).

    ``direct``: one names a URL, or ties an extra to its project.
    """

    known: Collection[Information]
    parents: tuple[Key | None, ...]
    direct: bool
    says: Says


def _told_together(known: Collection[Information]) -> _Told:
    parents: list[Key | None] = []
    direct = False
    says = 0
    for need, parent in known:
        parents.append(parent.key if parent is not None else None)
        # What ties extras to their project names a candidate, no versions: nothing is pinned by it.
        if need.exact is None:
            says |= said_by(need.requirement)
        direct = direct or need.exact is not None or need.requirement.url is not None
    return _Told(known, tuple(parents), direct, says)
