"""All rules by code, and what a policy's exceptions did not do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from packaging.utils import canonicalize_name
from packaging.version import Version

from depguard.model.finding import Finding
from depguard.model.location import Location
from depguard.model.policy import Override, Policy, Severity, Waiver
from depguard.records import dataclass
from depguard.rules import binaries, host, platform, protected, sources
from depguard.rules.evidence import Evidence

Check = Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, its title (the heading in docs/rules.md) and its check.

    ``check`` is None for a rule that is judged elsewhere: where a search ends, or over a live environment
    (`depguard.doctor`).
    """

    code: str
    title: str
    check: Check | None


RULES: tuple[Rule, ...] = (
    Rule("DG101", "protected package replaced", protected.replaced),
    Rule("DG102", "protected package removed", protected.removed),
    Rule("DG103", "files of another package overwritten", protected.overwritten),
    Rule("DG104", "protected family split", protected.split),
    Rule("DG201", "held package out of its range", host.held_out_of_range),
    Rule("DG202", "host requirement newly broken", host.broken),
    Rule("DG203", "forbidden package", host.forbidden),
    Rule("DG204", "restart needed", host.restart_needed),
    Rule("DG301", "built for another NumPy", binaries.numpy_abi),
    Rule("DG302", "built for another torch", binaries.torch_abi),
    Rule("DG303", "no artifact for the platform", binaries.system),
    Rule("DG304", "needs a build on the host", platform.needs_build),
    Rule("DG401", "direct URL or no hash", sources.direct_url),
    Rule("DG402", "yanked release", sources.yanked),
    Rule("DG403", "pre-release", sources.prerelease),
    Rule("DG404", "fell far back to be solvable", sources.fallback),
    Rule("DG405", "unknown metadata", sources.unknown_metadata),
    Rule("DG503", "baseline drift", None),
    Rule("DG505", "override or waiver without effect", None),
    Rule("DG901", "leftover folder of an interrupted install", None),
    Rule("DG902", "missing file", None),
    Rule("DG903", "changed bytes", None),
    Rule("DG904", "two metadata folders", None),
    Rule("DG905", "files of mixed versions", None),
    Rule("DG906", "shadowed module", None),
    Rule("DG907", "loaded module differs from disk", None),
    Rule("DG908", "probe failed", None),
    Rule("DG909", "runtime used before", None),
)


def check(evidence: Evidence) -> list[Finding]:
    """Run all rules over one host's changes."""
    return [finding for rule in RULES if rule.check is not None for finding in rule.check(evidence)]


def idle(
    policy: Policy, used: frozenset[Waiver], evidence: Evidence, overrides: Iterable[Override], today: date
) -> Iterator[Finding]:
    """DG505: waivers past their end, and overrides of a release that the changes do not take.

    ``overrides`` are those that were used. A waiver that simply did not come into play on this host
    says nothing; an override does only where its project is taken in another release.
    """
    for waiver in policy.waivers:
        if waiver not in used and waiver.until < today:
            yield _idle(
                evidence,
                waiver.package,
                Severity.WARNING,
                f"the waiver of {waiver.code} for {waiver.package} ended on {waiver.until}",
                waiver.location,
            )
    taken = {action.name: action.new for action in evidence.changes.actions}
    spent = set(overrides)
    for override in policy.overrides:
        name = canonicalize_name(override.package.name)
        if override not in spent and name in taken:
            yield _idle(
                evidence,
                name,
                Severity.NOTE,
                _why_idle(override, taken[name]),
                override.location,
            )


def _why_idle(override: Override, taken: Version | None) -> str:
    name = override.package.name
    if taken is not None and override.drop and override.package.specifier.contains(taken, prereleases=True):
        dropped = ", ".join(str(requirement) for requirement in override.drop)
        return f"the override of {override.package} drops nothing: {name} {taken} does not require {dropped}"
    return f"the override of {override.package} has no effect: {name} {taken} is taken"


def _idle(
    evidence: Evidence, package: str, severity: Severity, message: str, location: Location | None
) -> Finding:
    return Finding(
        code="DG505",
        about=evidence.about,
        severity=severity,
        package=canonicalize_name(package),
        message=message,
        hint="take it out of the policy, or give it a new end with a reason",
        location=location,
        policy_location=location,
    )
