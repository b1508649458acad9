"""A tier's lock as JSON, for ``lockfiles/``: what a machine compares. No URLs, no moment but the cut-off."""

from __future__ import annotations

from typing import Any

from depguard.emit.quoting import json_text
from depguard.emit.wording import moment, size_of
from depguard.model.location import Location
from depguard.model.lock import GuardLine, LockedHost, Pin, TierLock
from depguard.model.plan import Action, Cause

SCHEMA = "depguard.lock/1"


def render_lock(lock: TierLock) -> str:
    """``depguard.lock/1``: ASCII, sorted where order has no meaning, ending in a newline.

    ``depguard.parse.lock_file.parse_lock`` reads it back.
    """
    document = {
        "schema": SCHEMA,
        "tier": lock.tier,
        "about": lock.about,
        "output": lock.output,
        "command": lock.command,
        "installer": lock.installer.value,
        "no_deps": lock.no_deps,
        "cutoff": moment(lock.cutoff),
        "policy": {
            "name": lock.policy,
            "sha256": lock.policy_sha256,
            "sources": [{"label": s.label, "sha256": s.sha256} for s in lock.policy_sources],
        },
        "requires": [
            {"requirement": str(each.requirement), "location": _location(each.location)}
            for each in lock.requires
        ],
        "hosts": [_host(host) for host in lock.hosts],
        "pins": [_pin(pin) for pin in sorted(lock.pins, key=lambda pin: pin.name)],
        "guards": [_guard(line) for line in sorted(lock.guards, key=lambda line: line.name)],
    }
    return json_text(document)


def _host(host: LockedHost) -> dict[str, Any]:
    changes = sorted(host.changes.changes, key=lambda action: action.name)
    return {
        "name": host.name,
        "sha256": host.sha256,
        "python": host.python,
        "changes": [_change(action) for action in changes],
    }


def _change(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "kind": action.kind.value,
        "from": str(action.old) if action.old is not None else None,
        "to": str(action.new) if action.new is not None else None,
        "artifact": None
        if action.artifact is None
        else {
            "filename": action.artifact.filename,
            "sha256": action.artifact.sha256,
            "size": size_of(action),
        },
    }


def _pin(pin: Pin) -> dict[str, Any]:
    return {
        "name": pin.name,
        "spelled": pin.spelled,
        "version": str(pin.version),
        "artifacts": [
            {"filename": artifact.filename, "sha256": artifact.sha256, "size": artifact.size}
            for artifact in sorted(pin.artifacts, key=lambda a: (a.filename, a.sha256))
        ],
        "via": [_cause(cause) for cause in pin.via],
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "requirement": str(cause.requirement),
        "parent": cause.parent,
        "parent_version": str(cause.parent_version) if cause.parent_version is not None else None,
        "breaks": cause.breaks,
        "location": _location(cause.location),
    }


def _guard(line: GuardLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "spelled": line.spelled,
        "specifier": str(line.specifier),
        "reason": line.reason,
        "location": _location(line.location),
    }


def _location(location: Location | None) -> dict[str, Any] | None:
    if location is None:
        return None
    return {
        "file": location.file,
        "line": location.line,
        "column": location.column,
        "cell": location.cell,
    }
