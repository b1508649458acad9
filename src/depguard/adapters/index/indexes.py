"""A project's files as one index or find-links place lists them: over HTTP, or from a folder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from packaging.utils import NormalizedName

from depguard.adapters.index.addresses import file_url, local_path, project_url, redact
from depguard.adapters.index.remote_pages import ReadPage, RemotePages
from depguard.adapters.index.wire import Wire
from depguard.adapters.witness import spoil
from depguard.errors import OutOfReachError, Problem
from depguard.parse.filenames import SDIST_EXTENSIONS
from depguard.parse.page_files import Listing, PageFile
from depguard.parse.simple_api import read_html


class Index(Protocol):
    """One index. ``label`` is its URL as it may be shown."""

    label: str

    def page(self, name: NormalizedName) -> ReadPage | None:
        """The project's page; None when the index does not know it. Raises OutOfReachError."""
        ...

    def at_hand(self, name: NormalizedName) -> bool:
        """Whether the page costs no request."""
        ...

    def overlook(self, name: NormalizedName) -> None:
        """Another process asks for the page: it is read after that."""
        ...


class RemoteIndex:
    """An index by HTTP."""

    def __init__(self, url: str, pages: RemotePages, wire: Wire, *, note: Callable[[str], None]) -> None:
        self.label = redact(url)
        self._url = url
        self._pages = pages
        self._wire = wire
        self._note = note
        self._lock = threading.Lock()
        self._root_readable: bool | None = None

    def page(self, name: NormalizedName) -> ReadPage | None:
        """As for every index."""

        def absent(status: int) -> bool:
            if status in {404, 410}:
                return True
            # Indexes on plain object stores answer 403 for what is not there.
            if status == 403 and self._readable():
                self._note(
                    f"{self.label} answers 403 for {name}: taken as not there, as the index can be read"
                )
                return True
            return False

        return self._pages.read(project_url(self._url, name), what=f"the page of {name}", absent=absent)

    def at_hand(self, name: NormalizedName) -> bool:
        """As for every index."""
        return self._pages.at_hand(project_url(self._url, name))

    def overlook(self, name: NormalizedName) -> None:
        """As for every index."""
        self._pages.overlook(project_url(self._url, name))

    def _readable(self) -> bool:
        with self._lock:
            if self._root_readable is None:
                spoil("whether the index can be read at all")
                root, mark, query = self._url.partition("?")
                status = self._wire.ask(f"{root}/{mark}{query}", lambda reply: reply.status, method="HEAD")
                self._root_readable = status == 200
            return self._root_readable


class FolderIndex:
    """An index in a folder: ``NAME/index.html``, or the files in ``NAME/``."""

    def __init__(self, root: Path) -> None:
        self.label = file_url(root)
        self._root = root

    def page(self, name: NormalizedName) -> ReadPage | None:
        """As for every index. What changes on this disk is not kept: the page has no hash."""
        found = self._listing(name)
        return None if found is None else ReadPage(lambda: found, "")

    def at_hand(self, name: NormalizedName) -> bool:  # noqa: ARG002 - every page is
        """As for every index."""
        return True

    def overlook(self, name: NormalizedName) -> None:
        """Nobody asks for it elsewhere."""

    def _listing(self, name: NormalizedName) -> Listing | None:
        folder = self._root / name
        page = folder / "index.html"
        if page.is_file():
            return read_html(_text(page), url=file_url(page))
        if folder.is_dir():
            return read_folder(folder)
        if not self._root.is_dir():
            raise OutOfReachError(
                Problem(
                    code="index.file", message=f"there is no folder {self._root}", hint="check the index URL"
                )
            )
        return None


def open_index(url: str, pages: RemotePages, wire: Wire, *, note: Callable[[str], None]) -> Index:
    """The index at ``url``, by its kind."""
    path = local_path(url)
    return FolderIndex(path.absolute()) if path is not None else RemoteIndex(url, pages, wire, note=note)


def read_find_links(location: str, pages: RemotePages, *, note: Callable[[str], None]) -> Listing:
    """The files of a find-links place: a folder, a page in a file, one archive, or a page by HTTP."""
    path = local_path(location)
    if path is None:
        found = pages.read(location, what="the find-links page", absent=lambda status: status in {404, 410})
        if found is None:
            note(f"the find-links page {redact(location)} is not there")
        return found.load() if found is not None else Listing()
    path = path.absolute()
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() in {".html", ".htm"} and path.is_file():
        return read_html(_text(path), url=file_url(path))
    if path.is_file():
        return Listing((_page_file(path),))
    note(f"the find-links place {path} is passed over: it is neither a file nor a folder")
    return Listing()


def read_folder(folder: Path) -> Listing:
    """The wheels and sdists in ``folder`` itself, by name."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith((".whl", *SDIST_EXTENSIONS)))
        return Listing(tuple(_page_file(path) for path in paths if path.is_file()))
    except OSError as error:
        raise OutOfReachError(
            Problem(code="index.file", message=f"cannot read the folder {folder}: {error.strerror or error}")
        ) from error


def _page_file(path: Path) -> PageFile:
    return PageFile(path.name, file_url(path), size=path.stat().st_size)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise OutOfReachError(
            Problem(code="index.file", message=f"cannot read {path}: {error.strerror or error}")
        ) from error
