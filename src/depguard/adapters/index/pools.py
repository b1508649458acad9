"""Connection pools: certificates of the system, proxies of the environment."""

from __future__ import annotations

import ssl
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import urllib3

from depguard.adapters.index.addresses import split_credentials
from depguard.adapters.index.settings import IndexSettings
from depguard.errors import InputError, Problem

FindProxy = Callable[[str], str | None]


class Pools:
    """One urllib3 manager for each way that URLs are reached; safe to be used by several threads."""

    def __init__(self, settings: IndexSettings, *, find_proxy: FindProxy, connections: int) -> None:
        self._settings = settings
        self._find_proxy = find_proxy
        self._connections = connections
        self._lock = threading.Lock()
        self._managers: dict[tuple[str | None, bool], urllib3.PoolManager] = {}

    def manager(self, url: str) -> urllib3.PoolManager:
        """The manager for ``url``. Raises InputError for certificate files that cannot be read."""
        proxy = self._settings.proxy or self._find_proxy(url)
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

    def _trusted(self, url: str) -> bool:
        parts = urlsplit(url)
        return bool({parts.hostname, parts.netloc.rpartition("@")[2]} & set(self._settings.trusted_hosts))

    def _make(self, proxy: str | None, trusted: bool) -> urllib3.PoolManager:  # noqa: FBT001 - private, one call
        context = self._context(trusted)
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

    def _context(self, trusted: bool) -> ssl.SSLContext:  # noqa: FBT001 - private, one call
        context: ssl.SSLContext
        if trusted:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            # Said once by whoever configured it; urllib3 would say it with every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        else:
            context = _verifying_context()
        cert, client = self._settings.cert, self._settings.client_cert
        try:
            if cert is not None:
                context.load_verify_locations(**{"capath" if cert.is_dir() else "cafile": str(cert)})
            if client is not None:
                context.load_cert_chain(str(client))
        except OSError as error:  # ssl.SSLError is one
            raise InputError(
                Problem(
                    code="index.certificate",
                    message=f"not a readable certificate file: {cert if client is None else client}",
                    allowed="a PEM file",
                )
            ) from error
        return context


def _verifying_context() -> ssl.SSLContext:
    # On Linux truststore loads OpenSSL's own places, again for every connection (20 ms each): once will do.
    # Where OpenSSL finds no file, truststore knows more places.
    if sys.platform == "linux" and ssl.get_default_verify_paths().cafile:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.set_default_verify_paths()
        return context
    try:
        import truststore
    except ImportError:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def system_proxy(url: str) -> str | None:
    """The proxy that environment or system name for ``url`` (``NO_PROXY`` honoured)."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or (parts.hostname and proxy_bypass(parts.netloc.rpartition("@")[2])):
        return None
    return proxy
