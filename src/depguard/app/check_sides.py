"""The two sides of a check: a revision with the policy and the hosts that judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from depguard.app.check_findings import unplaced
from depguard.app.check_reading import Homes, Tree
from depguard.app.check_trust import IndexGate
from depguard.app.plan import Question
from depguard.errors import Problem
from depguard.model.check import Revisions
from depguard.model.file_table import FileTable
from depguard.model.host import Host
from depguard.model.host_abi import HostAbi
from depguard.model.policy import DEFAULT_WATCH, Installer, Policy
from depguard.model.request import InstallCommand
from depguard.parse.globs import selection
from depguard.records import dataclass, field, replace


class Ask(Protocol):
    """Makes the question that a command, or a tier, is asked under; its index stays open."""

    def __call__(
        self,
        side: Side,
        hosts: tuple[Host, ...],
        command: InstallCommand | None,
        cutoff: datetime | None = None,
    ) -> Question:
        """``hosts`` are the side's, or what commands have left of them.

        ``cutoff`` is a lock's own; without it the check's. Raises OutOfReachError.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """What a host's machine offers compiled modules, and who owns which files there; with the texts' hash."""

    abi: HostAbi | None
    files: FileTable | None
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One revision. ``policy`` is None where nothing is protected.

    ``captured`` is by the names of the hosts that something was captured of.
    """

    tree: Tree
    policy: Policy | None
    hosts: tuple[Host, ...]
    captured: Mapping[str, Captured] = field(default_factory=dict)

    @property
    def watch(self) -> tuple[str, ...]:
        """The globs of the files that count."""
        return self.policy.watch if self.policy is not None else DEFAULT_WATCH

    @property
    def installer(self) -> Installer:
        """What users of the hosts run."""
        return self.policy.installer if self.policy is not None else Installer.PIP

    def watched(self) -> frozenset[str]:
        """The files that count, as this side says."""
        selected = selection(self.watch)
        return frozenset(path for path in self.tree.paths() if selected(path))

    def world(self, *, tiers: bool) -> object:
        """What judges: equal where the same request has the same findings (with ``tiers``: plans, too)."""
        policy = self.policy
        if policy is not None and not tiers:
            policy = replace(policy, tiers={}, name="")
        hosts = tuple((host.name, host.sha256) for host in self.hosts)
        return unplaced(policy), hosts, {name: each.sha256 for name, each in self.captured.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckQuestion:
    """A check. ``base`` is None where the files are judged as they are.

    ``project`` is the folder of the policy's project from the root, with a ``/`` at its end; None where the
    policy is not the repository's own. ``paths`` narrow the check to files and folders. ``installer``
    simulates that one whatever a line says.
    ``cutoff`` is the moment of both sides. ``problems`` are what is wrong with the policy or the hosts of the
    change, which the base's then judge.
    """

    head: Side
    base: Side | None
    ask: Ask
    gate: IndexGate
    cutoff: datetime
    homes: Homes = field(default_factory=Homes)
    project: str | None = None
    paths: Sequence[str] = ()
    installer: Installer | None = None
    revisions: Revisions | None = None
    everything: bool = False
    problems: tuple[Problem, ...] = ()

    def wants(self, path: str) -> bool:
        """Whether a file is among those that were asked for."""
        return not self.paths or any(
            wanted in (path, ".") or path.startswith(f"{wanted}/") for wanted in self.paths
        )
