"""Checks made by hand, for the emitters: a change that brings a problem, one that ends it, a huge one."""

from __future__ import annotations

from dataclasses import replace

from packaging.utils import canonicalize_name

from depguard.model.check import (
    CheckedFinding,
    CheckReport,
    HostOutcome,
    Revisions,
    Standing,
    TargetKind,
    TargetName,
    TargetOutcome,
)
from depguard.model.finding import About, Finding, Link, Verdict
from depguard.model.location import Location
from depguard.model.policy import PolicySource, Severity
from depguard.model.report import Report
from kit import report_parts as parts
from kit import reports as kit

HOSTS = ("colab/2026.07-gpu", "colab/2026.08-gpu")
LAB = TargetName("lab.ipynb")
BASE, HEAD = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432", "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"

_CELL = Location("lab.ipynb", line=2, column=17, cell=3)
_REFUSED = kit.REFUSED_PLAN.findings[0]
PROBLEM = replace(
    _REFUSED,
    about=About.SIMULATION,
    location=_CELL,
    chain=(
        Link(name="request", version=None, requirement="captum==0.8.0", location=_CELL),
        *_REFUSED.chain[1:],
    ),
)


def found(
    finding: Finding,
    standing: Standing = Standing.NEW,
    *,
    target: TargetName = LAB,
    file_line: int | None = 24,
) -> CheckedFinding:
    return CheckedFinding(
        finding=finding,
        standing=standing,
        fingerprint=parts.digest(f"{target} {finding.code} {finding.package}")[:32],
        target=target,
        hosts=HOSTS,
        file_line=file_line,
    )


def _report(host: str, finding: Finding | None) -> Report:
    base = kit.REFUSED_PLAN if finding is not None else kit.SIMULATE_SAFE
    return replace(
        base,
        subject="simulation",
        host=parts.host(host),
        request=replace(base.request, tier=None, command="pip install -q captum==0.8.0"),
        findings=(finding,) if finding is not None else (),
    )


def outcomes(before: Verdict, after: Verdict, finding: Finding | None) -> tuple[HostOutcome, ...]:
    return tuple(
        HostOutcome(host=host, before=before, after=after, reports=(_report(host, finding),))
        for host in HOSTS
    )


def checked(
    findings: tuple[CheckedFinding, ...], targets: tuple[TargetOutcome, ...], *, notes: tuple[str, ...] = ()
) -> CheckReport:
    return CheckReport(
        targets=targets,
        findings=findings,
        cutoff=parts.CUTOFF,
        revisions=Revisions(against="main", base=BASE, head=HEAD),
        policy="course",
        policy_sources=(PolicySource(label="depguard.yaml", sha256=parts.digest("policy")),),
        notes=notes,
        watched=14,
        touched=2,
    )


def target(name: TargetName, hosts: tuple[HostOutcome, ...]) -> TargetOutcome:
    return TargetOutcome(name=name, kind=TargetKind.NOTEBOOK, hosts=hosts)


_STILL = replace(
    PROBLEM,
    code="DG202",
    package=canonicalize_name("ydf"),
    message="ydf 0.15.0 needs protobuf<7, and protobuf becomes 7.36.2",
    location=Location("requirements.txt", 3, 1),
    culprit="onnx",
    hint="leave protobuf as it is",
    ways_out=(),
    policy_location=None,
    policy_reason="",
)
_WARNING = replace(
    _STILL,
    code="DG204",
    severity=Severity.WARNING,
    message="numpy changes while it is loaded",
    hint="restart the session after the install",
)
REFUSED = checked(
    (
        found(PROBLEM),
        found(_WARNING, target=TargetName("requirements.txt"), file_line=None),
        found(_STILL, Standing.STILL, target=TargetName("requirements.txt"), file_line=None),
    ),
    (
        target(LAB, outcomes(Verdict.SAFE, Verdict.UNSAFE, PROBLEM)),
        target(TargetName("requirements.txt"), outcomes(Verdict.UNSAFE, Verdict.UNSAFE, _STILL)),
    ),
    notes=("The change waives DG202 for ydf until 2027-01-31.",),
)
FIXED = checked(
    (found(PROBLEM, Standing.GONE),), (target(LAB, outcomes(Verdict.UNSAFE, Verdict.SAFE, None)),)
)
NOTHING = replace(FIXED, findings=(), targets=(), touched=0)
ALL = {"refused": REFUSED, "fixed": FIXED, "nothing": NOTHING}


def huge(number: int = 800) -> CheckReport:
    """A change of hundreds of files, each with a long name and a problem of its own."""
    names = [TargetName(f"notebooks/{'long-folder-name/' * 8}{i}.ipynb") for i in range(number)]
    findings = [
        replace(
            PROBLEM,
            message=f"{PROBLEM.message} in file {i}",
            location=Location(name.path, 1, 1, cell=2),
            culprit=f"captum=={i}",
        )
        for i, name in enumerate(names)
    ]
    return checked(
        tuple(found(finding, target=name) for finding, name in zip(findings, names, strict=True)),
        tuple(
            target(name, outcomes(Verdict.SAFE, Verdict.UNSAFE, finding))
            for finding, name in zip(findings, names, strict=True)
        ),
    )


def planted(text: str) -> CheckReport:
    """The refused check with ``text`` in every place that somebody else fills."""
    name = TargetName(text, text)
    place = Location(text, line=2, column=1, cell=3)
    finding = replace(
        PROBLEM,
        package=canonicalize_name(text),
        message=text,
        hint=text,
        because=(text,),
        culprit=text,
        location=place,
        chain=(Link(name=text, version=None, requirement=text, location=place),),
        policy_location=place,
        policy_reason=text,
        waived=text,
    )
    hosts = tuple(replace(each, host=text) for each in outcomes(Verdict.SAFE, Verdict.UNSAFE, finding))
    return replace(
        checked(
            tuple(replace(found(finding, standing, target=name), hosts=(text,)) for standing in Standing),
            (target(name, hosts), target(replace(name, part=""), hosts)),
            notes=(text,),
        ),
        policy=text,
        revisions=Revisions(against=text, base=BASE, head=HEAD),
    )
