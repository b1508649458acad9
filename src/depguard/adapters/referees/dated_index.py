"""An index on this machine that shows only what another one had at a moment.

pip before 26.0 knows no cut-off date, and later ones want upload times in JSON, which not every index
serves. So installers are given this one: the pages that depguard itself reads, less what is newer. The files
come from where they are; nothing of their metadata is passed on, so that an installer reads it for itself.
"""

from __future__ import annotations

import html
import secrets
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from depguard.errors import DepguardError
from depguard.model.release import Artifact
from depguard.resolve.ports import PackageSource, Page


class DatedIndex:
    """A simple index (PEP 503) over a source, as of ``cutoff`` (exclusive); use it in a with statement.

    Its URL has a secret in it: pages of a private index may carry credentials.
    """

    def __init__(self, source: PackageSource, cutoff: datetime) -> None:
        self._source = source
        self._cutoff = cutoff
        self._secret = secrets.token_urlsafe(12)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """What an installer takes as its index URL."""
        return f"http://127.0.0.1:{self._server.server_port}/{self._secret}/simple"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def page(self, path: str) -> tuple[int, str]:
        """Status and body for a path: a project's page, 404 for all else, 503 where the source fails."""
        parts = [unquote(part) for part in path.partition("?")[0].strip("/").split("/")]
        if len(parts) != 3 or parts[:2] != [self._secret, "simple"]:
            return 404, ""
        try:
            page = self._source.page(canonicalize_name(parts[2]))
        except DepguardError as error:
            return 503, str(error)
        return (200, self._html(page)) if page.found else (404, "")

    def _html(self, page: Page) -> str:
        links = [_link(artifact) for artifact in page.artifacts if self._shown(artifact)]
        return "<!DOCTYPE html>\n<html><body>\n" + "\n".join(links) + "\n</body></html>\n"

    def _shown(self, artifact: Artifact) -> bool:
        """Files of local folders are shown to an installer by name of the folder, not here."""
        if artifact.local:
            return False
        return artifact.upload_time is not None and artifact.upload_time < self._cutoff

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, text = index.page(self.path)
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                del format, args

        return Handler


def _link(artifact: Artifact) -> str:
    """One anchor with what PEP 503 and PEP 592 let it say."""
    fragment = f"#sha256={artifact.sha256}" if artifact.sha256 is not None else ""
    attributes = f' href="{html.escape(artifact.url.partition("#")[0] + fragment)}"'
    if artifact.requires_python is not None:
        attributes += f' data-requires-python="{html.escape(str(artifact.requires_python))}"'
    if artifact.yanked is not None:
        attributes += f' data-yanked="{html.escape(artifact.yanked)}"'
    return f"<a{attributes}>{html.escape(artifact.filename)}</a><br>"
