"""An index on this machine that shows only what another one had at a moment.

pip before 26.0 knows no cut-off date, and later ones want upload times in JSON, which not every index
serves. So installers are given this one: the pages that depguard itself reads, less what is newer. The files
come from where they are; nothing of their metadata is passed on, so that an installer reads it for itself.
"""

from __future__ import annotations

import html
import secrets
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from depguard.adapters.referees.local_server import LocalServer, send
from depguard.errors import DepguardError
from depguard.model.release import Artifact
from depguard.resolve.ports import PackageSource, Page


class DatedIndex(LocalServer):
    """A simple index (PEP 503) over a source, as of ``cutoff`` (exclusive); use it in a with statement.

    Its URL has a secret in it: pages of a private index may carry credentials.
    """

    def __init__(self, source: PackageSource, cutoff: datetime) -> None:
        self._source = source
        self._cutoff = cutoff
        self._secret = secrets.token_urlsafe(12)
        super().__init__()

    @property
    def url(self) -> str:
        """What an installer takes as its index URL."""
        return f"{self.root}/{self._secret}/simple"

    def respond(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        """As `LocalServer` asks."""
        status, text = self.page(handler.path)
        send(handler, method, status, "text/html; charset=utf-8", text.encode())

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


def _link(artifact: Artifact) -> str:
    """One anchor with what PEP 503 and PEP 592 let it say."""
    fragment = f"#sha256={artifact.sha256}" if artifact.sha256 is not None else ""
    attributes = f' href="{html.escape(artifact.url.partition("#")[0] + fragment)}"'
    if artifact.requires_python is not None:
        attributes += f' data-requires-python="{html.escape(str(artifact.requires_python))}"'
    if artifact.yanked is not None:
        attributes += f' data-yanked="{html.escape(artifact.yanked)}"'
    return f"<a{attributes}>{html.escape(artifact.filename)}</a><br>"
