"""Certificates and proxies: how the client gets to an index at all."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.pools import system_proxy
from depguard.errors import InputError, OutOfReachError
from kit.certificates import server_side
from kit.index_bench import Bench
from kit.loopback import Loopback

DEMO = canonicalize_name("demo")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    return server_side(certificate)


def test_a_certificate_that_nobody_vouches_for(bench: Bench, wheels: Path, tls: ssl.SSLContext) -> None:
    with Loopback(wheels, tls=tls) as index:
        with pytest.raises(OutOfReachError, match="not trusted") as caught:
            bench.client(index.url).page(DEMO)
        assert "--cert" in (caught.value.problems[0].hint or "")
        assert bench.slept == []  # no retry heals it
        assert index.requests == []


def test_it_is_accepted_when_it_is_named_or_the_host_is_trusted(
    bench: Bench, wheels: Path, tls: ssl.SSLContext, certificate: Path
) -> None:
    with Loopback(wheels, tls=tls) as index:
        client = bench.client(index.url, cert=certificate)
        assert client.page(DEMO).found
        client.metadata(client.page(DEMO).artifacts[0])
        assert bench.client(index.url, trusted_hosts=("127.0.0.1",)).page(DEMO).found
        assert bench.client(index.url, trusted_hosts=(index.origin[8:],)).page(DEMO).found


def test_http_may_lead_to_https_and_not_back(
    bench: Bench, wheels: Path, tls: ssl.SSLContext, certificate: Path
) -> None:
    with Loopback(wheels, tls=tls) as secure, Loopback(wheels) as plain:
        plain.redirects["/simple/demo/"] = f"{secure.url}/demo/"
        assert bench.client(plain.url, cert=certificate).page(DEMO).found
        secure.redirects["/simple/other/"] = f"{plain.url}/other/"
        with pytest.raises(OutOfReachError, match="from https to http"):
            bench.client(secure.url, cert=certificate).page(canonicalize_name("other"))


@pytest.mark.parametrize("setting", ["cert", "client_cert"])
def test_a_certificate_file_that_is_none(bench: Bench, tmp_path: Path, setting: str) -> None:
    (tmp_path / "empty.pem").write_text("")
    for file in ("empty.pem", "missing.pem"):
        client = bench.client("https://127.0.0.1:9/simple", **{setting: tmp_path / file})
        with pytest.raises(InputError, match=f"not a readable certificate file: .*{file}"):
            client.page(DEMO)


def test_a_proxy_with_its_credentials(bench: Bench, wheels: Path) -> None:
    with Loopback(wheels) as proxy:
        address = proxy.origin.replace("://", "://me:hush@")
        page = bench.client("http://index.example.org/simple", proxy=address).page(DEMO)
        (asked,) = proxy.requests
    assert page.found
    assert asked.path == "http://index.example.org/simple/demo/"
    assert base64.b64decode(asked.headers["proxy-authorization"][6:]) == b"me:hush"
    assert "authorization" not in asked.headers


def test_a_proxy_that_is_none(bench: Bench) -> None:
    with pytest.raises(InputError, match=r"the proxy socks5://example\.org cannot be used"):
        bench.client("http://index.example.org/simple", proxy="socks5://u:p@example.org").page(DEMO)


def test_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    assert system_proxy("https://index.example.org/simple") is None
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "internal.example.org")
    assert system_proxy("https://index.example.org/simple") == "http://proxy.example.org:3128"
    assert system_proxy("https://internal.example.org/simple") is None
