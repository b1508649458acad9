"""HTTP/2 where it is asked for and the server offers it; HTTP/1.1 as ever where either is not so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.client import IndexClient
from depguard.cli.main import main
from depguard.errors import InputError, OutOfReachError
from depguard.model.binary import Depth, WheelContents
from depguard.model.release import CoreMetadata
from kit.certificates import server_side
from kit.http2_server import Http2Server
from kit.index_bench import DEMO, OTHER, Bench, one, requires
from kit.loopback import Loopback
from kit.wheels import build_wheel

NAMES = [canonicalize_name(f"project-{number}") for number in range(6)]


@pytest.fixture
def index(wheels: Path, certificate: Path) -> Iterator[Http2Server]:
    with Http2Server(Loopback(wheels), server_side(certificate)) as server:
        yield server


@pytest.fixture
def client(bench: Bench, index: Http2Server, certificate: Path) -> IndexClient:
    return bench.client(index.url, cert=certificate, http2=True)


def test_a_page_and_metadata_over_one_connection(client: IndexClient, index: Http2Server) -> None:
    assert requires(client.metadata(one(client))) == ["other>=1", 'torch; extra == "gpu"']
    assert index.connections == [["/simple/demo/", "/files/demo-1.0-py3-none-any.whl"]]
    assert index.answers.requests[-1].headers["range"] == "bytes=-65536"


def test_many_are_asked_for_at_once_over_one_connection(client: IndexClient, index: Http2Server) -> None:
    client.page(DEMO)
    index.together = len(NAMES)  # none is answered before all have been asked for
    client.prefetch(NAMES)
    assert not any(client.page(name).found for name in NAMES)
    assert len(index.connections) == 1
    assert sorted(index.connections[0][1:]) == [f"/simple/{name}/" for name in NAMES]


def test_the_first_requests_wait_for_one_handshake(client: IndexClient, index: Http2Server) -> None:
    client.prefetch(NAMES)
    assert not any(client.page(name).found for name in NAMES)
    assert len(index.connections) == 1


def test_threads_do_not_get_in_each_others_way(client: IndexClient, index: Http2Server, wheels: Path) -> None:
    for number in range(40):
        build_wheel(wheels, f"many-{number}", "1.0", requires=[f"of-{number}"])
    wrong: list[str] = []

    def ask(number: int) -> None:
        answer = client.metadata(one(client, canonicalize_name(f"many-{number}")))
        if not isinstance(answer, CoreMetadata) or requires(answer) != [f"of-{number}"]:
            wrong.append(str(answer))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(index.connections) == 1


def test_ranges_of_a_large_wheel(client: IndexClient, index: Http2Server, wheels: Path) -> None:
    files = {f"large/{number}.bin": bytes([number % 251]) * 300 for number in range(3000)}
    wheel = build_wheel(wheels, "large", "1.0", requires=["other"], files=files, compression=0)
    artifact = one(client, canonicalize_name("large"))
    assert requires(client.metadata(artifact)) == ["other"]
    contents = client.contents(artifact, depth=Depth.FILES, most=0)
    assert isinstance(contents, WheelContents)
    assert len(contents.files) == 3003
    assert client.traffic.received < wheel.stat().st_size / 2
    assert len(index.connections) == 1


def test_a_whole_file_beyond_the_windows(client: IndexClient, index: Http2Server, wheels: Path) -> None:
    index.answers.ranges = "no"
    build_wheel(
        wheels, "whole", "1.0", requires=["other"], files={"whole.bin": bytes(900_000)}, compression=0
    )
    assert requires(client.metadata(one(client, canonicalize_name("whole")))) == ["other"]


def test_a_compressed_page(client: IndexClient, index: Http2Server) -> None:
    index.answers.gzip = True
    assert len(client.page(DEMO).artifacts) == 3


@pytest.mark.parametrize(("counter", "connections"), [("resets", 1), ("goaways", 2)])
def test_a_request_that_breaks_off_is_made_again(
    client: IndexClient, index: Http2Server, bench: Bench, counter: str, connections: int
) -> None:
    setattr(index, counter, 1)
    assert client.page(DEMO).found
    assert bench.slept == [0.25]
    assert len(index.connections) == connections
    assert client.page(OTHER).found


def test_a_server_that_only_resets_is_out_of_reach(client: IndexClient, index: Http2Server) -> None:
    index.resets = 99
    with pytest.raises(OutOfReachError, match="the connection broke off"):
        client.page(DEMO)


def test_sizes_are_asked_for_by_head(client: IndexClient, wheels: Path) -> None:
    artifact = one(client)
    assert client.size(artifact) == (wheels / artifact.filename).stat().st_size


def test_a_certificate_that_nobody_vouches_for_is_refused(bench: Bench, index: Http2Server) -> None:
    with pytest.raises(OutOfReachError, match="its certificate is not trusted here"):
        bench.client(index.url, http2=True).page(DEMO)


def test_a_trusted_host_is_not_verified(bench: Bench, index: Http2Server) -> None:
    assert bench.client(index.url, trusted_hosts=("127.0.0.1",), http2=True).page(DEMO).found
    assert len(index.connections) == 1


def test_without_h2_in_alpn_it_is_http_1(bench: Bench, wheels: Path, certificate: Path) -> None:
    with Loopback(wheels, tls=server_side(certificate)) as plain:
        client = bench.client(plain.url, cert=certificate, http2=True)
        client.prefetch([*NAMES, OTHER])
        assert requires(client.metadata(one(client)))[0] == "other>=1"
        assert client.page(OTHER).found
        assert not any(client.page(name).found for name in NAMES)
        assert len(plain.requests) == 2 + 1 + len(NAMES)


def test_it_is_http_1_unless_asked_for(bench: Bench, wheels: Path, certificate: Path) -> None:
    offering = server_side(certificate)
    offering.set_alpn_protocols(["h2", "http/1.1"])
    with Loopback(wheels, tls=offering) as plain:
        assert bench.client(plain.url, cert=certificate).page(DEMO).found


def test_without_the_extra_it_is_said(
    bench: Bench, index: Http2Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depguard.adapters.index.pools.find_spec", lambda _: None)
    with pytest.raises(InputError, match="HTTP/2 is asked for") as caught:
        bench.client(index.url, http2=True).page(DEMO)
    assert "depguard-policy[http2]" in (caught.value.problems[0].hint or "")
    assert index.connections == []


def test_the_environment_asks_for_it(
    index: Http2Server, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPGUARD_HTTP2", "1")
    monkeypatch.setenv("PIP_CERT", str(certificate))
    words = ["simulate", "demo", "--host", "2026.07-gpu", "-i", index.url, "--cache-dir", str(tmp_path)]
    assert main(words) in {0, 1}
    assert len(index.connections) == 1
    assert index.connections[0][0] == "/simple/demo/"
