"""What the rules look at: one host, one set of changes, and what the policy says of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.model.finding import About, Finding, Link
from depguard.model.host import Host
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet
from depguard.model.policy import Builds, Forbidden, Grip, GripKind, Held, Protected
from depguard.model.report import Broken
from depguard.planning.fallback import Fallback
from depguard.planning.families import Split
from depguard.planning.inspection import Inspection
from depguard.records import dataclass, field

_Step = tuple[Action, Cause]
"""A change and one of the requirements that it is there for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Changes on one host, with all that is needed to judge them. Nothing is looked up later.

    ``request`` is what the first link of a chain is called. ``forbidden``, ``splits`` and
    ``fallbacks`` speak of changed packages; ``doubts`` could not be known. ``stated`` are the direct
    URLs whose metadata the policy states. ``unmet`` is what the changes bring and will not find there.
    ``option`` unseats installed distributions that would do (``-U``). ``user_site``: the changes go to the
    user's own folder and shadow the host's. ``inspection`` is what the wheels that come in contain.
    """

    about: About
    request: str
    host: Host
    changes: ChangeSet
    grips: Mapping[NormalizedName, Grip] = field(default_factory=dict)
    ranges: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict)
    broken: tuple[Broken, ...] = ()
    forbidden: Mapping[NormalizedName, Forbidden] = field(default_factory=dict)
    splits: Mapping[NormalizedName, Split] = field(default_factory=dict)
    fallbacks: tuple[Fallback, ...] = ()
    doubts: tuple[str, ...] = ()
    builds: Builds = Builds.ALLOW
    stated: frozenset[NormalizedName] = frozenset()
    named: frozenset[NormalizedName] = frozenset()
    user_site: bool = False
    unmet: tuple[Broken, ...] = ()
    inspection: Inspection = field(default_factory=Inspection)
    option: str = ""

    def grip(self, name: NormalizedName) -> Grip:
        """What the policy says of an installed name; FREE where it says nothing."""
        return self.grips.get(name, Grip(GripKind.FREE))

    def moved(self) -> tuple[Action, ...]:
        """The changes to what the host has: everything but additions."""
        return tuple(a for a in self.changes.changes if a.kind is not ActionKind.ADD)

    def who(self, name: NormalizedName) -> str:
        """Who changes a package: the parent at the end of the chain, the request, or an option of it."""
        action = next((action for action in self.changes.actions if action.name == name), None)
        causes = action.because if action is not None else ()
        if self.option and causes and all(_met(cause, self.host, name) for cause in causes):
            return f"the option {self.option}"
        return culprit_phrase(self.chain(name), self.request)

    def chain(self, name: NormalizedName) -> tuple[Link, ...]:
        """The shortest chain of requirements from the request to the change of a package.

        Of all that ask for it, those that the host's own version does not satisfy are the reason
        that it changes; the others only came along.
        """
        by_name = {action.name: action for action in self.changes.actions}
        action = by_name.get(name)
        if action is None:
            return ()
        unmet = [cause for cause in action.because if not _met(cause, self.host, name)]
        steps = ((action, cause) for cause in unmet or action.because)
        queue: deque[tuple[_Step, ...]] = deque((step,) for step in steps)
        seen: set[NormalizedName] = {name}
        while queue:
            path = queue.popleft()
            parent = path[0][1].parent
            if parent is None:
                return tuple(self._link(*step) for step in path)
            if parent in seen or parent not in by_name:
                continue
            seen.add(parent)
            above = by_name[parent]
            queue.extend(((above, cause), *path) for cause in above.because)
        return ()

    def _link(self, action: Action, cause: Cause) -> Link:
        if cause.breaks:  # the package's own requirement, as the host has it
            return Link(name=action.name, version=action.old, requirement=str(cause.requirement))
        return Link(
            name=cause.parent if cause.parent is not None else self.request,
            version=cause.parent_version,
            requirement=str(cause.requirement),
            location=cause.location,
        )


def changed(
    evidence: Evidence,
    action: Action,
    *,
    entry: Protected | Held | Forbidden | None = None,
    package: NormalizedName | None = None,
    **fields: Any,
) -> Finding:
    """A finding that a change gives rise to, with the chain that leads to it.

    ``entry`` is the policy entry that it touches; ``package`` is the changed one unless given.
    """
    chain = evidence.chain(action.name)
    return Finding(
        about=evidence.about,
        package=package or action.name,
        because=tuple(str(cause) for cause in action.because),
        culprit=chain[0].requirement if chain else None,
        chain=chain,
        location=chain[0].location if chain else None,
        policy_location=entry.location if entry is not None else None,
        policy_reason=entry.reason if entry is not None else "",
        **fields,
    )


def culprit_phrase(chain: Sequence[Link], request: str) -> str:
    """Who did it, in words: ``captum 0.8.0``, or the request itself."""
    if not chain:
        return request
    last = chain[-1]
    return f"{last.name} {last.version}" if last.version is not None else f"{last.requirement}"


def _met(cause: Cause, host: Host, name: NormalizedName) -> bool:
    if cause.breaks:
        return False
    installed = host.installed.get(name)
    if installed is None or installed.version is None or cause.requirement.url is not None:
        return False
    return cause.requirement.specifier.contains(installed.version, prereleases=True)
