"""Runs probes in child processes with a time limit: a crash there is an answer, not the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name

from depguard.adapters.probe_script import MARK, PROBES
from depguard.model.environment import ProbeOutcome, ProbeResult

LIMIT = 180.0
"""Seconds for all probes of one library: an import of torch from a cold disk takes a minute."""

_OUTCOMES = {
    "passed": ProbeOutcome.PASSED,
    "failed": ProbeOutcome.FAILED,
    "skipped": ProbeOutcome.SKIPPED,
}


def run_probes(
    executable: str,
    installed: Iterable[NormalizedName],
    *,
    custom: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
    limit: float = LIMIT,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[ProbeResult, ...]:
    """The built-in probes of what is installed, then ``custom`` ones (a policy's ``module:function``).

    ``facts`` are of the host (``accelerator``). Each library has a process of its own. Never raises for
    what a probe does.
    """
    there = set(installed)
    found: list[ProbeResult] = []
    for project, probes in PROBES.items():
        if project in there:
            progress(project)
            request = {"project": project, "facts": dict(facts or {})}
            found += _child(executable, request, dict.fromkeys(probes, canonicalize_name(project)), limit)
    for target in custom:
        progress(target)
        name = canonicalize_name(target.partition(":")[0].partition(".")[0])
        found += _child(executable, {"custom": [target]}, {target: name}, limit)
    return tuple(found)


def _child(
    executable: str, request: Mapping[str, Any], projects: Mapping[str, NormalizedName], limit: float
) -> Iterator[ProbeResult]:
    source = resources.files("depguard.adapters").joinpath("probe_script.py").read_text(encoding="utf-8")
    environ = {**os.environ, "PYTHONSAFEPATH": "1", "PYTHONFAULTHANDLER": ""}
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the user's own choice
            [executable, "-B", "-c", source, json.dumps(request)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environ,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        # What a probe has started may hold the pipes: nobody waits for that.
        yield from _results(late.stdout or b"", late.stderr or b"", -signal.SIGKILL, projects, limit)
    except OSError as error:
        detail = error.strerror or str(error)
        for name, project in projects.items():
            yield ProbeResult(name=name, project=project, outcome=ProbeOutcome.FAILED, detail=detail)
    else:
        yield from _results(done.stdout, done.stderr, done.returncode, projects, None)


def _results(
    out: bytes, err: bytes, code: int, projects: Mapping[str, NormalizedName], late: float | None
) -> Iterator[ProbeResult]:
    """What the child said; a probe that began and did not end took the process with it."""
    began: str | None = None
    for line in out.decode("utf-8", "replace").splitlines():
        if not line.startswith(MARK):
            continue
        try:
            said = json.loads(line.removeprefix(MARK))
            name, begins = said["name"], "begins" in said
            result = None if begins else _result(said, projects[name])
        except (ValueError, KeyError, TypeError):
            continue  # a library that says what only the probes say
        began = name if begins else None
        if result is not None:
            yield result
    if began is None and code != 0 and projects:
        # It ended between two probes, or before the first: at its exit, say.
        began = next(iter(projects))
    if began is not None:
        yield ProbeResult(
            name=began,
            project=projects[began],
            outcome=ProbeOutcome.TIMED_OUT if late is not None else ProbeOutcome.CRASHED,
            detail="" if late is not None else _how(code, err),
            seconds=late or 0.0,
        )


def _result(said: Mapping[str, Any], project: NormalizedName) -> ProbeResult:
    return ProbeResult(
        name=said["name"],
        project=project,
        outcome=_OUTCOMES[said["outcome"]],
        detail=said["detail"],
        seconds=said["seconds"],
    )


def _how(code: int, err: bytes) -> str:
    """A signal by its name, else the last line that the process said."""
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return f"exit code {code}" + (f": {lines[-1][:200]}" if lines else "")
