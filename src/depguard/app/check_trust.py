"""What a change may make depguard contact: the indexes that the base knows, no other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from depguard.model.location import Location
from depguard.model.policy import Policy, Sources
from depguard.model.request import IndexOptions, InstallCommand, Item
from depguard.parse.requirement_item import without_secrets
from depguard.records import replace

ONLY_HERE = "named only in this change, and not contacted before the base's policy or files name it"


class IndexGate:
    """Admits indexes. ``known`` gives the addresses that the base names; it is asked once, if at all."""

    def __init__(self, known: Callable[[], Iterable[str]] | None) -> None:
        self._known = known
        self._exact: frozenset[str] | None = None

    def admit(self, command: InstallCommand) -> InstallCommand:
        """The command without the places that must not be asked; each of those becomes a doubt."""
        if self._known is None:
            return command
        index = command.index
        refused: list[tuple[str, str]] = []
        origins = dict(index.origins)
        main = self._admitted("--index-url", index.index_url, refused)
        extra = [self._admitted("--extra-index-url", url, refused) for url in index.extra_index_urls]
        links = [self._admitted("--find-links", place, refused) for place in index.find_links]
        changed = replace(
            index,
            index_url=main,
            extra_index_urls=tuple(url for url in extra if url is not None),
            find_links=tuple(place for place in links if place is not None),
        )
        if changed == index:
            return command
        doubts = tuple(
            Item(
                text=f"{option} {without_secrets(url)}",
                doubt=ONLY_HERE,
                location=_place(origins.get(_FIELDS[option], "")) or command.location,
            )
            for option, url in refused
        )
        # An index that is not asked must not fall back on the default one in silence: the doubt says so.
        return replace(command, index=_restated(changed), items=(*command.items, *doubts))

    def policy(self, policy: Policy) -> tuple[Policy, tuple[str, ...]]:
        """The policy of the change without the addresses that only it names, and those."""
        if self._known is None:
            return policy, ()
        refused: list[tuple[str, str]] = []
        stated = policy.sources
        main = self._admitted("index-url", stated.index_url, refused)
        extra = [self._admitted("extra-index-urls", url, refused) for url in stated.extra_index_urls]
        links = [self._admitted("find-links", place, refused) for place in stated.find_links]
        sources: Sources = replace(
            stated,
            index_url=main,
            extra_index_urls=tuple(url for url in extra if url is not None),
            find_links=tuple(place for place in links if place is not None),
        )
        return replace(policy, sources=sources), tuple(
            f"{key} {without_secrets(url)}" for key, url in refused
        )

    def _admitted(self, option: str, url: str | None, refused: list[tuple[str, str]]) -> str | None:
        if url is None:
            return None
        known = self._addresses()
        if url in known:
            return url
        bare = _bare(url)
        if bare in {_bare(each) for each in known}:
            return bare  # what it says of users and passwords is the change's own
        refused.append((option, url))
        return None

    def _addresses(self) -> frozenset[str]:
        if self._exact is None:
            self._exact = frozenset(self._known() if self._known is not None else ())
        return self._exact


def addresses(index: IndexOptions | Sources) -> tuple[str, ...]:
    """All places that an index option or a policy names."""
    main = (index.index_url,) if index.index_url is not None else ()
    return (*main, *index.extra_index_urls, *index.find_links)


_FIELDS = {
    "--index-url": "index_url",
    "--extra-index-url": "extra_index_urls",
    "--find-links": "find_links",
}


def _place(origin: str) -> Location | None:
    """The first place in a file that an origin names (``requirements.txt:3:5``)."""
    found = re.match(r"(.+?):(\d+):(\d+)(?:,|$)", origin)
    return Location(found[1], int(found[2]), int(found[3])) if found else None


def _bare(url: str) -> str:
    return without_secrets(url).rstrip("/")


def _restated(index: IndexOptions) -> IndexOptions:
    """Origins only of what is still stated."""
    kept = tuple(pair for pair in index.origins if getattr(index, pair[0]))
    return replace(index, origins=kept)
