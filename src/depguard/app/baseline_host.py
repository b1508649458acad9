"""A listed baseline and the facts of its machine become a host file."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.tags import Tag
from packaging.version import InvalidVersion, Version

from depguard.errors import InputError, Problem
from depguard.model.baseline import Baseline
from depguard.model.host import InstalledDistribution, Knowledge
from depguard.parse.host_assembly import UNKNOWABLE
from depguard.parse.host_file import HostFile
from depguard.parse.platform_tags import (
    PLATFORM_EXAMPLES,
    HostPlatform,
    marker_environment,
    parse_platform,
    wheel_tags,
)
from depguard.records import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What a person says of a machine; None is left to the baseline, or to an earlier host file.

    ``imported_on`` is an ISO date.
    """

    name: str | None = None
    python: str | None = None
    platform: str | None = None
    about: str | None = None
    family: str | None = None
    os: str | None = None
    accelerator: str | None = None
    imported_from: str | None = None
    imported_on: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


def host_file_of(baseline: Baseline, facts: HostFacts, previous: HostFile | None = None) -> HostFile:
    """The host file of a baseline.

    What ``facts`` leaves open comes from the baseline, then from ``previous``, whose stated requirements stay
    for each distribution that is still the same. Raises InputError with all that is missing or wrong.
    """
    python_text = facts.python or baseline.environment.get("python_full_version")
    platform_text = facts.platform or baseline.platform
    problems: list[Problem] = []
    python = _python(python_text, previous, problems)
    platform = _platform(platform_text, previous, problems)
    name = facts.name or (previous.name if previous is not None else None)
    if name is None:
        problems.append(_missing("--name", "what the host is called"))
    if name is None or python is None or platform is None or problems:
        raise InputError(*problems)
    earlier = {d.name: d for d in previous.distributions} if previous is not None else {}

    def kept(key: str) -> str | None:
        value = getattr(facts, key)
        return value if value is not None else (getattr(previous, key) if previous is not None else None)

    return HostFile(
        name=name,
        python=python,
        platform=platform,
        distributions=tuple(_with_statement(d, earlier.get(d.name)) for d in baseline.distributions),
        about=kept("about") or "",
        family=kept("family"),
        abi=_abi(baseline, python, previous),
        os=facts.os or baseline.facts.get("os") or (previous.os if previous is not None else None),
        accelerator=kept("accelerator"),
        imported_from=kept("imported_from"),
        imported_on=kept("imported_on"),
        facts={
            key: value
            for key, value in (
                *(previous.facts.items() if previous is not None else ()),
                *baseline.facts.items(),
                *facts.facts.items(),
            )
            if key != "os"
        },
        markers=_own_markers(baseline, python, platform, previous),
        tags=_own_tags(baseline, python, platform, previous),
        loaded=_loaded(baseline, previous),
    )


def baseline_of(file: HostFile) -> Baseline:
    """The baseline that a host file holds: what `host_file_of` takes, for reading a host again."""
    return Baseline(distributions=file.distributions)


def _python(text: str | None, previous: HostFile | None, problems: list[Problem]) -> Version | None:
    if text is None:
        if previous is not None:
            return previous.python
        problems.append(_missing("--python", "the host's full Python version, such as 3.12.13"))
        return None
    try:
        version = Version(text)
        marker_environment(version, parse_platform("win_amd64"))
    except (InvalidVersion, ValueError) as error:
        problems.append(
            Problem(code="host.python", message=f"--python: {error}", allowed="a full version: 3.12.13")
        )
        return None
    return version


def _platform(text: str | None, previous: HostFile | None, problems: list[Problem]) -> HostPlatform | None:
    if text is None:
        if previous is not None:
            return previous.platform
        problems.append(
            _missing("--platform", f"the newest platform tag of the host's wheels: {PLATFORM_EXAMPLES}")
        )
        return None
    try:
        return parse_platform(text)
    except ValueError as error:
        problems.append(
            Problem(code="host.platform", message=f"--platform: {error}", allowed=PLATFORM_EXAMPLES)
        )
        return None


def _missing(option: str, what: str) -> Problem:
    return Problem(code="host.missing", message=f"the list does not say {what}", hint=f"give {option}")


def _with_statement(
    distribution: InstalledDistribution, earlier: InstalledDistribution | None
) -> InstalledDistribution:
    """What was stated of the same distribution before still holds: same version, same origin.

    A version that the list does not carry may have been stated as well.
    """
    if (
        earlier is None
        or earlier.requirements.how is not Knowledge.STATED
        or earlier.origin != distribution.origin
        or distribution.version not in {None, earlier.version}
    ):
        return distribution
    return replace(distribution, version=earlier.version, requirements=earlier.requirements)


def _own_markers(
    baseline: Baseline, python: Version, platform: HostPlatform, previous: HostFile | None
) -> dict[str, str]:
    """The marker variables that do not follow from Python version and platform."""
    if not baseline.environment:
        return dict(previous.markers) if previous is not None else {}
    usual = marker_environment(python, platform)
    return {
        key: value
        for key, value in baseline.environment.items()
        if key in usual and (key in UNKNOWABLE or value != usual[key])
    }


def _abi(baseline: Baseline, python: Version, previous: HostFile | None) -> str | None:
    """The ABI of a build that is not the usual one (``cp313t``), by its most preferred tag."""
    if not baseline.tags:
        return previous.abi if previous is not None else None
    abi, usual = baseline.tags[0].abi, f"cp{python.major}{python.minor}"
    return abi if abi != usual and abi.startswith(usual) else None


def _own_tags(
    baseline: Baseline, python: Version, platform: HostPlatform, previous: HostFile | None
) -> tuple[Tag, ...]:
    """The wheel tags, where they are not those of any CPython on that platform.

    Versions of ``packaging`` differ in two things that do not count here: where ``linux_*`` tags stand (26.3)
    and whether ``cp312-none-any`` is there (21.3).
    """
    if not baseline.tags:
        return previous.tags if previous is not None else ()
    usual = wheel_tags(python, platform, _abi(baseline, python, None))

    def ordered(tags: tuple[Tag, ...]) -> list[Tag]:
        return [
            tag
            for tag in tags
            if not tag.platform.startswith("linux_")
            and not (tag.platform == "any" and tag.interpreter.startswith("cp"))
        ]

    return () if ordered(usual) == ordered(baseline.tags) else baseline.tags


def _loaded(baseline: Baseline, previous: HostFile | None) -> frozenset[str] | None:
    if baseline.loaded is not None:
        return baseline.loaded
    return previous.loaded if previous is not None else None
