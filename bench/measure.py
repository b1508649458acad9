"""Commands run in turn, one round after the other, so that a busy machine slows all of them alike."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyperf

_LAUNCH = Path(__file__).with_name("launch.py")
LIMIT = 300.0
"""Seconds after which a command is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One way to do the work. ``before`` is done ahead of each run and not counted (emptying a cache).

    ``every``: it takes part in every so many rounds only, since it is slow. ``ends`` are the exit codes of an
    answer.
    """

    name: str
    words: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    before: Callable[[], None] = lambda: None
    every: int = 1
    ends: frozenset[int] = frozenset({0})


@dataclass(slots=True)
class Measured:
    """What the runs of one command took: seconds of wall and of CPU (user and system), peak memory in MB."""

    name: str
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    memory: float = 0.0
    failure: str = ""

    @property
    def bench(self) -> pyperf.Benchmark:
        """The wall times as pyperf keeps them."""
        return pyperf.Benchmark(
            [pyperf.Run([value], metadata={"name": self.name}, collect_metadata=False) for value in self.wall]
        )


def in_turn(commands: Sequence[Command], rounds: int) -> list[Measured]:
    """Run the commands ``rounds`` times in turn, the one that comes first changing with each round."""
    found = {command.name: Measured(command.name) for command in commands}
    for number in range(rounds):
        start = number % len(commands)
        for command in (*commands[start:], *commands[:start]):
            if number % command.every == 0 and not found[command.name].failure:
                _once(command, found[command.name])
    return list(found.values())


def _once(command: Command, measured: Measured) -> None:
    command.before()
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", str(_LAUNCH), str(told), *command.words],
                cwd=command.cwd,
                env=plain_environment() | dict(command.env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            measured.failure = f"more than {LIMIT:.0f} s"
            return
        found = json.loads(told.read_text())
    if found["code"] not in command.ends:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        measured.failure = said[-1] if said else f"ended with {found['code']}"
        sys.stderr.write(f"{command.name}: ended with {found['code']}: {measured.failure}\n")
        return
    measured.wall.append(found["wall"])
    measured.cpu.append(found["cpu"])
    measured.memory = max(measured.memory, found["memory"])


def plain_environment() -> dict[str, str]:
    """This environment without settings of installers and of Python: everybody starts alike."""
    passed_over = ("PIP_", "UV_", "DEPGUARD_", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(passed_over)}
    return kept | {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def emptied(*folders: Path) -> Callable[[], None]:
    """Empties folders."""

    def empty() -> None:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    return empty
