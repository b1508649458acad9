"""DG1xx: what is protected stays, byte for byte, and families stay together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from depguard.model.finding import Finding
from depguard.model.plan import Action, ActionKind
from depguard.model.policy import GripKind, Severity
from depguard.rules.evidence import Evidence, changed

_SHOWN = 3


def replaced(evidence: Evidence) -> Iterator[Finding]:
    """DG101: a protected artifact would be replaced, or shadowed from the user's own folder."""
    for action in evidence.moved():
        if action.kind is ActionKind.REMOVE:
            continue
        yield from _touched(evidence, action, "DG101")


def removed(evidence: Evidence) -> Iterator[Finding]:
    """DG102: a protected distribution would be uninstalled."""
    for action in evidence.moved():
        if action.kind is ActionKind.REMOVE:
            yield from _touched(evidence, action, "DG102")


def overwritten(evidence: Evidence) -> Iterator[Finding]:
    """DG103: a wheel ships files that another distribution owns."""
    for action in evidence.changes.changes:
        for overlap in evidence.inspection.overlaps.get(action.name, ()):
            grip = evidence.grip(overlap.owner)
            protected = grip.kind is GripKind.PROTECTED
            files = overlap.files or (overlap.planted if protected else ())
            if not files:
                continue
            count = "a file" if len(files) == 1 else f"{len(files)} files"
            if overlap.files and overlap.known:
                does = f"would overwrite {count} of {overlap.owner}"
            else:
                does = f"would put {count} into {overlap.owner}'s folders"
            keeps = ", which is protected" if protected else ""
            certain = protected and bool(overlap.files)
            yield changed(
                evidence,
                action,
                entry=grip.entry if protected else None,
                package=overlap.owner,
                code="DG103",
                severity=Severity.ERROR if certain else Severity.WARNING,
                unproven=not overlap.known,
                message=f"{action.name} {action.new} {does}{keeps}: {_some(files)}",
                hint=f"one of the two: {action.name} or {overlap.owner}, not both",
            )


def _some(files: Sequence[str]) -> str:
    more = len(files) - _SHOWN
    return ", ".join(files[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def split(evidence: Evidence) -> Iterator[Finding]:
    """DG104: an addition that wants another version of a protected family, or another CUDA."""
    for action in evidence.changes.changes:
        found = evidence.splits.get(action.name)
        if found is None:
            continue
        yield changed(
            evidence,
            action,
            entry=evidence.grip(found.head).entry,
            code="DG104",
            severity=Severity.ERROR,
            message=f"{action.name} does not go with the host's {found.head}: {found.detail}",
            hint=f"take what was built for the host's {found.head}, or leave it out",
        )


def _touched(evidence: Evidence, action: Action, code: str) -> Iterator[Finding]:
    grip = evidence.grip(action.name)
    if grip.kind is not GripKind.PROTECTED or grip.entry is None:
        return
    chain = evidence.chain(action.name)
    by_hand = code == "DG102" and len(chain) < 2
    who = "the command" if by_hand else evidence.who(action.name)
    verb = "remove" if code == "DG102" else "shadow" if evidence.user_site else "replace"
    move = f" ({action.old} -> {action.new})" if action.new is not None else ""
    yield changed(
        evidence,
        action,
        entry=grip.entry,
        code=code,
        severity=Severity.ERROR,
        message=f"{who} would {verb} {action.name}{move}",
        hint=f"{action.name} is protected: {grip.entry.reason}",
    )
