"""From a plan to what is written for it: pins with their artifacts, and the protected pins beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host, Knowledge
from depguard.model.host_needs import ActiveRequirement
from depguard.model.lock import GuardLine, Pin, PinnedArtifact
from depguard.model.plan import Cause
from depguard.model.policy import GripKind
from depguard.planning.case import Case
from depguard.planning.changes import unique_causes
from depguard.planning.health import host_needs
from depguard.planning.tiers import TierPlan


def pins_of(cases: Sequence[Case], plan: TierPlan) -> tuple[Pin, ...]:
    """What the tier adds or moves anywhere, with every artifact that fits one of the hosts.

    A pin without an artifact that has a sha256 is left with none: the caller refuses to write it.
    """
    return tuple(
        Pin(
            name=name,
            spelled=str(name),
            version=version,
            artifacts=_artifacts(cases, name, version),
            via=unique_causes(_causes(plan, name)),
        )
        for name, version in sorted(plan.guarded.pins.items())
    )


def guards_of(cases: Sequence[Case]) -> tuple[GuardLine, ...]:
    """The protected packages that a requirements file can state for all of its hosts.

    Stated are those that every host has and whose own requirements are met there all the way down:
    an installer that comes by them changes nothing. Where hosts differ, a range from the oldest to the
    newest is stated.
    """
    sound = [_sound(case.host) for case in cases]
    first = cases[0]
    lines: list[GuardLine] = []
    for name in sorted(first.grips):
        everywhere = all(
            name in fine and case.grips[name].kind is GripKind.PROTECTED
            for case, fine in zip(cases, sound, strict=True)
        )
        if everywhere:
            versions = [case.host.installed[name].version for case in cases]
            lines.append(_line(first, name, _common([v for v in versions if v is not None])))
    return tuple(lines)


def host_guards(case: Case) -> tuple[GuardLine, ...]:
    """Protected pins and held ranges of one host, for a constraints file."""
    lines: list[GuardLine] = []
    for name, grip in sorted(case.grips.items()):
        version = case.host.installed[name].version
        if version is None:
            continue
        if grip.kind is GripKind.PROTECTED:
            lines.append(_line(case, name, SpecifierSet(f"=={version}")))
        elif grip.kind is GripKind.HELD and name in case.ranges:
            lines.append(_line(case, name, case.ranges[name]))
    return tuple(lines)


def _line(case: Case, name: NormalizedName, specifier: SpecifierSet) -> GuardLine:
    entry = case.grips[name].entry
    return GuardLine(
        name=name,
        spelled=case.host.installed[name].spelled,
        specifier=specifier,
        reason=entry.reason if entry is not None else "",
        location=entry.location if entry is not None else None,
    )


def _common(versions: Sequence[Version]) -> SpecifierSet:
    if len(set(versions)) == 1:
        return SpecifierSet(f"=={versions[0]}")
    public = sorted({Version(version.public) for version in versions})
    if len(public) == 1:
        return SpecifierSet(f"=={public[0]}")
    return SpecifierSet(f">={public[0]},<={public[-1]}")


def _artifacts(cases: Sequence[Case], name: NormalizedName, version: Version) -> tuple[PinnedArtifact, ...]:
    found: dict[str, PinnedArtifact] = {}
    for case in cases:
        for artifact in case.guarded.view.universe.fitting(name, version):
            if artifact.sha256 is not None:
                found[artifact.filename] = PinnedArtifact(
                    filename=artifact.filename,
                    sha256=artifact.sha256,
                    size=case.guarded.view.universe.source.size(artifact),
                )
    return tuple(found[filename] for filename in sorted(found))


def _causes(plan: TierPlan, name: NormalizedName) -> list[Cause]:
    return [
        cause
        for changes in plan.guarded.changes or ()
        for action in changes.changes
        if action.name == name
        for cause in action.because
    ]


def _sound(host: Host) -> frozenset[NormalizedName]:
    """The distributions of which, and of all that they reach, every requirement is known and met."""
    needs = host_needs(host).by_parent
    unsound = {
        name
        for name, own in needs.items()
        if host.installed[name].version is None
        or host.installed[name].requirements.how is Knowledge.UNKNOWN
        or any(need.marker_unknown or not host.satisfies(need.requirement) for need in own)
    }
    parents = _parents(needs)
    waiting = list(unsound)
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in unsound:
                unsound.add(parent)
                waiting.append(parent)
    return frozenset(needs) - unsound


def _parents(
    needs: Mapping[NormalizedName, Sequence[ActiveRequirement]],
) -> dict[NormalizedName, list[NormalizedName]]:
    parents: dict[NormalizedName, list[NormalizedName]] = {}
    for parent, own in needs.items():
        for need in own:
            parents.setdefault(need.name, []).append(parent)
    return parents
