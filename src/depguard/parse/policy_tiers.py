"""The ``tiers`` of a policy: long and short form, what they extend, where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath

from depguard.model.policy import Tier, TierRequirement
from depguard.parse import yaml_nodes
from depguard.parse.policy_reading import Reading
from depguard.parse.policy_words import TIER_KEYS
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Entry, Node, Scalar, Sequence

_ALLOWED = "a list of requirements, or {about, extends, requires, output}"


def default_output(tier: str, policy_name: str | None) -> str:
    """The requirements file of a tier that names none.

    ``requirements-<policy>-<tier>.txt`` where the policy has a ``name`` of its own, else
    ``requirements-<tier>.txt``: several named policies may live in one project.
    """
    return f"requirements-{policy_name}-{tier}.txt" if policy_name else f"requirements-{tier}.txt"


def read_tiers(reading: Reading, node: Node, policy_name: str | None) -> tuple[Tier, ...]:
    """All tiers in the order of the text."""
    body = reading.mapping(node, "tiers", "tier1: [torchinfo]")
    tiers: list[Tier] = []
    places: dict[str, dict[str, Scalar]] = {}  # tier -> what it extends -> where it says so
    outputs: dict[str, Tier] = {}  # by case-folded path: macOS and Windows do not tell cases apart
    for entry in body or ():
        name = reading.name(entry.key, "a tier")
        if name is None:
            continue
        tier, extends, output = _tier(reading, entry, name, policy_name)
        places[name] = extends
        tiers.append(tier)
        other = outputs.setdefault(tier.output.casefold(), tier)
        if other is not tier:
            reading.mistake(
                "same-output",
                output or entry.key,
                f"tier {name} and tier {other.name} are both written to {tier.output}",
                hint="give one of them another output",
            )
    _check_extends(reading, places, [tier.name for tier in tiers])
    return tuple(tiers)


def _tier(
    reading: Reading, entry: Entry, name: str, policy_name: str | None
) -> tuple[Tier, dict[str, Scalar], Scalar | None]:
    """The tier, the places of what it extends, and that of its output where it states one."""
    default = default_output(name, policy_name)
    if isinstance(entry.value, yaml_nodes.Mapping):
        parts = reading.keys(entry.value, f"tier {name}", TIER_KEYS)
    else:
        parts = {"requires": entry}
    requires = _requires(reading, parts["requires"].value, name) if "requires" in parts else ()
    extends: dict[str, Scalar] = {}
    if "extends" in parts:
        for scalar in reading.scalars(parts["extends"].value, "extends"):
            extends.setdefault(scalar.text.strip(), scalar)
    if "requires" not in parts and len(extends) < 2:
        reading.mistake("missing-key", entry.key, f"tier {name} requires nothing", allowed=_ALLOWED)
    about = reading.text(parts["about"].value, "about") if "about" in parts else None
    stated = parts["output"].value if "output" in parts else None
    output = _output(reading, stated) if stated is not None else None
    tier = Tier(
        name=name,
        requires=requires,
        about=about or "",
        extends=tuple(extends),
        output=output or default,
        location=entry.key.location,
    )
    return tier, extends, stated if isinstance(stated, Scalar) else None


def _requires(reading: Reading, node: Node, tier: str) -> tuple[TierRequirement, ...]:
    if isinstance(node, Sequence) and not node.items:
        reading.mistake("empty", node, f"tier {tier} requires nothing", allowed=_ALLOWED)
        return ()
    found: list[TierRequirement] = []
    seen: dict[tuple[str, str, str], Scalar] = {}
    for scalar in reading.scalars(node, f"a requirement of tier {tier}"):
        requirement = reading.requirement(scalar, f"a requirement of tier {tier}")
        if requirement is None:
            continue
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        key = (name, ",".join(sorted(requirement.extras)), str(requirement.marker))
        first = seen.setdefault(key, scalar)
        if first is not scalar:
            reading.mistake(
                "twice",
                scalar,
                f"tier {tier} asks for {name} twice: first at line {first.location.line} as {first.text}",
                hint="say it once",
            )
            continue
        found.append(TierRequirement(requirement=requirement, location=scalar.location))
    return tuple(found)


def _output(reading: Reading, node: Node) -> str | None:
    text = reading.text(node, "output", "a path from the project root, ending in .txt")
    if text is None:
        return None
    path = PurePosixPath(text)
    windows = PureWindowsPath(text)
    inside = not path.is_absolute() and ".." not in windows.parts and not windows.anchor and "\\" not in text
    if inside and path.suffix == ".txt":
        return path.as_posix()
    reading.mistake(
        "bad-output",
        node,
        f"output cannot be {text!r}",
        allowed="a path inside the project, with / and ending in .txt",
    )
    return None


def _check_extends(
    reading: Reading, places: Mapping[str, Mapping[str, Scalar]], names: Iterable[str]
) -> None:
    known = list(names)
    for name, extends in places.items():
        for base, scalar in extends.items():
            if base not in places:
                reading.mistake(
                    "unknown-tier",
                    scalar,
                    f"tier {name} extends {base}, which is no tier of this policy",
                    allowed=", ".join(known),
                    hint=did_you_mean(base, [k for k in known if k != name]),
                )
    _check_cycles(reading, places)


def _check_cycles(reading: Reading, places: Mapping[str, Mapping[str, Scalar]]) -> None:
    """Each edge that closes a circle, once. Iterative: a text can chain thousands of tiers."""
    done: set[str] = set()
    for start in places:
        path = {start: iter(places[start].items())} if start not in done else {}
        while path:
            name = next(reversed(path))
            base, scalar = next(path[name], (None, None))
            if base is None or scalar is None:
                path.pop(name)
                done.add(name)
            elif base in path:
                names = list(path)
                circle = [*names[names.index(base) :], base]
                reading.mistake(
                    "tier-cycle",
                    scalar,
                    f"tiers extend each other in a circle: {' -> '.join(circle)}",
                    hint="take one extends out",
                )
            elif base in places and base not in done:
                path[base] = iter(places[base].items())
