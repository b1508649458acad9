"""Host files: a prepared machine as YAML that people read and edit, and the Host made from it.

The machine-written metadata file beside it is `depguard.parse.host_metadata`; both are put together by
`depguard.parse.host_assembly`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.host import InstalledDistribution, Knowledge, Origin, OriginKind, Requirements
from depguard.model.markers import MARKER_VARIABLES
from depguard.parse.host_nodes import NodeReader
from depguard.parse.platform_tags import (
    PLATFORM_EXAMPLES,
    HostPlatform,
    parse_platform,
)
from depguard.parse.requirement_cache import requirement
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Node, Scalar
from depguard.records import dataclass, field

SCHEMA = "1"
NO_METADATA = Requirements(how=Knowledge.UNKNOWN, source="the host file has no metadata beside it")

FIELDS = (
    "schema",
    "name",
    "about",
    "family",
    "python",
    "platform",
    "abi",
    "os",
    "accelerator",
    "imported",
    "facts",
    "markers",
    "tags",
    "loaded",
    "distributions",
)
DISTRIBUTION_FIELDS = ("version", "origin", "file", "reference", "sha256", "requires", "source")
IMPORTED_FIELDS = ("from", "on")
ORIGINS = tuple(kind.value for kind in OriginKind)
"""``version: unknown`` is how a host file writes that nothing carries the version."""
UNKNOWN_VERSION = "unknown"

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXTRA = re.compile(r'extra == "([^"]+)"')
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """What a host file says. The requirements of ``distributions`` are STATED or not known yet.

    ``markers`` replaces variables of the environment that follows from ``python`` and ``platform``; ``tags``
    replaces the wheel tags, for machines that differ from the rule. ``imported_on`` is an ISO date.
    """

    name: str
    python: Version
    platform: HostPlatform
    distributions: tuple[InstalledDistribution, ...]
    about: str = ""
    family: str | None = None
    abi: str | None = None
    os: str | None = None
    accelerator: str | None = None
    imported_from: str | None = None
    imported_on: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    markers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    loaded: frozenset[str] | None = None


def parse_host_file(text: str, label: str) -> HostFile:
    """What the host file ``label`` says. Raises InputError with all its mistakes."""
    return _HostReader(label).host(text)


class _HostReader(NodeReader):
    def host(self, text: str) -> HostFile:
        root = self.root(text)
        fields = self.fields(root, "the host file", FIELDS)
        for key in ("schema", "name", "python", "platform", "distributions"):
            if key not in fields:
                self.problem("host.missing", f"the host file has no {key!r}", root, allowed=", ".join(FIELDS))
        plain = {
            key: self.text(fields[key], key)
            for key in ("schema", "name", "about", "family", "abi", "os", "accelerator")
            if key in fields
        }
        if plain.get("schema", SCHEMA) != SCHEMA:
            self.problem(
                "host.schema", f"schema {plain['schema']} is unknown", fields["schema"], allowed=SCHEMA
            )
        python = self._python(fields.get("python"))
        platform = self._platform(fields.get("platform"))
        imported = self._imported(fields.get("imported"))
        found = HostFile(
            name=plain.get("name") or self.label,
            python=python or Version("0.0.0"),
            platform=platform or parse_platform("win_amd64"),
            distributions=self._distributions(fields.get("distributions")),
            about=plain.get("about") or "",
            family=plain.get("family"),
            abi=plain.get("abi"),
            os=plain.get("os"),
            accelerator=plain.get("accelerator"),
            imported_from=imported.get("from"),
            imported_on=imported.get("on"),
            facts=self.table(fields["facts"], "facts") if "facts" in fields else {},
            markers=self._markers(fields.get("markers")),
            tags=self._tags(fields.get("tags")),
            loaded=frozenset(name for name, _ in self.texts(fields["loaded"], "loaded"))
            if "loaded" in fields
            else None,
        )
        if self.problems:
            raise InputError(*sorted(self.problems, key=_position))
        return found

    def _python(self, node: Node | None) -> Version | None:
        text = self.text(node, "python") if node is not None else None
        if node is None or text is None:
            return None
        version = self._version(text, node)
        if version is not None and len(version.release) != 3:
            self.problem(
                "host.python", f"Python {text} has no patch level", node, allowed="a full version: 3.12.13"
            )
            return None
        return version

    def _platform(self, node: Node | None) -> HostPlatform | None:
        text = self.text(node, "platform") if node is not None else None
        if node is None or text is None:
            return None
        try:
            return parse_platform(text)
        except ValueError as error:
            self.problem("host.platform", str(error), node, allowed=PLATFORM_EXAMPLES)
            return None

    def _imported(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        values = self.fields(node, "imported", IMPORTED_FIELDS)
        texts = {key: self.text(value, f"{key!r} of imported") for key, value in values.items()}
        known = {key: text for key, text in texts.items() if text is not None}
        if not _DATE.fullmatch(known.get("on", "0000-00-00")):
            self.problem("host.date", f"{known['on']!r} is not a date", values["on"], allowed="YYYY-MM-DD")
        return known

    def _markers(self, node: Node | None) -> dict[str, str]:
        if node is None:
            return {}
        values = self.fields(node, "markers", MARKER_VARIABLES)
        texts = {key: self.text(value, f"{key!r} of markers") for key, value in values.items()}
        return {key: text for key, text in texts.items() if text is not None}

    def _tags(self, node: Node | None) -> tuple[Tag, ...]:
        found: list[Tag] = []
        for text, item in self.texts(node, "tags") if node is not None else ():
            parts = text.split("-")
            if len(parts) != 3:
                self.problem("host.tag", f"{text!r} is not a wheel tag", item, allowed="python-abi-platform")
                continue
            interpreters, abis, platforms = (part.split(".") for part in parts)
            found += [Tag(i, a, p) for i in interpreters for a in abis for p in platforms]
        return tuple(found)

    def _distributions(self, node: Node | None) -> tuple[InstalledDistribution, ...]:
        if node is None:
            return ()
        first: dict[str, InstalledDistribution] = {}
        for key, value in self.pairs(node, "distributions"):
            distribution = self._distribution(key, value)
            earlier = first.setdefault(distribution.name, distribution)
            if earlier is not distribution:
                self.problem(
                    "host.repeated-distribution",
                    f"{key.text} is listed again; {earlier.location} has {earlier.spelled}",
                    key,
                    allowed="one entry for each project (names are compared as PEP 503 says)",
                )
        return tuple(first.values())

    def _distribution(self, key: Scalar, value: Node) -> InstalledDistribution:
        spelled = key.text
        name = canonicalize_name(spelled)
        if not is_normalized_name(name):
            self.problem("host.name", f"{spelled!r} is not a project name", key)
        values = (
            {"version": value}
            if isinstance(value, Scalar)
            else self.fields(value, spelled, DISTRIBUTION_FIELDS)
        )
        if "version" not in values:
            self.problem(
                "host.missing", f"{spelled} has no version", value, allowed=f"a version, or {UNKNOWN_VERSION}"
            )
        version = None
        if "version" in values:
            text = self.text(values["version"], f"the version of {spelled}")
            if text is not None and text != UNKNOWN_VERSION:
                version = self._version(text, values["version"])
        texts = {
            part: self.text(values[part], f"{part!r} of {spelled}")
            for part in ("origin", "file", "reference", "sha256", "source")
            if part in values
        }
        return InstalledDistribution(
            name=name,
            spelled=spelled,
            version=version,
            requirements=self._stated(spelled, values, texts.get("source")),
            origin=Origin(
                kind=self._origin(texts.get("origin"), values),
                filename=texts.get("file"),
                reference=texts.get("reference"),
                sha256=self._sha256(texts.get("sha256"), values),
            ),
            location=key.location,
        )

    def _version(self, text: str, node: Node) -> Version | None:
        try:
            return Version(text)
        except ValueError:  # InvalidVersion, or a number of more digits than int() takes
            self.problem(
                "host.version", f"{text!r} is not a version", node, allowed="a version as PEP 440 defines it"
            )
            return None

    def _origin(self, text: str | None, values: Mapping[str, Node]) -> OriginKind:
        if text is None or text in ORIGINS:
            return OriginKind(text) if text else OriginKind.INDEX
        self.problem(
            "host.origin",
            f"unknown origin {text!r}",
            values["origin"],
            allowed=", ".join(ORIGINS),
            hint=did_you_mean(text, ORIGINS),
        )
        return OriginKind.INDEX

    def _sha256(self, text: str | None, values: Mapping[str, Node]) -> str | None:
        if text is not None and not _SHA256.fullmatch(text):
            self.problem(
                "host.sha256", f"{text!r} is not a sha256", values["sha256"], allowed="64 hexadecimal digits"
            )
        return text

    def _stated(self, spelled: str, values: Mapping[str, Node], source: str | None) -> Requirements:
        if "requires" not in values:
            if "source" in values:
                self.problem("host.source", f"{spelled} has a source but no requires", values["source"])
            return NO_METADATA
        if source is None:
            self.problem(
                "host.source",
                f"{spelled} states requires without saying where that is known from",
                values["requires"],
                hint="add source: and the public place that says so",
            )
        stated: list[Requirement] = []
        for text, item in self.texts(values["requires"], f"requires of {spelled}"):
            try:
                stated.append(requirement(text))
            except InvalidRequirement as error:
                message = str(error).splitlines()[0]
                self.problem(
                    "host.requirement",
                    f"{text!r}: {message}",
                    item,
                    allowed="a requirement as PEP 508 defines it",
                )
        return Requirements(
            how=Knowledge.STATED,
            source=source or "",
            requires=tuple(stated),
            extras=frozenset(
                canonicalize_name(extra) for r in stated for extra in _EXTRA.findall(str(r.marker or ""))
            ),
        )


def _position(problem: Problem) -> tuple[int, int]:
    at = problem.location
    return (at.line or 0, at.column or 0) if at is not None else (0, 0)
