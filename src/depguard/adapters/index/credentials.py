"""Credentials for indexes, as pip finds them: in the URL, in netrc, and after a refusal in a keyring.

They belong to an origin (scheme, host and port). No other host is ever sent any, and nothing here puts one
into a message, a ``repr`` or a cache key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from depguard.adapters.index.addresses import Basic, origin, redact, split_credentials
from depguard.adapters.index.keyring_access import find_keyring


class Credentials:
    """Finds credentials for a URL. Safe to be used by several threads."""

    def __init__(
        self,
        urls: Iterable[str],
        *,
        environ: Mapping[str, str],
        note: Callable[[str], None],
        keyring: bool = True,
    ) -> None:
        self._indexes = [split_credentials(url) for url in urls]
        self._environ = environ
        self._note = note
        self._keyring_wanted = keyring
        self._lock = threading.Lock()
        self._netrc: dict[str, Basic] | None = None
        self._found: dict[tuple[tuple[str, str, int], str | None], Basic | None] = {}

    def known(self, url: str) -> Basic | None:
        """What is sent along from the start: the URL's own, those of the index it lies under, or netrc's."""
        own = split_credentials(url)[1]
        if own is not None:
            return own
        try:
            where = origin(url)
        except ValueError:
            return None
        with self._lock:
            for (found, _), basic in self._found.items():
                if found == where and basic is not None:
                    return basic
        return self._of_index(url) or self._from_netrc(where[1])

    def after_refusal(self, url: str, tried: Basic | None) -> Basic | None:
        """What the keyring knows after a 401; None when it knows nothing else than ``tried``."""
        if not self._keyring_wanted:
            return None
        user = tried.user if tried is not None else None
        try:
            where = origin(url)
        except ValueError:
            return None
        with self._lock:  # held while asking: a keyring that prompts must do so once
            key = (where, user)
            if key not in self._found:
                self._found[key] = self._from_keyring(url, where, user)
            found = self._found[key]
        return None if found == tried else found

    def _of_index(self, url: str) -> Basic | None:
        """Those of the configured URL of this origin that shares most of the path with ``url``."""
        where = origin(url)
        path = redact(url)
        best: tuple[int, Basic] | None = None
        for index, basic in self._indexes:
            if basic is None or _origin(index) != where:
                continue
            shared = len(_common(redact(index), path))
            if best is None or shared > best[0]:
                best = (shared, basic)
        return best[1] if best else None

    def _from_netrc(self, host: str) -> Basic | None:
        with self._lock:
            if self._netrc is None:
                self._netrc = self._read_netrc()
            return self._netrc.get(host)

    def _read_netrc(self) -> dict[str, Basic]:
        """The machines of ``$NETRC`` or ``~/.netrc``. Its ``default`` entry is for no host in particular."""
        from netrc import NetrcParseError, netrc

        given = self._environ.get("NETRC")
        home = self._environ.get("HOME") or self._environ.get("USERPROFILE")
        if not given and not home:
            return {}
        candidates = [Path(given)] if given else [Path(home or "") / name for name in (".netrc", "_netrc")]
        for path in candidates:
            try:
                hosts = netrc(str(path)).hosts
            except FileNotFoundError:
                continue
            except (NetrcParseError, OSError, UnicodeDecodeError):
                # The parser's own message may quote the line, and with it a password.
                self._note(f"{path} is passed over: it cannot be read as a netrc file")
                return {}
            return {
                host.lower(): Basic(login or account or "", password or "")
                for host, (login, account, password) in hosts.items()
                if host != "default"
            }
        return {}

    def _from_keyring(self, url: str, where: tuple[str, str, int], user: str | None) -> Basic | None:
        ask = find_keyring(self._note)
        if ask is None:
            return None
        # As pip does: the index's URL first, then its host.
        under = [redact(index) for index, _ in self._indexes if _origin(index) == where]
        under.sort(key=lambda index: len(_common(index, url)), reverse=True)
        netloc = redact(url).partition("//")[2].partition("/")[0]
        for service in dict.fromkeys((*under[:1], netloc)):
            found = ask(service, user)
            if found is not None:
                return found
        return None


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        return origin(url)
    except ValueError:
        return None


def _common(one: str, other: str) -> str:
    length = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        length += 1
    return one[:length]
