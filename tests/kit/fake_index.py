"""A package source in memory, written as a readable mapping (or YAML).

    {name: {version: {requires: ["numpy<2", "x; extra == 'gpu'"],   # Requires-Dist
                      python: ">=3.9",                            # Requires-Python
                      tags: [cp312-cp312-manylinux_2_17_x86_64],  # one wheel a tag; default py3-none-any
                      tags: {py3-none-any: ">=3.13"},             # each with its own Requires-Python
                      sdist: true,                                # an sdist as well; "only": nothing else
                      dynamic: true,                              # the sdist's metadata is not static
                      unknown: "why",                             # no artifact's metadata can be had
                      yanked: "why",                              # or true
                      uploaded: 2025-11-01,                       # date or ISO date and time, UTC
                      size: 1234, extras: [gpu],                  # extras of markers are found by themselves
                      spelled: "Flask-SQLAlchemy"}}}              # the file names' spelling

A release may also be a list (its requires) or null (requires nothing). Versions are strings:
quote them in YAML.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Self

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.errors import OutOfReachError, Problem
from depguard.model.release import (
    Artifact,
    ArtifactKind,
    CoreMetadata,
    MetadataAnswer,
    MetadataUnknown,
    ProjectPage,
)
from depguard.resolve.ports import Guess

_KEYS = frozenset(
    (
        "requires",
        "python",
        "tags",
        "sdist",
        "dynamic",
        "unknown",
        "yanked",
        "uploaded",
        "size",
        "extras",
        "spelled",
    )
)
EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")

Release = Mapping[str, Any] | list[str] | None


@dataclass(slots=True)
class FakeIndex:
    """A ``PackageSource``. ``page_calls`` and ``metadata_calls`` count what was asked for.

    Names in ``unreachable`` raise OutOfReachError; every name in ``prefetched`` was hinted at.
    """

    pages: dict[NormalizedName, ProjectPage]
    answers: dict[str, MetadataAnswer]
    unreachable: set[NormalizedName] = field(default_factory=set)
    page_calls: Counter[str] = field(default_factory=Counter)
    metadata_calls: Counter[str] = field(default_factory=Counter)
    prefetched: list[NormalizedName] = field(default_factory=list)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Mapping[str, Release]], *, index: str = "example") -> Self:
        """An index of what ``mapping`` says (see the module's text); ``index`` is each artifact's label."""
        pages: dict[NormalizedName, ProjectPage] = {}
        answers: dict[str, MetadataAnswer] = {}
        for spelled, releases in mapping.items():
            name = canonicalize_name(spelled)
            artifacts: list[Artifact] = []
            for version, release in releases.items():
                artifacts += _release(name, version, release, index, answers)
            pages[name] = ProjectPage(name=name, artifacts=tuple(artifacts))
        return cls(pages, answers)

    def beside(self, first: Self, *, only_first: bool) -> Self:
        """This index and one that comes before it: the files of both, or of the first that has a name."""
        pages = {**self.pages, **first.pages}
        for name in self.pages.keys() & first.pages.keys() if not only_first else ():
            both = self.pages[name].artifacts + first.pages[name].artifacts
            pages[name] = ProjectPage(name=name, artifacts=both)
        return type(self)(pages, {**self.answers, **first.answers})

    @classmethod
    def from_yaml(cls, text: str, *, index: str = "example") -> Self:
        """The same from YAML text."""
        return cls.from_dict(yaml.safe_load(text) or {}, index=index)

    def page(self, name: NormalizedName) -> ProjectPage:
        self.page_calls[name] += 1
        if name in self.unreachable:
            raise OutOfReachError(
                Problem(code="index.unreachable", message=f"cannot reach the page of {name}")
            )
        return self.pages.get(name) or ProjectPage(name=name, artifacts=(), found=False)

    def metadata(self, artifact: Artifact) -> MetadataAnswer:
        self.metadata_calls[artifact.filename] += 1
        return self.answers[artifact.filename]

    def size(self, artifact: Artifact) -> int | None:
        return artifact.size

    def prefetch(self, names: Iterable[NormalizedName], guess: Guess | None = None) -> None:  # noqa: ARG002 - it is all here
        self.prefetched.extend(names)

    def prefetch_metadata(self, artifacts: Iterable[Artifact], guess: Guess | None = None) -> None:
        """Everything is at hand: nothing to do."""


def _release(
    name: NormalizedName, version: str, release: Release, index: str, answers: dict[str, MetadataAnswer]
) -> list[Artifact]:
    if not isinstance(version, str):
        raise TypeError(f"{name}: quote the version {version!r}")
    facts: Mapping[str, Any] = {"requires": release} if isinstance(release, list) else (release or {})
    if strange := set(facts) - _KEYS:
        raise ValueError(f"{name} {version}: unknown keys {sorted(strange)}; known are {sorted(_KEYS)}")
    stem = f"{re.sub(r'[-.]+', '_', facts.get('spelled', name))}-{version}"
    answer = _metadata(name, version, facts)
    artifacts: list[Artifact] = []
    if facts.get("sdist") != "only":
        tags = facts.get("tags", ["py3-none-any"])
        for tag in tags:
            own = {**facts, "python": tags[tag]} if isinstance(tags, Mapping) and tags[tag] else facts
            artifacts.append(_artifact(name, version, f"{stem}-{tag}.whl", own, index))
            answers[artifacts[-1].filename] = _metadata(name, version, own)
    if facts.get("sdist"):
        artifacts.append(_artifact(name, version, f"{stem}.tar.gz", facts, index))
        dynamic = MetadataUnknown("Requires-Dist is dynamic in the sdist")
        answers[artifacts[-1].filename] = dynamic if facts.get("dynamic") else answer
    return artifacts


def _metadata(name: NormalizedName, version: str, facts: Mapping[str, Any]) -> MetadataAnswer:
    if "unknown" in facts:
        return MetadataUnknown(str(facts["unknown"]))
    requires = [str(text) for text in facts.get("requires") or ()]
    extras = {*facts.get("extras", ()), *(extra for text in requires for extra in EXTRA.findall(text))}
    return CoreMetadata(
        name=name,
        version=Version(version),
        requires_dist=tuple(Requirement(text) for text in requires),
        requires_python=SpecifierSet(facts["python"]) if "python" in facts else None,
        extras=frozenset(canonicalize_name(extra) for extra in extras),
    )


def _artifact(
    name: NormalizedName, version: str, filename: str, facts: Mapping[str, Any], index: str
) -> Artifact:
    wheel = filename.endswith(".whl")
    yanked = facts.get("yanked")
    return Artifact(
        name=name,
        version=Version(version),
        filename=filename,
        kind=ArtifactKind.WHEEL if wheel else ArtifactKind.SDIST,
        url=f"https://example.org/files/{filename}",
        index=index,
        hashes=(("sha256", hashlib.sha256(filename.encode()).hexdigest()),),
        size=facts.get("size"),
        requires_python=SpecifierSet(facts["python"]) if "python" in facts else None,
        upload_time=_moment(facts["uploaded"]) if "uploaded" in facts else None,
        yanked=None if yanked in (None, False) else "" if yanked is True else str(yanked),
        tags=parse_tag(filename[:-4].split("-", 2)[2]) if wheel else frozenset(),
    )


def _moment(value: str | date | datetime) -> datetime:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
