"""How long the doctor takes on 700 distributions and 1 GB, beside what sha256 alone takes on the same files.

Makes a virtual environment with made distributions (30,000 files, sized as in numpy, scipy, pandas and torch:
many small ones, a few of a hundred megabytes), runs the command as a user does, and prints the best of
several runs. Run it with `make bench-doctor`; it needs 1 GB below the folder for temporary files.

Aims: --fast under 1 s, --full within 1.5 times of sha256 alone.
"""

from __future__ import annotations

import base64
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

DISTRIBUTIONS = 700
FILES = 30_000
TOTAL = 1_000_000_000
LARGE = (250_000_000, 120_000_000, 60_000_000, 40_000_000, 30_000_000)
RUNS = 3
PROTECTED = ("numpy", "scipy", "pandas", "torch")


def main() -> None:
    """Make the environment, measure, print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=False)
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        files, size = make(site)
        sys.stdout.write(f"{DISTRIBUTIONS} distributions, {files} files, {size / 1e6:.0f} MB\n")
        alone = best(lambda: hash_all(site))
        sys.stdout.write(f"sha256 alone       {alone}\n")
        python = str(folder / "venv" / "bin" / "python")
        environ = {**os.environ, "DEPGUARD_CACHE_DIR": str(folder / "cache")}
        first = took(lambda: doctor(python, environ, "--fast"))
        sys.stdout.write(f"--fast, first look {first}\n")
        again = best(lambda: doctor(python, environ, "--fast"))
        sys.stdout.write(f"--fast, again      {again}, aim 1.00 s\n")
        whole = best(lambda: doctor(python, environ, "--full", "--no-probes"))
        times = f"{whole.wall / alone.wall:.2f} ({whole.processor / alone.processor:.2f}) times"
        sys.stdout.write(f"--full             {whole}, {times}, aim 1.50\n")


def make(site: Path) -> tuple[int, int]:
    """The distributions; files and bytes."""
    chance = random.Random(4)  # noqa: S311 - sizes, no secrets
    noise = chance.randbytes(1_000_000)
    sizes = list(LARGE) + [int(chance.paretovariate(1.1) * 400) for _ in range(FILES - len(LARGE))]
    scale = (TOTAL - sum(LARGE)) / sum(sizes[len(LARGE) :])
    sizes = sizes[: len(LARGE)] + [max(1, int(size * scale)) for size in sizes[len(LARGE) :]]
    names = [*PROTECTED, *(f"project{number}" for number in range(DISTRIBUTIONS - len(PROTECTED)))]
    written = 0
    for number, name in enumerate(names):
        rows = []
        for place, size in enumerate(sizes[number :: len(names)]):
            path = f"{name}/part{place % 7}/file{place}.py"
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            content = (noise[place:] * (size // len(noise) + 2))[:size]
            target.write_bytes(content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            rows.append(f"{path},sha256={digest},{size}")
            written += size
        info = f"{name}-1.0.dist-info"
        (site / info).mkdir()
        (site / info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (site / info / "INSTALLER").write_text("pip\n")
        rows += [f"{info}/METADATA,,", f"{info}/INSTALLER,,", f"{info}/RECORD,,"]
        (site / info / "RECORD").write_text("\n".join(rows) + "\n")
    return len(sizes), written


def hash_all(site: Path) -> None:
    """Every file of every RECORD, nothing else: what --full cannot do without."""
    program = (
        "import csv, hashlib, pathlib, sys\n"
        "site = sys.argv[1]\n"
        "for record in pathlib.Path(site).glob('*.dist-info/RECORD'):\n"
        "    for row in csv.reader(record.open(newline='')):\n"
        "        if row[1]:\n"
        "            with open(f'{site}/{row[0]}', 'rb') as stream:\n"
        "                hashlib.file_digest(stream, 'sha256').digest()\n"
    )
    run([sys.executable, "-I", "-c", program, str(site)], dict(os.environ))


def doctor(python: str, environ: dict[str, str], *options: str) -> None:
    """The command, on its defaults otherwise."""
    command = [sys.executable, "-m", "depguard", "doctor", "--python", python, "--policy", "colab", *options]
    run(command, environ)


def run(command: list[str], environ: dict[str, str]) -> None:
    """A command that has to succeed."""
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


class Took(NamedTuple):
    """Seconds by the clock, and of processor time, which a busy machine stretches less."""

    wall: float
    processor: float

    def __str__(self) -> str:
        return f"{self.wall:6.2f} s ({self.processor:.2f} s of processor time)"


def took(work: Callable[[], None]) -> Took:
    """How long it takes."""
    before, began = os.times(), time.perf_counter()
    work()
    wall, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Took(wall, spent)


def best(work: Callable[[], None]) -> Took:
    """The shortest of several runs: the one that others disturbed least."""
    runs = [took(work) for _ in range(RUNS)]
    return Took(min(run.wall for run in runs), min(run.processor for run in runs))


if __name__ == "__main__":
    main()
