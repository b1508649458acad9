"""The index client: several indexes and folders seen as one source of pages and metadata."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from packaging.utils import NormalizedName

from depguard.adapters.cache import Cache, Entry
from depguard.adapters.compiled import CompiledForms
from depguard.adapters.index.addresses import local_path, redact
from depguard.adapters.index.background import Crew, Once
from depguard.adapters.index.indexes import Index, open_index, read_find_links
from depguard.adapters.index.remote_pages import ReadPage, RemotePages
from depguard.adapters.index.settings import IndexSettings, Rule
from depguard.adapters.index.traffic import Meter, Traffic
from depguard.adapters.index.wire import Wire
from depguard.adapters.witness import spoil
from depguard.errors import DepguardError, OutOfReachError, Problem
from depguard.model.binary import ContentsAnswer, ContentsUnknown, Depth, WheelContents
from depguard.model.release import Artifact, MetadataAnswer, MetadataUnknown, ProjectPage
from depguard.parse.core_metadata import distil, read_core_metadata
from depguard.parse.listed_page import Fitting, ListedPage, PagePart, Reach, fitting_of, fitting_text
from depguard.parse.simple_api import Listing, artifacts_of
from depguard.resolve.ports import Guess, Page

if TYPE_CHECKING:
    from depguard.adapters.index.pools import FindProxy, Pools
    from depguard.adapters.index.reading import ArtifactReader
    from depguard.adapters.index.transport import Transport

_WORKERS = 16
_METADATA = "metadata"
_SIZE = "size"


def _ignore(_: str) -> None:
    pass


class IndexClient:
    """A ``resolve.ports.PackageSource`` over the indexes, find-links places and the cache of ``settings``.

    ``note`` gets remarks for people (a line each, no secrets), ``on_traffic`` every change of the counts;
    both may be called from other threads, one call at a time. Pages and metadata are asked for once in a
    client's life. Close the client when done: cached answers are then tidied and waiting work is dropped.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        cache: Cache | None = None,
        note: Callable[[str], None] = _ignore,
        on_traffic: Callable[[Traffic], None] | None = None,
        environ: Mapping[str, str] = os.environ,
        find_proxy: FindProxy | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._cache = cache if cache is not None else Cache.none()
        self._note = _Notes(note)
        self._clock = clock
        self._lock = threading.Lock()
        self._meter = Meter(on_traffic)
        self._environ = environ
        self._find_proxy = find_proxy
        self._sleep = sleep
        self._wire = Wire(self._transport)
        pages = RemotePages(settings, wire=self._wire, cache=self._cache, meter=self._meter, clock=clock)
        self._remote_pages = pages
        self._indexes: tuple[Index, ...] = tuple(
            open_index(url, pages, self._wire, note=self._note) for url in settings.index_urls
        )
        self._reading: ArtifactReader | None = None
        self._crew = Crew(_WORKERS)
        self._forms = CompiledForms(self._cache)
        self._pages: Once[NormalizedName, Page] = Once(self._crew)
        self._found_links: Once[str, Listing] = Once(self._crew)
        self._answers: Once[tuple[str, str], MetadataAnswer] = Once(self._crew)
        self._sizes: Once[str, int | None] = Once(self._crew)
        self._contents: Once[tuple[str, str, Depth, int], ContentsAnswer] = Once(self._crew)

    @property
    def traffic(self) -> Traffic:
        """What was asked for so far."""
        return self._meter.now

    def page(self, name: NormalizedName) -> Page:
        """As the port says; find-links places come first, then the indexes by the rule."""
        return self._pages.get(name, lambda: self._page(name))

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """As the port says: PEP 658, else range reads of the archive, else as little of it as will do."""
        return self._answers.get((artifact.url, artifact.filename), lambda: self._metadata(artifact))

    def size(self, artifact: Artifact) -> int | None:
        """As the port says; asks by HEAD only for what no page and no read has told."""
        known = artifact.size
        if known is None and self._reading is not None:
            known = self._reading.size(artifact)
        return known if known is not None else self._sizes.get(artifact.url, lambda: self._size(artifact))

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:
        """As the port says. What the cache has is read where it is asked for: a thread costs more."""
        for name in names:
            if all(index.at_hand(name) for index in self._indexes) and not self.settings.find_links:
                continue
            self._pages.start(name, lambda name=name: self._page_ahead(name, guess))  # type: ignore[misc]  # bound early

    def prefetch_metadata(self, artifacts: Iterable[Artifact]) -> None:
        """A hint that these artifacts' metadata will be asked for soon. Never raises."""
        for artifact in artifacts:
            if self.settings.offline or self._cache.has(_METADATA, _key(artifact)):
                continue
            self._answers.start(
                (artifact.url, artifact.filename),
                lambda artifact=artifact: self._metadata(artifact),  # type: ignore[misc]  # bound early
            )

    def contents(self, artifact: Artifact, *, depth: Depth, most: int) -> ContentsAnswer:
        """What a wheel installs and what its binaries ask for, as `resolve.ports.BinarySource` says."""
        key = (artifact.url, artifact.filename, depth, most)
        return self._contents.get(key, lambda: self._read_contents(artifact, depth, most))

    def prefetch_contents(self, artifacts: Iterable[Artifact], *, depth: Depth, most: int) -> None:
        """A hint that these wheels' contents will be asked for soon. Never raises."""
        for artifact in artifacts:
            self._contents.start(
                (artifact.url, artifact.filename, depth, most),
                lambda artifact=artifact: self._read_contents(artifact, depth, most),  # type: ignore[misc]  # bound early
            )

    def download(self, artifact: Artifact, folder: Path, *, told: Callable[[int], None]) -> Path:
        """The artifact as a file in ``folder``, whole and with the right sha256, or not at all.

        ``told`` hears how many bytes there are so far. Raises OutOfReachError.
        """
        if self.settings.offline and local_path(artifact.url) is None and not _there(folder, artifact):
            raise OutOfReachError(
                Problem(
                    code="index.offline",
                    message=f"offline, and {artifact.filename} is not on this disk",
                    hint="run the same command once without --offline",
                )
            )
        from depguard.adapters.index.downloads import Downloader

        return Downloader(self._wire, retries=self.settings.retries).save(artifact, folder, told=told)

    def close(self) -> None:
        """Drop what waits, let go of connections and the cache. What is asked afterwards fails."""
        self._crew.close()
        self._wire.close()
        self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close()

    def _page_ahead(self, name: NormalizedName, guess: Guess | None) -> Page:
        """A page ahead of the solver; what it will most likely take of it comes next."""
        page = self._page(name)

        def go_on() -> None:
            # What goes wrong here goes wrong again, and is said, when somebody really asks.
            with suppress(DepguardError):
                self.prefetch_metadata(guess(page) if guess is not None else ())

        self._crew.add(go_on)
        return page

    def _transport(self) -> tuple[Transport, Pools]:
        """What asks, with the HTTP client that it needs: see ``Wire``."""
        from depguard.adapters.index.credentials import Credentials
        from depguard.adapters.index.pools import Pools, system_proxy
        from depguard.adapters.index.transport import Transport

        settings = self.settings
        pools = Pools(settings, find_proxy=self._find_proxy or system_proxy, connections=_WORKERS)
        urls = (*settings.index_urls, *settings.find_links)
        credentials = Credentials(urls, environ=self._environ, note=self._note, keyring=settings.keyring)
        transport = Transport(
            settings, credentials=credentials, pools=pools, meter=self._meter, sleep=self._sleep
        )
        return transport, pools

    @property
    def _reader(self) -> ArtifactReader:
        with self._lock:
            if self._reading is None:
                from depguard.adapters.index.reading import ArtifactReader

                self._reading = ArtifactReader(self._wire, note=self._note)
            return self._reading

    def _page(self, name: NormalizedName) -> Page:
        pages: list[tuple[Index, ReadPage]] = []
        for index in self._indexes:
            page = index.page(name)
            if page is not None:
                pages.append((index, page))
                if self.settings.rule is Rule.UV:
                    break
        if self.settings.find_links:
            spoil("a find-links place")
            return self._with_links(name, pages)
        parts = [PagePart(index.label, _once(page.load)) for index, page in pages]
        if not all(page.sha256 for _, page in pages):
            spoil("a page that is not kept")
            return ListedPage(name, parts)
        told = [name, *(text for index, page in pages for text in (index.label, page.sha256))]
        return ListedPage(name, parts, recall=lambda reach, make: self._fitting(told, reach, make))

    def _fitting(self, told: Sequence[str], reach: Reach, make: Callable[[], Fitting]) -> Fitting:
        sources = (*told, reach.key)
        return self._forms.recall("fitting", sources, make, to_text=fitting_text, from_text=fitting_of)

    def _with_links(self, name: NormalizedName, pages: Sequence[tuple[Index, ReadPage]]) -> ProjectPage:
        """The files of find-links places before those of the indexes."""
        artifacts: list[Artifact] = []
        skipped: list[tuple[str, str]] = []
        for place in self.settings.find_links:
            listing = self._found_links.get(
                place,
                lambda place=place: read_find_links(place, self._remote_pages, note=self._note),  # type: ignore[misc]  # bound early
            )
            found, _ = artifacts_of(listing.files, project=name, index=redact(place), flat=True)
            artifacts += [_hashed(artifact) for artifact in found]
        known = bool(artifacts) or bool(pages)
        for index, page in pages:
            listed = page.load()
            found, odd = artifacts_of(listed.files, project=name, index=index.label)
            artifacts += found
            skipped += [*listed.skipped, *odd]
        return ProjectPage(name=name, artifacts=tuple(artifacts), found=known, skipped=tuple(skipped))

    def _metadata(self, artifact: Artifact) -> MetadataAnswer:
        key = _key(artifact)
        local = local_path(artifact.url) is not None
        if local:
            spoil("a file of this disk")
        kept = None if local else self._kept(key)
        if kept is not None:
            self._meter.add(metadata=1, cached=1)
            return _answer(artifact, kept)
        if self.settings.offline and not local:
            raise OutOfReachError(
                Problem(
                    code="index.offline",
                    message=f"offline, and the metadata of {artifact.filename} is not in the cache",
                    hint="run the same command once without --offline",
                )
            )
        read = self._reader.read(artifact)
        self._meter.add(metadata=1)
        if isinstance(read, MetadataUnknown):
            spoil("metadata that cannot be had, which is not kept")
            return read
        text = distil(read)
        if not local:
            self._keep(_METADATA, key, text)
            size = self._reader.size(artifact)
            if size is not None and artifact.size is None:
                self._keep(_SIZE, key, size)
        return _answer(artifact, text)

    def _read_contents(self, artifact: Artifact, depth: Depth, most: int) -> ContentsAnswer:
        from depguard.adapters.index.kept_contents import keep_contents, kept_contents

        local = local_path(artifact.url) is not None
        key = _key(artifact)
        kept = None if local else kept_contents(self._cache, key, depth=depth, most=most)
        if kept is not None:
            return kept
        if self.settings.offline and not local:
            return ContentsUnknown("offline, and its contents are not in the cache")
        from depguard.adapters.index.contents import wheel_contents

        read = wheel_contents(self._reader, artifact, depth=depth, most=most)
        if not local and isinstance(read, WheelContents):
            keep_contents(self._cache, key, read, depth=depth, most=most, now=self._clock())
        return read

    def _size(self, artifact: Artifact) -> int | None:
        path = local_path(artifact.url)
        if path is not None:
            try:
                return path.stat().st_size
            except OSError:
                return None
        key = _key(artifact)
        entry = self._cache.get(_SIZE, key)
        if entry is not None and entry.text.isascii() and entry.text.isdigit():
            return int(entry.text)
        if self.settings.offline:
            return None
        size = self._reader.ask_size(artifact)
        if size is None:
            spoil("a size that nobody tells")
        else:
            self._keep(_SIZE, key, size)
        return size

    def _kept(self, key: str) -> str | None:
        entry = self._cache.get(_METADATA, key)
        try:
            value = None if entry is None else json.loads(entry.text)
        except ValueError:
            return None
        return value if isinstance(value, str) else None

    def _keep(self, kind: str, key: str, value: object) -> None:
        text = json.dumps(value)
        facts = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        self._cache.put(kind, key, Entry(text=text, stored=self._clock(), facts=facts))


def _there(folder: Path, artifact: Artifact) -> bool:
    return (folder / artifact.filename).is_file()


def _key(artifact: Artifact) -> str:
    """What an artifact is kept under: its hash, or its URL; and the index, whose word the hash is.

    Without the index, one could give another's hash to metadata of its own and so speak for the other.
    """
    return f"{artifact.index} {artifact.sha256 or redact(artifact.url)}"


def _answer(artifact: Artifact, text: str) -> MetadataAnswer:
    return read_core_metadata(text, name=artifact.name, version=artifact.version, kind=artifact.kind)


def _once(load: Callable[[], Listing]) -> Callable[[], Listing]:
    """The same, loaded once."""
    return lru_cache(maxsize=1)(load)


class _Notes:
    """Hands each remark on once, one at a time."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._lock = threading.Lock()
        self._said: set[str] = set()

    def __call__(self, text: str) -> None:
        with self._lock:
            if text not in self._said:
                self._said.add(text)
                self._note(text)


def _hashed(artifact: Artifact) -> Artifact:
    """A file of a local folder with its sha256, so that it can be locked. Unreadable: as it is."""
    path = local_path(artifact.url)
    if path is None or artifact.sha256 is not None:
        return artifact
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return artifact
    return replace(artifact, hashes=(*artifact.hashes, ("sha256", digest)))
