"""A host as it is kept for later runs: parsed once, its markers evaluated once, read again piece by piece.

The text has a line of JSON about the host, one for each distribution, and one for each project that any of
them requires (who does, and where in its row). The first says whose the others are and how long: most are
never asked for, nor cut out. It alone has the names of the files that the host was read from. Nobody edits it
and nothing in it can run: it is data alone, and what does not fit is made again from the host's own files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, Generic, TypeVar

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.host import Host, InstalledDistribution, Knowledge, Origin, OriginKind, Requirements
from depguard.model.host_needs import ActiveRequirement, CompiledBaseline, HostNeeds, read_needs
from depguard.model.location import Location
from depguard.model.markers import MarkerAnswer, markers_of
from depguard.parse.filenames import version_of
from depguard.parse.later_requirements import LaterRequirements, read_requirement
from depguard.parse.requirement_cache import stated_text

FORMAT = 2
"""Raised whenever a text of before would be misread."""

_LETTERS = {MarkerAnswer.HOLDS: "H", MarkerAnswer.FAILS: "F", MarkerAnswer.UNKNOWN: "U"}
_ANSWERS = {letter: answer for answer, letter in _LETTERS.items()}

V = TypeVar("V")


def compiled_text(host: Host) -> str:
    """The host's compiled form. The same host gives the same text."""
    needs = read_needs(host)
    markers = markers_of(host.markers, host.unknown_markers)
    files: dict[str, int] = {}
    rows, places = {}, {}
    for name, dist in host.installed.items():
        requires = dist.requirements.requires
        active = {id(need.requirement): need for need in needs.by_parent[name]}
        counts = "".join(
            "-" if id(known) not in active else "U" if active[id(known)].marker_unknown else "H"
            for known in requires
        )
        plain = "".join(_LETTERS[markers.evaluate(known.marker)] for known in requires)
        places[name] = {id(known): at for at, known in enumerate(requires)}
        rows[name] = _line([*_row(dist, files), plain, counts])
    wanted = {
        name: _line([[need.parent, places[need.parent][id(need.requirement)]] for need in active])
        for name, active in needs.by_name.items()
    }
    head = {
        "format": FORMAT,
        "name": host.name,
        "python": str(host.python),
        "markers": dict(host.markers),
        "unknown_markers": sorted(host.unknown_markers),
        "tags": [str(tag) for tag in host.tags],
        "sha256": host.sha256,
        "glibc": host.glibc,
        "family": host.family,
        "about": host.about,
        "accelerator": host.accelerator,
        "loaded": None if host.loaded is None else sorted(host.loaded),
        "facts": dict(host.facts),
        "unknown": [name for name, dist in host.installed.items() if not dist.requirements.known],
        "extras": {name: sorted(extras) for name, extras in needs.extras.items()},
        "files": list(files),
        "installed": {name: len(line) for name, line in rows.items()},
        "wanted": {name: len(line) for name, line in wanted.items()},
    }
    return "".join([_line(head), *rows.values(), *wanted.values()])


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"


def compiled_host(text: str) -> Host:
    """The host of a compiled form. Raises ValueError for a text that is none, or of another format.

    A row that turns out to be broken when it is asked for raises ValueError there.
    """
    try:
        begin = text.find("\n") + 1
        head = json.loads(text[:begin])
        if head["format"] != FORMAT:
            raise ValueError("another format")
        baseline = _Baseline(head, _Rows(text, begin, head["installed"], head["wanted"]))
        return Host(
            name=head["name"],
            python=Version(head["python"]),
            markers=head["markers"],
            tags=_tags(tuple(head["tags"])),
            installed=baseline,
            sha256=head["sha256"],
            unknown_markers=frozenset(head["unknown_markers"]),
            glibc=None if head["glibc"] is None else (head["glibc"][0], head["glibc"][1]),
            family=head["family"],
            about=head["about"],
            accelerator=head["accelerator"],
            loaded=None if head["loaded"] is None else frozenset(head["loaded"]),
            facts=head["facts"],
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"no compiled host: {error}") from error


@lru_cache(maxsize=64)
def _tags(names: tuple[str, ...]) -> tuple[Tag, ...]:
    """Wheel tags by their names: most hosts have those of another one."""
    return tuple([Tag(*name.split("-")) for name in names])


@lru_cache(maxsize=4096)
def _specifier(text: str) -> SpecifierSet:
    return SpecifierSet(text)


def _row(dist: InstalledDistribution, files: dict[str, int]) -> list[Any]:
    known, origin, at = dist.requirements, dist.origin, dist.location
    return [
        dist.spelled,
        None if dist.version is None else str(dist.version),
        known.how.value,
        known.source,
        None if known.requires_python is None else str(known.requires_python),
        sorted(known.extras),
        [str(r) for r in known.contradicted],
        [origin.kind.value, origin.filename, origin.reference, origin.sha256],
        dist.installer,
        list(dist.modules),
        None if at is None else [files.setdefault(at.file, len(files)), at.line, at.column, at.cell],
        [stated_text(r) for r in known.requires],
    ]


class _Lazy(Mapping[NormalizedName, V], Generic[V]):
    """Values by name, each made when it is first asked for."""

    def __init__(self, names: Collection[NormalizedName], make: Callable[[NormalizedName], V]) -> None:
        self._names = names
        self._make = make
        self._made: dict[NormalizedName, V] = {}

    def __getitem__(self, name: NormalizedName) -> V:
        made = self._made.get(name)
        if made is None:
            if name not in self._names:
                raise KeyError(name)
            made = self._made[name] = self._make(name)
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[NormalizedName]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


_Places = Mapping[NormalizedName, tuple[int, int]]
"""Where the lines of names begin and end."""


class _Rows:
    """The lines below the first, each cut out and read when it is asked for."""

    def __init__(
        self,
        text: str,
        begin: int,
        installed: Mapping[NormalizedName, int],
        wanted: Mapping[NormalizedName, int],
    ) -> None:
        ends = list(accumulate((*installed.values(), *wanted.values()), initial=begin))
        if ends[-1] != len(text):
            raise ValueError("its lines are not as long as they should be")
        places = list(pairwise(ends))
        self._text = text
        self.installed: _Places = dict(zip(installed, places[: len(installed)], strict=True))
        self.wanted: _Places = dict(zip(wanted, places[len(installed) :], strict=True))
        self._read: dict[NormalizedName, list[Any]] = {}

    def of(self, name: NormalizedName) -> list[Any]:
        """The row of a distribution. Raises KeyError, and ValueError for a line that is none."""
        row = self._read.get(name)
        if row is None:
            row = self._read[name] = self._loaded(self.installed[name])
        return row

    def needs_of(self, name: NormalizedName) -> tuple[ActiveRequirement, ...]:
        """What counts of the requirements of a distribution."""
        *_, texts, _, counts = self.of(name)
        return tuple(
            _active(name, text, letter) for text, letter in zip(texts, counts, strict=True) if letter != "-"
        )

    def needs_for(self, name: NormalizedName) -> tuple[ActiveRequirement, ...]:
        """What counts of that by which a project is required."""
        found: list[ActiveRequirement] = []
        for parent, at in self._loaded(self.wanted[name]):
            *_, texts, _, counts = self.of(parent)
            found.append(_active(parent, texts[at], counts[at]))
        return tuple(found)

    def _loaded(self, place: tuple[int, int]) -> list[Any]:
        begin, end = place
        found = json.loads(self._text[begin:end])
        if isinstance(found, list):
            return found
        raise ValueError("no row of a compiled host")


class _Baseline(CompiledBaseline):
    def __init__(self, head: Mapping[str, Any], rows: _Rows) -> None:
        self._head = head
        self._rows = rows
        self._made: dict[NormalizedName, InstalledDistribution] = {}
        self._plain: dict[NormalizedName, tuple[tuple[Requirement, MarkerAnswer], ...]] = {}
        # Made of the rows alone: if they held this, nothing of the host would be let go of.
        self._needs = HostNeeds(
            by_parent=_Lazy(rows.installed, rows.needs_of),
            by_name=_Lazy(rows.wanted, rows.needs_for),
            extras={NormalizedName(name): frozenset(found) for name, found in head["extras"].items()},
        )

    def __getitem__(self, name: NormalizedName) -> InstalledDistribution:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _distribution(name, self._rows.of(name), self._head["files"])
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._rows.installed

    def __iter__(self) -> Iterator[NormalizedName]:
        return iter(self._rows.installed)

    def __len__(self) -> int:
        return len(self._rows.installed)

    def fits(self, host: Host) -> bool:
        return host.markers == self._head["markers"] and host.unknown_markers == frozenset(
            self._head["unknown_markers"]
        )

    def unknown(self) -> tuple[InstalledDistribution, ...]:
        return tuple(self[NormalizedName(name)] for name in self._head["unknown"])

    def plain(self, name: NormalizedName) -> tuple[tuple[Requirement, MarkerAnswer], ...]:
        known = self._plain.get(name)
        if known is None:
            *_, texts, plain, _ = self._rows.of(name)
            known = self._plain[name] = tuple(
                [
                    (read_requirement(text), _ANSWERS[letter])
                    for text, letter in zip(texts, plain, strict=True)
                    if letter != "F"
                ]
            )
        return known

    def needs(self) -> HostNeeds:
        return self._needs


def _active(parent: NormalizedName, text: str, letter: str) -> ActiveRequirement:
    return ActiveRequirement(parent=parent, requirement=read_requirement(text), marker_unknown=letter == "U")


def _distribution(name: NormalizedName, row: list[Any], files: Sequence[str]) -> InstalledDistribution:
    spelled, version, how, source, python, extras, against, origin, installer, modules, at, requires, _, _ = (
        row
    )
    return InstalledDistribution(
        name=name,
        spelled=spelled,
        version=None if version is None else version_of(version),
        requirements=Requirements(
            how=Knowledge(how),
            source=source,
            requires=LaterRequirements(requires),
            extras=frozenset(extras),
            requires_python=None if python is None else _specifier(python),
            contradicted=LaterRequirements(against),
        ),
        origin=Origin(kind=OriginKind(origin[0]), filename=origin[1], reference=origin[2], sha256=origin[3]),
        installer=installer,
        modules=tuple(modules),
        location=None if at is None else Location(files[at[0]], *at[1:]),
    )
