"""DG301 to DG303: compiled modules that cannot run with the host's NumPy, torch or C libraries."""

from __future__ import annotations

from collections.abc import Iterator

from depguard.model.finding import Finding
from depguard.model.policy import Severity
from depguard.rules.evidence import Evidence, changed

_HINTS = {
    "DG301": "take a release built for the host's NumPy; binaries: solve in the policy looks for one",
    "DG302": "take the release that was built for exactly the host's torch",
    "DG303": "take a release that was built for an older system, or for the host's Python",
}


def numpy_abi(evidence: Evidence) -> Iterator[Finding]:
    """DG301: a module that NumPy refuses to load, or that may compute wrong results with it."""
    return _clashing(evidence, "DG301")


def torch_abi(evidence: Evidence) -> Iterator[Finding]:
    """DG302: a module that the host's torch has no symbols or libraries for."""
    return _clashing(evidence, "DG302")


def system(evidence: Evidence) -> Iterator[Finding]:
    """DG303: a module that needs a newer glibc, libstdc++ or Python than the host has."""
    return _clashing(evidence, "DG303")


def _clashing(evidence: Evidence, code: str) -> Iterator[Finding]:
    for action in evidence.changes.changes:
        for clash in evidence.inspection.clashes.get(action.name, ()):
            if clash.code == code:
                yield changed(
                    evidence,
                    action,
                    code=code,
                    severity=Severity.ERROR if clash.certain else Severity.WARNING,
                    message=f"{action.name} {action.new} {clash.message}",
                    hint=_HINTS[code],
                )
