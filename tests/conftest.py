"""What every test gets: closed sockets, no installer settings of this machine, repeatable Hypothesis."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# No deadline: the machines that run this are shared, and a slow moment is no failure. Derandomized in
# CI, so that a red run is red again.
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

_LOOPBACK = ("127.", "::1", "localhost")


class SocketClosedError(RuntimeError):
    """A unit test tried to leave this machine."""


@pytest.fixture(scope="session")
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands keep what they may need again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _scrubbed_environment(
    request: pytest.FixtureRequest, session_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No setting of this machine's pip, uv or depguard, and no colour variable, reaches a test.

    Tests marked ``network`` are scrubbed as well; they ask for ``installer_settings``.
    """
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "DEPGUARD_")) or name in {"NO_COLOR", "FORCE_COLOR"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_NO_CONFIG", "1")
    if request.node.get_closest_marker("network") is None:
        monkeypatch.setenv("DEPGUARD_CACHE_DIR", str(session_cache))


@pytest.fixture(autouse=True)
def _closed_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only loopback and local sockets connect, unless the test is marked ``network``."""
    if request.node.get_closest_marker("network") is not None:
        yield
        return
    connect = socket.socket.connect
    resolve = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            raise SocketClosedError(f"connection to {address[0]}: mark the test 'network'")
        connect(self, address)

    def guarded_resolve(host: Any, *rest: Any, **options: Any) -> Any:
        if host is not None and not str(host).startswith(_LOOPBACK):
            raise SocketClosedError(f"name lookup of {host}: mark the test 'network'")
        return resolve(host, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_resolve)
    yield


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: a third of the time tests wait for servers and processes."""
    return (os.cpu_count() or 1) + 1
