"""DG3xx: artifacts that cannot run on the host, or that would have to be built there.

A plan or simulation that solved has no artifact without a fitting tag; DG303 for a request that
does not solve is raised where the search ended (`depguard.rules.refusal`).
"""

from __future__ import annotations

from collections.abc import Iterator

from depguard.model.finding import Finding
from depguard.model.policy import Builds, Severity
from depguard.model.release import ArtifactKind
from depguard.rules.evidence import Evidence, changed


def needs_build(evidence: Evidence) -> Iterator[Finding]:
    """DG304: a source distribution would be built on the host.

    What a build does and whether it succeeds cannot be known without running it: an error of the
    unproven kind where the policy allows no builds, a warning otherwise.
    """
    for action in evidence.changes.changes:
        artifact = action.artifact
        if artifact is None or artifact.kind is not ArtifactKind.SDIST:
            continue
        yield changed(
            evidence,
            action,
            code="DG304",
            severity=Severity.ERROR if evidence.builds is Builds.NEVER else Severity.WARNING,
            message=f"{action.name} {action.new} would be built on the host, from {artifact.filename}",
            hint="take a release with a wheel for this host, or allow builds in the policy (sources.builds)",
            unproven=True,
        )
