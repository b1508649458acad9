"""Wiring of bundles: an examination without secrets, for a bug report. `install` writes them too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from depguard.model.examination import Examination


def bundle(examined: Examination, path: Path) -> None:
    """Write snapshot, report and text to ``path``, scrubbed. Raises OutOfReachError for the disk."""
    import getpass

    from depguard.adapters.bundles import write_bundle
    from depguard.doctor.scrubbing import scrubber
    from depguard.emit.doctor_json import examination_document
    from depguard.emit.doctor_text import render_examination
    from depguard.parse.snapshot_file import snapshot_document

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = ""
    scrub = scrubber(str(Path.home()), user)
    write_bundle(
        path,
        scrub(snapshot_document(examined.snapshot)),
        scrub(examination_document(examined)),
        scrub(render_examination(examined, verbose=1)),
    )
