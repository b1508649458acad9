"""The parts of reports made by hand: hosts, actions, findings, and the report around them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.finding import About, Finding, Link, Verdict, WayOut
from depguard.model.location import Location
from depguard.model.plan import Action, ActionKind, Cause, ChangeSet, HeldBack
from depguard.model.policy import PolicySource, Severity
from depguard.model.release import Artifact, ArtifactKind
from depguard.model.report import (
    Asked,
    Broken,
    HostSummary,
    PlanResult,
    Report,
    RequestSummary,
    SimulationResult,
)

POLICY = "policies/colab.yaml"
CUTOFF = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def host(name: str = "colab/2026.07-gpu", python: str = "3.12.13", installed: int = 704) -> HostSummary:
    return HostSummary(name=name, sha256=digest(name), python=python, installed=installed)


def artifact(name: str, version: str, size: int | None) -> Artifact:
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return Artifact(
        name=canonicalize_name(name),
        version=Version(version),
        filename=filename,
        kind=ArtifactKind.WHEEL,
        url=f"https://user:secret@example.org/files/{filename}#sha256=00",
        hashes=(("sha256", digest(filename)),),
        size=size,
    )


def cause(text: str) -> Cause:
    """``"numpy<2"`` of the request, or ``"captum 0.8.0: numpy<2"``."""
    parent, found, requirement = text.partition(": ")
    if not found:
        return Cause(requirement=Requirement(text), location=Location(POLICY, 21, 24))
    name, _, version = parent.partition(" ")
    return Cause(
        requirement=Requirement(requirement), parent=canonicalize_name(name), parent_version=Version(version)
    )


def action(
    name: str,
    old: str | None,
    new: str | None,
    *because: str,
    held_back: HeldBack | None = None,
    size: int | None = 4_590_000,
    kind: ActionKind | None = None,
) -> Action:
    before = Version(old) if old else None
    after = Version(new) if new else None
    if kind is None:
        if before is None:
            kind = ActionKind.ADD
        elif after is None:
            kind = ActionKind.REMOVE
        elif before == after:
            kind = ActionKind.KEEP
        elif before.public == after.public:
            kind = ActionKind.REPLACE
        else:
            kind = ActionKind.UPGRADE if after > before else ActionKind.DOWNGRADE
    fetched = kind not in (ActionKind.KEEP, ActionKind.REMOVE)
    return Action(
        name=canonicalize_name(name),
        kind=kind,
        old=before,
        new=after,
        because=tuple(cause(text) for text in because),
        artifact=artifact(name, new, size) if fetched and new else None,
        held_back=held_back,
        size=size if fetched else None,
    )


def changes(*actions: Action) -> ChangeSet:
    return ChangeSet(actions=tuple(sorted(actions, key=lambda a: a.name)))


def broken(*lines: str) -> tuple[Broken, ...]:
    """``"ydf 0.15.0 protobuf<7"`` each."""
    parts = (line.split(maxsplit=2) for line in lines)
    return tuple(
        Broken(name=canonicalize_name(name), version=Version(version), requirement=requirement)
        for name, version, requirement in parts
    )


def asked(*texts: str, file: str = POLICY, line: int = 20) -> tuple[Asked, ...]:
    return tuple(
        Asked(
            text=text,
            name=canonicalize_name(Requirement(text).name),
            location=Location(file, line + i, 24),
        )
        for i, text in enumerate(texts)
    )


def finding(
    code: str,
    package: str,
    message: str,
    *,
    about: About = About.PLAN,
    severity: Severity = Severity.ERROR,
    hint: str = "",
    because: tuple[str, ...] = (),
    chain: tuple[Link, ...] = (),
    ways_out: tuple[WayOut, ...] = (),
    policy: tuple[int, int, str] | None = None,
    unproven: bool = False,
    waived: str | None = None,
) -> Finding:
    return Finding(
        code=code,
        about=about,
        severity=severity,
        package=canonicalize_name(package),
        message=message,
        hint=hint,
        because=because,
        culprit=chain[0].requirement if chain else None,
        chain=chain,
        location=chain[0].location if chain else None,
        ways_out=ways_out,
        policy_location=Location(POLICY, *policy[:2]) if policy else None,
        policy_reason=policy[2] if policy else "",
        unproven=unproven,
        waived=waived,
    )


def report(
    verdict: Verdict,
    *,
    subject: str = "plan",
    on: HostSummary | None = None,
    tier: str | None = None,
    command: str | None = None,
    requirements: tuple[Asked, ...] = (),
    simulated: ChangeSet | None = None,
    breaks: tuple[Broken, ...] = (),
    planned: ChangeSet | None = None,
    failure: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
    policy: str | None = "colab",
    unknown: tuple[str, ...] = (),
    notices: tuple[str, ...] = (),
    bare: bool = False,
) -> Report:
    """``bare``: a simulation without a plan beside it."""
    return Report(
        verdict=verdict,
        subject=subject,
        host=on or host(),
        request=RequestSummary(requirements=requirements, tier=tier, command=command),
        simulation=SimulationResult(
            installer="pip 24.1.2",
            changes=simulated,
            broken=breaks,
            failure=failure if subject == "simulation" else (),
        ),
        plan=None if bare else PlanResult(changes=planned, failure=failure if subject == "plan" else ()),
        findings=findings,
        cutoff=CUTOFF,
        policy=policy,
        policy_sources=(PolicySource(label=POLICY, sha256=digest(POLICY)),) if policy else (),
        unknown=unknown,
        notices=notices,
    )
