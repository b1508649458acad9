"""A plan's index, asked while its host is still being read: neither need wait for the other."""

from __future__ import annotations

import argparse
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from packaging.requirements import Requirement

    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console
    from depguard.model.host import Host
    from depguard.model.policy import Installer, Policy
    from depguard.model.request import IndexOptions
    from depguard.resolve.offers import Offers
    from depguard.resolve.ports import Page
    from depguard.resolve.runnable import Inspector
    from depguard.resolve.universe import Universe


class HeadStart:
    """Asks for what a tier comes to, as soon as it is known what a host has; the client is handed on.

    It decides nothing and says nothing: what is wrong is found again, and said, by whoever asks in earnest.
    """

    def __init__(self, args: argparse.Namespace, console: Console, tier: str) -> None:
        self._args = args
        self._console = console
        self._tier = tier
        self._opened = ExitStack()
        self._made: tuple[IndexOptions, Installer, IndexClient] | None = None

    def begin(self, found: PolicyFound | None, host: Host) -> None:
        """Ask for what the tier comes to on the host, whose requirements may not be known yet."""
        from depguard.errors import DepguardError

        # With -v, where each option came from is told once, in its place.
        if self._made is None and not self._console.verbose:
            with suppress(DepguardError):
                self._begin(found, host)

    def client(self, options: IndexOptions, installer: Installer) -> IndexClient | None:
        """The index client that was opened for exactly these options, if one was."""
        if self._made is None or self._made[:2] != (options, installer):
            return None
        return self._made[2]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def _begin(self, found: PolicyFound | None, host: Host) -> None:
        from depguard.cli.asking import which_installer
        from depguard.cli.options import effective_options, open_source

        policy = found.policy if found is not None else None
        if policy is None or self._tier not in policy.tiers:
            return
        installer, _ = which_installer(self._args, policy)
        options = effective_options(self._args, self._console, policy=policy, installer=installer)
        source = self._opened.enter_context(open_source(options, self._console, installer=installer))
        self._made = (options, installer, source)
        wanted = [item.requirement for tier in policy.row(self._tier) for item in tier.requires]
        prospect = _Prospect(
            source=source, host=host, policy=policy, cutoff=options.exclude_newer, wanted=wanted
        )
        source.send_ahead(prospect.ask)


@dataclass(frozen=True, kw_only=True)
class _Prospect:
    """What a request will most likely come to on a host.

    Who tells what to take of a page or of a wheel is imported when the first one is there, not before it is
    asked for.
    """

    source: IndexClient
    host: Host
    policy: Policy
    cutoff: datetime | None
    wanted: Sequence[Requirement]

    def ask(self) -> None:
        """Hint at all of it."""
        from depguard.resolve.ahead import Ahead

        ahead = Ahead(self.host, self._choose, lambda: self._inspector)
        self.source.prefetch(ahead.request(self.wanted, guarded=True), ahead)

    def _choose(self, page: Page) -> Offers:
        return self._universe.choose(page)

    @cached_property
    def _universe(self) -> Universe:
        from depguard.resolve.universe import Universe

        return Universe(source=self.source, host=self.host, cutoff=self.cutoff)

    @cached_property
    def _inspector(self) -> Inspector | None:
        from depguard.planning.case import inspector_of
        from depguard.resolve.runnable import Looks

        return inspector_of(self.host, self.policy, Looks(source=self.source))
