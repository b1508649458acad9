"""The parts of a policy that speak of packages: protected, held, forbidden, overrides, waive."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from depguard.model.location import Location
from depguard.model.policy import Forbidden, Held, Override, Protected, SameMajor, Waiver
from depguard.parse import yaml_nodes
from depguard.parse.policy_reading import Reading
from depguard.parse.policy_words import (
    CODES,
    FORBIDDEN_KEYS,
    HELD_KEYS,
    OVERRIDE_KEYS,
    PROTECTED_KEYS,
    SAME_MAJOR,
    WAIVE_KEYS,
)
from depguard.parse.requirement_cache import specifiers
from depguard.parse.yaml_nodes import Entry, Node, Scalar, Sequence, kind

EXCLUDES = "!"
"""In front of a family glob: these names are no part of it."""


def read_protected(reading: Reading, node: Node) -> tuple[Protected, ...]:
    """``protected``: glob to reason, or to ``{family, reason}``."""
    allowed = 'numpy: "why", or torch: {family: [torchvision], reason: "why"}'
    found = []
    for pattern, entry in _by_pattern(reading, node, "protected", allowed):
        example = f'{entry.key.text}: "C ABI of everything compiled here"'
        family: tuple[str, ...] = ()
        if isinstance(entry.value, Scalar):
            reason = reading.reason(entry, entry.key, f"protected {entry.key.text}", example)
        else:
            body = reading.mapping(entry.value, f"protected {entry.key.text}", allowed)
            if body is None:
                continue
            parts = reading.keys(body, f"protected {entry.key.text}", PROTECTED_KEYS)
            if "family" in parts:
                family = _family(reading, parts["family"].value)
            reason = reading.reason(
                parts.get("reason"),
                entry.key,
                f"protected {entry.key.text}",
                'reason: "CUDA build of this host"',
            )
        if reason is not None:
            found.append(
                Protected(pattern=pattern, reason=reason, family=family, location=entry.key.location)
            )
    return tuple(found)


def _family(reading: Reading, node: Node) -> tuple[str, ...]:
    globs = []
    for scalar in reading.scalars(node, "family"):
        excludes = scalar.text.startswith(EXCLUDES)
        bare = Scalar(scalar.text.removeprefix(EXCLUDES), plain=False, location=scalar.location)
        glob = reading.glob(bare, "a family member")
        if glob is not None:
            globs.append(EXCLUDES + glob if excludes else glob)
            if not excludes:
                reading.claims.append(("protected", glob, scalar.location))
    return tuple(globs)


def read_held(reading: Reading, node: Node) -> tuple[Held, ...]:
    """``held``: glob to ``{allow, reason}``."""
    allowed = 'protobuf: {allow: same-major, reason: "why"}'
    found = []
    for pattern, entry in _by_pattern(reading, node, "held", allowed):
        if isinstance(entry.value, Scalar) and not entry.value.null:
            value = entry.value.text.strip()
            reading.mistake(
                "no-reason",
                entry.value,
                f"held {entry.key.text} has no reason",
                allowed=allowed,
                hint=f'{entry.key.text}: {{allow: "{value}", reason: "..."}}',
            )
            continue
        body = reading.mapping(entry.value, f"held {entry.key.text}", allowed)
        if body is None:
            continue
        parts = reading.keys(body, f"held {entry.key.text}", HELD_KEYS)
        reason = reading.reason(
            parts.get("reason"), entry.key, f"held {entry.key.text}", 'reason: "generated code in tensorflow"'
        )
        if "allow" not in parts:
            reading.mistake(
                "missing-key", entry.key, f"held {entry.key.text} does not say what to allow", allowed=allowed
            )
            continue
        allow = _allow(reading, parts["allow"].value)
        if reason is not None and allow is not None:
            found.append(Held(pattern=pattern, reason=reason, allow=allow, location=entry.key.location))
    return tuple(found)


def _allow(reading: Reading, node: Node) -> SpecifierSet | SameMajor | None:
    allowed = f'{SAME_MAJOR} or a specifier such as ">=5.29,<6"'
    text = reading.text(node, "allow", allowed)
    if text is None:
        return None
    if text == SAME_MAJOR:
        return SameMajor.SAME_MAJOR
    try:
        return specifiers(text)
    except InvalidSpecifier:
        near = f"did you mean {SAME_MAJOR}?" if text[0].isalpha() else None
        if text[0].isdigit():
            near = f'did you mean "=={text}" or ">={text}"?'
        reading.mistake("bad-specifier", node, f"allow cannot be {text!r}", allowed=allowed, hint=near)
        return None


def read_forbidden(reading: Reading, node: Node) -> tuple[Forbidden, ...]:
    """``forbidden``: glob to reason, or to ``{instead, reason}``."""
    allowed = 'onnxruntime-gpu: "why", or onnxruntime-gpu: {instead: onnxruntime, reason: "why"}'
    found = []
    for pattern, entry in _by_pattern(reading, node, "forbidden", allowed):
        what = f"forbidden {entry.key.text}"
        instead: str | None = None
        if isinstance(entry.value, Scalar):
            reason = reading.reason(
                entry, entry.key, what, f'{entry.key.text}: "ships the same files as ..."'
            )
        else:
            body = reading.mapping(entry.value, what, allowed)
            if body is None:
                continue
            parts = reading.keys(body, what, FORBIDDEN_KEYS)
            if "instead" in parts:
                instead = reading.name(parts["instead"].value, "instead")
            reason = reading.reason(
                parts.get("reason"), entry.key, what, 'reason: "ships the same files as ..."'
            )
        if reason is not None:
            found.append(
                Forbidden(pattern=pattern, reason=reason, instead=instead, location=entry.key.location)
            )
    return tuple(found)


def _by_pattern(reading: Reading, node: Node, section: str, allowed: str) -> Iterable[tuple[str, Entry]]:
    body = reading.mapping(node, section, allowed)
    seen: dict[str, Scalar] = {}
    for entry in body or ():
        pattern = reading.glob(entry.key, section)
        if pattern is None:
            continue
        if pattern in seen:
            first = seen[pattern]
            reading.mistake(
                "twice",
                entry.key,
                f"{section} has {pattern} twice: first at line {first.location.line} as {first.text}",
                hint="keep one of the two",
            )
            continue
        seen[pattern] = entry.key
        reading.claims.append((section, pattern, entry.key.location))
        yield pattern, entry


def refuse_contradictions(reading: Reading) -> None:
    """One package in two of the three sections is a mistake, told at the later place."""
    seen: dict[str, tuple[str, Location]] = {}
    for section, pattern, location in sorted(reading.claims, key=lambda claim: claim[2]):
        if pattern in seen and seen[pattern][0] != section:
            other, where = seen[pattern]
            reading.mistake(
                "contradiction",
                location,
                f"{pattern} is in {section}, and in {other} at line {where.line}",
                hint="a package is protected, held or forbidden: keep one",
            )
        seen.setdefault(pattern, (section, location))


def read_overrides(reading: Reading, node: Node) -> tuple[Override, ...]:
    """``overrides``: a list of ``{package, drop | requires, reason}``."""
    allowed = '{package: captum==0.8.0, drop: "numpy<2", reason: "why"}'
    found = []
    for item in _list_of_mappings(reading, node, "overrides", allowed):
        parts = reading.keys(item, "an override", OVERRIDE_KEYS)
        reason = reading.reason(
            parts.get("reason"), item, "this override", 'reason: "our tests pass on 2.0.2"'
        )
        package = _exact_release(reading, item, parts)
        drop, requires = _drop_or_requires(reading, item, parts, allowed)
        if reason is not None and package is not None:
            found.append(
                Override(package=package, reason=reason, drop=drop, requires=requires, location=item.location)
            )
    return tuple(found)


def _exact_release(reading: Reading, item: yaml_nodes.Mapping, parts: dict[str, Entry]) -> Requirement | None:
    allowed = "one release (captum==0.8.0) or one direct URL (mypkg @ git+https://...)"
    if "package" not in parts:
        reading.mistake("missing-key", item, "this override names no package", allowed=allowed)
        return None
    value = parts["package"].value
    package = reading.requirement(value, "package")
    if package is None or package.url is not None:
        return package
    specifiers = list(package.specifier)
    exact = len(specifiers) == 1 and specifiers[0].operator in {"==", "==="}
    if exact and not specifiers[0].version.endswith("*") and not package.extras and package.marker is None:
        return package
    reading.mistake(
        "not-exact", value, f"an override is for exactly one release, not {package}", allowed=allowed
    )
    return None


def _drop_or_requires(
    reading: Reading, item: yaml_nodes.Mapping, parts: dict[str, Entry], allowed: str
) -> tuple[tuple[Requirement, ...], tuple[Requirement, ...] | None]:
    if "drop" in parts and "requires" in parts:
        reading.mistake(
            "drop-and-requires",
            parts["requires"].key,
            "an override either drops requirements or states all of them",
            hint="keep drop or requires",
        )
    if "drop" not in parts and "requires" not in parts:
        reading.mistake(
            "missing-key", item, "this override changes nothing: no drop, no requires", allowed=allowed
        )
    dropped = reading.scalars(parts["drop"].value, "drop") if "drop" in parts else ()
    drop = tuple(r for s in dropped if (r := reading.requirement(s, "drop")) is not None)
    if "requires" not in parts:
        return drop, None
    stated = reading.scalars(parts["requires"].value, "requires", may_be_empty=True)
    return drop, tuple(r for s in stated if (r := reading.requirement(s, "requires")) is not None)


def read_waivers(reading: Reading, node: Node) -> tuple[Waiver, ...]:
    """``waive``: a list of ``{code, package, until, reason}``."""
    allowed = '{code: DG202, package: ydf, until: 2027-01-31, reason: "why"}'
    found = []
    for item in _list_of_mappings(reading, node, "waive", allowed):
        parts = reading.keys(item, "a waiver", WAIVE_KEYS)
        reason = reading.reason(parts.get("reason"), item, "this waiver", 'reason: "unused here"')
        missing = [key for key in ("code", "package", "until") if key not in parts]
        if missing:
            reading.mistake(
                "missing-key", item, f"this waiver has no {' and no '.join(missing)}", allowed=allowed
            )
        code = reading.choice(parts["code"].value, "code", {c: c for c in CODES}) if "code" in parts else None
        until = reading.day(parts["until"].value, "until") if "until" in parts else None
        package = None
        if "package" in parts:
            value = parts["package"].value
            scalar = value if isinstance(value, Scalar) else None
            if scalar is None:
                reading.mistake(
                    "wrong-kind", value, f"package cannot be {kind(value)}", allowed="a name or glob"
                )
            else:
                package = reading.glob(scalar, "package")
        if reason is not None and code is not None and until is not None and package is not None:
            found.append(
                Waiver(code=code, package=package, until=until, reason=reason, location=item.location)
            )
    return tuple(found)


def _list_of_mappings(
    reading: Reading, node: Node, section: str, allowed: str
) -> Iterable[yaml_nodes.Mapping]:
    if not isinstance(node, Sequence):
        reading.mistake(
            "wrong-kind", node, f"{section} cannot be {kind(node)}", allowed=f"a list of {allowed}"
        )
        return
    for item in node.items:
        body = reading.mapping(item, f"an entry of {section}", allowed)
        if body is not None:
            yield body
