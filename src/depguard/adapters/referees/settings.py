"""Index settings as environment variables of pip and of uv: a command line would show credentials to all."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from depguard.adapters.index.settings import IndexSettings


def pip_environment(settings: IndexSettings, *, dated: str | None = None) -> dict[str, str]:
    """What pip is to be told. ``dated`` is the URL of an index that stands for those of ``settings``."""
    found = {
        "PIP_INDEX_URL": dated or settings.index_url,
        "PIP_EXTRA_INDEX_URL": None if dated else " ".join(settings.extra_index_urls),
        "PIP_FIND_LINKS": " ".join(map(_place, settings.find_links)),
        "PIP_NO_INDEX": "1" if settings.no_index else None,
        "PIP_CERT": settings.cert,
        "PIP_CLIENT_CERT": settings.client_cert,
        "PIP_PROXY": settings.proxy,
        "PIP_TRUSTED_HOST": " ".join(settings.trusted_hosts),
        "PIP_TIMEOUT": settings.timeout,
        "PIP_RETRIES": settings.retries,
    }
    return {name: str(value) for name, value in found.items() if value not in (None, "")}


def uv_environment(settings: IndexSettings, cutoff: datetime | None) -> dict[str, str]:
    """What uv is to be told; it has a cut-off date itself, and takes proxies from everybody's variables."""
    found = {
        "UV_DEFAULT_INDEX": settings.index_url,
        "UV_INDEX": " ".join(settings.extra_index_urls),
        "UV_FIND_LINKS": ",".join(map(_place, settings.find_links)),
        "HTTP_PROXY": settings.proxy,
        "HTTPS_PROXY": settings.proxy,
        "UV_INSECURE_HOST": " ".join(settings.trusted_hosts),
        "UV_EXCLUDE_NEWER": cutoff.astimezone(UTC).isoformat() if cutoff is not None else None,
    }
    return {name: value for name, value in found.items() if value}


def uv_options(settings: IndexSettings) -> tuple[str, ...]:
    """What uv takes on its command line only."""
    return ("--no-index",) if settings.no_index else ()


def _place(place: str) -> str:
    """A folder as a URL: its name may have spaces, and the installer runs in another folder."""
    return place if "://" in place else Path(place).expanduser().absolute().as_uri()
