"""Use cases: a metadata-only copy of a host for real installers, and its own versions as wheels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from packaging.version import Version

from depguard.model.host import Host
from depguard.planning.materials import site_packages, wheelhouse
from depguard.records import dataclass

MARKER_FORMAT = 1


class PythonAtHand(Protocol):
    """An interpreter of this machine."""

    @property
    def path(self) -> Path:
        """Its executable."""
        ...

    @property
    def python(self) -> Version:
        """Its version."""
        ...

    @property
    def implementation(self) -> str:
        """As the marker variable implementation_name has it."""
        ...

    @property
    def machine(self) -> str:
        """As the marker variable platform_machine has it."""
        ...

    @property
    def platform(self) -> str:
        """As the marker variable sys_platform has it."""
        ...

    @property
    def glibc(self) -> tuple[int, int] | None:
        """Its C library's version, None where that is not glibc."""
        ...

    @property
    def free_threaded(self) -> bool:
        """Whether it has no global lock: such a one takes other wheels."""
        ...


class Workshop(Protocol):
    """Where copies are made. Each writes a folder whole or not at all.

    Both raise InputError for a folder that is not theirs to write, OutOfReachError for the disk.
    """

    def write_environment(
        self,
        directory: Path,
        python: Path,
        files: Mapping[str, bytes],
        marker: Mapping[str, object],
        *,
        force: bool,
    ) -> None:
        """A virtual environment of ``python`` with ``files`` in its site-packages."""
        ...

    def write_wheels(
        self,
        directory: Path,
        wheels: Mapping[str, Mapping[str, bytes]],
        marker: Mapping[str, object],
        *,
        force: bool,
    ) -> None:
        """A folder of wheels, each given by its members."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Materialized:
    """A copy that was written: of what, under which Python, and where it differs from the host.

    ``notes`` are sentences for people. ``uv_options`` make uv answer for the host's own Python and
    platform, whatever the interpreter is.
    """

    host: str
    distributions: int
    python: Version
    notes: tuple[str, ...]
    uv_options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """Wheels that were written, by file name, and what there is to say about them."""

    host: str
    wheels: tuple[str, ...]
    notes: tuple[str, ...]


def materialize(
    host: Host, at_hand: Sequence[PythonAtHand], workshop: Workshop, directory: Path, *, force: bool = False
) -> Materialized:
    """Write the metadata-only copy of a host, in an environment of the interpreter that is closest to it.

    ``at_hand`` must not be empty (ValueError).
    """
    chosen = closest(host, at_hand)
    materials = site_packages(host)
    notes = (
        *(f"these {note}" for note in materials.notes),
        *differences(host, chosen),
    )
    marker = _marker(host, "environment") | {"python": str(chosen.python), "notes": list(notes)}
    workshop.write_environment(directory, chosen.path, materials.files, marker, force=force)
    return Materialized(
        host=host.name,
        distributions=materials.distributions,
        python=chosen.python,
        notes=notes,
        uv_options=uv_options(host),
    )


def export_index(
    host: Host, workshop: Workshop, directory: Path, *, everything: bool = False, force: bool = False
) -> Exported:
    """Write wheels without code for those of a host's distributions that no index has."""
    materials = wheelhouse(host, everything=everything)
    marker = _marker(host, "wheels") | {"notes": list(materials.notes)}
    workshop.write_wheels(directory, materials.wheels, marker, force=force)
    return Exported(host=host.name, wheels=tuple(sorted(materials.wheels)), notes=materials.notes)


def closest(host: Host, at_hand: Sequence[PythonAtHand]) -> PythonAtHand:
    """The interpreter whose answers are closest to the host's: implementation, minor, then micro version.

    Of several alike the first wins. Raises ValueError if there is none.
    """

    def distance(interpreter: PythonAtHand) -> tuple[bool, bool, bool, int]:
        return (
            interpreter.implementation != host.markers["implementation_name"],
            interpreter.free_threaded,
            interpreter.python.release[:2] != host.python.release[:2],
            abs(interpreter.python.micro - host.python.micro),
        )

    return min(at_hand, key=distance)


def differences(host: Host, interpreter: PythonAtHand) -> tuple[str, ...]:
    """What an installer that runs under ``interpreter`` may decide differently than on the host."""
    has = interpreter.python
    notes: list[str] = []
    if has.release[:2] != host.python.release[:2]:
        notes.append(
            f"the Python here is {has}, the host's is {host.python}: pip chooses other wheels,"
            " so ask uv, with the options below"
        )
    elif has != host.python:
        notes.append(
            f"the Python here is {has}, the host's is {host.python}: only a Requires-Python or a marker"
            " that tells these two apart is answered differently"
        )
    platform, machine = host.markers["sys_platform"], host.markers["platform_machine"]
    if (interpreter.platform, interpreter.machine) != (platform, machine):
        notes.append(
            f"this machine is {interpreter.platform} {interpreter.machine}, the host {platform} {machine}:"
            " pip chooses other wheels, so ask uv, with the options below"
        )
    elif host.glibc is not None and interpreter.glibc != host.glibc:
        here = ".".join(map(str, interpreter.glibc)) if interpreter.glibc else "another C library"
        notes.append(
            f"glibc here is {here}, the host's is {'.'.join(map(str, host.glibc))}: pip may choose another"
            " wheel where a release has several"
        )
    return tuple(notes)


def uv_options(host: Host) -> tuple[str, ...]:
    """The options that make uv answer for the host's own Python and platform."""
    options = ["--python-version", str(host.python)]
    machine = host.markers["platform_machine"]
    if host.glibc is not None and machine in {"x86_64", "aarch64"}:
        options += ["--python-platform", f"{machine}-manylinux_{host.glibc[0]}_{host.glibc[1]}"]
    return tuple(options)


def _marker(host: Host, kind: str) -> dict[str, object]:
    return {"format": MARKER_FORMAT, "kind": kind, "host": host.name, "host_sha256": host.sha256}
