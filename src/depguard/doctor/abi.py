"""DG301 to DG303 of what is installed: what was built for another NumPy, torch or system than is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_name

from depguard.model.abi_report import InstalledBinaries
from depguard.model.finding import About, Finding
from depguard.model.host_abi import HostAbi
from depguard.model.policy import Severity
from depguard.resolve.abi import clashes

_OWN = frozenset(map(canonicalize_name, ("numpy", "torch")))
_HINTS = {
    "DG301": "take a release that was built for the installed NumPy",
    "DG302": "take the release that was built for exactly the installed torch",
    "DG303": "take a release that was built for an older system",
}


def abi_findings(installed: Iterable[InstalledBinaries], host: HostAbi) -> Iterator[Finding]:
    """What cannot run, or may go wrong, with the NumPy, the torch and the system that are there."""
    for item in installed:
        if item.name in _OWN:
            continue
        for clash in clashes(item.contents, host):
            yield Finding(
                code=clash.code,
                about=About.ENVIRONMENT,
                severity=Severity.ERROR if clash.certain else Severity.WARNING,
                package=item.name,
                message=f"{item.name} {item.version} {clash.message}",
                hint=_HINTS[clash.code],
                because=clash.files,
            )
