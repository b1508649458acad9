"""``--log PATH``: one line about a run, whatever came of it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.cli.console import Console
    from depguard.model.run_log import RunRecord


def add_log_option(parser: argparse._ActionsContainer) -> None:
    """--log, for commands whose success is worth counting."""
    parser.add_argument(
        "--log", metavar="PATH", help="append one line of JSON about this run (`depguard history` sums it up)"
    )


@contextmanager
def logged(args: argparse.Namespace, console: Console, command: str) -> Iterator[RunLog]:
    """A run that is logged: the command gives its record, an error leaves one by itself."""
    from depguard.errors import DepguardError

    log = RunLog(args.log, console)
    try:
        yield log
    except DepguardError as error:
        if args.log:
            from depguard.app.run_records import failed_run

            log.leave(
                failed_run(command, error.problems, at=log.began, seconds=log.seconds, depguard=log.version)
            )
        raise


class RunLog:
    """Where a run's record goes; nowhere without a path. Its clock began when the run did."""

    def __init__(self, path: str | None, console: Console) -> None:
        from depguard import __version__

        self.path = path
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.version = __version__
        self._console = console
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return time.monotonic() - self._started

    def leave(self, record: RunRecord) -> None:
        """Append the record. A log that cannot be written is told, and changes no outcome."""
        if not self.path:
            return
        from pathlib import Path

        from depguard.adapters.run_log import append_line
        from depguard.errors import OutOfReachError
        from depguard.parse.run_log import run_line

        try:
            append_line(Path(self.path), run_line(record))
        except OutOfReachError as error:
            self._console.note(f"not logged: {error.problems[0].message}")
