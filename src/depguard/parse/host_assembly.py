"""A Host from its two files: what people wrote, and what was read of each distribution's metadata."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from packaging.utils import NormalizedName

from depguard.errors import InputError, Problem
from depguard.model.host import Host, InstalledDistribution, Knowledge
from depguard.model.location import Location
from depguard.parse.host_file import HostFile
from depguard.parse.host_metadata import HostMetadata, entry_data
from depguard.parse.platform_tags import marker_environment, wheel_tags
from depguard.records import replace

UNKNOWABLE = frozenset({"platform_release", "platform_version"})
"""Marker variables that do not follow from a Python version and a platform."""


def make_host(file: HostFile, metadata: HostMetadata | None, metadata_label: str = "") -> Host:
    """The host that the two files describe; requirements stated in the host file win.

    Raises InputError when the metadata was written for another state of the host file.
    """
    baseline = baseline_sha256(file)
    if metadata is not None and metadata.baseline_sha256 != baseline:
        raise InputError(
            Problem(
                code="host.stale-metadata",
                message=f"the metadata is of another state of {file.name}: its baseline was edited since",
                location=Location(metadata_label),
                hint="make it again with: depguard baseline import HOST.yaml -o HOST.yaml",
            )
        )
    installed: dict[NormalizedName, InstalledDistribution] = {}
    known: dict[str, Any] = {}
    for listed in file.distributions:
        requirements = listed.requirements
        entry = metadata.entries.get(listed.name) if metadata is not None else None
        if requirements.how is Knowledge.STATED:
            known[listed.name] = [requirements.source, [str(r) for r in requirements.requires]]
        elif entry is not None:
            known[listed.name] = entry.canonical or entry_data(entry)
            requirements = entry.requirements
        if entry is None:
            installed[listed.name] = listed
        else:
            installed[listed.name] = replace(
                listed, requirements=requirements, installer=entry.installer, modules=entry.modules
            )
    facts = {**file.facts, "platform": file.platform.text} | ({"os": file.os} if file.os else {})
    return Host(
        name=file.name,
        python=file.python,
        markers={**marker_environment(file.python, file.platform), **file.markers},
        unknown_markers=UNKNOWABLE - file.markers.keys(),
        tags=file.tags or wheel_tags(file.python, file.platform, file.abi),
        installed=installed,
        sha256=canonical_sha256(
            {
                "name": file.name,
                "baseline": baseline,
                "family": file.family,
                "accelerator": file.accelerator,
                "facts": facts,
                "loaded": sorted(file.loaded) if file.loaded is not None else None,
                "requirements": known,
            }
        ),
        glibc=file.platform.glibc,
        family=file.family,
        about=file.about,
        accelerator=file.accelerator,
        loaded=file.loaded,
        facts=facts,
    )


def baseline_sha256(file: HostFile) -> str:
    """The hash of what is installed where: what the metadata of a host depends on."""
    return canonical_sha256(
        {
            "python": str(file.python),
            "platform": file.platform.text,
            "abi": file.abi,
            "markers": dict(file.markers),
            "tags": [str(tag) for tag in file.tags],
            "distributions": sorted(
                [
                    d.name,
                    str(d.version) if d.version is not None else None,
                    d.origin.kind.value,
                    d.origin.filename,
                    d.origin.reference,
                    d.origin.sha256,
                ]
                for d in file.distributions
            ),
        }
    )


def canonical_sha256(value: Any) -> str:
    """The hash of a JSON value, however it is laid out."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
