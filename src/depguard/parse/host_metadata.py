"""The machine-written file beside a host file: what each distribution requires, and how that is known.

JSON with one line a distribution, sorted, so that a change of one is a change of one line::

    {"format": 1, "host": "colab/2026.07-gpu", "baseline_sha256": "...", "distributions": {
    "absl-py": {"version": "1.4.0", "how": "release", "source": "absl_py-1.4.0-py3-none-any.whl"},
    ...
    }}

``baseline_sha256`` is the hash of what the host file says is installed where: after an edit of that, the
pair no longer fits and is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import NormalizedName, canonicalize_name

from depguard.errors import InputError, Problem
from depguard.model.host import Knowledge, Requirements
from depguard.model.location import Location
from depguard.parse.json_text import BadJsonError, load_json
from depguard.parse.requirement_cache import requirement, specifiers
from depguard.records import dataclass, field

FORMAT = 1

_EXTRA_ONLY = re.compile(r'(?P<head>[^;]+); extra == "(?P<extra>[^"]+)"')
_EXTRA_LAST = re.compile(r'(?P<head>.+?;.+) and extra == "(?P<extra>[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataEntry:
    """What is known of one distribution; ``version`` is its text, None where it is unknown.

    ``installer`` and ``modules`` (top-level import names) are there for captured hosts. ``canonical`` is the
    entry as plain data with sorted keys: what a host's hash is made of.
    """

    version: str | None
    requirements: Requirements
    installer: str | None = None
    modules: tuple[str, ...] = ()
    canonical: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMetadata:
    """All entries of one host and the hash of the baseline that they belong to."""

    host: str
    baseline_sha256: str
    entries: Mapping[NormalizedName, MetadataEntry]


def dump_metadata(metadata: HostMetadata) -> str:
    """The file's text: the same value gives the same bytes."""
    head = {"format": FORMAT, "host": metadata.host, "baseline_sha256": metadata.baseline_sha256}
    lines = [
        f"{json.dumps(name)}: {json.dumps(entry_data(entry), ensure_ascii=False)}"
        for name, entry in sorted(metadata.entries.items())
    ]
    return f'{json.dumps(head)[:-1]}, "distributions": {{\n' + ",\n".join(lines) + "\n}}\n"


def entry_data(entry: MetadataEntry) -> dict[str, Any]:
    """One entry as plain data, empty fields left out."""
    known = entry.requirements
    plain, by_extra = _group([str(r) for r in known.requires], known.extras)
    data: dict[str, Any] = {
        "version": entry.version,
        "how": known.how.value,
        "source": known.source,
        "requires_python": str(known.requires_python) if known.requires_python else None,
        "requires": plain,
        "extras": by_extra,
        "contradicted": [str(r) for r in known.contradicted],
        "installer": entry.installer,
        "modules": sorted(entry.modules),
    }
    return {key: value for key, value in data.items() if value or key == "version"}


def _group(texts: Iterable[str], extras: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Requirements that stand under one extra go to that extra, without its part of the marker.

    Most requirements are of that kind: it halves the file. `_ungroup` gives back the same texts.
    """
    plain: list[str] = []
    by_extra: dict[str, list[str]] = {extra: [] for extra in sorted(extras)}
    for text in texts:
        match = _EXTRA_ONLY.fullmatch(text) or _EXTRA_LAST.fullmatch(text)
        # With an ``or`` before it the extra binds to its last part alone, and a URL may contain anything.
        if match and match["extra"] in by_extra and " or " not in text and " @ " not in text:
            by_extra[match["extra"]].append(match["head"])
        else:
            plain.append(text)
    return plain, by_extra


def _ungroup(plain: Iterable[str], by_extra: Mapping[str, Iterable[str]]) -> list[str]:
    texts = list(plain)
    for extra, heads in by_extra.items():
        texts += [f'{head}{" and" if ";" in head else ";"} extra == "{extra}"' for head in heads]
    return texts


def parse_metadata(text: str, label: str) -> HostMetadata:
    """The entries of the file ``label``. Raises InputError: the file is written by depguard alone.

    All broken entries are reported together.
    """
    try:
        data = load_json(text)
    except BadJsonError as error:
        raise _broken(str(error), Location(label, error.line, error.column)) from None
    if not isinstance(data, dict) or not isinstance(data.get("distributions"), dict):
        raise _broken("no table of distributions", Location(label))
    if data.get("format") != FORMAT:
        raise _broken(f"format {data.get('format')!r}, this depguard reads {FORMAT}", Location(label))
    entries: dict[NormalizedName, MetadataEntry] = {}
    problems: list[Problem] = []
    for name, entry in data["distributions"].items():
        try:
            entries[canonicalize_name(name)] = _entry(entry)
        except (
            AttributeError,
            InvalidRequirement,
            InvalidSpecifier,
            KeyError,
            TypeError,
            ValueError,
        ) as error:
            at = Location(label, _line_of(text, name))
            problems += _broken(f"the entry of {name} cannot be read: {error}", at).problems
    if problems:
        raise InputError(*problems)
    return HostMetadata(
        host=str(data.get("host", "")), baseline_sha256=str(data.get("baseline_sha256", "")), entries=entries
    )


def _entry(data: Mapping[str, Any]) -> MetadataEntry:
    by_extra: dict[str, list[str]] = data.get("extras", {})
    requires = _ungroup(data.get("requires", ()), by_extra)
    requires_python = data.get("requires_python")
    known = Requirements(
        how=Knowledge(data["how"]),
        source=data["source"],
        requires=_requirements(requires),
        extras=frozenset(canonicalize_name(extra) for extra in by_extra),
        requires_python=specifiers(requires_python) if requires_python else None,
        contradicted=_requirements(data.get("contradicted", ())),
    )
    return MetadataEntry(
        version=data["version"],
        requirements=known,
        installer=data.get("installer"),
        modules=tuple(data.get("modules", ())),
        canonical=data,
    )


def _requirements(texts: Iterable[str]) -> tuple[Requirement, ...]:
    return tuple(requirement(text) for text in texts)


def _line_of(text: str, name: str) -> int | None:
    start = text.find(f"\n{json.dumps(name)}: ")
    return text.count("\n", 0, start + 1) + 1 if start >= 0 else None


def _broken(message: str, at: Location) -> InputError:
    return InputError(
        Problem(
            code="host.metadata",
            message=f"not a host's metadata file: {message}",
            location=at,
            hint="it is machine-written; make it again with: depguard baseline import HOST.yaml -o HOST.yaml",
        )
    )
