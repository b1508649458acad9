"""A real git repository of somebody's course: notebook, requirements, pyproject, Dockerfile, policy, host.

Its packages are tiny wheels in a folder beside it; ``tensorflow 2.18`` there asks for an older numpy than
the host has, as the real one once did.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit.hosts import host_text
from kit.wheels import build_wheel

Check = Callable[..., tuple[int, str, str]]
"""Runs ``depguard check`` with the words that it is called with; gives the exit code, stdout and stderr."""

HOST = host_text({"numpy": "2.0.2", "protobuf": "5.29.6"}, name="lab/one")
POLICY = """\
schema: 1
name: course
hosts: [hosts/one.yaml, hosts/two.yaml]
protected: {numpy: C ABI of everything here}
tiers: {lab: [captum]}
"""
PYPROJECT = """\
[project]
name = "course"
version = "1"
dependencies = ["captum"]

[project.optional-dependencies]
plots = ["colour>=1"]

[dependency-groups]
test = ["colour", {include-group = "base"}]
base = ["captum"]
"""
CELLS: tuple[Sequence[str], ...] = (
    ("# A course",),
    ("%pip install -q captum",),
    ("import captum\n", "!pip install -q colour\n", "print(captum)"),
)
BROKEN = (*CELLS[:2], ("import captum\n", "!pip install -q tensorflow==2.18\n", "print(captum)"))
"""The same with a line that replaces numpy."""


@dataclass(frozen=True)
class GitProject:
    """The repository, and the page of its packages (find-links, with hashes)."""

    root: Path
    wheels: Path

    @property
    def index(self) -> tuple[str, ...]:
        """The options that make a command look there, and nowhere else."""
        return ("--no-index", "--find-links", str(self.wheels / "links.html"))

    def git(self, *words: str) -> str:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_DATE": "2026-11-01T00:00:00Z",
            "GIT_COMMITTER_DATE": "2026-11-01T00:00:00Z",
        }
        settings = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        done = subprocess.run(
            ["git", *settings, *words],
            cwd=self.root,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, message: str = "a change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def notebook(self, *cells: Sequence[str], path: str = "lab.ipynb") -> None:
        """A notebook: the first cell is Markdown, the others are code, each a list of lines."""
        self.write(path, notebook_text(cells))


def notebook_text(cells: Iterable[Sequence[str]]) -> str:
    """As Jupyter writes it: one line of the file a line of source."""
    listed: list[dict[str, object]] = [
        {"cell_type": "code" if index else "markdown", "metadata": {}, "source": list(lines)}
        | ({"execution_count": None, "outputs": []} if index else {})
        for index, lines in enumerate(cells)
    ]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def make_project(folder: Path, *, policy: str = POLICY, extra: Mapping[str, str] | None = None) -> GitProject:
    """The repository with one commit on ``main``, and a branch ``change`` checked out."""
    wheels = folder / "wheels"
    wheels.mkdir()
    build_wheel(wheels, "captum", "0.9.0", requires=["numpy"])
    build_wheel(wheels, "colour", "1.2.0")
    build_wheel(wheels, "numpy", "1.26.4")
    build_wheel(wheels, "numpy", "2.0.2")
    build_wheel(wheels, "tensorflow", "2.18", requires=["numpy<2"])
    build_wheel(wheels, "tensorflow", "2.19", requires=["numpy"])
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(wheels.iterdir())}
    lines = (f'<a href="{name}#sha256={digest}">{name}</a>\n' for name, digest in hashes.items())
    (wheels / "links.html").write_text("".join(lines))
    project = GitProject(root=folder / "course", wheels=wheels)
    project.root.mkdir()
    project.git("init", "--quiet", "--initial-branch=main")
    project.write("hosts/one.yaml", HOST)
    project.write("hosts/two.yaml", HOST.replace("lab/one", "lab/two"))
    project.write("depguard.yaml", policy)
    project.write("pyproject.toml", PYPROJECT)
    project.write("requirements.txt", "captum\n-r more/base.txt\n")
    project.write("more/base.txt", "colour\n")
    project.write(
        "Dockerfile", "FROM scratch\nCOPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt\n"
    )
    project.write("setup.sh", "#!/bin/sh\nset -e\npip install captum\n")
    project.notebook(*CELLS)
    for path, text in (extra or {}).items():
        project.write(path, text)
    project.commit("the course")
    project.git("checkout", "--quiet", "-b", "change")
    return project
