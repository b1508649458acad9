"""Hosts and their differences as JSON (``depguard.host/1``, ``depguard.baseline-diff/1``; additions only)."""

from __future__ import annotations

from typing import Any

from depguard.emit.quoting import json_text
from depguard.model.baseline import BaselineDiff, HostDescription
from depguard.model.host import Host, InstalledDistribution, Knowledge, Origin

HOST_SCHEMA = "depguard.host/1"
DIFF_SCHEMA = "depguard.baseline-diff/1"


def host_json(description: HostDescription) -> str:
    """A host with all its distributions and its health."""
    host = description.host
    return _text(
        {
            "schema": HOST_SCHEMA,
            **_host(host),
            "about": host.about,
            "family": host.family,
            "accelerator": host.accelerator,
            "glibc": ".".join(map(str, host.glibc)) if host.glibc else None,
            "facts": dict(sorted(host.facts.items())),
            "markers": {key: host.markers[key] for key in sorted(host.markers.keys() - host.unknown_markers)},
            "unknown_markers": sorted(host.unknown_markers),
            "loaded": sorted(host.loaded) if host.loaded is not None else None,
            "requirements_known": {how.value: count for how, count in _counts(description)},
            "violations": [
                {
                    "package": v.parent,
                    "version": _version(v.parent_version),
                    "requirement": str(v.requirement),
                    "found": _version(v.found),
                }
                for v in description.violations
            ],
            "distributions": [_distribution(host.installed[name]) for name in sorted(host.installed)],
        }
    )


def diff_json(diff: BaselineDiff) -> str:
    """Two hosts compared."""
    return _text(
        {
            "schema": DIFF_SCHEMA,
            "before": _host(diff.before),
            "after": _host(diff.after),
            "facts": [{"fact": key, "before": old, "after": new} for key, old, new in diff.facts],
            "changed": [
                {
                    "name": change.after.name,
                    "kind": change.direction,
                    "before": _version(change.before.version),
                    "after": _version(change.after.version),
                }
                for change in diff.changed
            ],
            "added": [{"name": d.name, "version": _version(d.version)} for d in diff.added],
            "removed": [{"name": d.name, "version": _version(d.version)} for d in diff.removed],
            "same": diff.same,
        }
    )


def _text(value: Any) -> str:
    return json_text(value)


def _counts(description: HostDescription) -> list[tuple[Knowledge, int]]:
    return sorted(description.counts.items(), key=lambda item: item[0].value)


def _host(host: Host) -> dict[str, Any]:
    return {"name": host.name, "sha256": host.sha256, "python": str(host.python)}


def _distribution(distribution: InstalledDistribution) -> dict[str, Any]:
    known = distribution.requirements
    data: dict[str, Any] = {
        "name": distribution.name,
        "version": _version(distribution.version),
        "known": known.how.value,
        "source": known.source,
        "requires": [str(r) for r in known.requires],
    }
    if known.contradicted:
        data["contradicted"] = [str(r) for r in known.contradicted]
    if distribution.origin != Origin():
        data["origin"] = _origin(distribution.origin)
    return data


def _origin(origin: Origin) -> dict[str, str]:
    fields = {
        "kind": origin.kind.value,
        "file": origin.filename,
        "reference": origin.reference,
        "sha256": origin.sha256,
    }
    return {key: value for key, value in fields.items() if value}


def _version(version: object) -> str | None:
    return str(version) if version is not None else None
