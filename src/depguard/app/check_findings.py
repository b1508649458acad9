"""Findings before and after a change, told apart: new, still there, gone."""

from __future__ import annotations

import enum
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depguard.model.check import NO_SOLUTION, CheckedFinding, Standing, TargetName
from depguard.model.finding import About, Finding, Verdict
from depguard.model.location import Location
from depguard.model.policy import Severity
from depguard.model.report import Report
from depguard.model.request import InstallCommand
from depguard.records import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A finding on one host, with what makes it the same one elsewhere."""

    finding: Finding
    fingerprint: str
    host: str


def seen_in(
    target: TargetName, host: str, steps: Iterable[tuple[InstallCommand | None, Report]]
) -> tuple[Seen, ...]:
    """The findings of a session on one host, each with its place. The same one twice is counted apart."""
    counted: Counter[str] = Counter()
    found: list[Seen] = []
    for command, report in steps:
        for finding in step_findings(command, report):
            print_ = fingerprint(target, finding)
            counted[print_] += 1
            if counted[print_] > 1:
                print_ = _hash((print_, str(counted[print_])))
            found.append(Seen(finding=finding, fingerprint=print_, host=host))
    return tuple(found)


def step_findings(command: InstallCommand | None, report: Report) -> tuple[Finding, ...]:
    """What a report says of its subject, placed; one finding more where only its verdict says it.

    ``command`` is what was simulated, None for a tier's plan.
    """
    subject = About(report.subject)
    found = [
        _placed(finding, command)
        for finding in report.findings
        if finding.about is subject and finding.severity is not Severity.OFF
    ]
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    if report.verdict is not Verdict.SAFE and not errors:
        found.append(_unsolved(command, report))
    return tuple(found)


def _unsolved(command: InstallCommand | None, report: Report) -> Finding:
    result = report.plan if report.subject == About.PLAN.value else report.simulation
    lines = result.failure if result is not None else ()
    unproven = report.verdict is Verdict.UNPROVEN
    why = "; ".join(lines or report.unknown) or "no set of versions meets the request"
    first = report.request.requirements[0] if report.request.requirements else None
    place = first.location if first is not None else None
    return Finding(
        code="DG405" if unproven else NO_SOLUTION,
        about=About(report.subject),
        severity=Severity.ERROR,
        package=canonicalize_name("request"),
        message=f"not known: {why}" if unproven else f"no solution: {why}",
        hint="" if unproven else "change or drop one of these requirements",
        because=(*lines, *report.unknown),
        location=place or (command.location if command is not None else None),
        culprit=first.text if first is not None else None,
        unproven=unproven,
    )


def _placed(finding: Finding, command: InstallCommand | None) -> Finding:
    """A finding about something that could not be read gets the place of that; any other the command's."""
    if finding.location is not None:
        return finding
    linked = next((link.location for link in finding.chain if link.location is not None), None)
    if linked is not None:
        return replace(finding, location=linked)
    if command is None:
        return finding
    for item in (*command.items, *command.constraints):
        if item.doubt is not None and item.doubt in finding.message and item.text in finding.message:
            return replace(finding, location=item.location or command.location, culprit=item.text)
    return replace(finding, location=command.location)


def fingerprint(target: TargetName, finding: Finding) -> str:
    """What makes a finding the same one tomorrow: no line, no order, no version of either side."""
    culprit = _project(finding.culprit) if finding.culprit else ""
    package = finding.package
    # What could not be known is no package's: its own text tells it apart.
    said = finding.message if package == "request" and not culprit else ""
    return _hash((finding.code, target.path, target.part, package, culprit, said))


def file_fingerprint(path: str, code: str, said: str) -> str:
    """The same for a finding about a file itself."""
    return _hash((code, path, "", "", "", said))


def _project(culprit: str) -> str:
    try:
        return canonicalize_name(Requirement(culprit).name)
    except InvalidRequirement:
        return culprit


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def standing(
    target: TargetName, before: Iterable[Seen] | None, after: Iterable[Seen]
) -> tuple[CheckedFinding, ...]:
    """The findings of a target, those of several hosts together. ``before`` None: nothing to compare with."""
    old = {(seen.host, seen.fingerprint): seen for seen in before or ()}
    now = {(seen.host, seen.fingerprint): seen for seen in after}
    grouped: dict[tuple[str, Standing], list[Seen]] = {}
    for key, seen in now.items():
        where = Standing.STILL if key in old and not _worse(old[key].finding, seen.finding) else Standing.NEW
        grouped.setdefault((seen.fingerprint, where), []).append(seen)
    for key, seen in old.items():
        if key not in now:
            grouped.setdefault((seen.fingerprint, Standing.GONE), []).append(seen)
    return tuple(
        CheckedFinding(
            finding=group[0].finding,
            standing=where,
            fingerprint=print_,
            target=target,
            hosts=tuple(dict.fromkeys(seen.host for seen in group)),
        )
        for (print_, where), group in grouped.items()
    )


def _worse(old: Finding, new: Finding) -> bool:
    """Whether what was a warning is an error now, or what was unproven is wrong now."""
    order = [Severity.NOTE, Severity.WARNING, Severity.ERROR]
    if new.severity is not old.severity:
        return order.index(new.severity) > order.index(old.severity)
    return old.unproven and not new.unproven and new.severity is Severity.ERROR


def unplaced(value: Any) -> Any:
    """A value without the places in it, to be compared: two texts that say the same are equal.

    Frozen values of the model become tuples; what installers do not see (notes, how a command is spelled,
    where an option came from) goes too.
    """
    if isinstance(value, Location):
        return None
    if isinstance(value, enum.Enum):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        return (
            name,
            *(
                unplaced(getattr(value, field.name))
                for field in fields(value)
                if (name, field.name) not in _UNSEEN
            ),
        )
    if isinstance(value, Mapping):
        return tuple(sorted((str(key), unplaced(each)) for key, each in value.items()))
    if isinstance(value, tuple | list):
        return tuple(unplaced(each) for each in value)
    return value if isinstance(value, int | bool | type(None)) else str(value)


def relocated(value: Any, files: Mapping[str, str]) -> Any:
    """A value of the model with the places in it in other files."""
    if isinstance(value, Location):
        return replace(value, file=files.get(value.file, value.file))
    if is_dataclass(value) and not isinstance(value, type):
        changes = {field.name: relocated(getattr(value, field.name), files) for field in fields(value)}
        return replace(value, **changes)
    if isinstance(value, tuple):
        return tuple(relocated(each, files) for each in value)
    return value


_UNSEEN = frozenset(
    {
        ("InstallCommand", "notes"),
        ("InstallCommand", "command"),
        ("IndexOptions", "origins"),
        ("Policy", "sources_used"),
        ("Policy", "sha256"),
        ("Policy", "host_locations"),
        ("Policy", "watch"),
        ("Policy", "repository"),
    }
)
