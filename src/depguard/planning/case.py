"""One host made ready for planning: seen as its installer sees it, and as the policy guards it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.binary import Binaries
from depguard.model.host import Host
from depguard.model.plan import ChangeSet
from depguard.model.policy import (
    Builds,
    Forbidden,
    Grip,
    GripKind,
    Held,
    Installer,
    Override,
    Policy,
)
from depguard.model.release import FormatControl
from depguard.model.request import Item
from depguard.planning.families import cuda_split
from depguard.planning.grips import forbidden_entry, grips, held_range
from depguard.planning.health import host_needs
from depguard.planning.simulate import constraint_limits
from depguard.planning.waivers import may_break
from depguard.records import dataclass, field
from depguard.resolve.host_view import HostView
from depguard.resolve.joint import GuardedHost
from depguard.resolve.offers import Shelf
from depguard.resolve.own_distributions import OwnDistributions
from depguard.resolve.ports import PackageSource
from depguard.resolve.runnable import Inspector, Looks, inspector_of
from depguard.resolve.universe import Universe

if TYPE_CHECKING:
    from depguard.planning.inspection import Inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A host, what the policy says of it, and its two views of the index.

    ``free_view`` is the installer's: it may build, and knows overrides only where they state what a
    direct URL requires. ``guarded`` is the plan's: the policy's word on builds and all overrides.
    ``kept`` are the installed names that are protected or held.
    ``inspector`` looks into the wheels that come in; None where that is not wanted. ``inspected`` is what it
    has come to (`depguard.planning.inspection`).
    """

    host: Host
    policy: Policy | None
    grips: Mapping[NormalizedName, Grip]
    kept: frozenset[NormalizedName]
    ranges: Mapping[NormalizedName, SpecifierSet]
    free_view: HostView
    guarded: GuardedHost
    inspector: Inspector | None = None
    inspected: dict[object, Inspection] = field(default_factory=dict, compare=False, repr=False)

    def needed_by_others(self, name: NormalizedName) -> Sequence[tuple[NormalizedName, Requirement]]:
        """Who on the host requires a project, and how: each requirement that counts there."""
        return [(need.parent, need.requirement) for need in host_needs(self.host).by_name.get(name, ())]

    @property
    def builds(self) -> Builds:
        """Whether a plan may contain what has to be built."""
        return self.policy.sources.builds if self.policy is not None else Builds.ALLOW

    def forbidden(self, name: NormalizedName) -> Forbidden | None:
        """The policy entry that keeps a name out, if any."""
        return forbidden_entry(self.policy, name) if self.policy is not None else None

    def overrides_in(self, changes: ChangeSet) -> frozenset[Override]:
        """The overrides that changed what something requires that the changes bring.

        The solver also reads releases that it does not take; an override of those alone is not used.
        """
        read = self.guarded.view.universe.used_overrides | self.free_view.universe.used_overrides
        brought = {action.name: action for action in changes.changes}
        found: set[Override] = set()
        for override in read:
            action = brought.get(canonicalize_name(override.package.name))
            if action is None:
                continue
            specifier = override.package.specifier
            if action.new is None or specifier.contains(action.new, prereleases=True):
                found.add(override)
        return frozenset(found)

    def kept_out(self) -> Callable[[NormalizedName], bool]:
        """Names that must not come in: forbidden ones, and those that would split a family."""
        return lambda name: (
            self.forbidden(name) is not None
            or cuda_split(self.policy, self.host, self.grips, name) is not None
        )


def make_case(
    host: Host,
    policy: Policy | None,
    source: PackageSource,
    *,
    cutoff: datetime | None = None,
    formats: FormatControl | None = None,
    let_move: frozenset[NormalizedName] = frozenset(),
    today: date | None = None,
    installer: Installer = Installer.PIP,
    constraints: Sequence[Item] = (),
    binaries: Looks | None = None,
    shelf: Shelf | None = None,
) -> Case:
    """Prepare one host, for a simulation of ``installer``.

    ``constraints`` bound what a plan may take. ``let_move`` are held names whose range is lifted (to
    prove a way out). ``today`` is the day by which waivers are judged: what may break by one (DG202) does
    not keep others from moving. ``binaries`` is where wheels can be looked into.
    ``shelf`` is shared with other cases of the same source.
    """
    gripped = dict(grips(policy, host)) if policy is not None else {}
    gripped |= dict.fromkeys(let_move, Grip(GripKind.FREE))
    overrides = policy.overrides if policy is not None else ()
    free = Universe(
        source=source,
        host=host,
        cutoff=cutoff,
        lower_python=installer is Installer.UV,
        formats=formats or FormatControl(),
        overrides=tuple(o for o in overrides if o.package.url),
        shelf=shelf,
    )
    builds = policy is None or policy.sources.builds is Builds.ALLOW
    guarded = Universe(
        source=source, host=host, cutoff=cutoff, builds=builds, overrides=overrides, shelf=shelf
    )
    inspector = _inspector(policy, binaries, free, guarded)
    own = OwnDistributions(host)
    view = HostView(universe=guarded, distributions=own)
    as_guarded = _guarded(view, policy, gripped, constraint_limits(view, constraints), today)
    return Case(
        host=host,
        policy=policy,
        grips=gripped,
        kept=frozenset(name for name, grip in gripped.items() if grip.kind is not GripKind.FREE),
        ranges=as_guarded.ranges,
        free_view=HostView(universe=free, distributions=own),
        inspector=inspector,
        guarded=as_guarded,
    )


def _guarded(
    view: HostView,
    policy: Policy | None,
    gripped: Mapping[NormalizedName, Grip],
    limits: Mapping[NormalizedName, SpecifierSet],
    today: date | None,
) -> GuardedHost:
    """The host as a plan may change it."""
    return GuardedHost(
        view=view,
        fixed=frozenset(n for n, grip in gripped.items() if grip.kind is GripKind.PROTECTED),
        ranges=_ranges(view.host, gripped),
        limits=limits,
        dependents=_Dependents(view.host, policy, today),
    )


def _inspector(
    policy: Policy | None, binaries: Looks | None, free: Universe, guarded: Universe
) -> Inspector | None:
    """Who looks into wheels: both universes read ahead for it; with ``solve`` a plan heeds what it finds."""
    mode = policy.binaries if policy is not None else Binaries.REPORT
    inspector = inspector_of(guarded.host, mode, binaries)
    free.scout = guarded.scout = lambda: inspector.effort if inspector is not None else None
    if mode is Binaries.SOLVE:
        guarded.inspector = inspector
    return inspector


def _ranges(host: Host, gripped: Mapping[NormalizedName, Grip]) -> dict[NormalizedName, SpecifierSet]:
    ranges: dict[NormalizedName, SpecifierSet] = {}
    for name, grip in gripped.items():
        if not isinstance(grip.entry, Held) or grip.kind is not GripKind.HELD:
            continue
        version = host.installed[name].version if name in host.installed else None
        if version is not None:
            ranges[name] = held_range(grip.entry, version)
    return ranges


class _Dependents(Mapping[NormalizedName, tuple[tuple[NormalizedName, Requirement], ...]]):
    """Who needs what, as far as the untouched host meets it and the policy cares: found out when asked."""

    def __init__(self, host: Host, policy: Policy | None, today: date | None) -> None:
        self._host = host
        self._policy = policy
        self._today = today
        self._known: dict[NormalizedName, tuple[tuple[NormalizedName, Requirement], ...]] = {}

    def __getitem__(self, name: NormalizedName) -> tuple[tuple[NormalizedName, Requirement], ...]:
        known = self._known.get(name)
        if known is None:
            if name not in self._host.installed:
                raise KeyError(name)
            known = self._known[name] = tuple(
                (need.parent, need.requirement)
                for need in host_needs(self._host).by_name[name]
                if self._host.satisfies(need.requirement)
                and not may_break(self._policy, need.parent, self._today)
            )
        return known

    def __iter__(self) -> Iterator[NormalizedName]:
        return (name for name in host_needs(self._host).by_name if name in self._host.installed)

    def __len__(self) -> int:
        return sum(1 for _ in self)
