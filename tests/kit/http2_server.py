"""A real HTTP/2 server on 127.0.0.1 over TLS, whose answers are a ``Loopback``'s.

with Http2Server(Loopback(folder), server_side(certificate)) as server:
    server.url, server.connections   # each connection's streams: the paths in their order
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import KW_ONLY, dataclass, field
from types import TracebackType
from typing import Self

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from kit.loopback import Asked, Loopback


@dataclass
class Http2Server:
    """``together``: answers wait until so many requests are open on one connection.

    ``resets`` and ``goaways`` count down: so many requests are answered by a reset stream, or by the end of
    the connection. ``offered`` are the protocols that ALPN offers.
    """

    answers: Loopback
    tls: ssl.SSLContext
    _: KW_ONLY
    together: int = 1
    resets: int = 0
    goaways: int = 0
    offered: tuple[str, ...] = ("h2", "http/1.1")
    connections: list[list[str]] = field(default_factory=list)
    _listening: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listening.getsockname()[1]}/simple"

    def __enter__(self) -> Self:
        self.tls.set_alpn_protocols(list(self.offered))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), self.tls.wrap_socket(plain, server_side=True) as stream:
            assert stream.selected_alpn_protocol() == "h2"
            _Connection(self, stream).run()

    def takes(self, counter: str) -> bool:
        """Count down, if there is anything left."""
        with self._lock:
            left: int = getattr(self, counter)
            setattr(self, counter, max(left - 1, 0))
            return left > 0


class _Connection:
    def __init__(self, server: Http2Server, stream: ssl.SSLSocket) -> None:
        self.server = server
        self.stream = stream
        self.paths: list[str] = []
        self.open: dict[int, Asked] = {}
        self.bodies: dict[int, bytes] = {}
        self.state = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        server.connections.append(self.paths)

    def run(self) -> None:
        self.state.initiate_connection()
        self.stream.sendall(self.state.data_to_send())
        while data := self.stream.recv(1 << 16):
            for event in self.state.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    headers = {bytes(k).decode(): bytes(v).decode() for k, v in event.headers}
                    self.paths.append(headers[":path"])
                    self.open[event.stream_id] = Asked(headers[":method"], headers[":path"], headers)
            if len(self.open) >= self.server.together:
                self.server.together = 1
                for number in list(self.open):
                    if not self._answer(number, self.open.pop(number)):
                        return
            self._flush()
            self.stream.sendall(self.state.data_to_send())

    def _answer(self, number: int, asked: Asked) -> bool:
        """Whether the connection goes on."""
        if self.server.takes("goaways"):
            self.state.close_connection()
            self.stream.sendall(self.state.data_to_send())
            return False
        if self.server.takes("resets"):
            self.state.reset_stream(number, h2.errors.ErrorCodes.REFUSED_STREAM)
            return True
        answer = self.server.answers.answer(asked)
        body = answer.body if asked.method == "GET" else b""
        headers = {key.lower(): value for key, value in answer.headers.items()}
        headers["content-length"] = str(len(answer.body))
        self.state.send_headers(
            number, [(":status", str(answer.status)), *headers.items()], end_stream=not body
        )
        if body:
            self.bodies[number] = body
        return True

    def _flush(self) -> None:
        """Send what the client's windows allow."""
        for number in list(self.bodies):
            body = self.bodies.pop(number)
            with contextlib.suppress(h2.exceptions.StreamClosedError):
                while body and (room := self.state.local_flow_control_window(number)) > 0:
                    size = min(room, self.state.max_outbound_frame_size, len(body))
                    self.state.send_data(number, body[:size], end_stream=size == len(body))
                    body = body[size:]
                if body:
                    self.bodies[number] = body
