"""Where an interpreter looks for modules, asked of the interpreter itself, and what kind each folder is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.environment import Folder, FolderKind
from depguard.records import dataclass

_TIMEOUT = 60
"""Seconds; an interpreter answers within a tenth of one."""

# Isolated: a module that hides one of the standard library's must not keep the question from being
# answered. What -I leaves out (PYTHONPATH, the user site) is added here from the environment.
_PROBE = """
import json, platform, site, sys, sysconfig
names = getattr(site, "getsitepackages", lambda: [])()
print("depguard-path:" + json.dumps({
    "python": platform.python_version(),
    "executable": sys.executable,
    "prefix": sys.prefix,
    "base": sys.base_prefix,
    "path": [p for p in sys.path if p],
    "own": [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")],
    "sites": list(names),
    "user": site.getusersitepackages(),
    "standard": [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")],
}))
"""
_MARK = "depguard-path:"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPath:
    """An interpreter and its search path without the standard library, in the order of a plain start."""

    python: str
    executable: str
    prefix: str
    base: str
    folders: tuple[Folder, ...]

    @property
    def in_venv(self) -> bool:
        """Whether the interpreter is that of a virtual environment."""
        return self.prefix != self.base


def search_path(
    python: str | None = None,
    environ: Mapping[str, str] | None = None,
    working: Path | None = None,
    running: Sequence[str] = (),
) -> SearchPath:
    """The search path of ``python`` (default: this interpreter) as a process started here would have it.

    ``working`` adds the working directory, and the test folders in it, in front; ``running``, a process's own
    ``sys.path``, what that has put before the packages. Raises InputError if
    ``python`` is no interpreter, OutOfReachError if it does not answer.
    """
    environ = os.environ if environ is None else environ
    said = _ask(python or sys.executable)
    folders: list[Folder] = []
    if working is not None:
        folders += [Folder(path=str(p), kind=FolderKind.TESTS) for p in _test_folders(working)]
        folders.append(Folder(path=str(working), kind=FolderKind.WORKING))
    for entry in environ.get("PYTHONPATH", "").split(os.pathsep):
        if entry:
            folders.append(Folder(path=str(Path(entry).absolute()), kind=FolderKind.ENVIRONMENT))
    installed = _installed_folders(said)
    if _user_site_counts(said, environ):
        installed.insert(0, Folder(path=said["user"], kind=FolderKind.USER))
    known = {folder.path for folder in folders}
    packages = {folder.path for folder in installed} - known
    inserted = _inserted(running, packages, said["standard"])
    folders = [*(folder for folder in inserted if folder.path not in known), *folders]
    folders += [folder for folder in installed if folder.path not in known]
    return SearchPath(
        python=said["python"],
        executable=said["executable"],
        prefix=said["prefix"],
        base=said["base"],
        folders=tuple(folders),
    )


def _inserted(running: Sequence[str], packages: set[str], standard: Sequence[str]) -> list[Folder]:
    """The folders of a running ``sys.path`` that come before the first one that installs go to."""
    found: list[Folder] = []
    for entry in (os.path.normpath(path) for path in running if path):
        if entry in packages:
            break
        if Path(entry).is_dir() and not any(Path(entry).is_relative_to(own) for own in standard):
            found.append(Folder(path=entry, kind=FolderKind.INSERTED))
    return found


def _ask(executable: str) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the user's own choice
            [executable, "-I", "-B", "-c", _PROBE], capture_output=True, timeout=_TIMEOUT, check=False
        )
    except OSError as error:
        raise InputError(_no_python(f"cannot run {executable}: {error.strerror}")) from None
    except subprocess.TimeoutExpired:
        raise OutOfReachError(
            Problem(code="doctor.timeout", message=f"{executable} gave no answer within {_TIMEOUT} seconds")
        ) from None
    for line in reversed(done.stdout.decode("utf-8", "replace").splitlines()):
        if line.startswith(_MARK):
            said: dict[str, Any] = json.loads(line.removeprefix(_MARK))
            return said
    raise InputError(_no_python(f"{executable} does not answer as Python does (exit code {done.returncode})"))


def _no_python(message: str) -> Problem:
    return Problem(
        code="doctor.python", message=message, allowed="the path of a Python interpreter, 3.8 or later"
    )


def _installed_folders(said: dict[str, Any]) -> list[Folder]:
    """The entries of sys.path that installs go to, or that a ``.pth`` file adds."""
    own = {os.path.normpath(path) for path in said["own"]}
    sites = {os.path.normpath(path) for path in said["sites"]}
    standard = {os.path.normpath(path) for path in said["standard"]}
    found: list[Folder] = []
    for entry in dict.fromkeys(os.path.normpath(path) for path in said["path"]):
        if entry in standard or Path(entry).name == "lib-dynload" or not Path(entry).is_dir():
            continue
        if entry in own:
            kind = FolderKind.OVERLAY if _sees_base(said) else FolderKind.SITE
        elif entry in sites:
            kind = FolderKind.SYSTEM if entry.startswith("/usr/lib/") else FolderKind.SITE
        else:
            kind = FolderKind.LINKED
        found.append(Folder(path=entry, kind=kind))
    return found


def _sees_base(said: dict[str, Any]) -> bool:
    """Whether this is a virtual environment over another one's site-packages (``--system-site-packages``)."""
    prefix = said["prefix"] + os.sep
    return said["prefix"] != said["base"] and any(
        Path(path).name in {"site-packages", "dist-packages"} and not path.startswith(prefix)
        for path in said["path"]
    )


def _user_site_counts(said: dict[str, Any], environ: Mapping[str, str]) -> bool:
    """Whether a plain start would look into the user site, as `site` decides it."""
    if environ.get("PYTHONNOUSERSITE") or not Path(said["user"]).is_dir():
        return False
    return said["prefix"] == said["base"] or _sees_base(said)


def _test_folders(working: Path) -> list[Path]:
    """Folders with tests and no ``__init__.py``: pytest's import mode "prepend" puts them in front."""
    found: list[Path] = []
    for name in ("tests", "test", "testing"):
        folder = working / name
        if not folder.is_dir() or (folder / "__init__.py").exists():
            continue
        if (folder / "conftest.py").exists() or any(folder.glob("test_*.py")):
            found.append(folder)
    return found
