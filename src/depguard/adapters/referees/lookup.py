"""Finds referees: what was named, else what depguard's own environment has, else what PATH has.

A version that is named is fetched once, as wheels, into a folder of depguard's cache. So is the pip that a
host has: its own decides as nobody else's.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.adapters.referees.installers import RUNNER, WHEELS_ONLY, Pip, PipTools, Uv
from depguard.adapters.referees.process import run
from depguard.errors import DepguardError, InputError, OutOfReachError, Problem
from depguard.model.crosscheck import Program
from depguard.model.host import Host
from depguard.records import dataclass, field

EXTRA = "pip install 'depguard-policy[referees]'"
"""Brings all three; none is ever a run-time dependency."""

_SCRIPTS = {Program.PIP: "pip", Program.UV: "uv", Program.PIP_TOOLS: "pip-compile"}
_PARTS = ("pip-tools", "pip", "build", "click", "packaging", "pyproject-hooks", "wheel", "setuptools")
_PROBE = f"""
import json
from importlib import metadata
found = {{}}
for name in {_PARTS!r}:
    try:
        there = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        continue
    found[name] = [there.version, str(there.locate_file(""))]
print(json.dumps(found))
"""
_PROBE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One ``--with``: a program, and which version or executable of it (neither: what is found)."""

    program: Program
    version: Version | None = None
    path: Path | None = None


def read_wish(text: str) -> Wish:
    """``pip``, ``uv``, ``pip-tools``, one with ``==VERSION``, or the path of such a program.

    Raises InputError.
    """
    name, equals, version = text.partition("==")
    try:
        program = Program(canonicalize_name(name.strip()))
    except ValueError:
        program = None
    if program is not None:
        try:
            return Wish(program=program, version=Version(version) if equals else None)
        except InvalidVersion:
            raise _unknown(text, f"{version!r} is no version") from None
    path = Path(text).expanduser()
    stem = re.sub(r"(\.exe|[\d.]+)$", "", path.name)
    for known, script in _SCRIPTS.items():
        if stem in (script, "pip-tools") and (os.sep in text or path.is_file()):
            if not path.is_file():
                raise _unknown(text, f"there is no {text}")
            return Wish(program=Program.PIP_TOOLS if stem == "pip-tools" else known, path=path.absolute())
    raise _unknown(text, f"{text} is no installer that depguard can ask")


def _unknown(text: str, message: str) -> InputError:
    return InputError(
        Problem(
            code="referee.unknown",
            message=f"--with {text}: {message}",
            allowed="pip, uv, pip-tools, each also as NAME==VERSION, or the path of pip, uv or pip-compile",
        )
    )


@dataclass(kw_only=True)
class Lookup:
    """Finds each program once. ``cache`` is where fetched ones are kept, ``note`` gets remarks for people.

    ``pip_env`` and ``uv_env`` have the index settings for the programs that are found, ``uv_options`` what
    uv takes as options only; ``fetch_env`` those of a pip that fetches another program (no cut-off there).
    """

    cache: Path
    note: Callable[[str], None]
    pip_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    fetch_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    uv_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    uv_options: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    _found: dict[object, Pip | Uv | PipTools] = field(default_factory=dict, init=False)
    _own: dict[str, tuple[str, str]] | None = field(default=None, init=False)

    def referee(self, wish: Wish, host: Host) -> Pip | Uv | PipTools:
        """The program that a wish means on a host. Raises InputError if it is missing, OutOfReachError."""
        version = wish.version
        if wish.program is Program.PIP and wish.path is None and version is None:
            own = host.installed.get(canonicalize_name("pip"))
            version = own.version if own is not None else None
            if version is not None:
                return self._of_the_host(version)
        key = (wish.program, wish.path, version)
        if key not in self._found:
            self._found[key] = self._find(wish)
        return self._found[key]

    def _of_the_host(self, version: Version) -> Pip | Uv | PipTools:
        key = (Program.PIP, None, version)
        if key not in self._found:
            try:
                self._found[key] = self.pip(version)
            except OutOfReachError as error:
                current = self._find(Wish(program=Program.PIP))
                self.note(f"{error}; {current.label} is asked instead")
                self._found[key] = current
        return self._found[key]

    def _find(self, wish: Wish) -> Pip | Uv | PipTools:
        match wish.program:
            case Program.PIP:
                return self.pip(wish.version) if wish.version is not None else self.some_pip(wish.path)
            case Program.UV:
                return self.uv(wish.version) if wish.version is not None else self.some_uv(wish.path)
            case Program.PIP_TOOLS:
                return self._pip_tools(wish)

    def pip(self, version: Version) -> Pip:
        """The pip of exactly this version: the one beside depguard, or fetched. Raises OutOfReachError."""
        own = self._here().get("pip")
        if own is not None and Version(own[0]) == version:
            return self._own_pip(own)
        folder = self._fetched("pip", version, "--no-deps")
        return Pip(
            version=version,
            command=(sys.executable, str(folder / "pip")),
            runner=folder / "pip" / RUNNER,
            env=self.pip_env,
        )

    def uv(self, version: Version) -> Uv:
        """The uv of exactly this version, fetched. Raises OutOfReachError."""
        folder = self._fetched("uv", version, "--no-deps")
        program = folder / "bin" / ("uv.exe" if os.name == "nt" else "uv")
        return Uv(version=version, command=(str(program),), env=self.uv_env, options=self.uv_options)

    def some_pip(self, path: Path | None = None) -> Pip:
        """The pip at a path, else one that is there. Raises InputError."""
        own = self._here().get("pip")
        if path is None and own is not None:
            return self._own_pip(own)
        program = str(path) if path is not None else self._on_path(Program.PIP)
        return Pip(version=_version_of(program), command=(program,), env=self.pip_env)

    def _own_pip(self, own: tuple[str, str]) -> Pip:
        return Pip(
            version=Version(own[0]),
            command=(sys.executable, "-m", "pip"),
            runner=Path(own[1]) / "pip" / RUNNER,
            env=self.pip_env,
        )

    def some_uv(self, path: Path | None = None) -> Uv:
        """The uv at a path, else one that is there. Raises InputError."""
        program = str(path) if path is not None else self._on_path(Program.UV)
        return Uv(version=_version_of(program), command=(program,), env=self.uv_env, options=self.uv_options)

    def _pip_tools(self, wish: Wish) -> PipTools:
        if wish.version is not None:
            folder = self._fetched("pip-tools", wish.version)
            parts = _probe((sys.executable,), {"PYTHONPATH": str(folder)})
        elif wish.path is None and "pip-tools" in self._here():
            parts = self._here()
        else:
            program = wish.path or Path(self._on_path(Program.PIP_TOOLS))
            parts = _probe(_interpreter_of(program))
        lacking = [name for name in ("pip-tools", "pip") if name not in parts]
        if lacking and wish.path is not None:
            raise _unknown(str(wish.path), f"its Python has no {' and no '.join(lacking)}")
        if lacking:
            raise _missing(Program.PIP_TOOLS)
        return PipTools(
            version=Version(parts["pip-tools"][0]),
            pip=Version(parts["pip"][0]),
            paths=tuple(dict.fromkeys(Path(place) for _, place in parts.values())),
            env=self.pip_env,
        )

    def _here(self) -> dict[str, tuple[str, str]]:
        """The parts in depguard's own environment, by name: version and folder."""
        if self._own is None:
            self._own = _probe((sys.executable,))
        return self._own

    def _on_path(self, program: Program) -> str:
        beside = str(Path(sys.executable).parent)
        script = _SCRIPTS[program]
        found = shutil.which(script, path=beside) or shutil.which(script, path=self.environ.get("PATH"))
        if found is None:
            raise _missing(program)
        return found

    def _fetched(self, name: str, version: Version, *options: str) -> Path:
        """The folder that has exactly this version of a project, installed from wheels."""
        folder = self.cache / f"{name}-{version}"
        if folder.is_dir():
            return folder
        part = self.cache / f".{folder.name}.{secrets.token_hex(6)}.part"
        what = f"{name}=={version}"
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            self._install(what, part, options)
            part.rename(folder)
        except OSError as error:
            if not folder.is_dir():  # another process may have been quicker
                raise _unobtainable(what, str(error)) from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return folder

    def _install(self, what: str, part: Path, options: tuple[str, ...]) -> None:
        try:
            fetcher = self.some_pip()
            command: tuple[str | Path, ...] = (*fetcher.command, "install", "--quiet", "--target", part)
            env = self.fetch_env
        except InputError:
            uv = self.some_uv()
            own = ("--python", sys.executable, *self.uv_options)
            command = (*uv.command, "pip", "install", "--quiet", "--target", part, *own)
            env = {name: value for name, value in self.uv_env.items() if name != "UV_EXCLUDE_NEWER"}
        done = run((*command, *WHEELS_ONLY, *options, what), env=env)
        if done.returncode != 0:
            raise _unobtainable(what, done.stderr.strip().rpartition("\n")[2])


def _probe(python: tuple[str, ...], env: Mapping[str, str] | None = None) -> dict[str, tuple[str, str]]:
    try:
        done = run((*python, "-c", _PROBE), env=env, seconds=_PROBE_SECONDS)
        return {name: (version, place) for name, (version, place) in json.loads(done.stdout).items()}
    except (DepguardError, ValueError):
        return {}


def _interpreter_of(script: Path) -> tuple[str, ...]:
    """What a script starts with: ``#!/usr/bin/python3``, without a shebang the interpreter beside it."""
    try:
        with script.open("rb") as file:
            first = file.readline(1000).decode("utf-8", "replace")
    except OSError:
        first = ""
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    return tuple(words) or (str(script.with_name("python")),)


def _version_of(program: str) -> Version:
    """``pip 26.3 from …`` and ``uv 0.13.9 (…)``. Raises InputError for anything else."""
    try:
        said = run((program, "--version"), seconds=_PROBE_SECONDS).stdout.split()
        return Version(said[1])
    except (OutOfReachError, IndexError, InvalidVersion):
        raise InputError(
            Problem(code="referee.version", message=f"{program} does not say which version it is")
        ) from None


def _missing(program: Program) -> InputError:
    return InputError(
        Problem(
            code="referee.missing",
            message=f"{program.value} is not installed, neither beside depguard nor on PATH",
            hint=f"{EXTRA}, or name one: --with {program.value}==VERSION, --with PATH",
        )
    )


def _unobtainable(what: str, why: str) -> OutOfReachError:
    return OutOfReachError(Problem(code="referee.fetch", message=f"{what} cannot be had: {why[-300:]}"))
