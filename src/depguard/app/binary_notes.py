"""What a report says of wheels' contents beside its findings."""

from __future__ import annotations

from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.report import BinaryNotes, WheelNote
from depguard.planning.case import Case
from depguard.rules.evidence import Evidence


def binary_notes(case: Case, evidence: Evidence | None) -> BinaryNotes:
    """The remarks about one set of changes; none where nothing solved, or nothing was looked at."""
    if evidence is None or case.inspector is None:
        return BinaryNotes()
    versions = {action.name: action.new for action in evidence.changes.changes}

    def note(name: NormalizedName, *texts: str) -> WheelNote:
        return WheelNote(name=name, version=versions.get(name), texts=texts)

    inspection = evidence.inspection
    return BinaryNotes(
        unlooked=tuple(note(name, why) for name, why in sorted(inspection.unlooked.items())),
        startup=tuple(note(name, *paths) for name, paths in sorted(inspection.startup.items())),
        refused=_refused(case, versions),
    )


def _refused(case: Case, versions: dict[NormalizedName, Version | None]) -> tuple[WheelNote, ...]:
    """Newer releases of what comes in that the solver passed over for their binaries."""
    found: list[WheelNote] = []
    for (name, version), clash in sorted(case.guarded.view.universe.refused.items()):
        taken = versions.get(name)
        if taken is not None and version > taken:
            found.append(WheelNote(name=name, version=version, texts=(clash.message,)))
    return tuple(found)
