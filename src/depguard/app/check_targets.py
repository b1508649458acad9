"""What of a repository installs something: its files taken apart into targets, each a session of commands."""

from __future__ import annotations

import posixpath
import re

from depguard.app.check_reading import Homes, TargetReader, Tree
from depguard.errors import InputError, Problem
from depguard.model.check import TargetKind, TargetName
from depguard.model.location import Location
from depguard.model.policy import Installer
from depguard.model.request import InstallCommand
from depguard.parse.dockerfile import docker_runs
from depguard.parse.install_cells import commands_in_cell, commands_in_notebook, commands_in_shell
from depguard.parse.install_command import find_install_command
from depguard.parse.pyproject import read_pyproject
from depguard.parse.requirement_text import decode_requirements
from depguard.records import dataclass

_DOCKER = re.compile(
    r"(?:Dockerfile|Containerfile)(?:[.-].*)?|.*\.(?:Dockerfile|Containerfile)", re.IGNORECASE
)
_SUFFIXES = {
    ".ipynb": TargetKind.NOTEBOOK,
    ".sh": TargetKind.SHELL,
    ".bash": TargetKind.SHELL,
    ".py": TargetKind.PYTHON,
    ".txt": TargetKind.REQUIREMENTS,
    ".in": TargetKind.REQUIREMENTS,
}
# A long option that begins so, or -r or -c: alone, bundled (-qr), with its value (-rreq.txt), after a blank
# that a notebook's JSON escapes. The hyphen comes first: it is searched for at the speed of memory, which
# counts in notebooks full of images.
_NAMES_FILES = re.compile(rb"-(?:-(?:req|con)|(?:(?<=[\s\"'=\\]-)|(?<=\\[nrt]-))[a-zA-Z]{0,8}[rc])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is installed together, as the commands of one session."""

    name: TargetName
    kind: TargetKind
    steps: tuple[InstallCommand, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTargets:
    """The targets of one file, what could not be read of it, and the paths that reading it asked for."""

    path: str
    targets: tuple[Target, ...] = ()
    problems: tuple[Problem, ...] = ()
    tried: frozenset[str] = frozenset()


def kind_of(path: str) -> TargetKind | None:
    """What sort of target a file is by its name; None for a file that depguard does not know how to read."""
    name = posixpath.basename(path)
    if name == "pyproject.toml":
        return TargetKind.PYPROJECT
    if _DOCKER.fullmatch(name):
        return TargetKind.DOCKERFILE
    kind = _SUFFIXES.get(posixpath.splitext(name)[1].lower())
    if kind is TargetKind.REQUIREMENTS and "constraint" in name.lower():
        return TargetKind.CONSTRAINTS
    return kind


def may_name_files(path: str, data: bytes) -> bool:
    """Whether a text can name another file at all: asked before an unchanged file is read for it."""
    if kind_of(path) in (TargetKind.REQUIREMENTS, TargetKind.CONSTRAINTS):
        return True  # most do, and they are short
    if b"sync" in data and b"uv" in data:
        return True  # what is synced is a file
    return b"install" in data and _NAMES_FILES.search(data) is not None


def targets_in(tree: Tree, path: str, *, homes: Homes, installer: Installer) -> FileTargets:
    """Take one file apart. ``installer`` is whose a requirements file or pyproject.toml is.

    Never raises for what the file has in it: that is a problem, with its place.
    """
    kind = kind_of(path)
    if kind is None:
        return FileTargets(path=path, problems=(_unknown_kind(path),))
    reader = TargetReader(tree, posixpath.dirname(path), homes)
    try:
        sessions = _sessions(tree, path, kind, reader, homes=homes, installer=installer)
    except InputError as error:
        return FileTargets(path=path, problems=error.problems, tried=frozenset(reader.tried))
    targets = tuple(
        Target(name=TargetName(path, part), kind=kind, steps=steps) for part, steps in sessions if steps
    )
    return FileTargets(path=path, targets=targets, tried=frozenset(reader.tried))


def _unknown_kind(path: str) -> Problem:
    return Problem(
        code="check.kind",
        message=f"{path} is no kind of file that depguard reads",
        location=Location(path),
        allowed=f"pyproject.toml, Dockerfile, {', '.join(_SUFFIXES)}",
        hint="take it out of watch: in the policy",
    )


Sessions = list[tuple[str, tuple[InstallCommand, ...]]]


def _sessions(
    tree: Tree, path: str, kind: TargetKind, reader: TargetReader, *, homes: Homes, installer: Installer
) -> Sessions:
    """The commands of a file by the part that is installed together."""
    data = tree.data(path)
    match kind:
        case TargetKind.REQUIREMENTS:
            return [("", _installed("-r", path, reader, installer))]
        case TargetKind.CONSTRAINTS:
            # Nothing installs it by itself: it counts where a command names it.
            _installed("-c", path, reader, installer)
            return []
        case TargetKind.PYPROJECT:
            return [
                (
                    part.name,
                    (
                        InstallCommand(
                            installer=installer, items=part.items, command=path, location=Location(path)
                        ),
                    ),
                )
                for part in read_pyproject(_text(data, path), path)
            ]
        case TargetKind.DOCKERFILE:
            return _stages(tree, _text(data, path), path, reader, homes)
        case TargetKind.NOTEBOOK:
            found = commands_in_notebook(_text(data, path), path, read=reader.read)
        case TargetKind.PYTHON:
            found = commands_in_cell(_text(data, path), path, read=reader.read)
        case _:
            found = commands_in_shell(_text(data, path), path, read=reader.read)
    return [("", tuple(reader.placed(command) for command in found))]


def _installed(
    option: str, path: str, reader: TargetReader, installer: Installer
) -> tuple[InstallCommand, ...]:
    """``pip install -r PATH``, with the path from the root and what it includes relative to it."""

    def read(reference: str, including: str | None) -> str:
        return reader.read_root(path) if including is None else reader.read(reference, including)

    program = ("uv", "pip") if installer is Installer.UV else ("pip",)
    words = (*program, "install", option, path)
    command = find_install_command(words, read=read, location=Location(path))
    return (reader.placed(command),) if command is not None else ()


def _stages(tree: Tree, text: str, path: str, reader: TargetReader, homes: Homes) -> Sessions:
    """Each stage of a Dockerfile by itself: it begins with an image of its own."""
    runs = docker_runs(text)
    stages: dict[int, list[InstallCommand]] = {}
    for run in runs:
        own = TargetReader(tree, posixpath.dirname(path), homes, mapped=run.source)
        commands = commands_in_shell(run.script, path, read=own.read)
        stages.setdefault(run.stage, []).extend(own.placed(command) for command in commands)
        reader.tried |= own.tried
    several = len(stages) > 1
    return [(f"stage {stage}" if several else "", tuple(found)) for stage, found in stages.items()]


def _text(data: bytes, path: str) -> str:
    return decode_requirements(data, path)
