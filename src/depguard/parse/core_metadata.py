"""Core metadata text (METADATA of a wheel, PKG-INFO of an sdist) → what a resolver needs, or why not known.

Real files hold what no specification allows. What installers overlook is overlooked here (an unreadable
Requires-Python counts as none); what makes them pass a file over makes the answer MetadataUnknown.
Sources: the core metadata specification, PEP 566, 643 (which fields of an sdist are final) and 685 (extras).
"""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.release import ArtifactKind, CoreMetadata, MetadataAnswer, MetadataUnknown
from depguard.parse.later_requirements import LaterRequirements
from depguard.parse.requirement_cache import requirement, specifiers

NO_REQUIREMENT = "not a requirement in its metadata: "
"""How the reason begins where a line of ``Requires-Dist`` is none."""
_HEADER = re.compile(r"([\x21-\x39\x3b-\x7e]*):")
_SINGLE = ("Metadata-Version", "Name", "Version", "Requires-Python")
_MULTIPLE = ("Dynamic", "Requires-Dist", "Provides-Extra")
# The fields of an sdist that must be final for its requirements to be (PEP 643).
_DECISIVE = frozenset(("requires-dist", "requires-python", "provides-extra"))


def read_core_metadata(
    text: str,
    *,
    name: NormalizedName,
    version: Version,
    kind: ArtifactKind = ArtifactKind.WHEEL,
    parsed_before: bool = False,
) -> MetadataAnswer:
    """The metadata of the artifact that is listed as ``name`` ``version``.

    ``parsed_before``: the same `READER` has read the same text as CoreMetadata, so that no line of
    ``Requires-Dist`` has to be parsed only to see whether it can be. Nine in ten are for extras.
    """
    fields = _fields(text)
    if fault := _mismatch(fields, name, version):
        return MetadataUnknown(fault)
    if kind is ArtifactKind.SDIST and (reason := _not_final(fields)):
        return MetadataUnknown(reason)
    requires = LaterRequirements(fields["requires-dist"])
    if not parsed_before:
        for line in fields["requires-dist"]:
            try:
                requirement(line)
            except InvalidRequirement:
                return MetadataUnknown(f"{NO_REQUIREMENT}{_short(line)}")
    return CoreMetadata(
        name=name,
        version=version,
        requires_dist=requires,
        requires_python=_specifier(fields["requires-python"]),
        extras=frozenset(canonicalize_name(extra) for extra in fields["provides-extra"]),
    )


def distil(text: str) -> str:
    """The same metadata with the fields alone that ``read_core_metadata`` looks at: small enough to keep."""
    fields = _fields(text)
    lines = [f"{title}: {value}" for title in (*_SINGLE, *_MULTIPLE) for value in fields[title.lower()]]
    return "\n".join(lines) + "\n"


def _fields(text: str) -> dict[str, list[str]]:
    """The header fields that matter, each value on one line.

    As the standard library's e-mail parser has it (tests compare the two), at a fraction of its cost: headers
    end at the first line that is none, a line that begins with a blank continues the one before.
    """
    fields: dict[str, list[str]] = {title.lower(): [] for title in (*_SINGLE, *_MULTIPLE)}
    values: list[str] | None = None
    for line in text.lstrip("\r\n").replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line[:1] in {" ", "\t"}:
            if values:
                values[-1] = f"{values[-1]} {line.strip()}".strip()
            continue
        match = _HEADER.match(line)
        if match is None:
            break
        values = fields.get(match[1].lower())
        if values is not None:
            values.append(line[match.end() :].strip())
    return fields


def _mismatch(fields: dict[str, list[str]], name: NormalizedName, version: Version) -> str | None:
    names, versions = fields["name"], fields["version"]
    if not names or not versions:
        return "its metadata has no name and version"
    if canonicalize_name(names[0]) != name:
        return f"its metadata is {_short(names[0])}'s"
    try:
        stated = Version(versions[0])
    except ValueError:
        return f"its metadata has no valid version: {_short(versions[0])}"
    if stated != version:
        return f"its metadata says version {stated}"
    return None


def _not_final(fields: dict[str, list[str]]) -> str | None:
    """Why an sdist's requirements may come out otherwise when it is built; None when they are final."""
    stated = (fields["metadata-version"] or ["missing"])[0]
    try:
        final = Version(stated) >= Version("2.2")
    except ValueError:
        final = False
    if not final:
        return f"an sdist with metadata version {_short(stated)}: requirements known once built (PEP 643)"
    dynamic = sorted(_DECISIVE & {value.lower() for value in fields["dynamic"]})
    if dynamic:
        return f"an sdist whose {', '.join(dynamic)} is dynamic: known once built (PEP 643)"
    return None


def _specifier(values: list[str]) -> SpecifierSet | None:
    try:
        return specifiers(values[0]) if values else None
    except ValueError:
        return None


def _short(text: str) -> str:
    """Foreign text for a message: one line of printable characters, not endless."""
    printable = "".join(character if character.isprintable() else "?" for character in text)
    return printable if len(printable) <= 80 else printable[:77] + "..."
