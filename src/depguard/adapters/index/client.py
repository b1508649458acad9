"""The index client: several indexes and folders seen as one source of pages and metadata."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from packaging.utils import NormalizedName

from depguard.adapters.cache import Cache
from depguard.adapters.compiled import CompiledForms
from depguard.adapters.index.addresses import local_path
from depguard.adapters.index.artifact_facts import ArtifactFacts
from depguard.adapters.index.background import Crew, Once
from depguard.adapters.index.certificates import Certificates
from depguard.adapters.index.dispatch import Dispatch
from depguard.adapters.index.errands import elsewhere, pays
from depguard.adapters.index.notes import Notes
from depguard.adapters.index.outrider import Done, Herald, Order, Outrider, send
from depguard.adapters.index.project_pages import ProjectPages
from depguard.adapters.index.remote_pages import RemotePages
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.index.traffic import Meter, Traffic
from depguard.adapters.index.wire import Wire
from depguard.errors import OutOfReachError, Problem
from depguard.model.binary import ContentsAnswer, ContentsUnknown, Depth
from depguard.model.release import Artifact, MetadataAnswer, MetadataUnknown
from depguard.resolve.ports import Guess, Page

if TYPE_CHECKING:
    from depguard.adapters.index.errands import Errand
    from depguard.adapters.index.pools import FindProxy, Pools
    from depguard.adapters.index.transport import Transport

T = TypeVar("T")

_WORKERS = 16
_KEPT = Done()


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
        self._note = Notes(note)
        self._meter = Meter(on_traffic)
        self._environ = environ
        self._find_proxy = find_proxy
        self._clock = clock
        self._sleep = sleep
        self._wire = Wire(self._transport)
        self._crew = Crew(_WORKERS)
        self._certificates = Certificates(settings)
        remote = RemotePages(settings, wire=self._wire, cache=self._cache, meter=self._meter, clock=clock)
        self._listed = ProjectPages(
            settings,
            wire=self._wire,
            remote=remote,
            forms=CompiledForms(self._cache),
            found_links=Once(self._crew),
            note=self._note,
        )
        self._facts = ArtifactFacts(
            self._wire,
            self._cache,
            offline=settings.offline,
            meter=self._meter,
            clock=clock,
            note=self._note,
        )
        self._pages: Once[NormalizedName, Page] = Once(self._crew)
        self._answers: Once[tuple[str, str], MetadataAnswer] = Once(self._crew)
        self._sizes: Once[str, int | None] = Once(self._crew)
        self._contents: Once[tuple[str, str, Depth, int], ContentsAnswer] = Once(self._crew)
        self._herald = Herald()
        self._rides = False
        self._dispatch = Dispatch()

    @property
    def traffic(self) -> Traffic:
        """What this process asked for so far."""
        return self._meter.now

    def send_ahead(self, errand: Errand, rider: Outrider | None = None) -> None:
        """Run an errand, which hints at what will be needed; where that pays, a copy of this process asks.

        Then this process asks for nothing that the copy can, and takes it from the cache. ``rider`` is a copy
        that was made beforehand, and may have been told of this client's index already.
        """
        path = self._cache.path if self._cache.keeps else None
        if path is not None and pays(self.settings) and not self._dispatch.rides:
            if rider is None:
                self._listed.count_from(self._clock())
                rider = send(self.ride, note=self._note)
            else:
                rider.give(elsewhere(self.settings, path))
                rider.note_to(self._note)
                self._listed.count_from(rider.since)
            if rider is not None:
                self._dispatch = Dispatch(rider)
        errand(self)

    def ride(self, orders: Iterable[Order], herald: Herald, note: Callable[[str], None]) -> None:
        """In the copy: ask for what is ordered, and say what is done."""
        self._listed.count_from(self._clock())
        self._listed.leave_unread()
        self._rides = True
        self._herald = herald
        self._note.to(note)
        self._open()
        for order in orders:  # whatever it is, it is begun, and done: somebody waits for that
            match order:
                case "page", name:
                    self._pages.start(name, partial(self._page_ahead, name, None))
                case "metadata", artifact:
                    self._answers.start(_place(artifact), partial(self._metadata_ahead, artifact, None))
                case "contents", artifact, depth, most:
                    place = (*_place(artifact), depth, most)
                    self._contents.start(place, partial(self._contents_ahead, artifact, depth, most))

    def page(self, name: NormalizedName) -> Page:
        """As the port says; find-links places come first, then the indexes by the rule."""
        if self._dispatch.rides and name not in self._pages:
            self.prefetch((name,))
        found = self._pages.get(
            name, lambda: self._dispatch.met(("page", name), lambda: self._listed.page(name))
        )
        self._dispatch.follow()
        return found

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        """As the port says: PEP 658, else range reads of the archive, else as little of it as will do."""
        place = _place(artifact)
        if self._dispatch.rides and place not in self._answers:
            self.prefetch_metadata((artifact,))
        found = self._answers.get(
            place,
            lambda: self._dispatch.met(("metadata", *place), lambda: self._facts.metadata(artifact)),
        )
        self._dispatch.follow()
        return found

    def size(self, artifact: Artifact) -> int | None:
        """As the port says; asks by HEAD only for what no page and no read has told."""
        known = self._facts.met_size(artifact)
        return (
            known if known is not None else self._sizes.get(artifact.url, lambda: self._facts.size(artifact))
        )

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:
        """As the port says. What the cache has is read where it is asked for: a thread costs more."""
        wanted = [name for name in names if self._may_come(name) and not self._listed.at_hand(name)]
        if wanted and not self._dispatch.rides and self._listed.remote:
            self._open()
        for name in wanted:
            then = partial(self._along, name, guess) if guess else None
            if self._dispatch.order(("page", name), ("page", name), then):
                self._listed.overlook(name)
            else:
                self._pages.start(name, partial(self._page_ahead, name, guess))

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        """As the port says."""
        for artifact in artifacts:
            place = _place(artifact)
            key = ("metadata", *place)
            if self._dispatch.takes(key) and not self._facts.at_hand(artifact):
                then = partial(self._after, artifact, guess) if guess else None
                if not self._dispatch.order(key, ("metadata", artifact), then):
                    self._answers.start(place, partial(self._metadata_ahead, artifact, guess))

    def contents(self, artifact: Artifact, *, depth: Depth, most: int) -> ContentsAnswer:
        """What a wheel installs and what its binaries ask for, as `resolve.ports.BinarySource` says."""
        place = (*_place(artifact), depth, most)
        if self._dispatch.rides and place not in self._contents:
            self.prefetch_contents((artifact,), depth=depth, most=most)
        return self._contents.get(
            place,
            lambda: self._dispatch.met(
                ("contents", *place), lambda: self._facts.contents(artifact, depth, most)
            ),
        )

    def prefetch_contents(self, artifacts: Iterable[Artifact], *, depth: Depth, most: int) -> None:
        """A hint that these wheels' contents will be asked for soon. Never raises."""
        for artifact in artifacts:
            place = (*_place(artifact), depth, most)
            key = ("contents", *place)
            if (
                self._dispatch.takes(key)
                and not self._facts.contents_at_hand(artifact)
                and not self._dispatch.order(key, ("contents", artifact, depth, most))
            ):
                self._contents.start(place, partial(self._contents_ahead, artifact, depth, most))

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
        self._dispatch.recall()
        self._crew.close()
        self._wire.close()
        self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close()

    def _may_come(self, name: NormalizedName) -> bool:
        """Whether a page may have to be asked for."""
        return self._dispatch.takes(("page", name)) and not (self._dispatch.rides and name in self._pages)

    def _open(self) -> None:
        if any(url.startswith("https:") for url in self.settings.index_urls):
            self._crew.add(self._certificates.prepare)
        self._wire.open()

    def _along(self, name: NormalizedName, guess: Guess) -> None:
        self._go_along(guess.likely(self.page(name)), guess)

    def _after(self, artifact: Artifact, guess: Guess) -> None:
        self._follow(artifact, self.metadata(artifact), guess)

    def _page_ahead(self, name: NormalizedName, guess: Guess | None) -> Page:
        """A page ahead of the solver; what it will most likely take of it comes next."""
        key = ("page", name)
        page = self._told(key, lambda: self._listed.page(name))
        if not self._listed.at_hand(name):
            self._herald.futile()
        self._go_on(key, lambda: self._go_along(guess.likely(page), guess) if guess else None)
        return page

    def _metadata_ahead(self, artifact: Artifact, guess: Guess | None) -> MetadataAnswer:
        """Metadata ahead of the solver; what it leads to comes next."""
        key = ("metadata", *_place(artifact))
        answer = self._told(key, lambda: self._facts.metadata(artifact))
        end = Done(answer=answer if isinstance(answer, MetadataUnknown) else None)
        self._go_on(key, lambda: self._follow(artifact, answer, guess) if guess else None, end)
        return answer

    def _contents_ahead(self, artifact: Artifact, depth: Depth, most: int) -> ContentsAnswer:
        key = ("contents", *_place(artifact), depth, most)
        answer = self._told(key, lambda: self._facts.contents(artifact, depth, most))
        self._herald.done(key, Done(answer=answer if isinstance(answer, ContentsUnknown) else None))
        return answer

    def _go_along(self, artifacts: Iterable[Artifact], guess: Guess) -> None:
        """Metadata that are likely to be asked for; what is at hand leads on as well as what is not."""
        for artifact in artifacts:
            if self._facts.at_hand(artifact):
                self._follow(artifact, self.metadata(artifact), guess)
            else:
                self.prefetch_metadata((artifact,), guess)

    def _follow(self, artifact: Artifact, answer: MetadataAnswer, guess: Guess) -> None:
        next_ = guess.following(artifact, answer)
        self._go_along(next_.artifacts, guess)
        self.prefetch(next_.projects, guess)
        for look in next_.contents:
            self.prefetch_contents((look.artifact,), depth=look.depth, most=look.most)

    def _told(self, key: Hashable, make: Callable[[], T]) -> T:
        try:
            return make()
        except BaseException as error:
            self._herald.done(key, Done(error=error))
            raise

    def _go_on(self, key: Hashable, job: Callable[[], None], end: Done = _KEPT) -> None:
        """Guess after the answer was given, since others may wait for it: in a copy, nobody does."""

        def guarded() -> None:
            # What goes wrong here goes wrong again, and is said, when somebody really asks.
            with suppress(Exception):
                job()
            self._herald.done(key, end)

        if self._rides:
            guarded()
        else:
            self._crew.add(guarded)

    def _transport(self) -> tuple[Transport, Pools]:
        """What asks, with the HTTP client that it needs: see ``Wire``."""
        from depguard.adapters.index.credentials import Credentials
        from depguard.adapters.index.pools import Pools, system_proxy
        from depguard.adapters.index.transport import Transport

        settings = self.settings
        pools = Pools(
            settings,
            find_proxy=self._find_proxy or system_proxy,
            connections=_WORKERS,
            certificates=self._certificates,
        )
        urls = (*settings.index_urls, *settings.find_links)
        credentials = Credentials(urls, environ=self._environ, note=self._note, keyring=settings.keyring)
        transport = Transport(
            settings, credentials=credentials, pools=pools, meter=self._meter, sleep=self._sleep
        )
        return transport, pools


def _there(folder: Path, artifact: Artifact) -> bool:
    return (folder / artifact.filename).is_file()


def _place(artifact: Artifact) -> tuple[str, str]:
    return artifact.url, artifact.filename
