"""What an installer would do on a host with nobody guarding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.markers import MarkerAnswer
from depguard.model.plan import Action, Cause, ChangeSet
from depguard.model.policy import Installer
from depguard.model.request import InstallCommand, Item, UpgradeStrategy, Verb
from depguard.planning.changes import action_for, change_set, removal
from depguard.records import dataclass, field, replace
from depguard.resolve.host_view import HostView
from depguard.resolve.installer import InstallerProvider, as_pip_asks, root_and_extras
from depguard.resolve.installer_choice import Behaviour
from depguard.resolve.installer_solve import solve_as_installer
from depguard.resolve.needs import Candidate, Key, Need
from depguard.resolve.outcome import Exhausted, Refused, Solved, Unsolvable
from depguard.resolve.prereleases import PrereleaseRule

DEFAULT_PIP = Version("24.1.2")
"""Taken where a host has no pip of its own to go by: the pip that Colab has."""


SPARED_BY_SYNC = frozenset(canonicalize_name(name) for name in ("pip", "setuptools", "wheel", "uv"))
"""What ``uv pip sync`` leaves in an environment that uv did not make itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What would happen. ``changes`` is None when the installer's resolver finds nothing.

    ``asked`` has, for each project that was chosen, who asked for it; ``refusals`` what the resolver
    gave up on the way (of an unsolvable one the last is the end). ``doubts`` could not be known.
    ``no_deps``: what the chosen ones require was not looked at. ``option`` makes it take others than the
    installed ones even where those would do (``-U``).
    ``failure`` says why the installer stops although its resolver has an answer. ``constraints`` are
    what the command's constraints files say of each project, for people.
    """

    installer: str
    changes: ChangeSet | None
    asked: Mapping[Key, tuple[Need, ...]]
    chosen: Mapping[Key, Candidate]
    refusals: tuple[Refused[Need, Candidate], ...] = ()
    doubts: tuple[str, ...] = ()
    exhausted: bool = False
    failure: tuple[str, ...] = ()
    no_deps: bool = False
    option: str = ""
    constraints: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)


def simulate(view: HostView, command: InstallCommand, *, pip: Version | None = None) -> Simulation:
    """Simulate one installer call. ``pip`` overrides the host's own pip version.

    Raises OutOfReachError when the source cannot answer.
    """
    if command.verb is Verb.INSTALL:
        return _install(view, command, pip)
    if command.verb is Verb.SYNC:
        return _sync(view, command, pip)
    return Simulation(
        installer=installer_label(view, command.installer, pip),
        changes=change_set(_uninstall(view, command)),
        asked={},
        chosen={},
        doubts=_item_doubts(command),
    )


def host_pip(view: HostView) -> Version:
    """The version of the host's own pip."""
    pip = view.host.installed.get(canonicalize_name("pip"))
    return pip.version if pip is not None and pip.version is not None else DEFAULT_PIP


def installer_label(view: HostView, installer: Installer, pip: Version | None) -> str:
    """The installer as reports name it: ``pip 24.1.2``, ``uv``."""
    return "uv" if installer is Installer.UV else f"pip {pip or host_pip(view)}"


def prerelease_rule(view: HostView, installer: Installer, pip: Version | None = None) -> PrereleaseRule:
    """How the installer of a host treats pre-releases."""
    if installer is Installer.UV:
        uv = view.host.installed.get(canonicalize_name("uv"))
        old = uv is not None and uv.version is not None and uv.version < Version("0.12")
        return PrereleaseRule.UV_CLASSIC if old else PrereleaseRule.UV
    return PrereleaseRule.MODERN if (pip or host_pip(view)) >= Version("26.0") else PrereleaseRule.CLASSIC


def _install(view: HostView, command: InstallCommand, pip: Version | None) -> Simulation:
    roots, doubts = root_needs(view, command.items)
    if command.installer is Installer.PIP:
        roots = list(as_pip_asks(roots))
    limits = constraint_limits(view, command.constraints)
    with closing(InstallerProvider(view, _behaviour(view, command, roots, pip), roots, limits)) as provider:
        outcome = solve_as_installer(provider, roots)
    label = installer_label(view, command.installer, pip)
    doubts = (*doubts, *_constraint_doubts(view, command.constraints), *_option_doubts(command))
    match outcome:
        case Solved(chosen=chosen, asked=asked, refusals=refusals):
            for key in sorted(chosen):
                if not command.no_deps:
                    doubts += view.requires(chosen[key]).doubts
            failure = _unhashed(chosen, asked) if command.require_hashes else ()
            return Simulation(
                installer=label,
                changes=None if failure else change_set(_actions(view, chosen, asked)),
                asked=asked,
                chosen=chosen,
                refusals=refusals,
                doubts=tuple(dict.fromkeys(doubts)),
                failure=failure,
                no_deps=command.no_deps,
                option=_unseating_option(command),
            )
        case Unsolvable(refusals=refusals) | Exhausted(refusals=refusals):
            return Simulation(
                installer=label,
                changes=None,
                asked={},
                chosen={},
                refusals=refusals,
                doubts=tuple(dict.fromkeys(doubts)),
                exhausted=isinstance(outcome, Exhausted),
                constraints=_stated(view, command.constraints),
            )


def _unseating_option(command: InstallCommand) -> str:
    """The option by which installed distributions go although they would do."""
    if command.force_reinstall or command.reinstall_names:
        return "--reinstall" if command.installer is Installer.UV else "--force-reinstall"
    if command.ignore_installed:
        return "--ignore-installed"
    return "-U" if command.strategy is not None or command.upgrade_names else ""


def _unhashed(chosen: Mapping[Key, Candidate], asked: Mapping[Key, tuple[Need, ...]]) -> tuple[str, ...]:
    """What hash-checking mode refuses: anything that is fetched without a hash or an exact pin."""
    return tuple(
        f"{key.name} {candidate.version} has no hash in the request, and hashes are required"
        for key, candidate in sorted(chosen.items())
        if candidate.installed is None and not any(need.hashes for need in asked.get(key, ()))
    )


def _behaviour(
    view: HostView, command: InstallCommand, roots: Iterable[Need], pip: Version | None
) -> Behaviour:
    version = pip or host_pip(view)
    upgrading = command.strategy is not None
    uv = command.installer is Installer.UV
    upgrade_all = upgrading and (uv or command.strategy is UpgradeStrategy.EAGER)
    named = frozenset(need.key.name for need in roots) if upgrading else frozenset()
    return Behaviour(
        prereleases=prerelease_rule(view, command.installer, pip),
        by_depth=not uv and version < Version("25.1"),
        promotes=not uv and version >= Version("26.0"),
        allow_prereleases=command.prerelease,
        upgrade_all=upgrade_all,
        upgrade_names=named | frozenset(command.upgrade_names),
        reinstall_all=command.force_reinstall,
        reinstall_names=frozenset(command.reinstall_names),
        ignore_installed=command.ignore_installed,
        no_deps=command.no_deps,
    )


def root_needs(view: HostView, items: Iterable[Item]) -> tuple[list[Need], tuple[str, ...]]:
    """The request as needs, and what of it could not be known. Markers that fail drop an item."""
    needs: list[Need] = []
    doubts: list[str] = []
    for item in items:
        if item.doubt is not None:
            doubts.append(f"{item.text}: {item.doubt}")
            continue
        if item.requirement is None:
            doubts.append(f"{item.text}: which project this is, and what it requires")
            continue
        answer = view.holds(item.requirement.marker)
        if answer is MarkerAnswer.FAILS:
            continue
        if answer is MarkerAnswer.UNKNOWN:
            doubts.append(f"marker of {item.requirement}")
        requirement = _with_url(item.requirement, item.url)
        needs.extend(
            root_and_extras(requirement, parent=None, location=item.location, hashes=frozenset(item.hashes))
        )
    return needs, tuple(doubts)


def _with_url(requirement: Requirement, url: str | None) -> Requirement:
    if url is None or requirement.url is not None:
        return requirement
    direct = Requirement(requirement.name)
    direct.extras, direct.url, direct.marker = requirement.extras, url, requirement.marker
    return direct


def constraint_limits(view: HostView, items: Iterable[Item]) -> dict[NormalizedName, SpecifierSet]:
    """What constraints files say of projects, on a host where their markers hold."""
    merged: dict[NormalizedName, SpecifierSet] = {}
    for item in items:
        requirement = item.requirement
        if requirement is None or view.holds(requirement.marker) is MarkerAnswer.FAILS:
            continue
        name = canonicalize_name(requirement.name)
        merged[name] = merged.get(name, SpecifierSet()) & requirement.specifier
    return merged


def _stated(view: HostView, items: Iterable[Item]) -> dict[NormalizedName, tuple[str, ...]]:
    """The constraints that hold on the host, as they are written and where."""
    stated: dict[NormalizedName, tuple[str, ...]] = {}
    for item in items:
        requirement = item.requirement
        if requirement is None or view.holds(requirement.marker) is MarkerAnswer.FAILS:
            continue
        name = canonicalize_name(requirement.name)
        where = f" ({item.location})" if item.location is not None else ""
        stated[name] = (*stated.get(name, ()), f"constraint {item.text}{where}")
    return stated


def _constraint_doubts(view: HostView, items: Iterable[Item]) -> tuple[str, ...]:
    """Constraints that were not read, that may not count, or that name an artifact instead of versions."""
    doubts: list[str] = []
    for item in items:
        requirement = item.requirement
        if item.doubt is not None:
            doubts.append(f"constraint {item.text}: {item.doubt}")
        elif requirement is None or item.url is not None or requirement.url is not None:
            doubts.append(f"constraint {item.text}: a direct URL, which depguard does not model")
        elif view.holds(requirement.marker) is MarkerAnswer.UNKNOWN:
            doubts.append(f"marker of constraint {requirement}")
    return tuple(doubts)


def _actions(
    view: HostView, chosen: Mapping[Key, Candidate], asked: Mapping[Key, tuple[Need, ...]]
) -> list[Action]:
    causes: dict[NormalizedName, list[Cause]] = {}
    for key, needs in asked.items():
        causes.setdefault(key.name, []).extend(need.cause for need in needs if need.exact is None)
    return [
        action_for(view.host, candidate, causes.get(key.name, ()))
        for key, candidate in chosen.items()
        if not key.extras
    ]


def _uninstall(view: HostView, command: InstallCommand) -> list[Action]:
    actions: list[Action] = []
    for item in command.items:
        if item.requirement is None:
            continue
        installed = view.host.installed.get(canonicalize_name(item.requirement.name))
        if installed is not None:  # an absent one is skipped with a warning by pip
            actions.append(removal(installed, [Cause(requirement=item.requirement, location=item.location)]))
    return actions


def _sync(view: HostView, command: InstallCommand, pip: Version | None) -> Simulation:
    """``uv pip sync`` and ``uv pip install --exact``: exactly what was asked for stays.

    A sync does not look at requirements (``no_deps``), an exact install does.
    """
    simulation = _install(view, replace(command, verb=Verb.INSTALL), pip)
    if simulation.changes is None:
        return simulation
    actions = list(simulation.changes.actions)
    listed = {action.name for action in actions} | SPARED_BY_SYNC
    actions += [removal(dist, ()) for name, dist in view.host.installed.items() if name not in listed]
    return replace(simulation, changes=change_set(actions))


def _item_doubts(command: InstallCommand) -> tuple[str, ...]:
    items = tuple(f"{item.text}: {item.doubt}" for item in command.items if item.doubt is not None)
    return items + _option_doubts(command)


def _option_doubts(command: InstallCommand) -> tuple[str, ...]:
    return tuple(f"option {name}, which depguard does not model" for name in command.unmodelled)
