"""A project's page over HTTP, with the cache between."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.index.addresses import redact
from depguard.adapters.index.faults import TooLargeError, unreachable
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.index.traffic import Meter
from depguard.adapters.index.wire import Wire
from depguard.adapters.witness import overlook_row
from depguard.errors import OutOfReachError, Problem
from depguard.parse.page_files import Listing, PageFile
from depguard.parse.simple_api import (
    ACCEPT,
    JSON_TYPE,
    BadPageError,
    read_json,
    read_page,
    without_credentials,
)

if TYPE_CHECKING:
    from depguard.adapters.index.transport import Reply

_MOST_PAGE = 256 << 20
# What an index says nothing of is fresh for ten minutes, as pages are for most indexes' caches; so is a 404.
_DEFAULT_AGE = 600.0
_LONGEST_AGE = 86400.0
_KIND = "page"
_TEXT = "page-text"


class _Fetched(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]
    url: str


class ReadPage(NamedTuple):
    """A page: how to get what it lists, which costs, and the hash of that, which does not.

    ``new``: it was fetched for what is asked now, by this process or a copy of it.
    """

    load: Callable[[], Listing]
    sha256: str
    new: bool = False


class RemotePages:
    """Pages by HTTP, each kept in the cache: what ``RemoteIndex`` and a find-links page have in common."""

    def __init__(
        self,
        settings: IndexSettings,
        *,
        wire: Wire,
        cache: Cache,
        meter: Meter,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._wire = wire
        self._cache = cache
        self._meter = meter
        self._clock = clock
        self._looked_up: dict[str, Entry] = {}
        self._since: float | None = None
        self._for_others = False

    def count_from(self, moment: float) -> None:
        """What is put into the cache after it will do, for however short the index says that it lasts."""
        self._since = moment

    def leave_unread(self) -> None:
        """Fetch pages for others alone: that one is none they find out, and ask themselves."""
        self._for_others = True

    def read(self, url: str, *, what: str, absent: Callable[[int], bool]) -> ReadPage | None:
        """The page at ``url``; None when it is not there.

        ``absent`` says whether a status other than 200 means that. ``what`` is the page in words.
        """
        key = redact(url)
        # A query may be a token, and without it two pages could not be told apart.
        entry = None if "?" in url else self._looked_up.pop(key, None) or self._facts_of(key)
        now = self._clock()
        if entry is not None and self._will_do(entry, now):
            self._meter.add(pages=1, cached=1)
            return self._kept(entry, url, what=what, absent=absent)
        if self._settings.offline:
            raise OutOfReachError(
                Problem(
                    code="index.offline",
                    message=f"offline, and {what} of {key} is not in the cache",
                    hint="run the same command once without --offline, or add --find-links with a folder",
                )
            )
        fetched = self._fetch(url, entry)
        self._meter.add(pages=1)
        if fetched.status == 304 and entry is not None:
            self._cache.renew(_KIND, key, stored=now, fresh_until=now + _age(fetched.headers))
            return self._kept(entry, url, what=what, absent=absent)
        unread = self._unread(fetched)
        found = unread or self._understood(fetched, absent)
        sha256 = "" if "?" in url else self._keep(key, found, fetched, now)
        before = entry.facts.get("sha256", sha256) if entry is not None else sha256
        if before != sha256:
            self._cache.drop(_TEXT, before)
        if unread is not None:
            return ReadPage(lambda: self._understood(fetched, absent) or Listing(), sha256, new=True)
        return None if found is None else ReadPage(lambda: found, sha256, new=True)

    def _kept(self, entry: Entry, url: str, *, what: str, absent: Callable[[int], bool]) -> ReadPage | None:
        """A cached page, whose text is looked at when it is asked for; one that is gone is fetched again."""
        sha256 = entry.facts.get("sha256")
        if sha256 is None:
            return None

        def load() -> Listing:
            kept = self._cache.get(_TEXT, sha256)
            listing = None if kept is None else _thawed(kept.text)
            if listing is not None:
                return listing
            self._cache.drop(_TEXT, sha256)
            self._cache.drop(_KIND, redact(url))
            again = self.read(url, what=what, absent=absent)
            return Listing() if again is None else again.load()

        return ReadPage(load, sha256, new=self._is_new(entry))

    def at_hand(self, url: str) -> bool:
        """Whether the page is read without a request, or cannot be asked for at all."""
        if self._settings.offline:
            return True
        key = redact(url)
        entry = None if "?" in url else self._facts_of(key)
        if entry is not None:
            self._looked_up[key] = entry  # whoever asks reads the page next
        return entry is not None and self._will_do(entry, self._clock())

    def overlook(self, url: str) -> None:
        """The page is asked for by another process: what is kept of it now decides nothing."""
        overlook_row(_KIND, redact(url))

    def _facts_of(self, key: str) -> Entry | None:
        """What is kept of a page beside its text. Foreign entries, which have one here, are dropped."""
        entry = self._cache.get(_KIND, key)
        if entry is not None and entry.text:
            self._cache.drop(_KIND, key)
            return None
        return entry

    def _will_do(self, entry: Entry, now: float) -> bool:
        if self._settings.offline or (self._is_new(entry) and entry.stored <= now):
            return True
        return now < entry.fresh_until and not self._settings.refresh and entry.stored <= now + 60

    def _is_new(self, entry: Entry) -> bool:
        return self._since is not None and self._since <= entry.stored

    def _fetch(self, url: str, entry: Entry | None) -> _Fetched:
        headers = {"Accept": ACCEPT}
        if entry is not None:
            if etag := entry.facts.get("etag"):
                headers["If-None-Match"] = etag
            if modified := entry.facts.get("modified"):
                headers["If-Modified-Since"] = modified
        try:
            return self._wire.ask(url, _fetched, headers=headers)
        except TooLargeError:
            raise unreachable(url, f"its page is longer than {_MOST_PAGE >> 20} MB") from None
        except OutOfReachError as error:
            if entry is None:
                raise
            age = max(self._clock() - entry.stored, 0) / 3600
            raise OutOfReachError(
                Problem(
                    code="index.unreachable",
                    message=str(error),
                    hint=f"--offline takes the page that was cached {age:.1f} hours ago",
                )
            ) from error

    def _unread(self, fetched: _Fetched) -> Listing | None:
        """A PEP 691 page as it came, its files not looked at; None where that is not enough to keep it."""
        kind, _, parameters = fetched.headers.get("content-type", "").partition(";")
        if not self._for_others or fetched.status != 200 or parameters or "?" in fetched.url:
            return None
        text = fetched.body.decode("utf-8", errors="replace")
        if kind.strip().lower() != JSON_TYPE or not text or _may_hold_a_secret(text):
            return None
        return Listing(source=text)

    def _understood(self, fetched: _Fetched, absent: Callable[[int], bool]) -> Listing | None:
        url, status = fetched.url, fetched.status
        if status == 200:
            try:
                return read_page(fetched.body, content_type=fetched.headers.get("content-type", ""), url=url)
            except BadPageError as error:
                raise unreachable(
                    url, f"it is no page of an index: {error}", hint="check the index URL"
                ) from error
        if absent(status):
            return None
        if status in {401, 403}:
            raise OutOfReachError(
                Problem(
                    code="index.credentials",
                    message=f"cannot read {redact(url)}: it answers {status}",
                    hint="give credentials that it accepts in the index's URL, in netrc, or in a keyring",
                )
            )
        raise unreachable(url, f"it answers {status}", hint="check the index URL")

    def _keep(self, key: str, found: Listing | None, fetched: _Fetched, now: float) -> str:
        """Put a page into the cache, its text beside its facts. The text's hash, empty if it is not kept."""
        headers = fetched.headers
        text = None if found is None else _frozen(found, fetched.url)
        if "no-store" in headers.get("cache-control", "").lower() or text == b"":
            return ""
        facts: dict[str, str] = {}
        if etag := headers.get("etag"):
            facts["etag"] = etag
        if modified := headers.get("last-modified"):
            facts["modified"] = modified
        if text is not None:
            facts["sha256"] = hashlib.sha256(text).hexdigest()
            self._cache.put_bytes(_TEXT, facts["sha256"], text, Entry(text="", stored=now, facts={}))
        self._cache.put(_KIND, key, Entry(text="", stored=now, fresh_until=now + _age(headers), facts=facts))
        return facts.get("sha256", "")


def _fetched(reply: Reply) -> _Fetched:
    headers = {key.lower(): value for key, value in reply.headers.items()}
    body = reply.body(_MOST_PAGE) if reply.status == 200 else b""
    return _Fetched(reply.status, body, headers, reply.url)


_SUSPECT = ("?", "@", "#", "\\u00")
"""What a link with a signature, credentials or a fragment has in it, or may be spelled with."""
_YANKED = re.compile(r'(?<!\\)"yanked"\s*:\s*"(?:[^"\\]|\\.)*"')
"""Why a file was yanked: prose, which often says where more is to be read."""


def _frozen(found: Listing, url: str) -> bytes:
    """A page as it is kept: `_thawed` lists the same. Empty for one that is not: its links are secrets.

    A PEP 691 page is kept as it came, below its address, where nothing in it can be part of a secret: to make
    a text of its files takes longer than all else that is done with them. Of other pages the files are kept.
    """
    page = found.source
    if page and "?" not in url and not _may_hold_a_secret(page):
        with suppress(UnicodeEncodeError):  # what odd encodings make of a page cannot be written
            return b"%b\n%b" % (without_credentials(url).encode(), page.encode())
    if any("?" in file.url for file in found.files):
        return b""  # signed links: secrets that go stale besides
    return json.dumps([list(found.files), found.skipped], separators=(",", ":")).encode()


def _may_hold_a_secret(page: str) -> bool:
    """Whether something in a PEP 691 page may be part of a secret."""
    for mark in _SUSPECT:
        at = page.find(mark)
        while at >= 0:
            reason = _YANKED.match(page, max(page.rfind('"yanked"', 0, at), 0))
            if reason is None or reason.end() <= at:
                return True
            at = page.find(mark, reason.end())
    return False


def _thawed(text: str) -> Listing | None:
    """What a cached page lists; None for a text that does not fit."""
    try:
        if text.startswith("http"):
            url, _, page = text.partition("\n")
            return read_json(page, url=url)
        files, skipped = json.loads(text)
        return Listing(tuple([PageFile(*file) for file in files]), tuple((n, why) for n, why in skipped))
    except (ValueError, TypeError):  # BadPageError is a ValueError
        return None


_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,10})")


def _age(headers: dict[str, str]) -> float:
    """For how many seconds an answer is fresh (RFC 9111, as far as pages of an index need it)."""
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return 0.0
    stated = _MAX_AGE.search(control)
    if stated is not None:
        age = headers.get("age", "")
        spent = float(age) if age.isascii() and age.isdigit() else 0.0
        return min(max(float(stated[1]) - spent, 0.0), _LONGEST_AGE)
    if "expires" in headers:
        from email.utils import parsedate_to_datetime

        try:
            date = parsedate_to_datetime(headers.get("date", headers["expires"]))
            return min(
                max((parsedate_to_datetime(headers["expires"]) - date).total_seconds(), 0.0), _LONGEST_AGE
            )
        except (ValueError, TypeError):
            return 0.0  # RFC 9111: an invalid Expires means stale, "0" above all
    return _DEFAULT_AGE
