"""The shipped hosts, for tests that need a real one."""

from __future__ import annotations

from depguard.adapters.host_store import HostStore
from depguard.adapters.shipped import shipped_hosts
from depguard.model.host import Host


def no_live_host() -> Host:
    """For a store of a test that never means the machine it runs on."""
    raise AssertionError("nobody asked for the live host")


def shipped_store() -> HostStore:
    """The catalogue alone."""
    return HostStore([shipped_hosts()], no_live_host)


def shipped_host(name: str) -> Host:
    """A host of the catalogue: ``colab/2026.07-gpu``."""
    return shipped_store().find(name)
