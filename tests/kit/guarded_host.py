"""A real environment that stands for a host: stub packages, pip, an index folder, and a policy that protects.

host = make_guarded_host(tmp_path)
done = host.depguard("install", "lab")      # a process of its own
host.protected() == before                  # path -> sha256 of everything that was there at first
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from depguard.cli.main import main
from kit.hosts import host_text
from kit.wheels import build_wheel

POLICY = """\
schema: 1
hosts: [host.yaml]
protected: {solid: C ABI}
tiers:
  lab: {about: small things, requires: [small]}
  bad: [greedy]
  over: [overwriter]
  older: [old]
"""
SMALL = {"solid": "2.0.2", "free": "1.0", "six": "1.0"}
HOST = host_text(SMALL)
AGE = 1_700_000_000
"""When the host was made, in seconds since 1970: well before what comes later."""
FILLERS = tuple(f"filler{number}" for number in range(12))
"""So many that one distribution more or less makes no other host."""
# Run by the interpreter at its start: ends pip without a word where a test says, or does harm meanwhile.
KILLER = """\
import os, signal, sys
_installs = "pip" in sys.orig_argv
_at = os.environ.get("KIT_KILL_AT")
if _at and _installs:
    _event, _, _part = _at.partition(":")
    def _hook(event, args):
        if event == _event and any(_part in str(arg) for arg in args):
            os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(_hook)
_harm = os.environ.get("KIT_HARM")
if _harm and _installs:
    def _harming(event, args):
        if event == "open" and "small.py" in str(args[0]):
            fd = os.open(_harm, os.O_WRONLY | os.O_APPEND)
            os.write(fd, b"harm")
            os.close(fd)
    sys.addaudithook(_harming)
_longest = os.environ.get("KIT_LONGEST_FILE")
if _longest and _installs:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(_longest), int(_longest)))
_sleep = os.environ.get("KIT_SLEEP_AT")
if _sleep and _installs:
    import pathlib, time
    _flag = pathlib.Path(sys.prefix).parent / "sleeping"
    _slept = []
    _when, _, _what = _sleep.partition(":")
    def _sleeping(event, args):
        if event == _when and not _slept and any(_what in str(arg) for arg in args):
            _slept.append(1)
            _flag.touch()
            while _flag.exists():
                time.sleep(0.02)
    sys.addaudithook(_sleeping)
"""


class Ran(NamedTuple):
    """A command's exit code and what it said."""

    code: int
    out: str
    err: str


ADDED = {"small": "1.0", "helper": "3.0", "free": "2.0"}
"""What the tier ``lab`` brings: two additions, and a free distribution that moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedHost:
    """The project folder with its policy and ``index``; the environment is in ``env``."""

    folder: Path
    site: Path
    index: Path

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def depguard(self, *words: str, index_url: str | None = None, **env: str) -> Ran:
        """``depguard WORDS`` in the project folder, with these variables; in this process."""
        out, err = io.StringIO(), io.StringIO()
        here, before = Path.cwd(), dict(os.environ)
        try:
            os.chdir(self.folder)
            os.environ.update(env)
            with redirect_stdout(out), redirect_stderr(err):
                code = main(self.command(*words, index_url=index_url))
        finally:
            os.chdir(here)
            os.environ.clear()
            os.environ.update(before)
        return Ran(code, out.getvalue(), err.getvalue())

    def command(self, *words: str, index_url: str | None = None) -> list[str]:
        """The arguments of a command that is pointed at this host."""
        where = ["--index-url", index_url] if index_url else ["--no-index", "--find-links", str(self.index)]
        own = ["--python", str(self.python), "--cache-dir", str(self.cache)]
        return [*words, *own, *where]

    def there(self) -> dict[str, str]:
        """Installed versions by the names of their metadata folders."""
        found = (path.name.removesuffix(".dist-info").split("-") for path in self.site.glob("*.dist-info"))
        return {name: version for name, version, *_ in found if not name.startswith(("~", "pip", "filler"))}

    def leftovers(self) -> list[str]:
        return sorted(path.name for path in self.site.glob("~*"))

    def bytes_of(self, name: str) -> dict[str, str]:
        """Every file of a distribution's RECORD, and of its top folder, by its sha256."""
        (info,) = self.site.glob(f"{name}-*.dist-info")
        lines = (info / "RECORD").read_text().splitlines()
        paths = {self.site / line.split(",")[0] for line in lines} | set((self.site / name).rglob("*"))
        return {
            str(path.relative_to(self.site)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in paths
            if path.is_file() and path.suffix != ".pyc"
        }


def make_guarded_host(folder: Path, *, pip: bool = True) -> GuardedHost:
    """Make one. ``pip``: the environment has a pip of its own, the one beside the tests."""
    index = folder / "index"
    index.mkdir(parents=True)
    build_wheel(index, "free", "1.0")
    build_wheel(index, "free", "2.0", files={"free.py": b"VERSION = '2.0'\n", "free_more/__init__.py": b""})
    build_wheel(index, "solid", "1.26.4", files={"solid/__init__.py": b"__version__ = '1.26.4'\n"})
    build_wheel(index, "solid", "2.0.2", files={"solid/__init__.py": b"from elsewhere\n"})
    build_wheel(
        index,
        "small",
        "1.0",
        requires=["solid>=2", "helper", "free>=2"],
        files={"small.py": b"VERSION = '1.0'\n", "small_data/zeros.bin": bytes(1 << 20)},
    )
    build_wheel(index, "helper", "3.0")
    build_wheel(index, "greedy", "1.0", requires=["solid<2"])
    build_wheel(index, "old", "1.0", requires=["solid<3"])
    build_wheel(index, "overwriter", "1.0", files={"overwriter.py": b"", "solid/core.so": b"mine\n"})
    env = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    (site,) = env.glob("lib/python*/site-packages")
    install_here(
        site, "solid", "2.0.2", {"solid/__init__.py": b"__version__ = '2.0.2'\n", "solid/core.so": b"\0"}
    )
    install_here(site, "free", "1.0", {"free.py": b"VERSION = '1.0'\n", "free_more/__init__.py": b""})
    install_here(site, "six", "1.0", {"six.py": b""})
    for name in FILLERS:
        install_here(site, name, "1.0", {f"{name}.py": b""})
    (site / "kit_killer.pth").write_text("import kit_killer\n")
    (site / "kit_killer.py").write_text(KILLER)
    if pip:
        own = Path(str(metadata.distribution("pip").locate_file("")))
        (site / "pip").symlink_to(own / "pip")
        (info,) = own.glob("pip-*.dist-info")
        (site / info.name).symlink_to(info)
    listed = SMALL | dict.fromkeys(FILLERS, "1.0") | ({"pip": metadata.version("pip")} if pip else {})
    (folder / "host.yaml").write_text(host_text(listed))
    (folder / "depguard.yaml").write_text(POLICY)
    return GuardedHost(folder=folder, site=site, index=index)


def install_here(
    site: Path, name: str, version: str, files: Mapping[str, bytes], *, requires: Sequence[str] = ()
) -> None:
    """Put a distribution into a site-packages folder, as an installer would have."""
    wheel = build_wheel(site.parent / "made", name, version, files=files, requires=requires)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        for member in archive.namelist():
            os.utime(site / member, (AGE, AGE))
    (info,) = site.glob(f"{name}-{version}.dist-info")
    os.utime(info, (AGE, AGE))
