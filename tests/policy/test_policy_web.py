"""Fetching a policy: what is asked for, followed and refused; and once over real TLS on loopback."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from depguard.adapters import policy_web
from depguard.adapters.policy_web import POLICY_LIMIT, Answer, GithubFile, fetch, parse_github
from depguard.errors import InputError, OutOfReachError
from depguard.model.location import Location
from kit.certificates import make_certificate, server_side

AT = Location("p.yaml", 2, 10)


class Server:
    """Answers by URL, and what was asked."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = {f"https://example.org/{name}": answer for name, answer in answers.items()}
        self.asked: list[str] = []

    def __call__(self, url: str) -> Answer:
        self.asked.append(url)
        return self.answers[url]


def test_redirects_are_followed_to_https() -> None:
    server = Server(a=Answer(302, "/b"), b=Answer(308, "https://example.org/c"), c=Answer(200, None, b"text"))
    assert fetch("https://example.org/a", get=server) == b"text"
    assert [url[-1] for url in server.asked] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "target",
    [
        "http://example.org/b",
        "file:///etc/x",
        "//u:pw@example.org/b",
        "ftp://example.org/b",
        "https://[::1/b",
    ],
)
def test_redirects_elsewhere_are_refused(target: str) -> None:
    server = Server(a=Answer(301, target))
    with pytest.raises(InputError) as caught:
        fetch("https://example.org/a", at=AT, get=server)
    (problem,) = caught.value.problems
    assert problem.code == "policy.url"
    assert problem.location == AT
    assert "https://example.org/a redirects to it" in problem.message
    assert "pw" not in problem.message
    assert server.asked == ["https://example.org/a"]


def test_redirects_end() -> None:
    server = Server(a=Answer(302, "/a"))
    with pytest.raises(OutOfReachError, match="redirects more than 5 times"):
        fetch("https://example.org/a", get=server)
    assert len(server.asked) == 6


@pytest.mark.parametrize(("status", "error"), [(404, InputError), (403, InputError), (500, OutOfReachError)])
def test_bad_answers(status: int, error: type[InputError | OutOfReachError]) -> None:
    with pytest.raises(error, match=str(status)) as caught:
        fetch("https://example.org/a", at=AT, get=Server(a=Answer(status)))
    assert caught.value.problems[0].location == AT


def test_size_is_bounded() -> None:
    body = b"x" * (POLICY_LIMIT + 1)
    with pytest.raises(InputError, match="larger than"):
        fetch("https://example.org/a", get=Server(a=Answer(200, None, body)))
    assert len(fetch("https://example.org/a", get=Server(a=Answer(200, None, body[1:])))) == POLICY_LIMIT


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("github:o/r", GithubFile("o", "r", "HEAD", "depguard.yaml")),
        ("github:o/r@v1.0", GithubFile("o", "r", "v1.0", "depguard.yaml")),
        ("github:o/r.x@feature/y:p/q.yaml", GithubFile("o", "r.x", "feature/y", "p/q.yaml")),
        ("github:o/r:p.yaml", GithubFile("o", "r", "HEAD", "p.yaml")),
    ],
)
def test_repository_references(reference: str, expected: GithubFile) -> None:
    assert parse_github(reference, None) == expected


def test_the_url_of_a_repository_file_is_quoted() -> None:
    assert GithubFile("o", "r", "f/#1", "p q.yaml").url.endswith("/o/r/f/%231/p%20q.yaml")


@pytest.mark.parametrize(
    "reference",
    ["github:o", "github:o/r@", "github:o/r:../x", "github:o/r:/x", "github:o/r@../../x", "github:o/r/s"],
)
def test_references_that_name_no_file(reference: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_github(reference, AT)
    assert caught.value.problems[0].location == AT


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/policy")
            self.end_headers()
            return
        body = b"y" * (POLICY_LIMIT * 3) if self.path == "/large" else b"schema: 1\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):  # the client reads no more than it wants
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with a certificate of its own, which the environment's trust store then knows."""
    certificate = make_certificate(tmp_path, "DNS:localhost", "IP:127.0.0.1")
    context = server_side(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", "*")
    policy_web._pool.cache_clear()
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
    policy_web._pool.cache_clear()


def test_over_tls(tls: str) -> None:
    assert fetch(f"{tls}/moved") == b"schema: 1\n"
    with pytest.raises(InputError, match="larger than"):
        fetch(f"{tls}/large")


def test_a_certificate_nobody_vouches_for(tls: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    policy_web._pool.cache_clear()
    with pytest.raises(OutOfReachError, match=r"cannot reach 127\.0\.0\.1: .*certificate"):
        fetch(f"{tls}/policy")
