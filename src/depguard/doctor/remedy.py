"""The one way out of what was found, in words for the kind of machine it is. Never "reinstall numpy"."""

from __future__ import annotations

from collections.abc import Sequence

from depguard.doctor.wording import LOOKED
from depguard.model.environment import HostKind, Process, Snapshot
from depguard.model.examination import Remedy, WayOutKind
from depguard.model.finding import Finding
from depguard.model.policy import Severity

_DISK = frozenset({"DG901", "DG902", "DG903", "DG904", "DG905", "DG503"})
_BUILT = frozenset({"DG301", "DG302", "DG303"})
_KEEPS = {
    HostKind.COLAB: '"Restart session" is not enough: it keeps the disk.',
    HostKind.KAGGLE: '"Restart kernel" is not enough: it keeps the disk.',
    HostKind.SAGEMAKER: "Restarting the kernel is not enough: it keeps the disk.",
    HostKind.CONTAINER: "Restarting the container is not enough: it keeps the disk.",
}


def remedy(snapshot: Snapshot, findings: Sequence[Finding], *, build: bool = False) -> Remedy | None:
    """What to do about the errors; None without one. The disk comes first, a process before the rest.

    ``build``: the environment is an image that is being built, so what made it wrong is a step of that.
    """
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    codes = {finding.code for finding in errors}
    if not errors:
        return _replan(findings)
    lead = next((finding for finding in errors if finding.code in _DISK), errors[0])
    since = _since(lead)
    by = _by(snapshot, lead)
    if codes & _DISK:
        return Remedy(
            kind=WayOutKind.BEGIN_ANEW,
            do=begin_anew(snapshot, build=build),
            dont=(f"reinstall {lead.package} by hand: what was compiled against it stays as it is.",),
            since=since,
            by=by,
        )
    if "DG906" in codes:
        do = tuple(dict.fromkeys(f"{_sentence(f.hint)}" for f in errors if f.code == "DG906"))
        return Remedy(
            kind=WayOutKind.MOVE_ASIDE,
            do=do,
            dont=(f"reinstall {lead.package}: the installed one is as recorded.",),
        )
    if "DG907" in codes:
        return Remedy(
            kind=WayOutKind.RESTART,
            do=(*_restart(snapshot), "The disk is right, only what is loaded is stale."),
            dont=(f"reinstall {lead.package}: it changes the disk, not what is loaded.",),
            since=since,
            by=by,
        )
    if codes <= _BUILT:
        return Remedy(
            kind=WayOutKind.REPLAN,
            do=tuple(dict.fromkeys(f"{_sentence(f'{f.hint}: {f.package}')}" for f in errors)),
            dont=(f"move what {lead.package} was built for: everything else goes with what is there.",),
        )
    return Remedy(
        kind=WayOutKind.LOOK,
        do=(
            "The files are as recorded. Look at the versions: depguard baseline show live",
            *(
                begin_anew(snapshot, build=build)
                if not build
                else ("If it worked before: build without the last change.",)
            ),
        ),
        dont=(f"reinstall {lead.package}: the same files would come again.",),
    )


def _replan(findings: Sequence[Finding]) -> Remedy | None:
    if any(finding.code == "DG503" for finding in findings):
        return Remedy(kind=WayOutKind.REPLAN, do=("Plan for this machine: depguard plan TIER --host live",))
    return None


def begin_anew(snapshot: Snapshot, *, build: bool = False) -> tuple[str, ...]:
    """How to get a fresh environment of this kind."""
    if build:
        return ("Rebuild the image without the step that changed it (the last install before this check).",)
    lines: tuple[str, ...]
    match snapshot.kind:
        case HostKind.COLAB:
            lines = ("Save files from /content. Runtime > Disconnect and delete runtime. Run all.",)
        case HostKind.KAGGLE:
            lines = ("Save files from /kaggle/working. Run > Power off, start the session again. Run all.",)
        case HostKind.SAGEMAKER:
            lines = (
                "Save your files. Delete the app (or stop the space) and start it again from its image.",
            )
        case HostKind.CONTAINER:
            lines = ("Start a new container from the image; if the image has it too, rebuild the image.",)
        case HostKind.VENV:
            lines = (
                f"Recreate the environment: python -m venv --clear {snapshot.prefix}; install as before.",
            )
        case HostKind.CONDA:
            lines = (
                f"Recreate the environment: conda env remove -p {snapshot.prefix}; create it as before.",
            )
        case HostKind.SYSTEM:
            lines = ("Set the machine up again from its image, or ask whoever prepared it.",)
    keeps = _KEEPS.get(snapshot.kind)
    return (*lines, keeps) if keeps else lines


def _restart(snapshot: Snapshot) -> tuple[str, ...]:
    if snapshot.kind is HostKind.COLAB:
        return ("Runtime > Restart session, then run the cells again.",)
    if any(process.kernel for process in snapshot.processes):
        return ("Restart the kernel, then run the cells again.",)
    return (f"Restart the process {', '.join(_pids(snapshot.processes))}.",)


def _pids(processes: Sequence[Process]) -> list[str]:
    return [str(process.pid) for process in processes]


def _by(snapshot: Snapshot, lead: Finding) -> str:
    """Who did it: the notebook's own line where it names the culprit, else what asks for that version."""
    who = (lead.culprit or "").partition(" ")[0]
    for where, line in reversed(snapshot.commands):
        words = line.replace("=", " ").replace("<", " ").replace(">", " ").replace("[", " ").split()
        if (who and who in words) or lead.package in words:
            return f"{where}: {line}" + (f" ({lead.culprit})" if lead.culprit else "")
    return lead.culprit or ""


def _since(lead: Finding) -> str:
    """Since when it can be: the last look that found it whole, or when it was written."""
    for line in lead.because:
        if line.startswith(LOOKED):
            return f"after {line.removeprefix(LOOKED)}, when depguard found it as recorded"
    for line in lead.because:
        words = line.partition(" at ")
        if words[0] in ("installed", "left", "written", "changed", "the newer one was written"):
            return words[2].partition(",")[0]
    return ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
