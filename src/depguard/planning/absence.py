"""Why a host can take no version of a project: what the index has, and why none of it fits."""

from __future__ import annotations

from collections.abc import Sequence

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from depguard.model.host import Host
from depguard.model.release import Artifact
from depguard.records import dataclass
from depguard.resolve.host_view import HostView
from depguard.resolve.offers import Unfit

SHOWN = 6
"""How many tags or versions a message lists before it says that there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What stands in the way of a project on a host.

    ``known`` is whether any index has the project, ``offered`` whether some version fits the host
    (then only the specifier excludes it). ``unfit`` are the artifacts in the specifier's range that
    do not fit, by reason.
    """

    name: NormalizedName
    specifier: SpecifierSet
    known: bool
    offered: tuple[str, ...]
    matching: tuple[str, ...]
    unfit: tuple[tuple[Unfit, tuple[Artifact, ...]], ...]

    @property
    def needs_build(self) -> bool:
        """Whether only a source distribution is there, and no wheel of another platform's Python."""
        reasons = {reason for reason, _ in self.unfit}
        return Unfit.BUILD in reasons

    @property
    def wrong_platform(self) -> bool:
        """Whether wheels are there, but none with a tag of this host or for its Python."""
        return any(reason in (Unfit.TAGS, Unfit.PYTHON) for reason, _ in self.unfit)


def absence(view: HostView, name: NormalizedName, specifier: SpecifierSet) -> Absence:
    """Look at all artifacts of a project in a range. Raises OutOfReachError."""
    offers = view.offers(name)
    grouped: dict[Unfit, list[Artifact]] = {}
    for item in view.universe.unfit(name):
        if specifier.contains(item.artifact.version, prereleases=True):
            grouped.setdefault(item.reason, []).append(item.artifact)
    return Absence(
        name=name,
        specifier=specifier,
        known=offers.found,
        offered=tuple(str(o.version) for o in offers.offers),
        matching=tuple(
            str(o.version) for o in offers.offers if specifier.contains(o.version, prereleases=True)
        ),
        unfit=tuple((reason, tuple(grouped[reason])) for reason in Unfit if reason in grouped),
    )


def describe(missing: Absence, host: Host) -> tuple[str, ...]:
    """The same in lines for people, most telling first."""
    if not missing.known:
        return (f"no index has a project called {missing.name}",)
    wanted = f"{missing.name}{missing.specifier}" if len(missing.specifier) else str(missing.name)
    lines: list[str] = []
    for reason, artifacts in missing.unfit:
        versions = _some(sorted({a.version for a in artifacts}, reverse=True))
        match reason:
            case Unfit.TAGS:
                lines.append(f"no wheel of {wanted} fits {_platform(host)}")
                lines.append(f"there are wheels for {_tags(artifacts)}")
            case Unfit.PYTHON:
                asks = _some(sorted({str(a.requires_python) for a in artifacts}))
                lines.append(f"{missing.name} {versions} requires Python {asks}; the host has {host.python}")
            case Unfit.BUILD:
                lines.append(
                    f"{missing.name} {versions} has a source distribution, which would have to be built"
                )
            case Unfit.WHEEL_REFUSED:
                lines.append(f"wheels of {missing.name} {versions} are refused by an option")
            case Unfit.NEWER:
                verb = "is" if len({a.version for a in artifacts}) == 1 else "are"
                lines.append(f"{missing.name} {versions} {verb} newer than the cut-off date")
    if not lines:
        have = _some(missing.offered) or "nothing"
        lines.append(f"no version of {missing.name} is in {missing.specifier}; this host could have {have}")
    return tuple(lines)


def advice(missing: Absence) -> str:
    """What to do about it, for the reason that `describe` tells first."""
    if not missing.known:
        return "check how the name is spelled, and which index is asked (-v tells)"
    match missing.unfit[0][0] if missing.unfit else None:
        case None:
            return "ask for one of these" if missing.offered else ""
        case Unfit.NEWER:
            return "an older release, or a later --exclude-newer"
        case Unfit.WHEEL_REFUSED:
            return "leave out the option that refuses wheels"
        case _:
            return "ask for a release that has a wheel for this host"


def _platform(host: Host) -> str:
    return f"Python {host.python} on {host.tags[0].platform}" if host.tags else f"Python {host.python}"


def _tags(artifacts: Sequence[Artifact]) -> str:
    """The interpreter tags, and the platforms as families, that there are wheels for."""
    pythons = sorted({tag.interpreter for artifact in artifacts for tag in artifact.tags}, key=_natural)
    platforms = sorted({_family(tag.platform) for artifact in artifacts for tag in artifact.tags})
    return f"{_some(pythons)} on {_some(platforms)}"


def _family(platform: str) -> str:
    for family in ("manylinux", "musllinux", "macosx", "linux"):
        if platform.startswith(family):
            machine = next((m for m in _MACHINES if platform.endswith(m)), "")
            return f"{family} {machine}".strip()
    return platform


_MACHINES = ("x86_64", "aarch64", "arm64", "i686", "universal2", "ppc64le", "s390x", "armv7l", "riscv64")


def _natural(tag: str) -> tuple[str, int]:
    digits = "".join(letter for letter in tag if letter.isdigit())
    return tag.rstrip("0123456789"), int(digits or 0)


def _some(items: Sequence[object]) -> str:
    shown = ", ".join(str(item) for item in items[:SHOWN])
    more = len(items) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
