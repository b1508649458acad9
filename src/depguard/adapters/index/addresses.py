"""URLs and paths of indexes: telling them apart, comparing origins, and showing them without secrets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from depguard.records import dataclass, field

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password (or token). Neither is ever shown."""

    user: str = field(repr=False)
    password: str = field(repr=False)


def split_credentials(url: str) -> tuple[str, Basic | None]:
    """The URL without its userinfo, and that."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, None
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), Basic(unquote(user), unquote(password))


def redact(url: str) -> str:
    """The URL as it may be shown and stored: without userinfo, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials belong to. Raises ValueError for what is no URL."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(scheme, 0)


def local_path(location: str) -> Path | None:
    """The path that a ``file:`` URL or a plain path names; None for any other URL."""
    scheme = location.partition(":")[0].lower() if ":" in location else ""
    if scheme == "file":
        from urllib.request import url2pathname

        parts = urlsplit(location)
        prefix = f"//{parts.netloc}" if parts.netloc and parts.netloc != "localhost" else ""
        return Path(url2pathname(prefix + parts.path))
    # One letter before the colon is a drive, not a scheme.
    if len(scheme) < 2 or not scheme.replace("+", "a").isalnum():
        return Path(location).expanduser()
    return None


def file_url(path: Path) -> str:
    """The ``file:`` URL of an absolute path, quoted as in a page."""
    return path.absolute().as_uri()


def project_url(index_url: str, name: str) -> str:
    """Where PEP 503 puts the page of a normalized name."""
    base, mark, query = index_url.partition("?")
    return f"{base.rstrip('/')}/{quote(name)}/{mark}{query}"
