"""A project's page over all indexes and find-links places, merged by the installer's rule."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

from packaging.utils import NormalizedName

from depguard.adapters.compiled import CompiledForms
from depguard.adapters.index.addresses import local_path, redact
from depguard.adapters.index.background import Once
from depguard.adapters.index.indexes import Index, RemoteIndex, open_index, read_find_links
from depguard.adapters.index.remote_pages import ReadPage, RemotePages
from depguard.adapters.index.settings import IndexSettings, Rule
from depguard.adapters.index.wire import Wire
from depguard.adapters.witness import spoil
from depguard.model.release import Artifact, ProjectPage
from depguard.parse.fitting import Fitting, fitting_of, fitting_text
from depguard.parse.listed_page import ListedPage, PagePart, Reach
from depguard.parse.page_files import Listing
from depguard.parse.simple_api import artifacts_of
from depguard.records import replace
from depguard.resolve.ports import Page


class ProjectPages:
    """Pages by name. ``found_links`` keeps what find-links places list, ``forms`` what fits which host."""

    def __init__(
        self,
        settings: IndexSettings,
        *,
        wire: Wire,
        remote: RemotePages,
        forms: CompiledForms,
        found_links: Once[str, Listing],
        note: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._remote = remote
        self._forms = forms
        self._found_links = found_links
        self._note = note
        self._indexes: tuple[Index, ...] = tuple(
            open_index(url, remote, wire, note=note) for url in settings.index_urls
        )

    @property
    def remote(self) -> bool:
        """Whether any of the indexes is asked by HTTP."""
        return any(isinstance(index, RemoteIndex) for index in self._indexes)

    def at_hand(self, name: NormalizedName) -> bool:
        """Whether the page costs no request, as far as that can be told for nothing."""
        return all(index.at_hand(name) for index in self._indexes) and not self._settings.find_links

    def overlook(self, name: NormalizedName) -> None:
        """Another process asks for the page: it is read after that."""
        for index in self._indexes:
            index.overlook(name)

    def leave_unread(self) -> None:
        """Fetch pages for others alone, who read them."""
        self._remote.leave_unread()

    def count_from(self, moment: float) -> None:
        """What is fetched from a moment on (seconds since 1970), by whoever, is as good as asked for."""
        self._remote.count_from(moment)

    def page(self, name: NormalizedName) -> Page:
        """Find-links places come first, then the indexes by the rule. Raises OutOfReachError."""
        pages: list[tuple[Index, ReadPage]] = []
        for index in self._indexes:
            page = index.page(name)
            if page is not None:
                pages.append((index, page))
                if self._settings.rule is Rule.UV:
                    break
        if self._settings.find_links:
            spoil("a find-links place")
            return self._with_links(name, pages)
        parts = [PagePart(index.label, _once(page.load)) for index, page in pages]
        if not all(page.sha256 for _, page in pages):
            spoil("a page that is not kept")
            return ListedPage(name, parts)
        if any(page.new for _, page in pages):
            # What fits is worth keeping for whoever asks again. Who asks first has better things to do.
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
        for place in self._settings.find_links:
            listing = self._found_links.get(
                place,
                lambda place=place: read_find_links(place, self._remote, note=self._note),  # type: ignore[misc]  # bound early
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


def _once(load: Callable[[], Listing]) -> Callable[[], Listing]:
    """The same, loaded once."""
    return lru_cache(maxsize=1)(load)


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
