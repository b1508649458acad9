"""DG901 to DG905: what is on the disk is not what was installed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from packaging.utils import NormalizedName, canonicalize_name

from depguard.doctor.wording import LOOKED, at, counted, named, some
from depguard.model.environment import ChangedFile, FolderKind, Installed, Leftover, Snapshot, Stray
from depguard.model.finding import About, Finding
from depguard.model.policy import Severity

Protects = Callable[[NormalizedName], bool]

_CODE = re.compile(r"\.(py|pyd|dll|dylib|so(\.\d+)*)$")
_BESIDE = re.compile(
    r"(^|/)(tests?|testing/data|docs?|examples?|licenses?)/|\.(pyi|md|rst|txt|h|hpp|c|pxd|pyx)$"
)
"""Files whose absence no import notices: images are slimmed by taking them out."""


def file_findings(snapshot: Snapshot, protects: Protects) -> Iterator[Finding]:
    """All findings about files. Where a project has two metadata folders nothing else is said of it."""
    doubled = _doubled(snapshot)
    for copies in doubled.values():
        yield _two_infos(copies, protects)
    # Half an install has its metadata folder without a RECORD: that is written last.
    set_aside = {leftover.project for leftover in snapshot.leftovers}
    present = {item.name for item in snapshot.distributions if item.recorded or item.name not in set_aside}
    yield from _leftover_findings(snapshot, protects, present)
    twice = {(item.folder, item.name) for copies in doubled.values() for item in copies}
    for item in snapshot.distributions:
        if (item.folder, item.name) not in twice and item.name in present:
            yield from _distribution(item, protected=protects(item.name))
    yield from _stray_findings(snapshot, protects, present)


def _doubled(snapshot: Snapshot) -> dict[tuple[str, NormalizedName], list[Installed]]:
    system = {folder.path for folder in snapshot.folders if folder.kind is FolderKind.SYSTEM}
    found: dict[tuple[str, NormalizedName], list[Installed]] = defaultdict(list)
    for item in snapshot.distributions:
        if item.folder not in system:  # there the package manager keeps its own books
            found[item.folder, item.name].append(item)
    return {key: copies for key, copies in found.items() if len(copies) > 1}


def _two_infos(copies: list[Installed], protects: Protects) -> Finding:
    """DG904: what RECORD says of the files then has no meaning, since there are two."""
    first = copies[0]
    infos = " and ".join(sorted(item.info for item in copies))
    when = sorted(item.installed_at for item in copies if item.installed_at is not None)
    return Finding(
        code="DG904",
        about=About.ENVIRONMENT,
        severity=Severity.ERROR if protects(first.name) else Severity.WARNING,
        package=first.name,
        message=f"{first.name} is recorded {_times(len(copies))}: {infos}",
        hint="one of them has lost its files; which one, the metadata does not say",
        because=(f"the newer one was written at {at(when[-1])}",) if when else (),
    )


def _times(number: int) -> str:
    return "twice" if number == 2 else f"{number} times"


def _leftover_findings(
    snapshot: Snapshot, protects: Protects, present: set[NormalizedName]
) -> Iterator[Finding]:
    """DG901: one finding for each project that an interrupted pip set aside."""
    groups: dict[NormalizedName | None, list[Leftover]] = defaultdict(list)
    for leftover in snapshot.leftovers:
        groups[leftover.project].append(leftover)
    for project, leftovers in sorted(groups.items(), key=lambda group: group[0] or ""):
        names = ", ".join(sorted(leftover.name for leftover in leftovers))
        version = next((item.version for item in leftovers if item.version is not None), None)
        when = max((item.modified for item in leftovers if item.modified is not None), default=None)
        gone = project is not None and project not in present
        if project is None:
            message = f"an interrupted pip left {names}; what it was is not known"
        elif gone:
            was = f"{project} {version}" if version is not None else project
            message = f"{project} is gone: a pip that was interrupted had set {was} aside as {names}"
        else:
            message = f"an interrupted pip left {names} beside {project}, which is installed"
        yield Finding(
            code="DG901",
            about=About.ENVIRONMENT,
            severity=Severity.ERROR
            if gone and project is not None and protects(project)
            else Severity.WARNING,
            package=project or canonicalize_name(leftovers[0].name.lstrip("~") or "unknown"),
            message=message,
            hint="whoever changed it was killed half-way"
            if gone
            else "harmless by itself; pip warns of an invalid distribution. The folder may be deleted",
            because=(f"left at {at(when)}",) if when is not None else (),
        )


def _distribution(item: Installed, *, protected: bool) -> Iterator[Finding]:
    """DG902, DG903, DG905 for one distribution: files of mixed versions explain the other two."""
    other = item.stated is not None and item.version is not None and item.stated != str(item.version)
    if item.unowned or (other and any(_CODE.search(file.path) for file in item.changed)):
        yield _mixed(item, other=other, protected=protected)
        return
    if item.missing:
        yield _missing(item, protected=protected)
    if item.changed:
        yield _changed(item, protected=protected)


def _mixed(item: Installed, *, other: bool, protected: bool) -> Finding:
    said = []
    if item.unowned:
        said.append(f"{counted(len(item.unowned), 'file')} that its RECORD does not list")
    if item.changed:
        said.append(f"{counted(len(item.changed), 'file')} with other bytes")
    if item.missing:
        said.append(f"{counted(len(item.missing), 'file')} missing")
    states = f"; its source says it is {item.stated}" if other else ""
    evidence = [f"not in RECORD: {some(item.unowned)}"] if item.unowned else []
    evidence += [f"changed: {some([file.path for file in item.changed])}"] if item.changed else []
    evidence += [f"missing: {some(item.missing)}"] if item.missing else []
    return Finding(
        code="DG905",
        about=About.ENVIRONMENT,
        severity=_weight(protected=protected, matters=True),
        package=item.name,
        message=f"{named(item)} holds files of another version: {', '.join(said)}{states}",
        hint="files of two versions lie in one folder: what an import gets is neither",
        because=(*evidence, *_since(item)),
    )


def _missing(item: Installed, *, protected: bool) -> Finding:
    matters = [path for path in item.missing if not _BESIDE.search(path)]
    first = [*matters, *(path for path in item.missing if path not in matters)]
    message = f"{named(item)} lacks {counted(len(item.missing), 'file')} of its own: {some(first)}"
    hint = "an import or a call that needs it fails"
    if not matters:
        hint = "tests and texts only: somebody made the image smaller, and no import misses them"
    return Finding(
        code="DG902",
        about=About.ENVIRONMENT,
        severity=_weight(protected=protected, matters=True) if matters else Severity.NOTE,
        package=item.name,
        message=message,
        hint=hint,
        because=_since(item),
    )


def _changed(item: Installed, *, protected: bool) -> Finding:
    paths = [file.path for file in item.changed]
    code = any(_CODE.search(path) for path in paths)
    what = "has other bytes than were" if len(paths) == 1 else "have other bytes than were"
    return Finding(
        code="DG903",
        about=About.ENVIRONMENT,
        severity=_weight(protected=protected, matters=code),
        package=item.name,
        message=f"{named(item)}: {some(paths)} {what} installed",
        hint="changed after the install: a damaged disk, an edit, or another installer"
        if code
        else "no code: certificates and settings are changed on purpose at times",
        because=(*(_difference(file) for file in item.changed[:3]), *_since(item)),
    )


def _difference(file: ChangedFile) -> str:
    if file.recorded_size is not None and file.size != file.recorded_size:
        return f"{file.path}: {file.size} bytes, recorded {file.recorded_size}"
    if file.sha256 is not None and file.recorded_sha256 is not None:
        same = "the same size, " if file.recorded_size is not None else ""
        return f"{file.path}: {same}sha256 {file.sha256[:12]}..., recorded {file.recorded_sha256[:12]}..."
    return f"{file.path}: changed"


def _since(item: Installed) -> tuple[str, ...]:
    """When it happened, as far as times tell."""
    said = []
    newest = max((file.modified for file in item.changed if file.modified is not None), default=None)
    if newest is not None and item.installed_at is not None and newest > item.installed_at:
        said.append(f"changed at {at(newest)}, installed at {at(item.installed_at)}")
    if item.seen is not None:
        said.append(f"{LOOKED}{at(item.seen)}")
    return tuple(said)


def _stray_findings(
    snapshot: Snapshot, protects: Protects, present: set[NormalizedName]
) -> Iterator[Finding]:
    """DG905: top-level packages without an owner. One named like a protected project is half an install."""
    unrecorded = {item.folder for item in snapshot.distributions if not item.recorded}
    others: list[Stray] = []
    for stray in snapshot.strays:
        project = _project_of(stray, snapshot)
        if protects(project) and project not in present:
            yield Finding(
                code="DG905",
                about=About.ENVIRONMENT,
                severity=Severity.ERROR,
                package=project,
                message=f"{stray.name} lies in {stray.folder} and no RECORD lists it: half an install",
                hint="an installer was killed while it copied: the package is there and is not whole",
                because=(f"written at {at(stray.modified)}",) if stray.modified is not None else (),
            )
        elif stray.folder not in unrecorded and not _in_user_site(snapshot, stray):
            others.append(stray)
    if others:
        yield Finding(
            code="DG905",
            about=About.ENVIRONMENT,
            severity=Severity.NOTE,
            package=canonicalize_name(others[0].module),
            message=f"no RECORD lists {some([stray.name for stray in others])} in {others[0].folder}",
            hint="copied there by hand, or left by an installer; nothing protected is concerned",
        )


def _project_of(stray: Stray, snapshot: Snapshot) -> NormalizedName:
    """The project of a stray's leftover, where pip left one; else the name that it has itself."""
    for leftover in snapshot.leftovers:
        if leftover.project is not None and len(leftover.name) == len(stray.name):
            tail = leftover.name.lstrip("~-.=%0123456789")
            if tail and stray.name.endswith(tail):
                return leftover.project
    return canonicalize_name(stray.module)


def _in_user_site(snapshot: Snapshot, stray: Stray) -> bool:
    return any(f.path == stray.folder and f.kind is FolderKind.USER for f in snapshot.folders)


def _weight(*, protected: bool, matters: bool) -> Severity:
    """Protected: an error. Others are warned of, and only noted where no code is concerned."""
    if protected:
        return Severity.ERROR
    return Severity.WARNING if matters else Severity.NOTE
