"""The same work for everybody: a tier on a host, of which pip and uv get a metadata-only copy."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Command, emptied, plain_environment
from depguard.model.host import Host

HOST = "colab/2026.07-gpu"
TIER = "tier3"
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """Where it all happens: the host's copy, its requirements, caches and an empty project."""

    root: Path
    copy: Path
    requirements: Path
    names: tuple[str, ...]
    uv_options: tuple[str, ...]

    def cache(self, name: str) -> Path:
        """A cache folder."""
        return self.root / "caches" / name


def make_workplace(root: Path) -> Workplace:
    """Write the copy of the host and the tier's requirements below ``root``."""
    from depguard.adapters.host_store import HostStore
    from depguard.adapters.policy_store import PolicyStore
    from depguard.adapters.shipped import shipped_hosts
    from depguard.app.baseline_materialize import uv_options

    copy = root / "host"
    project = root / "project"
    project.mkdir(parents=True, exist_ok=True)
    depguard("baseline", "materialize", HOST, str(copy), "--force")
    found = PolicyStore(project, fetch=None).shipped("colab")
    if found is None:
        raise SystemExit("the shipped policy is not there")
    host = HostStore([shipped_hosts()], _no_live).find(HOST)
    wanted = [str(each.requirement) for tier in found.policy.row(TIER) for each in tier.requires]
    requirements = root / "tier.txt"
    requirements.write_text("\n".join(wanted) + "\n")
    return Workplace(
        root=root, copy=copy, requirements=requirements, names=tuple(wanted), uv_options=uv_options(host)
    )


def _no_live() -> Host:
    raise AssertionError("no bench asks for the live host")


def depguard(*words: str) -> str:
    """What ``depguard`` prints."""
    done = subprocess.run(
        [BIN / "depguard", *words], env=plain_environment(), capture_output=True, text=True, check=True
    )
    return done.stdout


def plan(work: Workplace, name: str, *words: str, recall: bool = False) -> Command:
    """``depguard plan``. Without ``recall`` everything is decided anew."""
    return Command(
        name=name,
        words=[str(BIN / "depguard"), "plan", TIER, "--policy", "colab", "--host", HOST,
               "--cache-dir", str(work.cache("depguard")), *words],
        env={} if recall else {"DEPGUARD_RECALL": "0"},
        cwd=work.root / "project",
    )  # fmt: skip


def uv(work: Workplace, name: str, *words: str) -> Command:
    """``uv pip install --dry-run`` of the tier in the host's copy."""
    return Command(
        name=name,
        words=[str(BIN / "uv"), "pip", "install", "--python", str(work.copy), *work.uv_options, "--dry-run",
               "--cache-dir", str(work.cache("uv")), "-r", str(work.requirements), *words],
        cwd=work.root / "project",
    )  # fmt: skip


def pip(work: Workplace, name: str, *, every: int = 1) -> Command:
    """``pip install --dry-run`` of the tier in the host's copy. pip has no offline mode for an index."""
    return Command(
        name=name,
        words=[sys.executable, "-m", "pip", "--python", str(work.copy), "install", "--dry-run", "--quiet",
               "--only-binary", ":all:", "--cache-dir", str(work.cache("pip")), "-r", str(work.requirements)],
        cwd=work.root / "project",
        every=every,
    )  # fmt: skip


SMALL = ("optuna", "onnx")
"""A request without torch: pip-compile fetches every wheel whole, also those that the host has."""


def small_requests(work: Workplace) -> list[Command]:
    """The small request by depguard (as a simulation) and by pip-compile, which knows of no host."""
    asked = work.root / "small.in"
    asked.write_text("\n".join(SMALL) + "\n")
    compiled = [
        "-m",
        "piptools",
        "compile",
        "--quiet",
        "--no-config",
        "--output-file",
        str(work.root / "small.txt"),
    ]
    return [
        Command(
            name="depguard simulate",
            words=[str(BIN / "depguard"), "simulate", "--policy", "colab", "--host", HOST,
                   "--cache-dir", str(work.cache("depguard")), *SMALL],
            env={"DEPGUARD_RECALL": "0"},
            cwd=work.root / "project",
            ends=frozenset({0, 1}),
        ),
        Command(
            name="pip-compile",
            words=[sys.executable, *compiled, "--cache-dir", str(work.cache("pip-tools")), str(asked)],
            cwd=work.root / "project",
        ),
    ]  # fmt: skip


def cold(command: Command, work: Workplace, cache: str) -> Command:
    """The same with its cache emptied before each run."""
    return Command(
        name=command.name,
        words=command.words,
        env=command.env,
        cwd=command.cwd,
        every=command.every,
        ends=command.ends,
        before=emptied(work.cache(cache)),
    )


def versions() -> dict[str, str]:
    """Who was measured."""
    found = {"depguard": depguard("--version").split()[-1], "Python": sys.version.split()[0]}
    for module in ("pip", "uv", "pip-tools"):
        from importlib.metadata import version

        found[module] = version(module)
    return found


def machine() -> dict[str, str]:
    """What it was measured on, as pyperf finds it."""
    import pyperf

    known = pyperf.Run([1.0]).get_metadata()
    wanted = ("cpu_model_name", "cpu_count", "platform", "load_avg_1min")
    return {name: json.dumps(known[name]).strip('"') for name in wanted if name in known}
