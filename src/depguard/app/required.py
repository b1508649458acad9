"""Use case of ``depguard.require``: whether a tier is there, by the metadata of what is installed alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from depguard.model.required import Here, Lack, Wanted

Look = Callable[[NormalizedName], Here | None]
"""What is installed under a name. Asked once for each."""


def lacking(wanted: Wanted, look: Look, environment: Mapping[str, str]) -> tuple[Lack, ...]:
    """What of the tier, and of all that it needs in turn, is absent or of the wrong version; in that order.

    ``environment`` are the marker variables (PEP 508). Requirements that the policy overrides do not count,
    nor do those that cannot be read.
    """
    found: dict[NormalizedName, Here | None] = {}
    lacks: list[Lack] = []
    seen: set[tuple[NormalizedName, frozenset[str]]] = set()
    waiting: list[tuple[Requirement, str | None]] = [(requirement, None) for requirement in wanted.requires]
    told: set[tuple[NormalizedName, str]] = set()
    for requirement, by in waiting:  # grows while it is gone through
        if (
            by is None
            and requirement.marker is not None
            and not requirement.marker.evaluate(dict(environment))
        ):
            continue
        name = canonicalize_name(requirement.name)
        if name not in found:
            found[name] = look(name)
        here = found[name]
        if here is None or not requirement.specifier.contains(here.version, prereleases=True):
            text = f"{name}{requirement.specifier}"
            if (name, text) not in told:
                told.add((name, text))
                version = here.version if here is not None else None
                lacks.append(Lack(name=name, requirement=text, found=version, by=by))
            continue
        key = (name, frozenset(requirement.extras))
        if key not in seen and not wanted.complete:
            seen.add(key)
            who = f"{name} {here.version}"
            dropped = _dropped(wanted, name, here)
            waiting += [
                (own, who)
                for own in _active(here, requirement.extras, environment)
                if (canonicalize_name(own.name), own.specifier) not in dropped
            ]
    return tuple(lacks)


def _active(here: Here, extras: set[str], environment: Mapping[str, str]) -> list[Requirement]:
    """The requirements that count under these extras."""
    active: list[Requirement] = []
    for text in here.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)):
            active.append(requirement)
    return active


def _dropped(wanted: Wanted, name: NormalizedName, here: Here) -> set[tuple[NormalizedName, object]]:
    return {
        (canonicalize_name(drop.name), drop.specifier)
        for package, drops in wanted.dropped.items()
        if canonicalize_name(package.name) == name
        and package.specifier.contains(here.version, prereleases=True)
        for drop in drops
    }
