"""Policies from the web: https only, without credentials, bounded."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location
from depguard.records import dataclass

if TYPE_CHECKING:
    from urllib3 import PoolManager

POLICY_LIMIT = 1024 * 1024
"""Bytes of one policy text."""
_REDIRECTS = 5
_RAW_FILES = "https://raw.githubusercontent.com"
_GITHUB = re.compile(
    r"github:(?P<owner>[A-Za-z0-9-]+)/(?P<repo>[A-Za-z0-9._-]+)(?:@(?P<ref>[^:@\s]+))?(?::(?P<path>[^:\s]+))?"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: its status, where it redirects to, and its body (``POLICY_LIMIT`` + 1 bytes at most)."""

    status: int
    location: str | None = None
    body: bytes = b""


Get = Callable[[str], Answer]
"""One GET without following redirects. Raises OutOfReachError."""


@dataclass(frozen=True, slots=True)
class GithubFile:
    """One file of a public repository at a ref (a branch, tag or commit)."""

    owner: str
    repo: str
    ref: str
    path: str

    def __str__(self) -> str:
        return f"github:{self.owner}/{self.repo}@{self.ref}:{self.path}"

    @property
    def url(self) -> str:
        """Where the raw file is served."""
        return f"{_RAW_FILES}/{self.owner}/{self.repo}/{quote(self.ref)}/{quote(self.path)}"


def parse_github(reference: str, at: Location | None) -> GithubFile:
    """Read ``github:owner/repo[@ref][:path]``; the default branch and ``depguard.yaml`` are the defaults.

    Raises InputError when it is none, or when the path leaves the repository.
    """
    found = _GITHUB.fullmatch(reference)
    parts = (found["path"] or "").split("/") + (found["ref"] or "").split("/") if found else []
    if found is None or ".." in parts or (found["path"] or "").startswith("/"):
        raise InputError(
            Problem(
                code="policy.reference",
                message=f"{reference} names no file of a repository",
                location=at,
                allowed="github:owner/repo@ref, or github:owner/repo@ref:path/to/policy.yaml",
            )
        )
    return GithubFile(found["owner"], found["repo"], found["ref"] or "HEAD", found["path"] or "depguard.yaml")


def fetch(url: str, *, at: Location | None = None, get: Get | None = None) -> bytes:
    """The body behind an https URL; redirects are followed to other https URLs only.

    Raises InputError for a URL that is not allowed, a missing page or one beyond ``POLICY_LIMIT``,
    OutOfReachError when the server cannot be asked.
    """
    get = get or _get
    here = url
    for _ in range(_REDIRECTS + 1):
        check_url(here, at, asked=url)
        answer = get(here)
        if answer.status in {301, 302, 303, 307, 308} and answer.location:
            here = _target(here, answer.location)
            continue
        return _body(answer, url, at)
    raise OutOfReachError(
        Problem(code="policy.redirects", message=f"{url} redirects more than {_REDIRECTS} times", location=at)
    )


def check_url(url: str, at: Location | None, *, asked: str | None = None) -> None:
    """Refuse what is no https URL or has credentials; ``asked`` is the URL that redirected here."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None
    except ValueError:
        usable = secret = False
    if usable and not secret:
        return
    shown = re.sub(r"//[^/@]*@", "//****@", url)
    raise InputError(
        Problem(
            code="policy.url",
            message=f"{shown} is not read"
            + (f"; {asked} redirects to it" if asked not in {None, url} else ""),
            location=at,
            allowed="an https URL without a user and password",
            hint="save the policy beside the project and name its path" if secret else None,
        )
    )


def _target(here: str, location: str) -> str:
    try:
        return urljoin(here, location)
    except ValueError:  # a bracket that does not close, say; refused by the next check
        return location


def _body(answer: Answer, url: str, at: Location | None) -> bytes:
    if answer.status in {401, 403, 404, 410}:
        raise InputError(
            Problem(
                code="policy.missing",
                message=f"there is no policy at {url} (HTTP {answer.status})",
                location=at,
                hint="only public files can be read; look at the path and the ref",
            )
        )
    if answer.status != 200:
        raise OutOfReachError(
            Problem(code="policy.server", message=f"{url} answers HTTP {answer.status}", location=at)
        )
    if len(answer.body) > POLICY_LIMIT:
        raise InputError(
            Problem(
                code="policy.too-large", message=f"{url} is larger than {POLICY_LIMIT} bytes", location=at
            )
        )
    return answer.body


def _get(url: str) -> Answer:
    from urllib3.exceptions import HTTPError

    try:
        response = _pool(_proxy_for(url)).request("GET", url, redirect=False, preload_content=False)
        try:
            body = b""
            for chunk in response.stream(65536):
                body += chunk
                if len(body) > POLICY_LIMIT:
                    break
        finally:
            response.close()
    except HTTPError as error:
        raise OutOfReachError(
            Problem(
                code="policy.unreachable",
                message=f"cannot reach {urlsplit(url).hostname}: {getattr(error, 'reason', None) or error}",
                hint="a saved copy can be given as a path",
            )
        ) from None
    return Answer(response.status, response.headers.get("Location"), body)


@cache
def _pool(proxy: str | None) -> PoolManager:
    import ssl

    import urllib3

    from depguard import __version__

    try:
        import truststore

        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    except ImportError:  # not CPython: OpenSSL's own certificates
        context = ssl.create_default_context()
    options: dict[str, Any] = {
        "ssl_context": context,
        "headers": {"User-Agent": f"depguard/{__version__}", "Accept": "*/*"},
        "timeout": urllib3.Timeout(connect=10, read=30),
        "retries": urllib3.Retry(
            3,
            other=0,  # a certificate that fails now fails again
            redirect=False,
            backoff_factor=0.3,
            status_forcelist=(429, 502, 503, 504),
            raise_on_status=False,
        ),
    }
    return urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment (or the system) names for this URL, as other tools read it."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
