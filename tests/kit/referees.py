"""Real installers as referees: what pip and uv themselves would do to a metadata-only copy of a host.

Each runs as a process of its own in a scrubbed environment, in a dry run, pointed at the copy:

    ran = dry_run(referee, copy, ["onnx"])
    ran.changes     # {Change("onnx", None, "1.23.2"), Change("protobuf", "5.29.6", "7.36.2")}; None: refused
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.adapters import materialize as workshop
from depguard.adapters.interpreters import Interpreters
from depguard.app.baseline_materialize import PythonAtHand, closest, materialize, uv_options
from depguard.model.host import Host
from depguard.model.plan import ChangeSet
from depguard.planning.materials import site_packages

SECONDS = 300
"""For one dry run: pip fetches whole wheels where the index serves no metadata beside them."""

RUNNER = "__pip-runner__.py"

_UV_LINE = re.compile(r"^ (?P<sign>[+~-]) (?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)", re.MULTILINE)

_OUT_OF_REACH = re.compile(
    r"Read ?timed? ?out|ReadTimeoutError|Connection(Error| broken| refused| reset| aborted)|IncompleteRead"
    r"|Max retries exceeded|error sending request|operation timed out|HTTP error 5\d\d|429 Too Many"
    r"|\b50[234] (Server|Service|Bad)|Temporary failure in name resolution|Could not connect",
    re.IGNORECASE,
)


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
    """An installer: ``command`` runs it, up to its own arguments. ``runner`` is what pip's --python runs."""

    label: str
    version: Version
    command: tuple[str, ...]
    runner: Path | None = None

    @property
    def is_uv(self) -> bool:
        return self.label == "uv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A host's metadata in an environment; ``uv_options`` tell uv the host's own Python and platform."""

    host: Host
    directory: Path
    python: Version
    uv_options: tuple[str, ...]

    @property
    def executable(self) -> Path:
        return self.directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


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
    if referee.is_uv:
        own = ["pip", "install", "--python", str(copy.directory), *copy.uv_options, "--dry-run"]
        done = run([*referee.command, *own, *args], cwd=cwd or copy.directory, env=env)
        changes = _of_uv(done.stderr + done.stdout)
    else:
        report = copy.directory / "report.json"
        report.unlink(missing_ok=True)
        start = [*referee.command, "--python", str(copy.directory)]
        if direct and referee.runner is not None:
            start = [str(copy.executable), str(referee.runner)]
        own = ["install", "--dry-run", "--quiet", "--report", str(report)]
        done = run([*start, *own, *args], cwd=cwd or copy.directory, env=env)
        changes = _of_pip(report, copy.host) if done.returncode == 0 else frozenset()
    said = done.stdout + done.stderr
    if done.returncode != 0 and _OUT_OF_REACH.search(said):
        raise OutOfReachError(f"{referee.label}: {said[-500:]}")
    return Ran(changes=changes if done.returncode == 0 else None, said=said)


def run(
    command: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A command in a scrubbed environment: no setting of this machine's pip, uv or Python reaches it."""
    try:
        return subprocess.run(
            list(command),
            cwd=cwd,
            env={**scrubbed(os.environ), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OutOfReachError(f"{command[0]} took more than {SECONDS} seconds") from None


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without installer settings. Proxies and certificates stay: they are the way out."""
    foreign = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_CONFIG": "1",
        "NO_COLOR": "1",
    }


def changes_of(changes: ChangeSet) -> frozenset[Change]:
    """What depguard says an installer or a plan would change, in the referees' terms."""
    return frozenset(
        Change(
            action.name,
            str(action.old) if action.old is not None else None,
            str(action.new) if action.new is not None else None,
        )
        for action in changes.changes
    )


def find_pip(cache: Path, version: str) -> Referee:
    """The pip of exactly this version, fetched once into ``cache`` (a single pure wheel).

    It runs under the interpreter of whatever it is pointed at. Raises OutOfReachError.
    """
    folder = cache / f"pip-{version}"
    if not (folder / "pip" / "__main__.py").is_file():
        part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        fetch = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]
        done = run([*fetch, "--target", str(part), f"pip=={version}"])
        if done.returncode != 0:
            shutil.rmtree(part, ignore_errors=True)
            raise OutOfReachError(f"pip {version} cannot be had: {done.stderr[-300:]}")
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    package = folder / "pip"
    return Referee(f"pip {version}", Version(version), (sys.executable, str(package)), package / RUNNER)


def current_pip(at_least: str = "26.0") -> Referee | None:
    """The pip beside the tests, None where it is older."""
    try:
        found = metadata.distribution("pip")
    except metadata.PackageNotFoundError:
        return None
    version = Version(found.version)
    if version < Version(at_least):
        return None
    runner = Path(str(found.locate_file("pip"))) / RUNNER
    return Referee(f"pip {version}", version, (sys.executable, "-m", "pip"), runner)


def find_uv() -> Referee | None:
    """The uv beside the tests or on PATH."""
    path = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if path is None:
        return None
    said = run([path, "--version"]).stdout.split()
    return Referee("uv", Version(said[1]), (path,)) if len(said) > 1 else None


def _of_pip(report: Path, host: Host) -> frozenset[Change]:
    """The installation report's ``install`` entries; pip takes out what is there under that name."""
    changes = set()
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        name = canonicalize_name(item["metadata"]["name"])
        there = host.installed.get(name)
        old = str(there.version or "0") if there is not None else None
        # As normalized as depguard's: some releases spell theirs in another way (``0.1.1-2209``).
        changes.add(Change(name, old, str(Version(item["metadata"]["version"]))))
    return frozenset(changes)


def _of_uv(text: str) -> frozenset[Change]:
    """The lines `` - name==old`` and `` + name==new``; ``~`` is the same version put in again."""
    found: dict[str, list[str | None]] = {}
    for match in _UV_LINE.finditer(text):
        pair = found.setdefault(canonicalize_name(match["name"]), [None, None])
        if match["sign"] in "-~":
            pair[0] = match["version"]
        if match["sign"] in "+~":
            pair[1] = match["version"]
    return frozenset(Change(name, old, new) for name, (old, new) in found.items())


def names(changes: Iterable[Change]) -> frozenset[str]:
    """The names that are touched."""
    return frozenset(change.name for change in changes)
