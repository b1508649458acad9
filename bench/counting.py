"""An index on this machine that hands everything on and counts: requests and bytes, whoever asks.

Pages and files come from the real index; links are rewritten to lead back here. It slows everybody down, so
nothing is timed through it.
"""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote, urljoin

import urllib3

from depguard.adapters.referees.local_server import LocalServer

_PASSED_ON = ("accept", "range", "if-none-match", "if-modified-since", "user-agent")
_BACK = ("content-type", "content-range", "accept-ranges", "etag", "last-modified", "cache-control")
_LINK = re.compile(rb'(?P<lead>href="|"url":\s*")(?P<url>[^"#]+)')


class CountingIndex(LocalServer):
    """``url`` is its simple API; ``requests`` and ``bytes`` what was asked for and sent since ``reset``."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.rstrip("/") + "/"
        self.requests = 0
        self.bytes = 0
        self._lock = threading.Lock()
        self._pool = urllib3.PoolManager(maxsize=64)
        super().__init__()

    @property
    def url(self) -> str:
        """The index as installers are given it."""
        return f"{self.root}/simple/"

    def reset(self) -> None:
        """Count from nothing again."""
        with self._lock:
            self.requests = self.bytes = 0

    def respond(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        """Fetch what is asked for, count it, hand it on."""
        path = handler.path
        page = path.startswith("/simple/")
        upstream = self._upstream(path)
        headers = {name: value for name, value in handler.headers.items() if name.lower() in _PASSED_ON}
        found = self._pool.request(method, upstream, headers={**headers, "Accept-Encoding": "identity"})
        body = found.data
        with self._lock:
            self.requests += 1
            self.bytes += len(body)
        if page and found.status == 200:
            body = _LINK.sub(lambda match: match["lead"] + self._back(upstream, match["url"]), body)
        handler.send_response(found.status)
        for name in _BACK:
            if name in found.headers:
                handler.send_header(name, found.headers[name])
        length = found.headers.get("content-length") if method == "HEAD" else str(len(body))
        handler.send_header("Content-Length", length or "0")
        handler.end_headers()
        handler.wfile.write(body)

    def _upstream(self, path: str) -> str:
        if path.startswith("/simple/"):
            return urljoin(self.upstream, path.removeprefix("/simple/"))
        folder, _, name = path.removeprefix("/file/").rpartition("/")
        return unquote(folder) + name

    def _back(self, page: str, url: bytes) -> bytes:
        absolute = urljoin(page, url.decode("utf-8", "replace").replace("&amp;", "&"))
        name = absolute.rpartition("/")[2]
        root = self.url.removesuffix("/simple/")
        # The file's name stays the last part of the path: installers read it there.
        return f"{root}/file/{quote(absolute.removesuffix(name), safe='')}/{name}".encode()
