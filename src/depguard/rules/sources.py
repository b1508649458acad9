"""DG4xx: what is taken from where, how far back, and what could not be known about it."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from depguard.model.finding import Finding
from depguard.model.host_needs import with_unknown_requirements
from depguard.model.plan import ActionKind
from depguard.model.policy import Severity
from depguard.planning.fallback import Fallback, Silence
from depguard.resolve.prereleases import mentions_prerelease
from depguard.rules.evidence import Evidence, changed


def direct_url(evidence: Evidence) -> Iterator[Finding]:
    """DG401: from a direct URL (unproven unless the policy states its metadata), or without a hash."""
    for action in evidence.changes.changes:
        if action.url is not None:
            known = action.name in evidence.stated
            yield changed(
                evidence,
                action,
                code="DG401",
                severity=Severity.WARNING if known else Severity.ERROR,
                message=f"{action.name} comes from {action.url}, which can change at any time",
                hint=(
                    "name a commit in the URL"
                    if known
                    else f'state what it requires in the policy: overrides: [{{package: "{action.name} @ '
                    f'{action.url}", requires: [...], reason: "..."}}]'
                ),
                unproven=True,
            )
        elif action.artifact is not None and action.artifact.sha256 is None:
            yield changed(
                evidence,
                action,
                code="DG401",
                severity=Severity.WARNING,
                message=f"the index gives no sha256 for {action.artifact.filename}",
                hint="a file without a hash cannot be locked",
            )


def yanked(evidence: Evidence) -> Iterator[Finding]:
    """DG402: the release was yanked (PEP 592)."""
    for action in evidence.changes.changes:
        if action.artifact is not None and action.artifact.yanked is not None:
            why = f": {action.artifact.yanked}" if action.artifact.yanked else ""
            yield changed(
                evidence,
                action,
                code="DG402",
                severity=Severity.WARNING,
                message=f"{action.name} {action.new} was yanked by its authors{why}",
                hint="take another release",
            )


def prerelease(evidence: Evidence) -> Iterator[Finding]:
    """DG403: a pre-release comes in. A note where the request itself names one."""
    for action in evidence.changes.changes:
        if action.new is None or not action.new.is_prerelease or action.kind is ActionKind.REMOVE:
            continue
        asked = any(
            cause.parent is None and mentions_prerelease(cause.requirement.specifier)
            for cause in action.because
        )
        yield changed(
            evidence,
            action,
            code="DG403",
            severity=Severity.NOTE if asked else Severity.WARNING,
            message=f"{action.name} {action.new} is a pre-release",
            hint="name a final release if you do not want it",
        )


def fallback(evidence: Evidence) -> Iterator[Finding]:
    """DG404: an older release was needed; far back, or silent where the newest says no."""
    actions = {action.name: action for action in evidence.changes.changes}
    for found in evidence.fallbacks:
        action = actions[found.name]
        severity = Severity.ERROR if found.far else Severity.WARNING if found.notable else Severity.NOTE
        yield changed(
            evidence,
            action,
            code="DG404",
            severity=severity,
            message=_distance(found),
            hint=(
                f"do not rely on {found.name} {found.chosen}: ask for a release that says what it needs, "
                "or state in the policy that it works"
                if found.far
                else ""
            ),
            unproven=True,
        )


def unknown_metadata(evidence: Evidence) -> Iterator[Finding]:
    """DG405: something that the answer depends on could not be known.

    What the changes reach and is unknown; and, where a host distribution moves or goes, installed
    ones whose requirements are unknown, since they might need it.
    """
    for doubt in evidence.doubts:
        yield Finding(
            code="DG405",
            about=evidence.about,
            severity=Severity.ERROR,
            package=canonicalize_name(_subject(doubt)),
            message=f"not known: {doubt}",
            hint=_remedy(doubt),
            unproven=True,
        )
    yield from _might_need(evidence)


def _might_need(evidence: Evidence) -> Iterator[Finding]:
    """Installed distributions with unknown requirements, once for all that moves or goes."""
    moved = evidence.moved()
    if not moved:
        return
    names = {action.name for action in moved}
    unknown = [dist for dist in with_unknown_requirements(evidence.host) if dist.name not in names]
    if not unknown:
        return
    shown = ", ".join(dist.spelled for dist in unknown[:3])
    more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
    yield Finding(
        code="DG405",
        about=evidence.about,
        severity=Severity.ERROR,
        package=moved[0].name,
        message=f"{shown}{more} might need {', '.join(sorted(names))}: what they require is not known",
        hint="state it in the host file (requires), with its source",
        because=tuple(f"{dist.spelled}: {dist.requirements.source}" for dist in unknown),
        unproven=True,
    )


def _distance(found: Fallback) -> str:
    text = f"{found.name} {found.chosen} is taken instead of {found.newest}"
    if found.days is not None:
        text += f", {found.days} days older"
    match found.silence:
        case Silence.UNBOUNDED:
            text += f": {found.newest} needs {found.requirement}, {found.chosen} has no such bound"
        case Silence.UNMENTIONED:
            text += f": {found.newest} needs {found.requirement}, {found.chosen} does not mention it"
        case None:
            pass
    return text


def _remedy(doubt: str) -> str:
    if doubt.startswith(("requirements of ", "version of ")):
        return "state it in the policy (overrides) or in the host file (requires), with its source"
    return "write it so that it can be read, or leave it out"


def _subject(doubt: str) -> str:
    """The package that a doubt speaks of, as far as its text names one."""
    for lead in ("requirements of ", "version of "):
        if doubt.startswith(lead):
            return doubt.removeprefix(lead).split()[0].rstrip(":")
    return "request"
