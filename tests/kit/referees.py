"""Real installers as referees: what pip and uv themselves would do to a metadata-only copy of a host.

Each runs as depguard's own crosscheck runs it: a process of its own in a scrubbed environment, in a dry
run, pointed at the copy:

    ran = dry_run(referee, copy, ["onnx"])
    ran.changes     # {Change("onnx", None, "1.23.2"), Change("protobuf", "5.29.6", "7.36.2")}; None: refused
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.version import Version

from depguard import errors
from depguard.adapters import materialize as workshop
from depguard.adapters.interpreters import Interpreters
from depguard.adapters.referees import process
from depguard.adapters.referees.installers import Pip, Uv
from depguard.adapters.referees.lookup import Lookup
from depguard.app.baseline_materialize import PythonAtHand, closest, materialize, uv_options
from depguard.model import crosscheck as refereed
from depguard.model.crosscheck import Ask, Changes, Check, NoAnswer
from depguard.model.host import Host
from depguard.model.plan import ChangeSet
from depguard.planning.materials import site_packages


class OutOfReachError(Exception):
    """The index did not answer: nothing was shown, either way."""


@contextmanager
def reachable() -> Iterator[None]:
    """An index that does not answer shows nothing about depguard: the test is skipped, not failed."""
    try:
        yield
    except OutOfReachError as error:
        pytest.skip(f"out of reach: {error}")


class Change(NamedTuple):
    """One distribution that an installer would change; None where there is none before or after."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Referee:
    """An installer of this machine."""

    label: str
    program: Pip | Uv

    @property
    def version(self) -> Version:
        return self.program.version

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it, up to its own arguments."""
        return self.program.command

    @property
    def is_uv(self) -> bool:
        return isinstance(self.program, Uv)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A host's metadata in an environment; ``uv_options`` tell uv the host's own Python and platform."""

    host: Host
    directory: Path
    python: Version
    uv_options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What an installer said. ``changes`` is None when it refused; ``said`` is all of its output."""

    changes: frozenset[Change] | None
    said: str


def make_copy(host: Host, directory: Path) -> Copy | None:
    """The copy of a host under its own minor version of Python, None where this machine has none."""
    minor = f"{host.python.major}.{host.python.minor}"
    at_hand: tuple[PythonAtHand, ...] = Interpreters().at_hand(minor)
    if closest(host, at_hand).python.release[:2] != host.python.release[:2]:
        return None
    made = materialize(host, at_hand, workshop, directory)
    return Copy(host=host, directory=directory, python=made.python, uv_options=made.uv_options)


def refill(copy: Copy, host: Host) -> Copy:
    """The same environment with another host's metadata in it; quicker than a new one."""
    (packages,) = copy.directory.glob("[Ll]ib/**/site-packages")
    for folder in packages.glob("*.dist-info"):
        shutil.rmtree(folder)
    for name, content in site_packages(host).files.items():
        (packages / name).parent.mkdir(exist_ok=True)
        (packages / name).write_bytes(content)
    return replace(copy, host=host, uv_options=uv_options(host))


def dry_run(
    referee: Referee,
    copy: Copy,
    args: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    direct: bool = False,
) -> Ran:
    """``install --dry-run ARGS`` against a copy. Nothing is installed.

    ``env`` comes on top of a scrubbed environment. ``direct`` starts pip in the copy's interpreter as its
    ``--python`` would, which saves a process. Raises OutOfReachError when the index does not answer.
    """
    ask = Ask(check=Check.SIMULATION, host=copy.host, directory=copy.directory, uv_options=copy.uv_options)
    here = cwd or copy.directory
    program = referee.program
    if isinstance(program, Uv):
        answer = program.install(ask, args, cwd=here, env=env)
    else:
        answer = program.install(ask, args, cwd=here, env=env, direct=direct)
    if isinstance(answer, NoAnswer):
        raise OutOfReachError(f"{referee.label}: {answer.reason}")
    return Ran(changes=texts(answer.changes) if answer.changes is not None else None, said=answer.said)


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a scrubbed environment: no setting of this machine's pip, uv or Python reaches it."""
    try:
        return process.run(command, cwd=cwd, env=env)
    except errors.OutOfReachError as error:
        raise OutOfReachError(str(error)) from None


def changes_of(changes: ChangeSet) -> frozenset[Change]:
    """What depguard says an installer or a plan would change, in the referees' terms."""
    return texts(frozenset(refereed.Change(a.name, a.old, a.new) for a in changes.changes))


def texts(changes: Changes) -> frozenset[Change]:
    """Changes with their versions as text."""
    return frozenset(
        Change(
            change.name,
            str(change.old) if change.old is not None else None,
            str(change.new) if change.new is not None else None,
        )
        for change in changes
    )


def find_pip(cache: Path, version: str) -> Referee:
    """The pip of exactly this version, fetched once into ``cache`` (a single pure wheel).

    It runs under the interpreter of whatever it is pointed at. Raises OutOfReachError.
    """
    try:
        return Referee(f"pip {version}", _lookup(cache).pip(Version(version)))
    except errors.OutOfReachError as error:
        raise OutOfReachError(str(error)) from None


def find_exact_uv(cache: Path, version: Version) -> Referee:
    """The uv of exactly this version, fetched once into ``cache``. Raises OutOfReachError."""
    try:
        return Referee("uv", _lookup(cache).uv(version))
    except errors.OutOfReachError as error:
        raise OutOfReachError(str(error)) from None


def current_pip(at_least: str = "26.0") -> Referee | None:
    """The pip beside the tests, None where it is older."""
    try:
        found = _lookup(Path()).some_pip()
    except errors.InputError:
        return None
    return Referee(found.label, found) if found.version >= Version(at_least) else None


def find_uv() -> Referee | None:
    """The uv beside the tests or on PATH."""
    try:
        return Referee("uv", _lookup(Path()).some_uv())
    except errors.InputError:
        return None


def _lookup(cache: Path) -> Lookup:
    return Lookup(cache=cache, note=_ignored)


def _ignored(text: str) -> None:
    del text


def names(changes: Iterable[Change]) -> frozenset[str]:
    """The names that are touched."""
    return frozenset(change.name for change in changes)
