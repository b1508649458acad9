"""A plan's index, asked while its host is still being read: neither need wait for the other."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack, suppress
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Self

from depguard.cli import first_time
from depguard.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from packaging.requirements import Requirement

    from depguard.adapters.index.client import IndexClient
    from depguard.adapters.index.outrider import Outrider
    from depguard.adapters.policy_store import PolicyFound
    from depguard.cli.console import Console
    from depguard.model.binary import Binaries
    from depguard.model.host import Host
    from depguard.model.policy import Installer
    from depguard.model.request import IndexOptions
    from depguard.resolve.choosing import Chooser
    from depguard.resolve.effort import Effort


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
        self._rider: Outrider | None = None

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
        """Where an index will most likely be asked, who asks it gets ready while this one finds out what."""
        if self._will_ask():
            self._rider = first_time.taken(self._console.note) or first_time.make_ready(self._console.note)
            if self._rider is not None:
                self._opened.callback(self._rider.recall)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def _will_ask(self) -> bool:
        """Whether no page that would do is kept, and one that is asked for can be."""
        args = self._args
        if self._console.verbose or args.offline or args.no_index or args.find_links:
            return False
        from depguard.cli.caching import compiled_forms

        forms = compiled_forms(args, self._console)
        return forms.keeps and not forms.any_fresh("page")

    def _begin(self, found: PolicyFound | None, host: Host) -> None:
        from depguard.adapters.cache_place import cache_dir, cache_file
        from depguard.adapters.index.errands import elsewhere, pays
        from depguard.cli.asking import which_installer
        from depguard.cli.options import effective_options, index_settings, open_source

        policy = found.policy if found is not None else None
        if policy is None or self._tier not in policy.tiers:
            return
        installer, _ = which_installer(self._args, policy)
        options = effective_options(self._args, self._console, policy=policy, installer=installer)
        wanted = [item.requirement for tier in policy.row(self._tier) for item in tier.requires]
        prospect = Prospect(host=host, cutoff=options.exclude_newer, binaries=policy.binaries, wanted=wanted)
        place = cache_file(cache_dir(os.environ, options.cache_dir))
        settings = index_settings(options, self._console, installer=installer)
        if self._rider is not None and pays(settings):  # it need not wait until there is a client here
            self._rider.give(elsewhere(settings, place))
        source = self._opened.enter_context(open_source(options, self._console, installer=installer))
        self._made = (options, installer, source)
        source.send_ahead(prospect, self._rider)


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a request will most likely come to on a host: it is hinted at when this is called.

    Who tells what to take of a page or of a wheel is imported when the first one is there, not before it is
    asked for.
    """

    host: Host
    cutoff: datetime | None
    binaries: Binaries
    wanted: Sequence[Requirement]

    def __call__(self, source: IndexClient) -> None:
        """Hint at all of it."""
        from depguard.resolve.ahead import Ahead

        @cache
        def chooser() -> Chooser:
            from depguard.resolve.choosing import Chooser

            return Chooser(host=self.host, cutoff=self.cutoff)

        @cache
        def effort() -> Effort | None:
            from depguard.resolve.effort import effort_for

            return effort_for(self.host, self.binaries)

        ahead = Ahead(self.host, lambda page: chooser().choose(page), effort)
        source.prefetch(ahead.request(self.wanted, guarded=True), ahead)
