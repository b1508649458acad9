"""Wiring of bundles: an examination without secrets, for a bug report. `install` writes them too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from depguard.model.environment import Snapshot
    from depguard.model.examination import Examination
    from depguard.model.install import InstallReport


def bundle(examined: Examination, path: Path) -> None:
    """Write snapshot, report and text to ``path``, scrubbed. Raises OutOfReachError for the disk."""
    from depguard.emit.doctor_json import examination_document
    from depguard.emit.doctor_text import render_examination

    text = render_examination(examined, verbose=1)
    _write(path, examined.snapshot, examination_document(examined), text)


def bundle_install(report: InstallReport, snapshot: Snapshot, path: Path) -> None:
    """The same of an install, with the environment as it is after it."""
    from depguard.emit.install_json import install_document
    from depguard.emit.install_text import render_install

    _write(path, snapshot, install_document(report), render_install(report, verbose=1))


def _write(path: Path, snapshot: Snapshot, report: Any, text: str) -> None:
    import getpass

    from depguard.adapters.bundles import write_bundle
    from depguard.doctor.scrubbing import scrubber
    from depguard.parse.snapshot_file import snapshot_document

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = ""
    scrub = scrubber(str(Path.home()), user)
    write_bundle(path, scrub(snapshot_document(snapshot)), scrub(report), scrub(text))
