"""How findings become a verdict: a policy's severities and waivers, an order, and what the errors come to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from depguard.model.finding import About, Finding, Verdict
from depguard.model.policy import Policy, Severity, Waiver
from depguard.parse.policy_words import CODES
from depguard.planning.waivers import waiver_of
from depguard.records import dataclass, replace

_ORDER = {code: index for index, code in enumerate(CODES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Findings with the policy's severities and waivers applied, and the waivers that were used."""

    findings: tuple[Finding, ...]
    used: frozenset[Waiver]


def judge(
    findings: Iterable[Finding], policy: Policy | None, today: date, *, final: Iterable[Finding] = ()
) -> Judged:
    """Apply severities and waivers; OFF drops a finding, a waiver makes it a note.

    ``final`` are findings that say why there is no solution: nothing in a policy makes one of that.
    """
    used: set[Waiver] = set()
    judged: list[Finding] = list(final)
    for finding in findings:
        severity = _severity(finding, policy)
        if severity is Severity.OFF:
            continue
        waiver = waiver_of(policy, finding.code, finding.package, today)
        if waiver is not None:
            used.add(waiver)
            judged.append(replace(finding, severity=Severity.NOTE, waived=waiver.reason))
        else:
            judged.append(replace(finding, severity=severity))
    ordered = sorted(set_once(judged), key=_rank)
    return Judged(findings=tuple(ordered), used=frozenset(used))


def verdict(findings: Iterable[Finding], subject: About) -> Verdict:
    """The verdict over one subject: errors refuse, those of the unproven kind leave it open."""
    errors = [f for f in findings if f.about is subject and f.severity is Severity.ERROR]
    if any(not finding.unproven for finding in errors):
        return Verdict.UNSAFE
    return Verdict.UNPROVEN if errors else Verdict.SAFE


def set_once(findings: Iterable[Finding]) -> list[Finding]:
    """Each (code, subject, package, message) once, the first one kept."""
    seen: dict[tuple[str, About, str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.code, finding.about, finding.package, finding.message), finding)
    return list(seen.values())


def _severity(finding: Finding, policy: Policy | None) -> Severity:
    """The policy's word for a code replaces the rule's own, but never makes a note louder."""
    if policy is None or finding.severity is Severity.NOTE:
        return finding.severity
    return policy.rules.get(finding.code, finding.severity)


def _rank(finding: Finding) -> tuple[int, int, int, int, str, str]:
    """Plans first, errors first, by code; then what is nearest to the request, since it is the cause."""
    severities = list(Severity)
    return (
        list(About).index(finding.about),
        severities.index(finding.severity),
        _ORDER.get(finding.code, len(_ORDER)),
        len(finding.chain),
        finding.package,
        finding.message,
    )
