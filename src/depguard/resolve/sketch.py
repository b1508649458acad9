"""What of a host decides which releases it can take and which it has: small enough to be sent elsewhere.

Telling another process of a whole host takes longer than asking an index for a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host, InstalledDistribution, Knowledge, Requirements

_UNTOLD = Requirements(how=Knowledge.UNKNOWN, source="not told")


class Sketch(NamedTuple):
    """A host in plain texts: a line of ``tags`` for each tag, ``versions`` by name (empty: not known)."""

    name: str
    python: str
    markers: dict[str, str]
    unknown_markers: frozenset[str]
    tags: str
    versions: dict[str, str]


def sketch(host: Host) -> Sketch:
    """What `sketched` makes a host of again."""
    return Sketch(
        name=host.name,
        python=str(host.python),
        markers=dict(host.markers),
        unknown_markers=host.unknown_markers,
        tags="\n".join(map(str, host.tags)),
        versions={
            name: str(found.version) if found.version is not None else ""
            for name, found in host.installed.items()
        },
    )


def sketched(drawn: Sketch) -> Host:
    """A host of which nothing else is known: of what is installed, names and versions."""
    return Host(
        name=drawn.name,
        python=Version(drawn.python),
        markers=drawn.markers,
        unknown_markers=drawn.unknown_markers,
        tags=tuple(Tag(*tag.split("-")) for tag in drawn.tags.splitlines()),
        installed=_Installed(drawn.versions),
        sha256="",
    )


class _Installed(Mapping[NormalizedName, InstalledDistribution]):
    """What is installed; each is made when it is asked for, since few are."""

    def __init__(self, versions: Mapping[str, str]) -> None:
        self._versions = versions

    def __getitem__(self, name: NormalizedName) -> InstalledDistribution:
        text = self._versions[name]
        version = Version(text) if text else None
        return InstalledDistribution(name=name, spelled=name, version=version, requirements=_UNTOLD)

    def __iter__(self) -> Iterator[NormalizedName]:
        return map(NormalizedName, self._versions)

    def __len__(self) -> int:
        return len(self._versions)
