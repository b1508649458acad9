"""A captured interpreter becomes a host whose requirements are all known."""

from __future__ import annotations

from depguard.app.baseline_host import HostFacts, host_file_of
from depguard.model.baseline import Baseline
from depguard.parse.host_assembly import baseline_sha256
from depguard.parse.host_file import HostFile
from depguard.parse.host_metadata import HostMetadata, MetadataEntry


def captured_host(
    baseline: Baseline, facts: HostFacts, previous: HostFile | None = None
) -> tuple[HostFile, HostMetadata]:
    """The two files of a host whose baseline brought its own metadata.

    Raises InputError where ``facts`` and ``baseline`` together do not say what the machine is.
    """
    file = host_file_of(baseline, facts, previous)
    entries = {
        d.name: MetadataEntry(
            version=str(d.version) if d.version is not None else None,
            requirements=d.requirements,
            installer=d.installer,
            modules=d.modules,
        )
        for d in file.distributions
    }
    return file, HostMetadata(host=file.name, baseline_sha256=baseline_sha256(file), entries=entries)
