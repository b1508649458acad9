"""Virtual environments with real packages in them, made quickly by uv from one cache of wheels."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kit.live_index import skip_out_of_reach
from kit.referees import find_uv

SECONDS = 300

# Ends the process the n-th time that it opens a file for writing below a folder: a kill that always comes
# at the same moment, without a word to the installer.
_KILLED = """
import os, runpy, signal, sys
folder, left = sys.argv[1], int(sys.argv[2])
def hook(event, args):
    global left
    if event == "open" and str(args[0]).startswith(folder) and "w" in str(args[1] or ""):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
sys.argv = ["pip", *sys.argv[3:]]
runpy.run_module("pip", run_name="__main__")
"""


def recorded_sha256(content: bytes) -> str:
    """A hash as RECORD writes it."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def kept_venvs(config: pytest.Config, folders: pytest.TempPathFactory) -> Venvs:
    """Where a session makes its environments; the wheels are kept from one run to the next."""
    cache = config.cache
    assert cache is not None
    return Venvs(folders.mktemp("venvs"), cache.mkdir("depguard-wheels"))


class Venvs:
    """Makes environments below a folder, with one cache of wheels for all of them."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder = folder
        self._cache = cache
        self._made = 0

    def make(self, *requirements: str, python: str = sys.executable) -> Venv:
        """A new environment with these packages. Skips the test where the index does not answer."""
        self._made += 1
        folder = self._folder / f"venv{self._made}"
        self._uv("venv", "--quiet", "--python", python, str(folder))
        venv = Venv(folder)
        # Copies: a test that flips a byte must not flip it in the cache.
        if requirements:
            self.install(venv, *requirements)
        return venv

    def install(self, venv: Venv, *requirements: str, options: Sequence[str] = ()) -> None:
        """Install by uv, as copies."""
        self._uv(
            "pip",
            "install",
            "--quiet",
            "--link-mode=copy",
            "--python",
            str(venv.python),
            *options,
            *requirements,
        )

    def _uv(self, *words: str) -> None:
        uv = find_uv()
        if uv is None:
            pytest.skip("no uv beside the tests")
        environ = {**os.environ, "UV_CACHE_DIR": str(self._cache), "UV_NO_PROGRESS": "1"}
        try:
            done = subprocess.run(
                [*uv.program.command, *words],
                capture_output=True,
                text=True,
                env=environ,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("the index does not answer in time")
        if done.returncode:
            skip_out_of_reach(done.stderr)
            raise AssertionError(done.stderr)


class Venv:
    """One environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"

    @property
    def site(self) -> Path:
        """Its site-packages."""
        (found,) = (self.folder / "lib").glob("python*/site-packages")
        return found

    def wheel_of(self, project: str, folder: Path) -> Path:
        """An installed project as a wheel again: an installer then needs no index."""
        (info,) = self.site.glob(f"{project}-*.dist-info")
        lines = (info / "WHEEL").read_text().splitlines()
        tag = next(line.partition(":")[2].strip() for line in lines if line.startswith("Tag:"))
        target = folder / f"{info.name.removesuffix('.dist-info')}-{tag}.whl"
        with (info / "RECORD").open(newline="") as stream:
            listed = [row[0] for row in csv.reader(stream) if not row[0].startswith("..")]
        ours = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
        paths = [p for p in listed if not p.endswith(".pyc") and p.rpartition("/")[2] not in ours]
        rows = []
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            # The metadata last, as the wheel format advises.
            for path in sorted(paths, key=lambda path: (path.startswith(info.name), path)):
                content = (self.site / path).read_bytes()
                rows.append(f"{path},sha256={recorded_sha256(content)},{len(content)}")
                archive.writestr(path, content)
            archive.writestr(f"{info.name}/RECORD", "\n".join([*rows, f"{info.name}/RECORD,,", ""]))
        return target

    def pip(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The environment's own pip."""
        return self._run("-m", "pip", "--disable-pip-version-check", *words)

    def pip_killed(self, folder: Path, after: int, *words: str) -> None:
        """Its pip, killed when it opens the ``after``-th file for writing below ``folder``."""
        done = self._run("-c", _KILLED, f"{folder}{os.sep}", str(after), *words)
        assert done.returncode == -9, (done.returncode, done.stderr)

    def run(self, program: str, environ: Mapping[str, str] | None = None) -> str:
        """What a program says in it."""
        done = self._run("-c", program, environ=environ)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, program: str) -> subprocess.Popen[str]:
        """A program that goes on: it has said its first line when this returns."""
        child = subprocess.Popen(
            [str(self.python), "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline(), "it ended before its first line"
        return child

    def copy_to(self, folder: Path) -> Venv:
        """A second environment with the same files, to be damaged."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Venv(folder)

    def _run(self, *words: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), *words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, **(environ or {})},
        )
