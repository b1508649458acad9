"""Use case: what the binaries of wheels ask for, and whether a host has it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.tags import Tag
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from depguard.errors import InputError, Problem
from depguard.model.abi_report import AbiReport, AbiSubject
from depguard.model.binary import ContentsAnswer, Depth, WheelContents
from depguard.model.host_abi import HostAbi
from depguard.model.release import Artifact, ArtifactKind
from depguard.resolve.abi import clashes, numpy_floor
from depguard.resolve.ports import BinarySource, PackageSource

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>\S+)")
MOST_REMOTE = 64 << 20
"""Packed bytes of binaries that are read of one wheel on an index."""


def pinned(text: str) -> tuple[str, Version] | None:
    """``NAME==VERSION``; None for what is a path. Raises InputError for a version that is none."""
    match = _PINNED.fullmatch(text)
    if match is None:
        return None
    try:
        return match["name"], Version(match["version"])
    except InvalidVersion:
        raise InputError(Problem(code="abi.version", message=f"{text}: not a version")) from None


def best_wheel(source: PackageSource, name: str, version: Version, tags: Sequence[Tag]) -> Artifact:
    """The wheel of a release that installers prefer on those tags. Raises InputError, OutOfReachError."""
    ranks = {tag: rank for rank, tag in reversed(list(enumerate(tags)))}
    page = source.page(canonicalize_name(name))
    wheels = [a for a in page.artifacts if a.version == version and a.kind is ArtifactKind.WHEEL]
    fitting = [
        (min(ranks[tag] for tag in a.tags if tag in ranks), a.filename, a)
        for a in wheels
        if a.tags & ranks.keys()
    ]
    if fitting:
        return min(fitting, key=lambda found: found[:2])[2]
    raise InputError(
        Problem(
            code="abi.no-wheel",
            message=f"{name} {version} has no wheel for these tags ({tags[0] if tags else 'none'} and so on)",
            allowed=", ".join(sorted(a.filename for a in wheels)[:8]) or None,
            hint="--host names another machine, such as --host colab/2026.07-gpu",
        )
    )


def subject(label: str, contents: ContentsAnswer, host: HostAbi) -> AbiSubject:
    """One wheel, file or folder, judged."""
    if not isinstance(contents, WheelContents):
        return AbiSubject(label=label, unknown=contents.reason)
    return AbiSubject(
        label=label,
        contents=contents,
        floor=numpy_floor(contents.binaries),
        clashes=clashes(contents, host),
    )


def remote_subjects(
    source: PackageSource,
    binaries: BinarySource,
    wanted: Iterable[tuple[str, Version]],
    tags: Sequence[Tag],
    host: HostAbi,
) -> list[AbiSubject]:
    """Wheels of an index, each read as far as the bound allows."""
    artifacts = [best_wheel(source, name, version, tags) for name, version in wanted]
    binaries.prefetch_contents(artifacts, depth=Depth.ALL, most=MOST_REMOTE)
    return [
        subject(a.filename, binaries.contents(a, depth=Depth.ALL, most=MOST_REMOTE), host) for a in artifacts
    ]


def report(subjects: Iterable[AbiSubject], host: HostAbi) -> AbiReport:
    """All of them, in the order given."""
    return AbiReport(host=host, subjects=tuple(subjects))
