"""The bench of an install (``app.install_ports.Bench``): its work folder, its wheels, and the installer."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import NormalizedName

from depguard.adapters import wheel_contents
from depguard.adapters.install_work import InstallWork
from depguard.adapters.installer_process import run_installer
from depguard.model.install import InstallerAtHand, InstallerRun, InstallJournal, Site, WheelFile

_STASHED = re.compile(r"~[-~.=%0-9]*")
"""How pip begins the name of what it sets aside: ``~`` and, if that is taken, more of these for letters."""

Showing = Callable[[int], AbstractContextManager[Callable[[int], None]]]


@contextmanager
def _unseen(_: int) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


class InstallBench:
    """As the port says.

    ``showing`` is entered with the number of wheels while the installer runs; what it gives hears how many
    of them are installed.
    """

    def __init__(
        self,
        site: Site,
        installer: InstallerAtHand,
        work: InstallWork,
        *,
        hold: Sequence[int] = (),
        override_system: bool = False,
        showing: Showing | None = None,
    ) -> None:
        self._site = site
        self._installer = installer
        self._work = work
        self._hold = tuple(hold)
        self._override_system = override_system
        self._showing = showing if showing is not None else _unseen

    @property
    def site(self) -> Site:
        """As the port says."""
        return self._site

    @property
    def installer(self) -> InstallerAtHand:
        """As the port says."""
        return self._installer

    def journal(self) -> InstallJournal | None:
        """As the port says."""
        return self._work.journal()

    def begin(self, journal: InstallJournal) -> None:
        """As the port says."""
        self._work.begin(journal)

    def finish(self, record: str) -> str:
        """As the port says."""
        return str(self._work.finish(datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), record))

    def drop_journal(self) -> None:
        """As the port says."""
        self._work.drop_journal()

    def has(self, wheel: WheelFile) -> bool:
        """As the port says."""
        path = self._path(wheel)
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == wheel.sha256

    def writes(self, wheels: Sequence[WheelFile]) -> Mapping[str, WheelFile]:
        """As the port says."""
        return {
            path: wheel
            for wheel in wheels
            for path in wheel_contents.installed_paths(self._path(wheel), self._site)
        }

    def unpacked(self, wheels: Sequence[WheelFile]) -> int:
        """As the port says."""
        return wheel_contents.unpacked_size(self._path(wheel) for wheel in wheels)

    def room(self) -> int:
        """As the port says."""
        return min(shutil.disk_usage(folder).free for folder in self._site.folders if folder.is_dir())

    def run(self, wheels: Sequence[WheelFile], *, again: bool) -> InstallerRun:
        """As the port says."""
        with self._showing(len(wheels)) as seen:
            return run_installer(
                self._installer,
                wheels,
                self._work.wheels,
                again=again,
                override_system=self._override_system,
                tick=lambda: seen(len(wheel_contents.landed(wheels, self._site))),
                hold=self._hold,
            )

    def whole(self, wheels: Sequence[WheelFile]) -> tuple[WheelFile, ...]:
        """As the port says."""
        return wheel_contents.whole(wheels, self._site)

    def clear_half_installed(self, names: Iterable[NormalizedName]) -> None:
        """As the port says."""
        wheel_contents.remove(wheel_contents.half_installed(names, self._site))

    def leftovers(self) -> tuple[str, ...]:
        """As the port says."""
        return wheel_contents.leftovers(self._site)

    def clear_leftovers(self, journal: InstallJournal) -> None:
        """As the port says: only names that pip makes of what the journal's own wheels have at the top."""
        tops = self._tops(journal)
        new = set(self.leftovers()) - set(journal.leftovers)
        wheel_contents.remove(Path(path) for path in new if any(_stash_of(Path(path).name, t) for t in tops))

    def _tops(self, journal: InstallJournal) -> set[str]:
        tops: set[str] = set()
        for wheel in journal.wheels:
            written = re.sub(r"[-_.]+", "_", wheel.name)
            tops |= {
                f"{written}-{version}.dist-info" for version in (journal.moves.get(wheel.name), wheel.version)
            }
            if self._path(wheel).is_file():
                root = f"{self._site.platlib}/"
                for path in wheel_contents.installed_paths(self._path(wheel), self._site):
                    if path.startswith(root):
                        tops.add(path.removeprefix(root).partition("/")[0])
        return tops

    def _path(self, wheel: WheelFile) -> Path:
        return self._work.wheels / wheel.filename


def _stash_of(name: str, top: str) -> bool:
    """Whether pip calls ``top`` so when it sets it aside: as long, and the same after the first signs."""
    found = _STASHED.match(name)
    if found is None or len(name) != len(top):
        return False
    return any(name[cut:].lower() == top[cut:].lower() for cut in range(1, found.end() + 1) if cut < len(top))
