"""What the wheels that changes bring in contain, and what of that speaks against them on the host."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.utils import NormalizedName, canonicalize_name

from depguard.errors import OutOfReachError
from depguard.model.abi_report import Clash
from depguard.model.binary import WheelContents
from depguard.model.file_list import InstalledFile
from depguard.model.host import InstalledDistribution
from depguard.model.plan import Action, ActionKind, ChangeSet
from depguard.model.release import CoreMetadata
from depguard.planning.case import Case
from depguard.planning.overlaps import Overlap, overlaps
from depguard.records import dataclass, field
from depguard.resolve.runnable import Inspector

_COUNTING = frozenset(map(canonicalize_name, ("numpy", "torch")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was seen, by the names of what comes in.

    ``unlooked`` says what was not looked at, and why. ``startup`` are ``.pth`` files, which Python runs
    whenever it starts.
    """

    contents: Mapping[NormalizedName, WheelContents] = field(default_factory=dict)
    clashes: Mapping[NormalizedName, tuple[Clash, ...]] = field(default_factory=dict)
    unlooked: Mapping[NormalizedName, str] = field(default_factory=dict)
    startup: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    overlaps: Mapping[NormalizedName, tuple[Overlap, ...]] = field(default_factory=dict)


def expect(case: Case, changes: ChangeSet) -> None:
    """Hint that the wheels of these changes will be looked into: they are fetched while others are judged."""
    if case.inspector is not None:
        _expected(case, case.inspector, changes)


def inspect(case: Case, changes: ChangeSet) -> Inspection:
    """Look into each wheel that the changes bring in: once, and from the cache ever after."""
    if case.inspector is None:
        return Inspection()
    # The simulation and the plan of one tier, or the plans of two, often come to the same.
    place = tuple((a.name, a.kind, a.new, _file(a)) for a in changes.changes)
    known = case.inspected.get(place)
    if known is None:
        known = case.inspected[place] = _inspected(case, case.inspector, changes)
    return known


def _file(action: Action) -> tuple[str, str] | None:
    artifact = action.artifact
    return None if artifact is None else (artifact.url, artifact.filename)


def _inspected(case: Case, inspector: Inspector, changes: ChangeSet) -> Inspection:
    inspector, wanted = _expected(case, inspector, changes)
    if not wanted:
        return Inspection()
    contents: dict[NormalizedName, WheelContents] = {}
    clashes: dict[NormalizedName, tuple[Clash, ...]] = {}
    unlooked: dict[NormalizedName, str] = {}
    startup: dict[NormalizedName, tuple[str, ...]] = {}
    for action, metadata in wanted:
        if action.artifact is None:
            continue
        try:
            looked = inspector.look(action.artifact, metadata)
        except OutOfReachError as error:
            unlooked[action.name] = str(error)
            continue
        if looked.why:
            unlooked[action.name] = looked.why
        if looked.clashes:
            clashes[action.name] = looked.clashes
        if isinstance(looked.contents, WheelContents):
            contents[action.name] = looked.contents
            files = looked.contents.files
            pth = tuple(top for top in files.tops if top.endswith(".pth") and top in files.columns(top).paths)
            if pth:
                startup[action.name] = pth
    return Inspection(
        contents=contents,
        clashes=clashes,
        unlooked=unlooked,
        startup=startup,
        overlaps=_overlaps(case, changes, contents),
    )


def _expected(
    case: Case, inspector: Inspector, changes: ChangeSet
) -> tuple[Inspector, list[tuple[Action, CoreMetadata | None]]]:
    """Who looks, for the host as the changes leave it, and at what; all of that is fetched ahead."""
    coming = [a for a in changes.changes if a.artifact is not None and a.kind is not ActionKind.REMOVE]
    if not coming:
        return inspector, []
    inspector = inspector.on({a.name: a.new for a in changes.changes if a.name in _COUNTING})
    wanted = [(action, _metadata(case, action)) for action in coming]
    inspector.expect(
        (action.artifact, metadata) for action, metadata in wanted if action.artifact is not None
    )
    return inspector, wanted


def _overlaps(
    case: Case, changes: ChangeSet, coming: Mapping[NormalizedName, WheelContents]
) -> dict[NormalizedName, tuple[Overlap, ...]]:
    inspector = case.inspector
    table = inspector.table() if inspector is not None else None
    if inspector is None or table is None:
        return {}

    def listing(dist: InstalledDistribution) -> dict[str, InstalledFile] | None:
        """From the table, else out of the wheel of exactly that release."""
        known = table.files(dist.name, str(dist.version))
        if known is not None:
            return {path: InstalledFile(path=path) for path in known}
        if dist.version is None:
            return None
        wheels = [a for a in case.free_view.universe.fitting(dist.name, dist.version) if a.tags]
        wheels.sort(key=lambda a: a.filename != dist.requirements.source)
        contents = inspector.files(wheels[0]) if wheels else None
        return {file.path: file for file in contents.files} if contents is not None else None

    changed = frozenset(action.name for action in changes.changes)
    return overlaps(case.host, table, coming, changed, listing)


def _metadata(case: Case, action: Action) -> CoreMetadata | None:
    """What the solver has read of it already."""
    if action.artifact is None:
        return None
    answer = case.free_view.universe.source.metadata(action.artifact)
    return answer if isinstance(answer, CoreMetadata) else None
