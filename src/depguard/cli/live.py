"""The host of a live interpreter: what ``--host live`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from depguard.model.file_table import FileTable
    from depguard.model.host import Host
    from depguard.model.host_abi import HostAbi

LIVE = "live"


FAMILIES = {"google-colab": "colab"}
"""What shows of which family a machine is: a distribution that only its makers install."""


def live_host(python: str | None = None) -> Host:
    """The host of ``python`` (default: the interpreter that depguard runs in).

    Raises InputError if it is no interpreter, OutOfReachError if it does not answer.
    """
    from depguard.adapters.capture import capture
    from depguard.app.baseline_capture import captured_host
    from depguard.app.baseline_host import HostFacts
    from depguard.parse.host_assembly import make_host

    baseline = capture(python)
    family = next((FAMILIES[dist.name] for dist in baseline.distributions if dist.name in FAMILIES), None)
    return make_host(*captured_host(baseline, HostFacts(name="live", family=family)))


def captured_binaries(host: Host, path: Path | None, python: str | None = None) -> HostAbi | None:
    """What was read off the host's machine: the file beside its host file, or this machine itself.

    Raises InputError for a file that was edited, OutOfReachError.
    """
    if path is not None:
        from depguard.adapters.host_store import read_binaries

        return read_binaries(path)
    return live_binaries(host, python) if host.name == LIVE else None


def host_files(host: Host, own: FileTable | None, python: str | None = None) -> FileTable | None:
    """Who owns which files on the host: as captured, or as this machine has them, before what ships.

    ``own`` is what was captured. Raises OutOfReachError.
    """
    from depguard.adapters.shipped import shipped_file_table

    if host.name == LIVE:
        from depguard.adapters.installed_files import live_file_table

        own = live_file_table(python)
    shipped = shipped_file_table()
    return own.before(shipped) if own is not None else shipped


def live_binaries(host: Host, python: str | None = None) -> HostAbi:
    """What the interpreter at hand, and its torch, offer compiled modules."""
    import sys

    from packaging.utils import canonicalize_name

    from depguard.adapters.installed_binaries import live_abi

    versions = {name: dist.version for name, dist in host.installed.items()}
    numpy, torch = (versions.get(canonicalize_name(name)) for name in ("numpy", "torch"))
    return live_abi(python or sys.executable, numpy, torch)
