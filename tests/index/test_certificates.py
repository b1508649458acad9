"""Of the authorities that the system knows, those are read that are needed; all, before one is missed."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from depguard.adapters.index.certificates import Certificates
from kit.certificates import found_by_name, make_certificate, server_side
from kit.index_bench import Bench
from kit.loopback import Loopback

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself is asked")

DEMO = canonicalize_name("demo")


class System:
    """Where OpenSSL looks for authorities: a folder with one that signed nothing here, and no file.

    ``contexts`` are those that clients came to use.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, certificate: Path) -> None:
        self._monkeypatch = monkeypatch
        self.folder = folder
        self.certificate = certificate
        self.contexts: list[ssl.SSLContext] = []
        (folder / "other").mkdir()
        other = make_certificate(folder / "other", "DNS:other.example.org", subject="/CN=other")
        self.looks_in(found_by_name(folder / "names", other))
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)

    def looks_in(self, folder: Path) -> None:
        self._monkeypatch.setenv("SSL_CERT_DIR", str(folder))

    def reads(self, file: Path) -> None:
        self._monkeypatch.setenv("SSL_CERT_FILE", str(file))

    @property
    def known(self) -> set[int]:
        """How many authorities each context has read."""
        return {context.cert_store_stats()["x509_ca"] for context in self.contexts}


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, certificate: Path) -> System:
    made = System(monkeypatch, tmp_path, certificate)
    if ssl.get_default_verify_paths().cafile is None:
        pytest.skip("no file of authorities where OpenSSL looks for it")

    class Watched(Certificates):
        def context(self, *, trusted: bool) -> ssl.SSLContext:
            made.contexts.append(super().context(trusted=trusted))
            return made.contexts[-1]

    monkeypatch.setattr("depguard.adapters.index.client.Certificates", Watched)
    return made


@pytest.fixture
def index(wheels: Path, certificate: Path) -> Iterator[Loopback]:
    with Loopback(wheels, tls=server_side(certificate)) as running:
        yield running


def test_one_that_is_found_by_its_name_is_read_alone(bench: Bench, index: Loopback, system: System) -> None:
    system.looks_in(found_by_name(system.folder / "own", system.certificate))
    assert bench.client(index.url).page(DEMO).found
    assert system.known == {1}


def test_one_that_has_no_name_there_is_found_in_the_file(
    bench: Bench, index: Loopback, system: System
) -> None:
    client = bench.client(index.url)
    client._certificates.prepare()
    assert system.known == {0}
    system.reads(system.certificate)  # where OpenSSL looks once all are wanted
    page = client.page(DEMO)
    client.metadata(page.artifacts[0])
    assert page.found
    assert system.known == {1}
    assert len(set(map(id, system.contexts))) == 1
    assert bench.slept == []


def test_a_file_that_somebody_names_is_read_at_once(bench: Bench, index: Loopback, system: System) -> None:
    system.reads(system.certificate)
    client = bench.client(index.url)
    client._certificates.prepare()
    assert system.known == {1}
    assert client.page(DEMO).found


@pytest.mark.parametrize("folder", ["no such folder", "without names"])
def test_where_none_has_a_name_all_are_read(bench: Bench, system: System, folder: str) -> None:
    (system.folder / "without names").mkdir()
    (system.folder / "without names" / "bundle.pem").write_text("")
    system.looks_in(system.folder / folder)
    everything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    everything.set_default_verify_paths()
    bench.client("https://127.0.0.1:9/simple")._certificates.prepare()
    assert system.known == {everything.cert_store_stats()["x509_ca"]}
