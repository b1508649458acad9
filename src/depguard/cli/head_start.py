"""A plan's index, asked while its host is still being read: neither need wait for the other."""

from __future__ import annotations

import argparse
import functools
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console
    from depguard.model.host import Host
    from depguard.model.policy import Installer
    from depguard.model.request import IndexOptions
    from depguard.resolve.runnable import Inspector


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
        from depguard.resolve.universe import Universe

        policy = found.policy if found is not None else None
        if policy is None or self._tier not in policy.tiers:
            return
        installer, _ = which_installer(self._args, policy)
        options = effective_options(self._args, self._console, policy=policy, installer=installer)
        source = self._opened.enter_context(open_source(options, self._console, installer=installer))
        self._made = (options, installer, source)
        wanted = [item.requirement for tier in policy.row(self._tier) for item in tier.requires]

        def scout() -> Inspector | None:
            # Asked in a thread, when the first answer is there: what it imports keeps no request waiting.
            from depguard.planning.case import inspector_of
            from depguard.resolve.runnable import Looks

            return inspector_of(host, policy, Looks(source=source))

        universe = Universe(
            source=source, host=host, cutoff=options.exclude_newer, scout=functools.cache(scout)
        )
        universe.look_ahead(wanted, guarded=True)
