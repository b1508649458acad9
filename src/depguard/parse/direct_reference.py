"""What a direct reference (``name @ URL``, PEP 440, 508, 610) says of an installed distribution."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from depguard.model.host import Origin, OriginKind
from depguard.records import dataclass

_ARCHIVE = re.compile(r".+\.(whl|tar\.gz|zip|tar\.bz2|tgz)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectReference:
    """A direct reference taken apart. ``name`` and ``version`` are what the file name says, if it does."""

    origin: Origin
    name: NormalizedName | None = None
    version: Version | None = None
    egg: str | None = None


def parse_direct_reference(url: str) -> DirectReference:
    """Takes a URL apart as pip writes it: percent-encoded or with a raw ``+``, with a fragment or without.

    Only a version control reference keeps its URL (less credentials): of a file, its name says what
    it is, and the place it was fetched from is no fact of the host.
    """
    parts = _split(url)
    fragment = dict(piece.partition("=")[::2] for piece in parts.fragment.split("&"))
    scheme = parts.scheme.lower()
    if "+" in scheme:
        return DirectReference(
            origin=Origin(kind=OriginKind.VCS, reference=_vcs_reference(url, fragment.get("subdirectory"))),
            egg=fragment.get("egg"),
        )
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    filename = last if _ARCHIVE.fullmatch(last) else None
    name, version = _from_filename(filename) if filename else (None, None)
    sha256 = fragment.get("sha256", "").lower()
    origin = Origin(
        kind=OriginKind.FILE if scheme in {"file", ""} else OriginKind.URL,
        filename=filename,
        sha256=sha256 if re.fullmatch("[0-9a-f]{64}", sha256) else None,
    )
    return DirectReference(origin=origin, name=name, version=version, egg=fragment.get("egg"))


def _split(url: str) -> SplitResult:
    """The parts of a URL, also of one with half an IPv6 address: it may have credentials that must go."""
    try:
        return urlsplit(url)
    except ValueError:
        scheme, _, rest = url.partition(":")
        rest, _, fragment = rest.partition("#")
        netloc, slash, path = rest.removeprefix("//").partition("/")
        return SplitResult(scheme, netloc, slash + path, "", fragment)


def _from_filename(filename: str) -> tuple[NormalizedName | None, Version | None]:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[:2]
        return parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None, None


def _vcs_reference(url: str, subdirectory: str | None) -> str:
    """The reference less credentials; of its fragment only ``subdirectory`` matters."""
    bare = without_credentials(url).partition("#")[0]
    return f"{bare}#subdirectory={subdirectory}" if subdirectory else bare


def without_credentials(url: str) -> str:
    """The URL as it may be shown and stored: no password, no token in place of a user name."""
    parts = _split(url)
    user, at, host = parts.netloc.rpartition("@")
    # ``git+ssh://git@host/...``: there the user name belongs to the address.
    keep_user = at and ":" not in user and "ssh" in parts.scheme
    return urlunsplit(parts._replace(netloc=f"{user}@{host}" if keep_user else host))
