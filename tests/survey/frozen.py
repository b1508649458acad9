"""One index for all contestants: what was fetched once stays, and what came after the cut-off is not there.

depguard looks into it directly; real installers over HTTP on 127.0.0.1, with the metadata beside each file
(PEP 658, 691). The registry is asked once for each page and each wheel's metadata, also across runs.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.cache import Cache
from depguard.adapters.index.client import IndexClient
from depguard.adapters.index.default_index import default_index_url
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.referees.local_server import LocalServer, send
from depguard.errors import OutOfReachError
from depguard.model.release import Artifact, ArtifactKind, MetadataAnswer, MetadataUnknown
from depguard.parse.core_metadata import NO_REQUIREMENT
from depguard.resolve.ports import Guess, PackageSource, Page
from kit.wheels import build_wheel, metadata_text

T = TypeVar("T")

ELSEWHERE = ("win", "macosx", "ios", "android")
"""Every host here is a Linux; pip would read half of all links only to leave them."""

JSON = "application/vnd.pypi.simple.v1+json"


class Frozen:
    """A `PackageSource` that asks the cache first, however old its answer, and the index only then."""

    def __init__(self, folder: Path, index_url: str | None) -> None:
        self._folder = folder
        self._url = index_url or default_index_url()
        self._kept = self._client(offline=True)
        self._live = self._client(offline=False)

    def page(self, name: NormalizedName) -> Page:
        """All files of a project."""
        try:
            return self._kept.page(name)
        except OutOfReachError:
            return self._live.page(name)

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """An artifact's metadata."""
        try:
            return self._kept.metadata(artifact)
        except OutOfReachError:
            return self._live.metadata(artifact)

    def size(self, artifact: Artifact) -> int | None:
        """What the page says; nobody is asked."""
        return artifact.size

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:
        """Fetch ahead what is not kept."""
        self._live.prefetch([name for name in names if _fails(self._kept.page, name)], guess)

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        """Fetch ahead what is not kept."""
        self._live.prefetch_metadata([a for a in artifacts if _fails(self._kept.metadata, a)], guess)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._kept.close()
        self._live.close()

    def _client(self, *, offline: bool) -> IndexClient:
        settings = IndexSettings(index_url=self._url, offline=offline)
        return IndexClient(settings, cache=Cache.in_folder(self._folder, note=_note), note=_note)


class Mirror(LocalServer):
    """The same over HTTP for real installers, as it was at the cut-off; only wheels that may count."""

    def __init__(self, source: PackageSource, cutoff: datetime) -> None:
        self._source = source
        self._cutoff = cutoff
        self._pages: dict[str, bytes | None] = {}
        self._files: dict[str, Artifact] = {}
        self._lock = threading.Lock()
        super().__init__()

    @property
    def url(self) -> str:
        """What ``--index-url`` takes."""
        return f"{self.root}/simple"

    @property
    def files(self) -> Sequence[str]:
        """The files of the pages that were asked for."""
        return tuple(self._files)

    def respond(self, handler: BaseHTTPRequestHandler, method: str) -> None:
        """As `LocalServer` asks."""
        try:
            status, body = self.answer(handler.path)
        except OutOfReachError as error:
            _note(f"mirror: {handler.path}: {error}")
            status, body = 503, b"out of reach"
        send(handler, method, status, JSON, body)

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body for a path."""
        first, _, rest = unquote(urlsplit(path).path).strip("/").partition("/")
        with self._lock:
            if first == "simple":
                page = self._page(canonicalize_name(rest))
                return (404, b"") if page is None else (200, page)
            artifact = self._files.get(rest.removesuffix(".metadata"))
            metadata = self._source.metadata(artifact) if artifact is not None else None
        text = _metadata(artifact, metadata) if artifact is not None and metadata is not None else None
        if artifact is None or text is None:
            return 404, b""
        if rest.endswith(".metadata"):
            return 200, text.encode()
        # A dry run of some pips ends in fetching what it chose: a wheel with metadata and no code does.
        with tempfile.TemporaryDirectory() as folder:
            wheel = build_wheel(
                Path(folder), _spelled(artifact), str(artifact.version), metadata=text, files={}
            )
            return 200, wheel.read_bytes()

    def _page(self, name: NormalizedName) -> bytes | None:
        if name not in self._pages:
            page = self._source.page(name)
            self._pages[name] = self._json(page) if page.found else None
        return self._pages[name]

    def _json(self, page: Page) -> bytes:
        files = []
        for artifact in page.artifacts:
            if not self._shown(artifact):
                continue
            self._files[artifact.filename] = artifact
            file: dict[str, object] = {
                "filename": artifact.filename,
                "url": f"/files/{quote(artifact.filename)}",
                "hashes": {},
                "core-metadata": True,
            }
            if artifact.requires_python is not None:
                file["requires-python"] = str(artifact.requires_python)
            if artifact.yanked is not None:
                file["yanked"] = artifact.yanked or True
            files.append(file)
        return json.dumps({"meta": {"api-version": "1.0"}, "name": page.name, "files": files}).encode()

    def _shown(self, artifact: Artifact) -> bool:
        """Whether it is a wheel, not for a platform that no host here is, from before the cut-off."""
        uploaded = artifact.upload_time
        elsewhere = bool(artifact.tags) and all(tag.platform.startswith(ELSEWHERE) for tag in artifact.tags)
        wheel = artifact.kind is ArtifactKind.WHEEL
        return wheel and not elsewhere and uploaded is not None and uploaded < self._cutoff


def _metadata(artifact: Artifact, metadata: MetadataAnswer) -> str | None:
    """What installers are to read; a requirement that is none is theirs to judge, too."""
    if not isinstance(metadata, MetadataUnknown):
        python = metadata.requires_python
        return metadata_text(
            _spelled(artifact),
            str(metadata.version),
            requires=[str(requirement) for requirement in metadata.requires_dist],
            extras=sorted(metadata.extras),
            requires_python=str(python) if python is not None else None,
        )
    if not metadata.reason.startswith(NO_REQUIREMENT):
        return None
    wrong = metadata.reason.removeprefix(NO_REQUIREMENT)
    return metadata_text(_spelled(artifact), str(artifact.version), requires=[wrong])


def _spelled(artifact: Artifact) -> str:
    return artifact.filename.split("-", maxsplit=1)[0]


def _fails(ask: Callable[[T], object], what: T) -> bool:
    """Whether the cache has no answer."""
    try:
        ask(what)
    except OutOfReachError:
        return True
    return False


def _note(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - a tool for maintainers
