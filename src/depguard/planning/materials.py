"""What a metadata-only copy of a host consists of: files as values, to be written by somebody else.

An installer that is shown the copy decides as it would on the host: it reads names, versions and
requirements from ``*.dist-info`` folders and never looks whether there is any code beside them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.host import Host, InstalledDistribution, Origin, OriginKind
from depguard.records import dataclass

UNKNOWN_VERSION = Version("0")
"""What stands for a version that nothing carries: installers take no distribution without one."""

TAG = "py3-none-any"
"""Nothing in a copy is compiled, whatever the host's own wheel was: uv replaces what has a foreign tag."""

GENERATOR = "depguard"

_COMMIT = re.compile(r"(?P<url>.+)@(?P<commit>[0-9a-f]{40}|[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """Files by relative POSIX path, how many distributions they describe, and what they cannot say."""

    files: Mapping[str, bytes]
    distributions: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMaterials:
    """Wheels by file name, each as its member files, and what was left out."""

    wheels: Mapping[str, Mapping[str, bytes]]
    notes: tuple[str, ...] = ()


def site_packages(host: Host) -> Materials:
    """The ``*.dist-info`` folders of everything that is installed on a host.

    The host's own violations stay what they are. Requirements that are not known are left out, and a
    version that is not known is 0; ``notes`` names both kinds.
    """
    files: dict[str, bytes] = {}
    for distribution in _sorted(host):
        folder = _dist_info(distribution)
        files.update({f"{folder}/{name}": content for name, content in _installed(distribution).items()})
    return Materials(files=files, distributions=len(host.installed), notes=_notes(host, _sorted(host)))


def wheelhouse(host: Host, *, everything: bool = False) -> WheelMaterials:
    """Wheels without code for what no index has: local versions, URL, file, VCS and system installs.

    ``everything`` makes one for each distribution. One whose version is not known is left out, and
    named: a resolver that is shown an invented version would choose by it.
    """
    chosen = [d for d in _sorted(host) if everything or is_off_index(d)]
    known = [d for d in chosen if d.version is not None]
    wheels = {
        f"{_escaped(d)}-{d.version}-{TAG}.whl": {
            f"{_dist_info(d)}/{name}": content for name, content in _packed(d).items()
        }
        for d in known
    }
    nameless = [d.spelled for d in chosen if d.version is None]
    left_out = (f"left out, because their version is not known: {_listed(nameless)}",) if nameless else ()
    return WheelMaterials(wheels=wheels, notes=(*left_out, *_notes(host, known)))


def is_off_index(distribution: InstalledDistribution) -> bool:
    """Whether an index cannot be expected to have exactly this version, or this artifact of it."""
    local = distribution.version is not None and distribution.version.local is not None
    return local or distribution.origin.kind is not OriginKind.INDEX


def direct_url(origin: Origin) -> dict[str, object] | None:
    """The ``direct_url.json`` of an origin (PEP 610), None where its URL is not known.

    A host file seldom keeps the URL that a file was fetched from; none is made up.
    """
    if origin.reference is None:
        return None
    bare, _, fragment = origin.reference.partition("#")
    subdirectory = dict(part.partition("=")[::2] for part in fragment.split("&")).get("subdirectory")
    data: dict[str, object]
    if origin.kind is OriginKind.VCS:
        vcs, _, url = bare.partition("+")
        at_commit = _COMMIT.fullmatch(url)
        if at_commit is None:  # PEP 610 wants the commit; a branch name is none
            return None
        data = {"url": at_commit["url"], "vcs_info": {"vcs": vcs, "commit_id": at_commit["commit"]}}
    elif origin.kind in {OriginKind.URL, OriginKind.FILE} and "://" in bare:
        hashes = {"hashes": {"sha256": origin.sha256}} if origin.sha256 else {}
        data = {"url": bare, "archive_info": hashes}
    else:
        return None
    return {**data, "subdirectory": subdirectory} if subdirectory else data


def metadata(distribution: InstalledDistribution) -> str:
    """The METADATA of a copy (core metadata 2.1): what a resolver reads, and nothing else."""
    known = distribution.requirements
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {distribution.spelled}",
        f"Version: {_version(distribution)}",
        "Summary: Metadata only, a stand-in for what a host has installed. It has no code.",
    ]
    if known.requires_python:
        lines.append(f"Requires-Python: {known.requires_python}")
    lines += [f"Provides-Extra: {extra}" for extra in sorted(known.extras)]
    lines += [f"Requires-Dist: {requirement}" for requirement in known.requires]
    return "\n".join(lines) + "\n"


def _installed(distribution: InstalledDistribution) -> dict[str, bytes]:
    files = _basics(distribution)
    files["INSTALLER"] = f"{distribution.installer or GENERATOR}\n".encode()
    origin = direct_url(distribution.origin)
    if origin is not None:
        files["direct_url.json"] = json.dumps(origin, sort_keys=True).encode()
    return _recorded(distribution, files)


def _packed(distribution: InstalledDistribution) -> dict[str, bytes]:
    return _recorded(distribution, _basics(distribution))


def _basics(distribution: InstalledDistribution) -> dict[str, bytes]:
    wheel = f"Wheel-Version: 1.0\nGenerator: {GENERATOR}\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    return {"METADATA": metadata(distribution).encode(), "WHEEL": wheel.encode()}


def _recorded(distribution: InstalledDistribution, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with their RECORD (the recording-installed-projects specification)."""
    folder = _dist_info(distribution)
    lines = [f"{folder}/{name},sha256={_digest(files[name])},{len(files[name])}" for name in sorted(files)]
    return {**files, "RECORD": ("\n".join([*lines, f"{folder}/RECORD,,"]) + "\n").encode()}


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _dist_info(distribution: InstalledDistribution) -> str:
    return f"{_escaped(distribution)}-{_version(distribution)}.dist-info"


def _escaped(distribution: InstalledDistribution) -> str:
    """The name as file names carry it (binary distribution format): no dash is left in it."""
    return canonicalize_name(distribution.name).replace("-", "_")


def _version(distribution: InstalledDistribution) -> Version:
    return distribution.version if distribution.version is not None else UNKNOWN_VERSION


def _sorted(host: Host) -> list[InstalledDistribution]:
    return [host.installed[name] for name in sorted(host.installed)]


def _notes(host: Host, distributions: Iterable[InstalledDistribution]) -> tuple[str, ...]:
    shown = list(distributions)
    unknown = [d.spelled for d in shown if not d.requirements.known]
    nameless = [d.spelled for d in shown if d.version is None]
    notes: list[str] = []
    if unknown:
        notes.append(f"require nothing here, because {host.name} does not say what: {_listed(unknown)}")
    if nameless:
        notes.append(f"are version {UNKNOWN_VERSION} here, because nothing says which: {_listed(nameless)}")
    return tuple(notes)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
