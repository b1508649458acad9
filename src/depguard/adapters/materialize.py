"""Writes copies of hosts: virtual environments and wheel folders that appear whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.location import Location

MARKER = "depguard-copy.json"
"""Says that depguard made a folder; only such a folder is ever replaced."""

_TIMEOUT = 120
"""Seconds for ``python -m venv --without-pip``, which takes less than one."""

_WHEEL_TIME = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip archive can say: the same host gives the same bytes."""


def write_environment(
    directory: Path,
    python: Path,
    files: Mapping[str, bytes],
    marker: Mapping[str, object],
    *,
    force: bool = False,
) -> None:
    """Make a virtual environment of ``python`` with ``files`` in its site-packages.

    It has no pip of its own: an installer is pointed at it (``pip --python``, ``uv pip install --python``).
    Raises InputError if ``directory`` is not empty (``force`` replaces one that depguard made), if
    ``python`` cannot make environments, OutOfReachError if the disk refuses.
    """

    def fill(part: Path) -> None:
        _make_environment(part, python)
        packages = part / _purelib(part)
        for name, content in files.items():
            target = packages / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _settle(part, directory)

    _write_folder(directory, fill, marker, force=force)


def write_wheels(
    directory: Path,
    wheels: Mapping[str, Mapping[str, bytes]],
    marker: Mapping[str, object],
    *,
    force: bool = False,
) -> None:
    """Make a folder of wheels, for ``--find-links``. ``wheels`` has each one's members by path.

    Raises as `write_environment` does.
    """
    import zipfile

    def fill(part: Path) -> None:
        part.mkdir()
        for filename, members in wheels.items():
            with zipfile.ZipFile(part / filename, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in members.items():
                    entry = zipfile.ZipInfo(name, _WHEEL_TIME)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    archive.writestr(entry, content)

    _write_folder(directory, fill, marker, force=force)


def _write_folder(
    directory: Path, fill: Callable[[Path], None], marker: Mapping[str, object], *, force: bool
) -> None:
    import secrets

    target = directory.resolve()
    _refuse_foreign(target, directory, force=force)
    part = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            fill(part)
            (part / MARKER).write_text(json.dumps(dict(marker), indent=1, sort_keys=True) + "\n")
            _put(part, target)
        finally:  # after a success there is nothing left to remove
            shutil.rmtree(part, ignore_errors=True)
    except OSError as error:
        raise OutOfReachError(
            Problem(
                code="disk.write",
                message=f"cannot write {directory}: {error.strerror or error}",
                location=Location(str(directory)),
            )
        ) from None


def _refuse_foreign(target: Path, shown: Path, *, force: bool) -> None:
    at = Location(str(shown))
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / MARKER).is_file():
        raise InputError(
            Problem(
                code="copy.foreign",
                message=f"{shown} is there already, and depguard did not make it",
                location=at,
                allowed="a new or empty folder, or one that this command made (with --force)",
            )
        )
    if not force:
        raise InputError(
            Problem(
                code="copy.exists",
                message=f"{shown} is a copy made earlier",
                location=at,
                hint="--force makes it again",
            )
        )


def _put(part: Path, target: Path) -> None:
    """Rename the finished folder to its name; what was there before is put back if that fails."""
    if not target.exists():
        part.rename(target)
        return
    old = part.with_suffix(".old")
    target.rename(old)
    try:
        part.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _make_environment(part: Path, python: Path) -> None:
    done = subprocess.run(  # noqa: S603 - an interpreter of this machine and its own standard library
        [str(python), "-I", "-m", "venv", "--without-pip", str(part)],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise InputError(
            Problem(
                code="copy.venv",
                message=f"{python} cannot make a virtual environment" + (f": {said[-1]}" if said else ""),
                hint="on Debian it is in the package python3-venv; --python takes another interpreter",
            )
        )


def _purelib(part: Path) -> Path:
    """Where the environment has its pure packages, relative to it (POSIX and Windows differ)."""
    found = sorted(part.glob("[Ll]ib/python*/site-packages")) or sorted(part.glob("[Ll]ib/site-packages"))
    if not found:
        raise OSError(f"no site-packages in a new environment at {part}")
    return found[0].relative_to(part)


def _settle(part: Path, directory: Path) -> None:
    """Forget the temporary name: the activation scripts (there is nothing to run here) and one line."""
    for folder in ("bin", "Scripts"):
        for script in (part / folder).glob("[Aa]ctivate*"):
            script.unlink()
    config = part / "pyvenv.cfg"
    # In the bytes, because a path need not be text in any one encoding.
    content = config.read_bytes().replace(os.fsencode(part), os.fsencode(directory.resolve()))
    config.write_bytes(content)
