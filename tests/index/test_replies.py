"""How an answer's body is read: many bytes at once where they come fast, what is there where they do not."""

from __future__ import annotations

from typing import cast

import pytest
import urllib3

from depguard.adapters.index.faults import InterruptedAnswerError, TooLargeError
from depguard.adapters.index.traffic import Meter
from depguard.adapters.index.transport import Reply

BODY = bytes(range(256)) * 4096  # a megabyte
RECORD = 1 << 14


class Server:
    """Answers with `BODY`, a record every ``seconds``, on a clock of its own."""

    def __init__(self, *, seconds: float, encoding: str | None = None) -> None:
        self.status = 200
        self.headers = {} if encoding is None else {"Content-Encoding": encoding}
        self.seconds = seconds
        self.now = 0.0
        self.at = 0
        self.asked: list[str] = []

    def read1(self, size: int) -> bytes:
        self.asked.append("what is there")
        return self._more(min(size, RECORD))

    def read(self, size: int) -> bytes:
        self.asked.append("many")
        return self._more(size)

    def _more(self, size: int) -> bytes:
        data = BODY[self.at : self.at + size]
        self.at += len(data)
        self.now += self.seconds * -(-len(data) // RECORD)
        return data


def replied(server: Server, monkeypatch: pytest.MonkeyPatch) -> Reply:
    monkeypatch.setattr("depguard.adapters.index.transport.time.monotonic", lambda: server.now)
    return Reply(cast("urllib3.BaseHTTPResponse", server), "http://127.0.0.1/", Meter(None))


def test_a_body_that_comes_fast_is_asked_for_many_bytes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=0.001)
    assert replied(server, monkeypatch).body(len(BODY)) == BODY
    assert server.asked[0] == "what is there"
    assert set(server.asked[1:]) == {"many"}
    assert len(server.asked) < 8


def test_of_one_that_drips_nobody_waits_for_more_than_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=2.0)
    assert replied(server, monkeypatch).body(len(BODY)) == BODY
    assert set(server.asked) == {"what is there"}


def test_one_that_drips_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=100.0)
    with pytest.raises(InterruptedAnswerError, match="does not end"):
        replied(server, monkeypatch).body(len(BODY))
    assert 600 < server.now <= 700


def test_one_that_slows_down_is_read_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=0.001)
    reply = replied(server, monkeypatch)
    slower = server.read

    def read(size: int) -> bytes:
        server.seconds = 1.0
        return slower(size)

    monkeypatch.setattr(server, "read", read)
    assert reply.body(len(BODY)) == BODY
    assert server.asked.count("many") == 1


def test_what_is_packed_is_never_asked_for_in_large_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=0.001, encoding="gzip")
    assert replied(server, monkeypatch).body(len(BODY)) == BODY
    assert set(server.asked) == {"what is there"}


@pytest.mark.parametrize("seconds", [0.001, 2.0])
def test_a_body_has_a_limit(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seconds=seconds)
    with pytest.raises(TooLargeError):
        replied(server, monkeypatch).body(len(BODY) // 2)
    assert server.at < len(BODY)
