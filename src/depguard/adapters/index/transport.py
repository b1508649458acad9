"""HTTP requests as an index client needs them: retried, bounded, and careful about whom they tell what.

urllib3's own retries end at the headers; a body that breaks off is retried here as well, so all of it is one
loop. Redirects are followed by hand: to the same scheme or from http to https, and with those credentials
alone that belong to the new origin.
"""

from __future__ import annotations

import email.utils
import http.client
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import urllib3

from depguard.adapters.index.addresses import Basic, redact, split_credentials
from depguard.adapters.index.credentials import Credentials
from depguard.adapters.index.faults import InterruptedAnswerError, TooLargeError, unreachable
from depguard.adapters.index.pools import Pools, not_trusted
from depguard.adapters.index.settings import IndexSettings
from depguard.adapters.index.traffic import Meter

T = TypeVar("T")

_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 522, 524))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_REDIRECTS = 10
_LONGEST_WAIT = 30.0
_PIECE = 1 << 16
# To ask for many bytes at once takes half the work that they take record by record (TLS: 16 kB). But who
# asks for them waits for all, and has none if they break off: so only of a body that is read whole, and
# only where the piece before was there in less than half a second.
_MANY = 1 << 18
_SOON = 0.5
# However slowly a server drips, an answer has this many seconds for each retry; looked at between pieces.
_LONGEST_ANSWER = 600.0
_AGENT = "depguard"


class Reply:
    """An answer whose body is not read yet. ``url`` is the last one after redirects, without credentials."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str, meter: Meter) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self.url = url
        self._response = response
        self._meter = meter
        self._until = time.monotonic() + _LONGEST_ANSWER
        # What is packed may be a thousand times as long when it is unpacked.
        self._plain = response.headers.get("Content-Encoding", "identity") == "identity"
        # read1 gives what is there; read, in urllib3 before 2.1, waits for all that it is asked for
        self._read_some: Callable[[int], bytes] = getattr(response, "read1", response.read)

    def piece(self) -> bytes:
        """The next bytes of the decoded body, empty at its end. Raises InterruptedAnswerError."""
        return self._next(self._read_some, _PIECE)

    def body(self, limit: int) -> bytes:
        """The whole body. Raises TooLargeError beyond ``limit`` bytes, InterruptedAnswerError."""
        whole = BytesIO()  # gives what it has without another copy
        begun = time.monotonic()
        data = self.piece()
        while data:
            whole.write(data)
            if whole.tell() > limit:
                raise TooLargeError
            came, begun = begun, time.monotonic()
            fast = self._plain and begun - came < _SOON
            data = self._next(self._response.read, _MANY) if fast else self.piece()
        return whole.getvalue()

    def _next(self, read: Callable[[int], bytes], most: int) -> bytes:
        if time.monotonic() > self._until:
            raise InterruptedAnswerError("its answer does not end")
        try:
            data = read(most)
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            raise InterruptedAnswerError(_reason(error)) from error
        self._meter.add(received=len(data))
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        # Only a body that was read to its end leaves a connection that can be used again.
        if kind is None and self._ended():
            self._response.release_conn()
        else:
            self._response.close()

    def _ended(self) -> bool:
        # An error's page, a redirect's text: short, so reading it is cheaper than a new connection.
        try:
            for _ in range(4):
                if not self._read_some(_PIECE):
                    return True
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
            return False
        return False


class Transport:
    """Sends requests. Safe to be used by several threads."""

    def __init__(
        self,
        settings: IndexSettings,
        *,
        credentials: Credentials,
        pools: Pools,
        meter: Meter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._pools = pools
        self._meter = meter
        self._sleep = sleep
        self.closed = False

    def ask(
        self,
        url: str,
        read: Callable[[Reply], T],
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """``read`` of the reply, whatever its status; called again when the answer breaks off in it.

        Raises OutOfReachError when there is no answer, after retries, or none but "try again".
        """
        failure = ""
        wait = 0.0
        for attempt in range(self._settings.retries + 1):
            if attempt:
                self._sleep(max(wait, min(0.25 * 2 ** (attempt - 1), 8.0)))
                wait = 0.0
            if self.closed:
                raise unreachable(url, "the run has ended")
            reply, failure = self._try(url, method, headers or {})
            if reply is None:
                continue
            with reply:
                if reply.status in _AGAIN:
                    failure = f"it answers {reply.status}"
                    wait = _retry_after(reply.headers.get("Retry-After"))
                    continue
                try:
                    return read(reply)
                except InterruptedAnswerError as error:
                    failure = str(error)
        raise unreachable(url, failure)

    def _try(self, url: str, method: str, headers: Mapping[str, str]) -> tuple[Reply | None, str]:
        """A reply, or why there is none this time. Raises OutOfReachError for what no retry heals."""
        try:
            return self._send(url, method, headers), ""
        except urllib3.exceptions.SSLError as error:
            if not not_trusted(error):
                return None, _reason(error)
            raise unreachable(
                url,
                "its certificate is not trusted here",
                hint="pass the authority's certificate with --cert, or add it to the system's",
            ) from error
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            # ValueError: a page may link to anything, also to what no connection can be made to
            return None, _reason(error)

    def _send(self, url: str, method: str, headers: Mapping[str, str]) -> Reply:
        asked = False
        url, given = split_credentials(url)
        for _ in range(_MOST_REDIRECTS):
            basic = given or self._credentials.known(url)
            reply = self._request(url, method, headers, basic)
            if reply.status == 401 and not asked:
                asked = True
                better = self._credentials.after_refusal(url, basic)
                if better is not None:
                    with reply:
                        pass
                    reply = self._request(url, method, headers, better)
            location = reply.headers.get("Location")
            if reply.status not in _REDIRECTS or not location:
                return reply
            with reply:
                target, given = split_credentials(urljoin(url, location).partition("#")[0])
            before, after = urlsplit(url).scheme, urlsplit(target).scheme
            if after != before and (before, after) != ("http", "https"):
                raise unreachable(
                    url, f"it redirects to {redact(target)}, from {before} to {after or 'nothing'}"
                )
            if urlsplit(target).netloc != urlsplit(url).netloc:
                given = None  # not even those that the redirecting server hands out
            url = target
        raise unreachable(url, f"it redirects more than {_MOST_REDIRECTS} times")

    def _request(self, url: str, method: str, headers: Mapping[str, str], basic: Basic | None) -> Reply:
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip", **headers}
        if basic is not None:
            sent |= urllib3.make_headers(basic_auth=f"{basic.user}:{basic.password}")
        self._meter.add(requests=1)
        response = self._pools.request(method, url, sent, timeout=self._settings.timeout)
        return Reply(response, url, self._meter)


def _reason(error: BaseException) -> str:
    """What went wrong, in words that hold nothing of the request (a URL in it may have secrets)."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case urllib3.exceptions.NameResolutionError():
                return "its host name is not known here"
            case urllib3.exceptions.ProxyError():
                return "the proxy refuses or cannot be reached"
            case urllib3.exceptions.NewConnectionError():  # also a ConnectTimeoutError, for old times' sake
                pass
            case urllib3.exceptions.TimeoutError() | TimeoutError():
                return "no answer in time"
            case ConnectionRefusedError():
                return "the connection is refused"
            case http.client.IncompleteRead() | ConnectionResetError():  # urllib3's is one of these
                return "the connection broke off"
            case urllib3.exceptions.DecodeError():
                return "its answer cannot be decompressed"
            case urllib3.exceptions.SSLError():
                return "no secure connection comes about"
            case _:
                pass
        cause = cause.__cause__ or cause.__context__
    return f"no connection ({type(error).__name__})"


def _retry_after(value: str | None) -> float:
    """Seconds to wait as the server asks (RFC 9110: seconds or a date), within reason."""
    if not value:
        return 0.0
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return 0.0
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else 0.0  # noqa: PLR0124 - NaN
