"""What an index client is told: which indexes, by whose rule, and how to reach them."""

from __future__ import annotations

import enum
from pathlib import Path

from depguard.adapters.index.addresses import redact
from depguard.records import dataclass


class Rule(enum.Enum):
    """How several indexes make one page.

    PIP: the files of all of them; ``index_url`` stands before the extra ones. UV: the first index that
    knows the name, and there the extra ones come first. Find-links count beside either.
    """

    PIP = "pip"
    UV = "uv"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IndexSettings:
    """Index URLs may carry credentials; they appear nowhere else, this value's ``repr`` included.

    ``index_url`` None: no main index (``no_index`` turns off the extra ones as well). ``offline``: cached
    answers whatever their age, and local folders. ``refresh``: ask again, even where a cached page is fresh.
    ``cert`` is a file of certificate authorities that count beside the system's, ``client_cert`` a
    certificate with its key. ``trusted_hosts`` (``host`` or ``host:port``) are not verified, as with pip.
    ``timeout`` is in seconds, for connecting and between two pieces of an answer; ``retries`` counts what
    follows the first try. ``http2``: servers are asked whether they speak HTTP/2, which needs the extra.
    """

    index_url: str | None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    offline: bool = False
    refresh: bool = False
    rule: Rule = Rule.PIP
    cert: Path | None = None
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 15.0
    retries: int = 4
    keyring: bool = True
    http2: bool = False

    @property
    def index_urls(self) -> tuple[str, ...]:
        """The indexes that count, each once, in the order of ``rule``; with credentials."""
        if self.no_index:
            return ()
        main = () if self.index_url is None else (self.index_url,)
        both = self.extra_index_urls + main if self.rule is Rule.UV else main + self.extra_index_urls
        return tuple(dict.fromkeys(url.rstrip("/") for url in both))

    def __repr__(self) -> str:
        urls = ", ".join(redact(url) for url in (*self.index_urls, *self.find_links))
        return f"<IndexSettings {self.rule.value}{' offline' if self.offline else ''}: {urls}>"
