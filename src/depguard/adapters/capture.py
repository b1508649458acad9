"""What is installed in an interpreter, read by running a probe in it, or here in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources

from depguard.adapters.capture_probe import MARK, loaded_modules, report
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.baseline import Baseline
from depguard.parse.pip_inspect import parse_inspect

_TIMEOUT = 120
"""Seconds. Colab's 700 distributions take about five."""
_SAID = 200
"""Characters of what an interpreter complains about that a message quotes."""


def capture(python: str | None = None) -> Baseline:
    """What is installed in ``python`` (default: this one) as a process started from here would see it.

    Nothing that is installed there is imported. Raises InputError if ``python`` is no interpreter,
    OutOfReachError if it does not answer.
    """
    executable = python or sys.executable
    probe = resources.files("depguard.adapters").joinpath("capture_probe.py").read_text(encoding="utf-8")
    # -B: a look must leave no files. PYTHONSAFEPATH: the working directory is no part of the host.
    environ = {**os.environ, "PYTHONSAFEPATH": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the user's own choice
            [executable, "-B", "-c", probe], capture_output=True, env=environ, timeout=_TIMEOUT, check=False
        )
    except (FileNotFoundError, PermissionError, OSError) as error:
        raise InputError(
            Problem(
                code="capture.python",
                message=f"cannot run {executable}: {error.strerror}",
                allowed="the path of a Python interpreter",
            )
        ) from None
    except subprocess.TimeoutExpired:
        raise OutOfReachError(
            Problem(code="capture.timeout", message=f"{executable} gave no answer within {_TIMEOUT} seconds")
        ) from None
    return parse_inspect(_line(done, executable), f"<{executable}>")


def capture_here() -> Baseline:
    """What is installed in this very process's interpreter, with the modules that it has loaded.

    For a notebook's kernel: there the loaded modules decide whether a change needs a restart.
    """
    return parse_inspect(json.dumps(report(loaded=loaded_modules())), f"<{sys.executable}>")


def _line(done: subprocess.CompletedProcess[bytes], executable: str) -> str:
    for line in reversed(done.stdout.decode("utf-8", "replace").splitlines()):
        if line.startswith(MARK):
            return line.removeprefix(MARK)
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    # What is no Python may quote the whole program that it was given.
    last = said[-1].strip() if said and MARK not in "".join(said) else ""
    raise InputError(
        Problem(
            code="capture.python",
            message=f"{executable} does not answer as Python does (exit code {done.returncode})"
            + (f": {last[:_SAID]}" if last else ""),
            allowed="the path of a Python interpreter, 3.8 or later",
        )
    )
