"""pip or uv as a process that installs wheels of a folder: these files alone, whatever is configured here.

The wheels are on the disk and their hashes are known, so the installer gets no index, no network and no
setting: neither PIP_* and UV_* variables nor files of either reach it, and Python runs isolated.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from depguard.adapters.site_probe import MARK
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.install import InstallerAtHand, InstallerRun, Site, WheelFile
from depguard.model.policy import Installer

_PROBE_TIMEOUT = 60
_PATIENCE = 15.0
"""Seconds that an interrupted installer has to put things back."""
_POLL = 0.1
_LAST_WORDS = 12
"""Lines of what an installer said that are kept."""

# Everything by which the environment could steer pip, uv or the Python that runs them.
_FOREIGN = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "_PIP")


def site_of(python: str) -> Site:
    """Where packages of an interpreter go. Raises InputError if it is none, OutOfReachError."""
    probe = resources.files("depguard.adapters").joinpath("site_probe.py").read_text(encoding="utf-8")
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter is the user's own choice
            [python, "-I", "-B", "-c", probe], capture_output=True, timeout=_PROBE_TIMEOUT, check=False
        )
    except OSError as error:
        raise _no_python(python, error.strerror or str(error)) from None
    except subprocess.TimeoutExpired:
        raise OutOfReachError(
            Problem(code="python.timeout", message=f"{python} gave no answer within {_PROBE_TIMEOUT} seconds")
        ) from None
    lines = [li for li in done.stdout.decode("utf-8", "replace").splitlines() if li.startswith(MARK)]
    if not lines:
        raise _no_python(python, f"exit code {done.returncode}")
    said = json.loads(lines[-1].removeprefix(MARK))
    return Site(
        python=Path(python),
        prefix=Path(said["prefix"]),
        purelib=Path(said["purelib"]),
        platlib=Path(said["platlib"]),
        writable=said["writable"],
        free=said["free"],
        managed=said["managed"],
        pip=said["pip"],
    )


def find_installer(site: Site, wanted: Installer) -> InstallerAtHand:
    """The installer that is asked for, else the other one. Raises InputError where there is neither.

    pip is the interpreter's own, else the one that depguard runs beside, pointed at the interpreter.
    """
    order = (_pip, _uv) if wanted is Installer.PIP else (_uv, _pip)
    for find in order:
        found = find(site)
        if found is not None:
            return found
    raise InputError(
        Problem(
            code="install.no-installer",
            message=f"neither {site.python} nor depguard's own Python has pip, and there is no uv",
            hint=f"{site.python} -m ensurepip",
        )
    )


def _pip(site: Site) -> InstallerAtHand | None:
    if site.pip is not None:
        return InstallerAtHand(
            name="pip", version=site.pip, command=(str(site.python), "-I", "-m", "pip", "install")
        )
    from importlib.metadata import PackageNotFoundError, version

    try:
        own = version("pip")
    except PackageNotFoundError:
        return None
    command = (sys.executable, "-I", "-m", "pip", "--python", str(site.python), "install")
    return InstallerAtHand(name="pip", version=own, command=command)


def _uv(site: Site) -> InstallerAtHand | None:
    path = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if path is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603 - the uv on PATH
    except (OSError, subprocess.SubprocessError):
        return None
    words = said.stdout.split()
    return InstallerAtHand(
        name="uv",
        version=words[1] if len(words) > 1 else "",
        command=(path, "pip", "install", "--python", str(site.python)),
    )


def arguments(
    installer: InstallerAtHand, folder: Path, requirements: Path, *, again: bool, override_system: bool
) -> list[str]:
    """What follows the installer's own command. ``again`` installs what is there in that version as well."""
    shared = ["--no-index", "--find-links", str(folder), "--no-deps", "--require-hashes"]
    managed = ["--break-system-packages"] if override_system else []
    if installer.name == "uv":
        own = ["--no-config", "--offline", "--no-build", "--no-cache", "--link-mode", "copy"]
        again_word = ["--reinstall"]
    else:
        own = ["--only-binary", ":all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
        own += ["--no-warn-script-location", "--progress-bar", "off"]
        again_word = ["--force-reinstall"]
    return [*shared, *own, *managed, *(again_word if again else []), "-r", str(requirements)]


def scrubbed(environ: Mapping[str, str], temporary: Path) -> dict[str, str]:
    """An environment without any setting of pip, uv or Python."""
    kept = {name: value for name, value in environ.items() if not name.upper().startswith(_FOREIGN)}
    return kept | {
        "PIP_CONFIG_FILE": os.devnull,  # pip then reads no file at all, not even the machine's
        "PIP_ROOT_USER_ACTION": "ignore",
        "UV_NO_CONFIG": "1",
        "TMPDIR": str(temporary),
        "NO_COLOR": "1",
    }


def run_installer(
    installer: InstallerAtHand,
    wheels: Sequence[WheelFile],
    folder: Path,
    *,
    again: bool = False,
    override_system: bool = False,
    environ: Mapping[str, str] = os.environ,
    tick: Callable[[], None] = lambda: None,
    hold: Sequence[int] = (),
) -> InstallerRun:
    """Install exactly these wheels of ``folder``.

    ``tick`` is called while it runs, some times a second. ``hold`` are descriptors that it inherits: a lock
    lasts as long as it does. After a Ctrl-C the installer gets time to put things back, and the exit code
    says SIGINT. Raises OutOfReachError if the process cannot be started.
    """
    temporary = folder / "tmp"
    requirements = folder / "install.txt"
    try:
        temporary.mkdir(exist_ok=True)
        requirements.write_text(
            "".join(f"{w.name}=={w.version} --hash=sha256:{w.sha256}\n" for w in wheels), encoding="utf-8"
        )
        with (folder / "installer.log").open("w+b") as log:
            process = subprocess.Popen(  # noqa: S603 - the installer, with arguments of our own
                [
                    *installer.command,
                    *arguments(installer, folder, requirements, again=again, override_system=override_system),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=scrubbed(environ, temporary),
                cwd=folder,
                pass_fds=tuple(hold) if os.name == "posix" else (),
            )
            code = _wait(process, tick)
            log.seek(0)
            said = log.read().decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise OutOfReachError(
            Problem(
                code="install.process", message=f"cannot run {installer.label}: {error.strerror or error}"
            )
        ) from error
    lines = [line.rstrip() for line in said if line.strip()]
    return InstallerRun(code=code, said=tuple(lines[-_LAST_WORDS:]))


def _wait(process: subprocess.Popen[bytes], tick: Callable[[], None]) -> int:
    try:
        while True:
            try:
                return process.wait(timeout=_POLL)
            except subprocess.TimeoutExpired:
                tick()
    except KeyboardInterrupt:
        # From a terminal it reached the installer as well, which puts back what it was about to replace.
        try:
            process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        return -signal.SIGINT


def _no_python(python: str, why: str) -> InputError:
    return InputError(
        Problem(
            code="python.none",
            message=f"{python} does not answer as Python does: {why}",
            allowed="the path of a Python interpreter, 3.8 or later",
        )
    )
