"""DG2xx: what is held stays in its range, what the host requires stays met, and restarts."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from depguard.model.finding import Finding
from depguard.model.host import Host
from depguard.model.plan import Action, ActionKind
from depguard.model.policy import GripKind, Severity
from depguard.rules.evidence import Evidence, changed


def held_out_of_range(evidence: Evidence) -> Iterator[Finding]:
    """DG201: a held distribution would leave its range, or go away."""
    for action in evidence.moved():
        grip = evidence.grip(action.name)
        if grip.kind is not GripKind.HELD or grip.entry is None:
            continue
        allowed = evidence.ranges.get(action.name)
        inside = (
            allowed is not None
            and action.new is not None
            and action.kind is not ActionKind.REMOVE
            and allowed.contains(action.new, prereleases=True)
        )
        if inside:
            continue
        who = evidence.who(action.name)
        removes = action.kind is ActionKind.REMOVE
        what = f"remove {action.name}" if removes else f"move {action.name} {action.old} -> {action.new}"
        yield changed(
            evidence,
            action,
            entry=grip.entry,
            code="DG201",
            severity=Severity.ERROR,
            message=f"{who} would {what}, held at {allowed}",
            hint=f"{action.name} is held: {grip.entry.reason}",
        )


def broken(evidence: Evidence) -> Iterator[Finding]:
    """DG202: requirements that the changes leave broken."""
    yield from newly_broken(evidence)
    yield from left_unmet(evidence)


def newly_broken(evidence: Evidence) -> Iterator[Finding]:
    """DG202: a requirement of a host distribution held before and would not hold after."""
    changes = {action.name: action for action in evidence.changes.changes}
    for broken in evidence.broken:
        action = changes[canonicalize_name(Requirement(broken.requirement).name)]
        becomes = "is removed" if action.kind is ActionKind.REMOVE else f"becomes {action.new}"
        yield changed(
            evidence,
            action,
            package=broken.name,
            code="DG202",
            severity=Severity.ERROR,
            message=f"{broken.name} {broken.version} needs {broken.violated}, and {action.name} {becomes}",
            hint=f"leave {action.name} as it is, or take a release that goes with {broken.name}",
        )


def left_unmet(evidence: Evidence) -> Iterator[Finding]:
    """DG202, a warning: something comes without what it requires itself (``--no-deps``)."""
    changes = {action.name: action for action in evidence.changes.changes}
    for unmet in evidence.unmet:
        if unmet.name in changes:
            yield changed(
                evidence,
                changes[unmet.name],
                code="DG202",
                severity=Severity.WARNING,
                message=f"{unmet.name} {unmet.version} needs {unmet.violated}, and will not find it",
                hint="install it with its dependencies, or take a release that goes with the host",
            )


def forbidden(evidence: Evidence) -> Iterator[Finding]:
    """DG203: a package that the policy forbids would come in."""
    for action in evidence.changes.changes:
        entry = evidence.forbidden.get(action.name)
        if entry is None or action.kind is ActionKind.REMOVE:
            continue
        yield changed(
            evidence,
            action,
            entry=entry,
            code="DG203",
            severity=Severity.ERROR,
            message=f"{action.name} is forbidden: {entry.reason}",
            hint=f"use {entry.instead} instead" if entry.instead else f"leave {action.name} out",
        )


def restart_needed(evidence: Evidence) -> Iterator[Finding]:
    """DG204: a distribution changes whose modules the running kernel has already loaded."""
    moved = [action for action in evidence.moved() if action.kind is not ActionKind.KEEP]
    if not moved:
        return
    if evidence.host.loaded is None:
        names = ", ".join(sorted(action.name for action in moved))
        yield _restart(evidence, moved[0], Severity.NOTE, f"whether {names} is loaded already is not known")
        return
    for action in moved:
        loaded = sorted(_modules(evidence.host, action) & evidence.host.loaded)
        if loaded:
            message = f"{action.name} changes and {', '.join(loaded)} is loaded when the session starts"
            yield _restart(evidence, action, Severity.WARNING, message)


def _restart(evidence: Evidence, action: Action, severity: Severity, message: str) -> Finding:
    return Finding(
        code="DG204",
        about=evidence.about,
        severity=severity,
        package=action.name,
        message=message,
        hint="restart the session after the install, before the first import",
    )


def _modules(host: Host, action: Action) -> frozenset[str]:
    """The top-level modules of an installed distribution; by its name where they are not known."""
    modules = host.installed[action.name].modules
    return frozenset(modules) if modules else frozenset({action.name.replace("-", "_")})
