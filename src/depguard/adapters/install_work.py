"""Where an install keeps what it needs to be finished: journal and wheels, one folder an environment."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depguard.adapters.files import read_text, write_whole
from depguard.errors import InputError, OutOfReachError, Problem
from depguard.model.install import InstallJournal
from depguard.model.location import Location
from depguard.parse.install_journal import journal_text, read_journal

RECORDS = "records"


class InstallWork:
    """The work folder of the environment at ``prefix``, below depguard's own folder ``root``."""

    def __init__(self, root: Path, prefix: Path) -> None:
        key = hashlib.sha256(os.fsencode(prefix.resolve())).hexdigest()[:16]
        self.folder = root / "installs" / key
        self.wheels = self.folder / "wheels"
        self._journal = self.folder / "journal.json"

    @contextmanager
    def alone(self) -> Iterator[int]:
        """While no other depguard installs here; gives the lock's descriptor, for the installer to hold too.

        The lock goes with the processes that hold it: one that was killed holds nothing up, an installer
        that outlives depguard does. Raises InputError while another install is at work, OutOfReachError.
        """
        try:
            self.wheels.mkdir(parents=True, exist_ok=True)
            held = (self.folder / "lock").open("a+")
        except OSError as error:
            raise OutOfReachError(
                Problem(
                    code="disk.write",
                    message=f"cannot write {self.folder}: {error.strerror or error}",
                    location=Location(str(self.folder)),
                    hint="--cache-dir chooses another folder",
                )
            ) from error
        with held:
            if not _locked(held.fileno()):
                raise InputError(
                    Problem(
                        code="install.busy",
                        message="another depguard install is at work in this environment",
                        hint="wait until it has ended, then run this again",
                    )
                )
            yield held.fileno()

    def journal(self) -> InstallJournal | None:
        """The install that was begun here and not finished."""
        return read_journal(read_text(self._journal)) if self._journal.is_file() else None

    def begin(self, journal: InstallJournal) -> None:
        """Put the journal on the disk. Raises OutOfReachError."""
        write_whole(self._journal, journal_text(journal))

    def finish(self, name: str, record: str) -> Path:
        """The install is done: keep its record, forget journal and wheels. Raises OutOfReachError."""
        path = self.folder / RECORDS / f"{name}.json"
        write_whole(path, record)
        self._journal.unlink(missing_ok=True)
        shutil.rmtree(self.wheels, ignore_errors=True)
        return path

    def records(self) -> tuple[Path, ...]:
        """The records of finished installs, the newest first."""
        return tuple(sorted((self.folder / RECORDS).glob("*.json"), reverse=True))

    def drop_journal(self) -> None:
        """Forget the install that was begun here; its wheels stay until another one is finished."""
        self._journal.unlink(missing_ok=True)


def _locked(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: two installs at once are the user's to avoid
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
