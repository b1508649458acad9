"""Connection pools, and the proxies of the environment."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import urllib3

from depguard.adapters.index.addresses import split_credentials
from depguard.adapters.index.certificates import Certificates
from depguard.adapters.index.settings import IndexSettings
from depguard.errors import InputError, Problem

if TYPE_CHECKING:
    from depguard.adapters.index.http2 import Http2

FindProxy = Callable[[str], str | None]


class Pools:
    """One urllib3 manager for each way that URLs are reached; safe to be used by several threads.

    With ``http2`` in the settings, servers that are reached without a proxy are asked whether they speak it.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        find_proxy: FindProxy,
        connections: int,
        certificates: Certificates | None = None,
    ) -> None:
        self._settings = settings
        self._certificates = certificates or Certificates(settings)
        self._find_proxy = find_proxy
        self._proxies: dict[str, str | None] = {}
        self._connections = connections
        self._lock = threading.Lock()
        self._managers: dict[tuple[str | None, bool], urllib3.PoolManager] = {}
        self._over_http2: Http2 | None = None

    def request(
        self, method: str, url: str, headers: Mapping[str, str], *, timeout: float
    ) -> urllib3.BaseHTTPResponse:
        """The answer, its body not read yet. Raises urllib3's errors, OSError, ValueError, InputError."""
        proxy = self._settings.proxy or self._proxy(url)
        http2 = self._http2() if proxy is None else None
        if http2 is not None and http2.takes(url):
            return http2.request(method, url, headers, timeout=timeout)
        limits = urllib3.Timeout(connect=timeout, read=timeout)
        manager = self._manager(proxy, url)
        ask = partial(
            manager.request,
            headers=headers,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=limits,
        )
        try:
            return ask(method, url)
        except urllib3.exceptions.HTTPError as error:
            if not_trusted(error) and self._certificates.complete():
                return ask(method, url)
            raise

    def _proxy(self, url: str) -> str | None:
        """The proxy for the host of ``url``; found out once: it takes a look at all of the environment."""
        host = "/".join(url.split("/", 3)[:3])
        if host not in self._proxies:
            self._proxies[host] = self._find_proxy(url)
        return self._proxies[host]

    def _manager(self, proxy: str | None, url: str) -> urllib3.PoolManager:
        """The manager for ``url``. Raises InputError for certificate files that cannot be read."""
        way = (proxy, self._trusted(url))
        with self._lock:
            manager = self._managers.get(way)
            if manager is None:
                manager = self._managers[way] = self._make(*way)
            return manager

    def close(self) -> None:
        """Close idle connections."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()
            if self._over_http2 is not None:
                self._over_http2.close()

    def _http2(self) -> Http2 | None:
        if not self._settings.http2:
            return None
        with self._lock:
            if self._over_http2 is None:
                _check_extra()
                from depguard.adapters.index.http2 import Http2

                # Contexts of its own: which protocols are offered is written into them.
                own = Certificates(self._settings)
                own.complete()

                def context(url: str) -> ssl.SSLContext:
                    return own.context(trusted=self._trusted(url))

                self._over_http2 = Http2(context, connections=self._connections)
            return self._over_http2

    def _trusted(self, url: str) -> bool:
        parts = urlsplit(url)
        return bool({parts.hostname, parts.netloc.rpartition("@")[2]} & set(self._settings.trusted_hosts))

    def _make(self, proxy: str | None, trusted: bool) -> urllib3.PoolManager:  # noqa: FBT001 - private, one call
        context = self._certificates.context(trusted=trusted)
        if trusted:
            # Said once by whoever configured it; urllib3 would say it with every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if proxy is None:
            return urllib3.PoolManager(ssl_context=context, maxsize=self._connections)
        address, basic = split_credentials(proxy if "://" in proxy else f"http://{proxy}")
        headers = urllib3.make_headers(proxy_basic_auth=f"{basic.user}:{basic.password}") if basic else None
        try:
            return urllib3.ProxyManager(
                address, proxy_headers=headers, ssl_context=context, maxsize=self._connections
            )
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise InputError(
                Problem(
                    code="index.proxy",
                    message=f"the proxy {address} cannot be used",
                    allowed="an http:// or https:// URL",
                )
            ) from error


def not_trusted(error: Exception) -> bool:
    """Whether that is what is wrong with a server's certificate."""
    return "CERTIFICATE_VERIFY_FAILED" in str(error)


def _check_extra() -> None:
    if any(find_spec(name) is None for name in ("httpcore", "h2", "anyio")):
        raise InputError(
            Problem(
                code="index.http2",
                message="HTTP/2 is asked for, and what it takes is not installed",
                hint='pip install "depguard-policy[http2]", or leave DEPGUARD_HTTP2 unset',
            )
        )


def system_proxy(url: str) -> str | None:
    """The proxy that environment or system name for ``url`` (``NO_PROXY`` honoured)."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or (parts.hostname and proxy_bypass(parts.netloc.rpartition("@")[2])):
        return None
    return proxy
