"""Requests over HTTP/2: many at once over one connection, where the extra ``http2`` is installed.

httpcore's pool runs in an event loop on a thread of its own. Its blocking pool shares the state of an HTTP/2
connection between threads without a lock (encode/httpx, issue 3072); in a loop nothing happens at once. A
server that offers no HTTP/2 (ALPN, RFC 7301) is left to urllib3.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpcore
import urllib3

from depguard.adapters.index.addresses import origin

T = TypeVar("T")

_PIECE = 1 << 16
_HTTP2 = b"HTTP/2"
_PATIENCE = 1.0
"""Seconds that closing may take."""


class Http2:
    """One pool for each way of verifying servers. Safe to be used by several threads."""

    def __init__(self, context: Callable[[str], ssl.SSLContext], *, connections: int) -> None:
        self._context = context
        self._connections = connections
        self._lock = threading.Lock()
        self._pools: dict[int, httpcore.AsyncConnectionPool] = {}
        self._without: set[tuple[str, str, int]] = set()
        self._loop = asyncio.new_event_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="depguard-http2", daemon=True)
        self._thread.start()

    def takes(self, url: str) -> bool:
        """Whether the server may speak HTTP/2: it is asked over TLS, and has not shown that it does not."""
        return url.startswith("https:") and origin(url) not in self._without

    def request(
        self, method: str, url: str, headers: Mapping[str, str], *, timeout: float
    ) -> urllib3.BaseHTTPResponse:
        """The answer, its body not read yet. Raises what urllib3 would, or an OSError."""
        try:
            answer = self._wait(self._send(method, url, headers, timeout))
        except _FAILURES as error:
            raise _as_known(error) from error
        if answer.extensions.get("http_version") != _HTTP2:
            self._without.add(origin(url))
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers]
        return urllib3.HTTPResponse(
            body=_Body(self._wait, answer),  # type: ignore[arg-type]  # a file as far as urllib3 reads one
            headers=urllib3.HTTPHeaderDict(pairs),
            status=answer.status,
            preload_content=False,
            request_method=method,
        )

    def close(self) -> None:
        """Close the connections, and end the thread. What waits for an answer gets an error."""
        if not self._closed:
            self._closed = True
            asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            self._thread.join(_PATIENCE)

    async def _end(self) -> None:
        waiting = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for pool in self._pools.values():
            with suppress(TimeoutError, httpcore.NetworkError):
                await asyncio.wait_for(pool.aclose(), _PATIENCE)
        self._loop.stop()

    def _run(self) -> None:
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    async def _send(
        self, method: str, url: str, headers: Mapping[str, str], timeout: float
    ) -> httpcore.Response:
        limits = dict.fromkeys(("connect", "read", "write"), timeout)
        sent = [("Host", urlsplit(url).netloc), *headers.items()]
        request = httpcore.Request(method, url, headers=sent, extensions={"timeout": limits})
        return await self._pool(url).handle_async_request(request)

    def _pool(self, url: str) -> httpcore.AsyncConnectionPool:
        with self._lock:
            context = self._context(url)
            if id(context) not in self._pools:
                self._pools[id(context)] = httpcore.AsyncConnectionPool(
                    ssl_context=context, http2=True, max_connections=self._connections
                )
            return self._pools[id(context)]

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            work.close()
            raise ConnectionAbortedError("the run has ended")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Body:
    """An answer's body as a file, read in its loop."""

    def __init__(self, wait: Callable[[Coroutine[Any, Any, Any]], Any], answer: httpcore.Response) -> None:
        self._wait = wait
        self._answer = answer
        self._pieces: AsyncIterator[bytes] = aiter(answer.aiter_stream())
        self._held = b""
        self.closed = False

    def read1(self, size: int = -1) -> bytes:
        """Some bytes, none at the end."""
        if not self._held:
            try:
                self._held = self._wait(self._more())
            except _FAILURES as error:
                raise _as_known(error) from error
        end = size if size >= 0 else len(self._held)
        given, self._held = self._held[:end], self._held[end:]
        return given

    def read(self, size: int | None = -1) -> bytes:
        """So many bytes, all that are left without a size."""
        pieces: list[bytes] = []
        left = size if size is not None and size >= 0 else -1
        while left and (data := self.read1(left)):
            pieces.append(data)
            left -= len(data) if left > 0 else 0
        return b"".join(pieces)

    def close(self) -> None:
        """Let go of the answer; what of it has not come is not waited for."""
        if not self.closed:
            self.closed = True
            with suppress(OSError, httpcore.NetworkError, concurrent.futures.CancelledError):
                self._wait(self._answer.aclose())

    async def _more(self) -> bytes:
        """Pieces of an HTTP/2 answer are small: several for each turn from thread to thread."""
        pieces: list[bytes] = []
        length = 0
        async for piece in self._pieces:
            pieces.append(piece)
            length += len(piece)
            if length >= _PIECE:
                break
        else:
            await self._answer.aclose()
        return b"".join(pieces)


_FAILURES = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.RemoteProtocolError,
    httpcore.LocalProtocolError,
    concurrent.futures.CancelledError,
)
"""What a connection may come to; all else passes as it is."""


def _as_known(error: Exception) -> Exception:
    """The error as the other transport has it."""
    match error:
        case httpcore.TimeoutException():
            return TimeoutError("no answer in time")
        case httpcore.ConnectError():
            cause: BaseException | None = error
            while cause is not None:
                if isinstance(cause, ssl.SSLError):
                    return urllib3.exceptions.SSLError(cause)
                if isinstance(cause, ConnectionRefusedError):
                    return ConnectionRefusedError(str(cause))
                cause = cause.__cause__ or cause.__context__
            return OSError(str(error))
        case concurrent.futures.CancelledError():
            return ConnectionAbortedError("the run has ended")
        case _:
            return ConnectionResetError(str(error))
