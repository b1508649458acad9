"""What a command may write, and the one place that turns problems into text.

stdout carries the report alone; everything else goes to stderr. Commands get a Console and never
touch ``sys.stdout``, ``print`` or the environment's colour variables themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from depguard.errors import Problem

COLOR_CHOICES = ("auto", "always", "never")
"""What ``--color`` takes."""

_RED_BOLD = "\033[1;31m"
_RESET = "\033[0m"


class Console:
    """Two streams, how much is said on them, and whether colour may be used.

    ``colour`` is decided for stdout: ``--color always`` and ``never`` win, then NO_COLOR and
    FORCE_COLOR (set and not empty), then whether stdout is a terminal that is not "dumb". ``verbose``
    counts ``-v``; ``quiet`` silences notes, never errors. ``width`` is the terminal's width in
    columns, 100 where there is no terminal.
    """

    def __init__(
        self,
        *,
        out: TextIO,
        err: TextIO,
        environ: Mapping[str, str],
        color: str = "auto",
        verbose: int = 0,
        quiet: bool = False,
    ) -> None:
        self._out = out
        self._err = err
        self._environ = environ
        self._color = color
        self._live = False
        self._said: set[str] = set()
        self.transcript: Transcript | None = None
        self.verbose = verbose
        self.quiet = quiet
        self.colour = self._decide_colour(out)

    @property
    def width(self) -> int:
        """Columns of the terminal on stdout, 100 where there is none."""
        if not self._out.isatty():
            return 100
        import shutil

        return shutil.get_terminal_size(fallback=(100, 24)).columns

    def out(self, text: str) -> None:
        """Write ``text`` to stdout, ending in a newline. The report, and nothing else."""
        self._clear_progress()
        self._say(self._out, text)

    def note(self, text: str) -> None:
        """Write ``text`` to stderr unless quiet."""
        if not self.quiet:
            self._clear_progress()
            self._say(self._err, quoted_note(text))

    def note_once(self, text: str) -> None:
        """The same, unless it was said before."""
        if text not in self._said:
            self._said.add(text)
            self.note(text)

    def detail(self, text: str) -> None:
        """Write ``text`` to stderr with ``-v``."""
        if self.verbose and not self.quiet:
            self._clear_progress()
            self._say(self._err, quoted_note(text))

    def problems(self, problems: tuple[Problem, ...]) -> None:
        """Render problems on stderr: ``file:line:column: error: message``, what is allowed, a hint."""
        self._clear_progress()
        colour = self._decide_colour(self._err)
        for problem in problems:
            self._say(self._err, unheeded(render_problem(problem, colour=colour)))

    def flush(self) -> None:
        """Push out what is buffered, so that a closed pipe shows now and not at exit."""
        self._out.flush()
        self._err.flush()

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Progress]:
        """One line on stderr while something takes long; nothing unless stderr is a terminal.

        The line is erased at the end. ``with console.progress("reading metadata", 700) as step:``
        then ``step.advance()``, from any thread.
        """
        shown = self._err.isatty() and not self.quiet
        progress = Progress(label, total, self._draw if shown else None)
        self._live = shown
        try:
            yield progress
        finally:
            self._clear_progress()
            self._live = False

    def _draw(self, line: str) -> None:
        if self._live:
            self._err.write("\r" + _fit(self._err, line) + "\033[K")
            self._err.flush()

    def _clear_progress(self) -> None:
        if self._live:
            self._err.write("\r\033[K")

    def _decide_colour(self, stream: TextIO) -> bool:
        if self._color != "auto":
            return self._color == "always"
        if self._environ.get("NO_COLOR"):  # https://no-color.org
            return False
        if self._environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and self._environ.get("TERM") != "dumb"

    def _say(self, stream: TextIO, text: str) -> None:
        fitted = _fit(stream, text if text.endswith("\n") else text + "\n")
        stream.write(fitted)
        if self.transcript is not None:
            (self.transcript.out if stream is self._out else self.transcript.err).append(fitted)


class Transcript:
    """What was written to the two streams, progress lines aside."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.err: list[str] = []


class Progress:
    """How far something is. Drawn ten times a second at most."""

    def __init__(self, label: str, total: int | None, draw: _Draw | None) -> None:
        self._label = label
        self._total = total
        self._draw = draw
        self._done = 0
        self._next = 0.0
        if draw is not None:
            import threading

            self._lock = threading.Lock()

    def advance(self, step: int = 1, note: str = "") -> None:
        """Say that ``step`` more are done; ``note`` names the one at hand."""
        if self._draw is None:
            self._done += step
            return
        with self._lock:
            self._done += step
            self._show(note)

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say how many are done, and of how many where that became known."""
        if self._draw is None:
            self._done = done
            return
        with self._lock:
            self._done = done
            if total is not None:
                self._total = total
            self._show(note)

    def _show(self, note: str) -> None:
        import time

        now = time.monotonic()
        if self._draw is None or (now < self._next and self._done != self._total):
            return
        self._next = now + 0.1
        count = f"{self._done}/{self._total}" if self._total is not None else str(self._done)
        self._draw(f"{self._label} {count}" + (f"  {note[:40]}" if note else ""))


def standard_console(*, color: str = "auto", verbose: int = 0, quiet: bool = False) -> Console:
    """The console on this process's own streams and environment."""
    import os

    # Python has none for a stream that was closed before it started (`>&-`).
    out, err = (stream or _nowhere() for stream in (sys.stdout, sys.stderr))
    return Console(out=out, err=err, environ=os.environ, color=color, verbose=verbose, quiet=quiet)


def _nowhere() -> TextIO:
    import io

    return io.StringIO()


def render_problem(problem: Problem, *, colour: bool) -> str:
    """Lines of one problem: where, ``error:`` and what was found; then what is allowed and a hint."""
    where = f"{problem.location}: " if problem.location is not None else ""
    word = f"{_RED_BOLD}error:{_RESET}" if colour else "error:"
    lines = [f"{printable(where)}{word} {printable(problem.message)}"]
    if problem.allowed:
        lines.append(f"  allowed: {printable(problem.allowed)}")
    if problem.hint:
        lines.append(f"  hint: {printable(problem.hint)}")
    return "\n".join(lines)


def printable(text: str) -> str:
    """``text`` with control characters spelled out: input is quoted, never obeyed by the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def quoted_note(text: str) -> str:
    """A note: control characters spelled out, and nothing that a runner takes for a command in its log."""
    return unheeded(printable(text))


def unheeded(text: str) -> str:
    """Text of which no line is a command (``::error::``, ``##[command]``) to the runner of a pipeline."""
    if "::" not in text and "##" not in text:
        return text
    from depguard.emit.wording import inert, without_log_commands

    return inert(without_log_commands(text))


def _fit(stream: TextIO, text: str) -> str:
    """What the stream's encoding can show; a reason in Greek must not end in a traceback."""
    encoding = stream.encoding or "utf-8"  # an io.StringIO has none
    return text.encode(encoding, "backslashreplace").decode(encoding)


if TYPE_CHECKING:
    from collections.abc import Callable

    _Draw = Callable[[str], None]
