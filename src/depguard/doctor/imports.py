"""DG906 to DG908: what an import gets, what a process has loaded, and whether it works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import PurePath

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from depguard.doctor.wording import at, named, some
from depguard.model.environment import (
    FolderKind,
    Installed,
    ProbeOutcome,
    ProbeResult,
    Process,
    Shadow,
    Snapshot,
)
from depguard.model.finding import About, Finding
from depguard.model.policy import Severity

_NUMPY = NormalizedName("numpy")
Protects = Callable[[NormalizedName], bool]

_PLACES = {
    FolderKind.WORKING: "the working directory",
    FolderKind.TESTS: "a test folder, which pytest's import mode 'prepend' puts first",
    FolderKind.ENVIRONMENT: "PYTHONPATH",
    FolderKind.USER: "the user site",
    FolderKind.OVERLAY: "the virtual environment over the host",
    FolderKind.LINKED: "a folder that a .pth file adds",
    FolderKind.INSERTED: "a folder that the notebook put on sys.path",
    FolderKind.SITE: "site-packages",
    FolderKind.SYSTEM: "the system's packages",
}


def shadow_findings(snapshot: Snapshot) -> Iterator[Finding]:
    """DG906: a module that is found before the protected one."""
    by_name = {item.name: item for item in snapshot.distributions}
    for shadow in snapshot.shadows:
        hidden = by_name.get(shadow.hidden)
        what = named(hidden) if hidden is not None else str(shadow.hidden)
        if shadow.kind in (FolderKind.USER, FolderKind.OVERLAY) and shadow.version is not None:
            same = hidden is not None and hidden.version == shadow.version
            what = f"{shadow.hidden} {_owned_version(snapshot, shadow)}"
        else:
            same = False
        yield Finding(
            code="DG906",
            about=About.ENVIRONMENT,
            severity=Severity.WARNING if same or shadow.kind is FolderKind.TESTS else Severity.ERROR,
            package=shadow.hidden,
            message=f"import {shadow.module} takes {shadow.path}, not {what}",
            hint=_step_aside(shadow),
            because=(f"it lies in {_PLACES[shadow.kind]}, which is searched first",),
        )


def _owned_version(snapshot: Snapshot, shadow: Shadow) -> str:
    versions = [str(item.version) for item in snapshot.distributions if item.name == shadow.hidden]
    return versions[-1] if versions else ""


def _step_aside(shadow: Shadow) -> str:
    name = PurePath(shadow.path).name
    match shadow.kind:
        case FolderKind.WORKING:
            return f"rename {name}, or start from another folder"
        case FolderKind.TESTS:
            return f"rename {name}, or run pytest with --import-mode=importlib"
        case FolderKind.ENVIRONMENT:
            return "take the folder out of PYTHONPATH"
        case FolderKind.USER:
            return "start with PYTHONNOUSERSITE=1, or uninstall the copy in the user site"
        case FolderKind.INSERTED:
            return f"rename {name}, or put the folder at the end: sys.path.append(...)"
        case FolderKind.OVERLAY:
            return "make the virtual environment anew, without this package in it"
        case _:
            return "take away the .pth file that adds the folder"


def process_findings(snapshot: Snapshot, protects: Protects) -> Iterator[Finding]:
    """DG907: a running process has loaded what is no longer on the disk."""
    by_name = {item.name: item for item in snapshot.distributions}
    for process in snapshot.processes:
        told: set[NormalizedName] = set()
        for item, version in _other_versions(process, snapshot):
            told.add(item.name)
            said = f"has {item.name} {version} loaded, on disk is {item.version}"
            yield _stale(process, item.name, item, protects, said)
        for name, paths in sorted(_gone(process, snapshot).items()):
            if name in told:
                continue
            there = by_name.get(name)
            now = f"on disk is {there.version} now" if there is not None else "it is not on the disk now"
            said = f"has files of {name} loaded that were replaced since; {now}"
            yield _stale(process, name, there, protects, said, because=(some(paths),))


def _stale(
    process: Process,
    package: NormalizedName,
    item: Installed | None,
    protects: Protects,
    message: str,
    *,
    because: tuple[str, ...] = (),
) -> Finding:
    when: tuple[str, ...] = ()
    if process.started is not None and item is not None and item.installed_at is not None:
        started, written = at(process.started), at(item.installed_at)
        when = (f"the process started at {started}, {package} was written at {written}",)
    return Finding(
        code="DG907",
        about=About.ENVIRONMENT,
        severity=Severity.ERROR if protects(package) else Severity.WARNING,
        package=package,
        message=f"the running {'kernel' if process.kernel else 'process'} {process.pid} {message}",
        hint="what it imports from now on comes from the other version",
        because=(*because, *when),
    )


def _other_versions(process: Process, snapshot: Snapshot) -> Iterator[tuple[Installed, str]]:
    owners = {module: item for item in reversed(snapshot.distributions) for module in item.modules}
    for loaded in process.modules:
        item = owners.get(loaded.module)
        if item is None or loaded.version is None or item.version is None:
            continue
        try:
            version = Version(loaded.version)
        except InvalidVersion:
            continue
        # Many projects leave the local label out of __version__, or put one in.
        if version.public != item.version.public and _speaks_for(loaded.module, item):
            yield item, loaded.version


def _speaks_for(module: str, item: Installed) -> bool:
    """Whether a module's ``__version__`` is its distribution's: the one that is named like it."""
    return module.replace("_", "-").lower() == item.name or len(item.modules) == 1


def _gone(process: Process, snapshot: Snapshot) -> dict[NormalizedName, list[str]]:
    owners = {module: item.name for item in snapshot.distributions for module in item.modules}
    found: dict[NormalizedName, list[str]] = {}
    for path in process.gone:
        for folder in snapshot.folders:
            inside = path.removeprefix(folder.path + "/")
            if inside == path:
                continue
            top = inside.partition("/")[0]
            name = owners.get(top.removesuffix(".libs").partition(".")[0]) or _set_aside(
                top, snapshot, owners
            )
            if name is not None:
                found.setdefault(name, []).append(path)
            break
    return found


def _set_aside(top: str, snapshot: Snapshot, owners: dict[str, NormalizedName]) -> NormalizedName | None:
    """Whose folder pip renamed to ``~``."""
    if not top.startswith("~"):
        return None
    for leftover in snapshot.leftovers:
        if leftover.name == top:
            return leftover.project
    tail = top.lstrip("~-.=%0123456789")
    return next((name for module, name in sorted(owners.items()) if tail and module.endswith(tail)), None)


def probe_findings(snapshot: Snapshot) -> Iterator[Finding]:
    """DG908: a probe failed, crashed or ran out of time. Of each project the first one says it.

    Everything that is probed builds on numpy: what fails after numpy does says nothing of its own.
    """
    told: set[NormalizedName] = set()
    for probe in snapshot.probes:
        if probe.outcome in (ProbeOutcome.PASSED, ProbeOutcome.SKIPPED) or told & {probe.project, _NUMPY}:
            continue
        told.add(probe.project)
        yield _failed(probe)


def _failed(probe: ProbeResult) -> Finding:
    said = {
        ProbeOutcome.CRASHED: "crashed the process",
        ProbeOutcome.TIMED_OUT: f"gave no answer in {probe.seconds:.0f} s",
    }.get(probe.outcome, "failed")
    detail = f": {probe.detail}" if probe.detail else ""
    return Finding(
        code="DG908",
        about=About.ENVIRONMENT,
        severity=Severity.ERROR,
        package=probe.project,
        message=f"probe {probe.name} {said}{detail}",
        hint="its files are as recorded: versions that do not go together, or a driver, or too little memory",
        unproven=probe.outcome is ProbeOutcome.TIMED_OUT,
    )
