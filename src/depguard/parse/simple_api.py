"""The simple repository API: a project's page, as JSON (PEP 691) or HTML (PEP 503) → its files → artifacts.

Reading goes in two steps. A page's text becomes a ``Listing`` of ``PageFile``, strings only; those that are
looked at become ``Artifact`` values. A file that cannot be used is skipped with its reason; only a page that
is no page at all raises ``BadPageError``.

Each field names its source: PEP 592 yanked, 629 version, 658 and 714 core metadata, 700 size and upload time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from urllib.parse import unquote, urljoin, urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.model.release import Artifact
from depguard.parse.filenames import OddFileName, read_filename
from depguard.parse.json_text import BadJsonError, load_json
from depguard.parse.page_files import Entries, Entry, Head, Listing, PageFile, Skipped
from depguard.parse.requirement_cache import specifiers

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON_TYPE}, {HTML_TYPE};q=0.2, text/html;q=0.01"
"""Some indexes give upload times in HTML only to those who ask for the versioned types."""
_WEB = ("https://", "http://")


class BadPageError(ValueError):
    """What an index answered is not a project's page."""


def read_page(body: bytes, *, content_type: str, url: str) -> Listing:
    """A page's files. ``url`` is where the page was found, to which its links are relative.

    Raises:
        BadPageError: not a page, or of a major version of the API that did not exist in 2026.
    """
    kind, _, parameters = content_type.partition(";")
    text = body.decode(_charset(parameters), errors="replace")
    match kind.strip().lower():
        case "application/vnd.pypi.simple.v1+json" | "application/json":
            return read_json(text, url=url)
        case "application/vnd.pypi.simple.v1+html" | "text/html" | "application/xhtml+xml":
            return read_html(text, url=url)
        case other:
            raise BadPageError(f"content type {other or 'missing'}")


def read_json(text: str, *, url: str) -> Listing:
    """The files of a PEP 691 page."""
    try:
        page = load_json(text)
    except BadJsonError as error:
        raise BadPageError("not JSON") from error
    if not isinstance(page, dict) or not isinstance(page.get("files"), list):
        raise BadPageError("JSON without a list of files")
    meta = page.get("meta")
    _check_version(str(meta.get("api-version", "1.0")) if isinstance(meta, dict) else "1.0")
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    for entry in page["files"]:
        filename, address = (
            (entry.get("filename"), entry.get("url")) if isinstance(entry, dict) else (None, None)
        )
        if not isinstance(filename, str) or not isinstance(address, str):
            skipped.append((str(filename), "listed without a file name and URL"))
        elif not address.startswith(_WEB) and _absolute(url, address) is None:
            skipped.append((filename, "its URL cannot be used"))
        else:
            entries.append(entry)
    files = Entries(entries, head=_head, is_yanked=_is_yanked, make=partial(_file, url))
    return Listing(files, tuple(skipped), text)


def _head(entry: Entry) -> Head:
    python = entry.get("requires-python")
    return entry["filename"], python if isinstance(python, str) else None


def _is_yanked(entry: Entry) -> bool:
    return bool(entry.get("yanked"))


def _file(page: str, entry: Entry) -> PageFile:
    """The file that an entry of a PEP 691 page lists."""
    yanked = entry.get("yanked")
    offered = entry.get("core-metadata", entry.get("dist-info-metadata"))
    return PageFile(
        entry["filename"],
        _absolute(page, entry["url"]) or "",
        _hash_text(entry.get("hashes")),
        size if type(size := entry.get("size")) is int and size >= 0 else None,
        _text(entry.get("requires-python")),
        _text(entry.get("upload-time")),
        (yanked if isinstance(yanked, str) else "") if yanked else None,
        _hash_text(offered) if offered or offered == {} else None,
    )


def read_html(text: str, *, url: str) -> Listing:
    """The files of a PEP 503 page."""
    from depguard.parse.anchors import read_anchors

    document = read_anchors(text)
    if document.version is not None:
        _check_version(document.version)
    base = urljoin(url, document.base) if document.base else url
    entries: list[Entry] = []
    skipped: list[Skipped] = []
    for anchor in document.anchors:
        href = anchor.get("href")
        if href is None:
            continue
        address = href.partition("#")[0]
        if not address.startswith(_WEB) and _absolute(base, address) is None:
            skipped.append((address, "its URL cannot be used"))
        else:
            entries.append(anchor)
    files = Entries(
        entries,
        head=partial(_anchor_head, base),
        is_yanked=_anchor_is_yanked,
        make=partial(_anchor_file, base),
    )
    return Listing(files, tuple(skipped))


def _anchor_head(base: str, anchor: Entry) -> Head:
    # Of the address as it is followed: what stands in the page may have line breaks in it, or credentials.
    address = _absolute(base, anchor["href"].partition("#")[0]) or ""
    filename = address.partition("?")[0].rpartition("/")[2]
    return unquote(filename) if "%" in filename else filename, anchor.get("data-requires-python")


def _anchor_is_yanked(anchor: Entry) -> bool:
    return "data-yanked" in anchor


def _anchor_file(base: str, anchor: Entry) -> PageFile:
    """The file that an anchor of a PEP 503 page links to."""
    address, _, fragment = anchor["href"].partition("#")
    offered = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    filename, python = _anchor_head(base, anchor)
    return PageFile(
        filename,
        _absolute(base, address) or "",
        _fragment_hashes(fragment),
        None,
        python,
        anchor.get("data-upload-time"),
        # PEP 592: the attribute may have no value at all
        (anchor["data-yanked"] or "") if "data-yanked" in anchor else None,
        None if offered in (None, "false") else offered if "=" in offered else "",
    )


def artifacts_of(
    files: Iterable[PageFile],
    *,
    project: NormalizedName,
    index: str,
    flat: bool = False,
) -> tuple[list[Artifact], list[Skipped]]:
    """The artifacts among ``files``, in their order, each file name once, and the others with why not.

    ``flat`` says that the list is not one project's (a find-links page): others' files are no oddity.
    """
    artifacts: list[Artifact] = []
    skipped: list[Skipped] = []
    seen: set[str] = set()
    for file in files:
        filename, url, hashes, size, python, uploaded, yanked, offered = file
        if filename in seen:
            continue
        seen.add(filename)
        parts = read_filename(filename, project)
        if isinstance(parts, OddFileName):
            if not flat:
                skipped.append((filename, parts.reason))
            continue
        artifacts.append(
            Artifact(
                name=project,
                version=parts.version,
                filename=filename,
                kind=parts.kind,
                url=url,
                index=index,
                hashes=_hashes(hashes),
                size=size,
                requires_python=python_specifier(python) if python else None,
                upload_time=upload_moment(uploaded) if uploaded else None,
                yanked=yanked,
                tags=parts.tags,
                build=parts.build,
                core_metadata=None if offered is None else _hashes(offered),
                local=url.startswith("file:"),
            )
        )
    return artifacts, skipped


def _fragment_hashes(fragment: str) -> str:
    """The hashes in a URL's fragment, which may hold other things."""
    return "&".join([part for part in fragment.split("&") if part.partition("=")[0] in _ALGORITHMS])


_ALGORITHMS = frozenset(("sha256", "sha384", "sha512", "sha224", "sha1", "md5", "blake2b", "blake2s"))


def _check_version(version: str) -> None:
    """PEP 629: a greater major version must be refused, a greater minor one may be read."""
    major = version.partition(".")[0]
    if major != "1":
        raise BadPageError(f"version {version} of the simple API; depguard reads version 1")


def _charset(parameters: str) -> str:
    for parameter in parameters.split(";"):
        key, _, value = parameter.strip().partition("=")
        if key.lower() == "charset":
            name = value.strip("\"'")
            try:
                "".encode(name)
            except LookupError:
                break
            return name
    return "utf-8"


def without_credentials(url: str) -> str:
    """A web address as far as links are relative to it."""
    return _absolute(url, url) or url


def _absolute(base: str, address: str) -> str | None:
    """The URL that ``address`` means on a page at ``base``; None where it may not or cannot be followed."""
    if not address.startswith(_WEB):
        try:
            address = urljoin(base, address)
            scheme = urlsplit(address).scheme
        except ValueError:
            return None
        # A page from the network has no business with this machine's files.
        if scheme not in {"http", "https"} and not (scheme == "file" and base.startswith("file:")):
            return None
    if "#" in address:
        address = address.partition("#")[0]
    if "@" not in address:  # nearly always
        return address
    slashes = address.find("//") + 2
    host, slash, path = address[slashes:].partition("/")
    return f"{address[:slashes]}{host.rpartition('@')[2]}{slash}{path}" if "@" in host else address


def _hash_text(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    return "&".join([f"{k}={v}" for k, v in value.items() if isinstance(v, str)])  # JSON's keys are texts


def _hashes(text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    if "&" not in text:  # nearly always
        key, _, value = text.partition("=")
        return ((key.lower(), value.lower()),) if value else ()
    pairs: Sequence[tuple[str, str, str]] = [part.partition("=") for part in text.split("&")]
    return tuple((key.lower(), value.lower()) for key, _, value in pairs if value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def python_specifier(text: str) -> SpecifierSet | None:
    """A page's Requires-Python; None for what is no specifier: for pip, such a file fits every Python."""
    try:
        return specifiers(text)
    except ValueError:
        return None


def upload_moment(text: str) -> datetime | None:
    """PEP 700's upload time; without a zone it is in UTC. None for what is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
