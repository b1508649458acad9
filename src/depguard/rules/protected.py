"""DG1xx: what is protected stays, byte for byte, and families stay together."""

from __future__ import annotations

from collections.abc import Iterator

from depguard.model.finding import Finding
from depguard.model.plan import Action, ActionKind
from depguard.model.policy import GripKind, Protected, Severity
from depguard.rules.evidence import Evidence, culprit_phrase


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


def split(evidence: Evidence) -> Iterator[Finding]:
    """DG104: an addition that wants another version of a protected family, or another CUDA."""
    for action in evidence.changes.changes:
        found = evidence.splits.get(action.name)
        if found is None:
            continue
        chain = evidence.chain(action.name)
        head = evidence.grip(found.head).entry
        yield Finding(
            code="DG104",
            about=evidence.about,
            severity=Severity.ERROR,
            package=action.name,
            message=f"{action.name} does not go with the host's {found.head}: {found.detail}",
            hint=f"take what was built for the host's {found.head}, or leave it out",
            because=tuple(str(cause) for cause in action.because),
            culprit=chain[0].requirement if chain else None,
            chain=chain,
            location=chain[0].location if chain else None,
            policy_location=head.location if head is not None else None,
            policy_reason=head.reason if head is not None else "",
        )


def _touched(evidence: Evidence, action: Action, code: str) -> Iterator[Finding]:
    grip = evidence.grip(action.name)
    if grip.kind is not GripKind.PROTECTED or not isinstance(grip.entry, Protected):
        return
    chain = evidence.chain(action.name)
    who = culprit_phrase(chain, evidence.request)
    verb = "remove" if code == "DG102" else "shadow" if evidence.user_site else "replace"
    move = f" ({action.old} -> {action.new})" if action.new is not None else ""
    yield Finding(
        code=code,
        about=evidence.about,
        severity=Severity.ERROR,
        package=action.name,
        message=f"{who} would {verb} {action.name}{move}",
        hint=f"{action.name} is protected: {grip.entry.reason}",
        because=tuple(str(cause) for cause in action.because),
        culprit=chain[0].requirement if chain else None,
        chain=chain,
        location=chain[0].location if chain else None,
        policy_location=grip.entry.location,
        policy_reason=grip.entry.reason,
    )
