"""pip, uv and pip-tools as referees: each asked in a dry run, wheels only, what it would change."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.version import Version

from depguard.adapters.referees.process import SECONDS, run
from depguard.errors import OutOfReachError
from depguard.model.crosscheck import Answer, Answered, Ask, Changes, Check, NoAnswer, Program
from depguard.model.policy import Installer
from depguard.parse.referee_output import compiled_changes, is_out_of_reach, pip_changes, uv_changes
from depguard.records import dataclass, field

WHEELS_ONLY = ("--only-binary", ":all:")
"""A source distribution is never built, not even to learn what it requires."""

RUNNER = "__pip-runner__.py"
"""What pip's ``--python`` starts in the other interpreter (pip 22.3 and later)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """A pip: ``command`` starts it, ``runner`` is the file that any interpreter can be started with.

    ``env`` has the index settings that it is given; an answer may take ``seconds``. It always works for
    another interpreter than its own.
    """

    version: Version
    command: tuple[str, ...]
    runner: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    seconds: float = SECONDS

    @property
    def program(self) -> Program:
        """What it is."""
        return Program.PIP

    @property
    def label(self) -> str:
        """As reports name it."""
        return f"pip {self.version}"

    @property
    def installer(self) -> Installer:
        """Whose rules it follows."""
        return Installer.PIP

    def answer(self, ask: Ask) -> Answer:
        """As the port says."""
        with _workplace() as here:
            return self.install(ask, _arguments(ask, here), cwd=here)

    def install(
        self,
        ask: Ask,
        args: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        direct: bool = False,
    ) -> Answer:
        """``pip install --dry-run ARGS`` against the copy of ``ask``.

        ``direct`` starts the runner in the copy's interpreter itself, which saves a process.
        """
        report = cwd / "depguard-report.json"
        report.unlink(missing_ok=True)
        start: tuple[str | Path, ...] = (*self.command, "--python", ask.directory)
        if direct and self.runner is not None:
            start = (executable(ask.directory), self.runner)
        own = ("install", "--dry-run", "--quiet", "--report", report)
        return _asked(
            (*start, *own, *args),
            cwd,
            {**self.env, **(env or {})},
            lambda _: pip_changes(report.read_text(encoding="utf-8"), ask.host),
            self.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Uv:
    """A uv; ``env`` and ``options`` say which index it is to ask, ``seconds`` how long it may take."""

    version: Version
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: tuple[str, ...] = ()
    seconds: float = SECONDS

    @property
    def program(self) -> Program:
        """What it is."""
        return Program.UV

    @property
    def label(self) -> str:
        """As reports name it."""
        return f"uv {self.version}"

    @property
    def installer(self) -> Installer:
        """Whose rules it follows."""
        return Installer.UV

    def answer(self, ask: Ask) -> Answer:
        """As the port says."""
        with _workplace() as here:
            return self.install(ask, _arguments(ask, here), cwd=here)

    def install(
        self, ask: Ask, args: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None
    ) -> Answer:
        """``uv pip install --dry-run ARGS`` against the copy of ``ask``."""
        own: tuple[str | Path, ...] = ("pip", "install", "--python", ask.directory)
        own = (*own, *ask.uv_options, *self.options, "--dry-run")
        everything = {**self.env, **(env or {})}
        return _asked((*self.command, *own, *args), cwd, everything, uv_changes, self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class PipTools:
    """pip-tools with the pip that it works with.

    ``paths`` is where its modules are. They are pure Python, so that it can run under the interpreter of
    the copy, whose markers and tags are the host's; pip-compile knows no other way to be told.
    """

    version: Version
    pip: Version
    paths: tuple[Path, ...]
    env: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def program(self) -> Program:
        """What it is."""
        return Program.PIP_TOOLS

    @property
    def label(self) -> str:
        """As reports name it."""
        return f"pip-tools {self.version}"

    @property
    def installer(self) -> Installer:
        """Whose rules it follows."""
        return Installer.PIP

    def answer(self, ask: Ask) -> Answer:
        """As the port says: ``pip-compile`` of the requirements, with the constraints of ``ask``."""
        with _workplace() as here:
            (here / "tier.in").write_text("\n".join(ask.requirements) + "\n", encoding="utf-8")
            (here / "pins.txt").write_text("\n".join(ask.constraints) + "\n", encoding="utf-8")
            out = here / "compiled.txt"
            options: tuple[str | Path, ...] = (
                *("--quiet", "--no-header", "--no-annotate", "--strip-extras", "--allow-unsafe"),
                *("--no-config", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-options"),
                *("--resolver", "backtracking"),
                *("--pip-args", " ".join(WHEELS_ONLY)),
                *(("--find-links", ask.wheels) if ask.wheels is not None else ()),
                *("--constraint", "pins.txt", "--output-file", out, "tier.in"),
            )
            return _asked(
                (executable(ask.directory), "-m", "piptools", "compile", *options),
                here,
                {**self.env, "PYTHONPATH": os.pathsep.join(map(str, self.paths))},
                lambda _: compiled_changes(out.read_text(encoding="utf-8"), ask.host),
            )


def executable(directory: Path) -> Path:
    """The interpreter of a virtual environment."""
    return directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _arguments(ask: Ask, folder: Path) -> tuple[str, ...]:
    name, text = ask.file or ("requirements.txt", "\n".join(ask.requirements) + "\n")
    (folder / name).write_text(text, encoding="utf-8")
    no_deps = ("--no-deps",) if ask.no_deps and ask.check is Check.FILE else ()
    return (*WHEELS_ONLY, *no_deps, "-r", name)


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder of its own for one question: what an installer leaves beside it is no concern of anybody."""
    with tempfile.TemporaryDirectory(prefix="depguard-") as folder:
        yield Path(folder)


def _asked(
    command: Sequence[str | Path],
    cwd: Path,
    env: Mapping[str, str],
    read: Callable[[str], Changes],
    seconds: float = SECONDS,
) -> Answer:
    """Run it and read what it says; an index that does not answer is no refusal."""
    try:
        done = run(command, cwd=cwd, env=env, seconds=seconds)
    except OutOfReachError as error:
        return NoAnswer(str(error))
    said = done.stdout + done.stderr
    if done.returncode == 0:
        return Answered(changes=read(said), said=said)
    if is_out_of_reach(said):
        return NoAnswer(said.strip()[-500:])
    return Answered(changes=None, said=said)
