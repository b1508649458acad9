"""Runs installers as processes of their own, in an environment without anybody's settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from depguard.errors import OutOfReachError, Problem

SECONDS = 600
"""For one dry run: pip fetches whole wheels where the index serves no metadata beside them."""

_FOREIGN = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA")
_LOOPBACK = "127.0.0.1,localhost"


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = SECONDS,
) -> subprocess.CompletedProcess[str]:
    """A command in a scrubbed environment with ``env`` on top, its output captured as text.

    Raises OutOfReachError if it cannot be started or takes longer than ``seconds``.
    """
    words = [str(word) for word in command]
    try:
        return subprocess.run(  # noqa: S603 - an installer that the user named or has installed
            words,
            cwd=cwd,
            env={**scrubbed(os.environ), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _problem(f"{words[0]} took more than {seconds:.0f} seconds") from None
    except OSError as error:
        raise _problem(f"cannot run {words[0]}: {error.strerror or error}") from None


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without installer settings. Proxies and certificates stay: they are the way out."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_FOREIGN)}
    spared = ",".join(part for part in (kept.get("NO_PROXY") or kept.get("no_proxy"), _LOOPBACK) if part)
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "UV_NO_CONFIG": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
        "NO_PROXY": spared,
        "no_proxy": spared,
    }


def _problem(message: str) -> OutOfReachError:
    return OutOfReachError(Problem(code="referee.run", message=message))
