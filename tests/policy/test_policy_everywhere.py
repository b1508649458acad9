"""A policy from an https URL or a repository, for each command: over TLS and a proxy, its hash shown."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from depguard.adapters import policy_web
from kit.certificates import make_certificate, server_side
from kit.guarded_host import HOST, GuardedHost, make_guarded_host
from kit.loopback import Answer, Loopback

TEXT = "schema: 1\nprotected: {solid: C ABI}\ntiers:\n  lab: {about: small things, requires: [small]}\n"
SHA256 = hashlib.sha256(TEXT.encode()).hexdigest()
REPOSITORY = "github:owner/course@v1"


class _Proxy(ThreadingTCPServer):
    """Leads every CONNECT to one server on this machine, whatever host is asked for."""

    allow_reuse_address = True
    daemon_threads = True
    target = 0
    asked: list[str]


class _Tunnel(BaseRequestHandler):
    server: _Proxy

    def handle(self) -> None:
        head = self.request.recv(4096).decode()
        self.server.asked.append(head.split()[1])
        with socket.create_connection(("127.0.0.1", self.server.target)) as far:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pipe, args=(far, self.request), daemon=True)
            back.start()
            _pipe(self.request, far)
            back.join(5)


def _pipe(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = ("DNS:raw.githubusercontent.com", "IP:127.0.0.1")
    return make_certificate(tmp_path_factory.mktemp("tls"), *names)


@pytest.fixture
def web(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server with the policy under an address of its own and under that of a repository's raw file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    policy_web._pool.cache_clear()
    with (
        Loopback(tmp_path, tls=server_side(certificate)) as server,
        _Proxy(("127.0.0.1", 0), _Tunnel) as proxy,
    ):
        policy = Answer(200, TEXT.encode())
        server.answers |= {"/course.yaml": policy, "/owner/course/v1/depguard.yaml": policy}
        proxy.target, proxy.asked = int(server.origin.rpartition(":")[2]), []
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server
        assert set(proxy.asked) <= {"raw.githubusercontent.com:443"}
        proxy.shutdown()
    policy_web._pool.cache_clear()


@pytest.fixture
def host(tmp_path: Path) -> GuardedHost:
    made = make_guarded_host(tmp_path / "host")
    (made.folder / "depguard.yaml").unlink()
    (made.folder / "other.yaml").write_text(HOST)
    return made


def test_every_command_takes_it_and_shows_its_hash(host: GuardedHost, web: Loopback) -> None:
    url = f"{web.origin}/course.yaml"
    on_host = ["--host", "other.yaml"]
    commands = (
        ["plan", "lab", *on_host],
        ["lock", "lab", *on_host],
        ["simulate", "small", *on_host],
        ["check", *on_host],
        ["doctor", "--fast", "--no-probes"],
        ["install", "lab", "--dry-run"],
    )
    for number, words in enumerate(commands):
        reference, shown = ((url, url), (REPOSITORY, f"{REPOSITORY}:depguard.yaml"))[number % 2]
        done = host.depguard(*words, "--policy", reference)
        assert done.code == 0, (words, done)
        assert f"policy {shown}, sha256 {SHA256} (--policy)" in done.err, (words, done)


def test_policy_check_and_show_take_it(
    host: GuardedHost, web: Loopback, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from depguard.cli.main import main

    monkeypatch.chdir(host.folder)
    for action in ("check", "show"):
        for reference in (f"{web.origin}/course.yaml", REPOSITORY):
            assert main(["policy", action, reference]) == 0
            said = capsys.readouterr()
            assert SHA256 in said.out + said.err, (action, said)


def test_offline_says_so(host: GuardedHost, web: Loopback) -> None:
    done = host.depguard("plan", "lab", "--host", "other.yaml", "--policy", REPOSITORY, "--offline")
    assert done.code == 3
    assert "offline, and the policy is at https://" in done.err
    assert web.paths() == []
