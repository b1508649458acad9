"""``lockfiles/<tier>.lock.json`` to a TierLock. Every damage is a problem with its position.

The inverse of ``depguard.emit.lock_json``: what is not written (URLs, tags, who asked for a host's
change, packages that stay) is not there after reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.lock import GuardLine, LockedHost, Pin, PinnedArtifact, TierLock
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet
from depguard.model.policy import Installer, PolicySource, TierRequirement
from depguard.model.release import Artifact, ArtifactKind
from depguard.parse.json_nodes import Node, path_text
from depguard.parse.json_positions import position
from depguard.parse.json_text import BadJsonError, load_json

SCHEMA = "depguard.lock/1"
_HINT = "make it again: depguard lock --upgrade (or take the committed one: git checkout)"
_SHA256 = re.compile(r"[0-9a-f]{64}")

T = TypeVar("T")


def parse_lock(text: str, label: str) -> TierLock:
    """Read a lockfile. ``label`` names it in problems. Raises InputError with all problems at once."""
    try:
        document = load_json(text)
    except BadJsonError as error:
        where = Location(label, error.line, error.column)
        raise InputError(Problem(code="lock.json", message=str(error), location=where, hint=_HINT)) from None
    node = Node(document, (), [])
    if isinstance(document, dict) and document.get("schema") != SCHEMA:
        node["schema"].fail(f"{document.get('schema')!r} is no schema of a lock", allowed=SCHEMA)
        raise _error(node, text, label)
    lock = _lock(node)
    if node.damages or lock is None:
        raise _error(node, text, label)
    return lock


def _lock(node: Node) -> TierLock | None:
    policy = node["policy"]
    cutoff = node["cutoff"].read(_moment, "a UTC time such as 2026-11-22T08:00:00Z")
    installer = node["installer"].read(Installer, " or ".join(i.value for i in Installer))
    policy_name, digest = policy["name"].text(), _sha256(policy["sha256"])
    sources = _all(policy["sources"], _source)
    requires = _all(node["requires"], _requires)
    hosts = _all(node["hosts"], _host)
    pins = _all(node["pins"], _pin)
    guards = _all(node["guards"], _guard)
    tier, about = node["tier"].text(), node["about"].text()
    output, command = node["output"].text(), node["command"].text()
    no_deps = node["no_deps"].flag()
    if cutoff is None or installer is None or digest is None:
        return None
    return TierLock(
        policy=policy_name,
        policy_sha256=digest,
        policy_sources=sources,
        tier=tier,
        about=about,
        installer=installer,
        requires=requires,
        cutoff=cutoff,
        hosts=hosts,
        pins=pins,
        guards=guards,
        output=output,
        command=command,
        no_deps=no_deps,
    )


def _all(node: Node, read: Callable[[Node], T | None]) -> tuple[T, ...]:
    return tuple(value for item in node.items() if (value := read(item)) is not None)


def _source(node: Node) -> PolicySource | None:
    label, digest = node["label"].text(), _sha256(node["sha256"])
    return PolicySource(label=label, sha256=digest) if digest is not None else None


def _requires(node: Node) -> TierRequirement | None:
    requirement = node["requirement"].read(Requirement, "a requirement")
    location = _location(node["location"])
    return TierRequirement(requirement=requirement, location=location) if requirement is not None else None


def _host(node: Node) -> LockedHost | None:
    name, digest, python = node["name"].text(), _sha256(node["sha256"]), node["python"].text()
    changes = ChangeSet(actions=_all(node["changes"], _change))
    if digest is None:
        return None
    return LockedHost(name=name, sha256=digest, python=python, changes=changes)


def _change(node: Node) -> Action | None:
    name = canonicalize_name(node["name"].text())
    kind = node["kind"].read(ActionKind, ", ".join(k.value for k in ActionKind))
    old, new = _version(node["from"]), _version(node["to"])
    found = node["artifact"]
    artifact = None if found.null or found.missing else _pinned(found)
    if kind is None:
        return None
    return Action(
        name=name,
        kind=kind,
        old=old,
        new=new,
        artifact=_artifact(artifact, name, new, found),
        size=artifact[2] if artifact is not None else None,
    )


def _artifact(
    pinned: tuple[str, str | None, int | None] | None, name: Any, version: Version | None, node: Node
) -> Artifact | None:
    if pinned is None:
        return None
    filename, digest, size = pinned
    if version is None:
        node.fail(f"{path_text(node.path)} stands beside a change without a version")
        return None
    return Artifact(
        name=name,
        version=version,
        filename=filename,
        kind=ArtifactKind.WHEEL if filename.endswith(".whl") else ArtifactKind.SDIST,
        url="",
        hashes=(("sha256", digest),) if digest is not None else (),
        size=size,
    )


def _pinned(node: Node) -> tuple[str, str | None, int | None]:
    digest = node["sha256"]
    return (node["filename"].text(), None if digest.null else _sha256(digest), node["size"].number())


def _pin(node: Node) -> Pin | None:
    name, spelled = canonicalize_name(node["name"].text()), node["spelled"].text()
    version = node["version"].read(Version, "a version")
    artifacts = []
    for item in node["artifacts"].items():
        filename, digest, size = _pinned(item)
        if digest is None:
            item.fail(f"{path_text(item.path)} has no sha256")
        else:
            artifacts.append(PinnedArtifact(filename=filename, sha256=digest, size=size))
    via = _all(node["via"], _cause)
    if version is None:
        return None
    return Pin(name=name, spelled=spelled, version=version, artifacts=tuple(artifacts), via=via)


def _cause(node: Node) -> Cause | None:
    requirement = node["requirement"].read(Requirement, "a requirement")
    parent = None if node["parent"].null else canonicalize_name(node["parent"].text())
    version, location = _version(node["parent_version"]), _location(node["location"])
    breaks = node.has("breaks") and node["breaks"].flag()
    if requirement is None:
        return None
    return Cause(
        requirement=requirement, parent=parent, parent_version=version, location=location, breaks=breaks
    )


def _guard(node: Node) -> GuardLine | None:
    name, spelled = canonicalize_name(node["name"].text()), node["spelled"].text()
    specifier = node["specifier"].read(SpecifierSet, "a version specifier")
    reason, location = node["reason"].text(), _location(node["location"])
    if specifier is None:
        return None
    return GuardLine(name=name, spelled=spelled, specifier=specifier, reason=reason, location=location)


def _version(node: Node) -> Version | None:
    return None if node.null else node.read(Version, "a version")


def _location(node: Node) -> Location | None:
    if node.null or node.missing:
        return None
    return Location(
        node["file"].text(), node["line"].number(), node["column"].number(), node["cell"].number()
    )


def _sha256(node: Node) -> str | None:
    def make(text: str) -> str:
        if not _SHA256.fullmatch(text):
            raise ValueError
        return text

    return node.read(make, "a sha256 of 64 lower-case hex digits")


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError
    return found


def _error(node: Node, text: str, label: str) -> InputError:
    return InputError(
        *(
            Problem(
                code="lock.damaged",
                message=damage.message,
                location=position(text, damage.path, label),
                allowed=damage.allowed,
                hint=_HINT,
            )
            for damage in node.damages
        )
    )
