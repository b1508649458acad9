"""A project's page as its index lists it: strings until somebody asks, and then only what fits a host.

numpy's page has 4,400 files, of which a host can take some 100. Whether a file fits is told by three texts
(the tags at the end of a wheel's name, Requires-Python, the archive's kind), each of which is judged once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import NormalizedName
from packaging.version import Version

from depguard.model.release import Artifact
from depguard.parse.filenames import OddFileName, has_tags, read_release
from depguard.parse.fitting import FORMAT, SDIST, WHEEL, Fitting, FittingFile
from depguard.parse.page_files import Listing, Skipped
from depguard.parse.simple_api import artifacts_of, python_specifier

V = TypeVar("V")


class Reach:
    """What a host can take: its wheel tags in order of preference, and its interpreter.

    ``python_fits`` judges a Requires-Python; ``python_rule`` names how (it is part of what an answer is kept
    under). ``ranks`` has the best place of a wheel in the host's order, None where it has none, by what
    follows the version in its file name. ``takes_python`` has whether the interpreter meets a
    Requires-Python; what is none is met, as for pip.
    """

    def __init__(
        self,
        tags: Iterable[Tag],
        python: Version,
        python_fits: Callable[[SpecifierSet], bool],
        *,
        python_rule: str = "",
    ) -> None:
        places, names = _in_order(tuple(tags))
        self.ranks: Mapping[str, int | None] = _Found(partial(_rank, places))
        self.takes_python: Mapping[str, bool] = _Found(partial(_takes, python_fits))
        whole = "\n".join((str(FORMAT), str(python), python_rule, names))
        self.key = hashlib.sha256(whole.encode()).hexdigest()


class _Found(dict[str, V]):
    """Answers by text, each found once: of a page's thousands of files few differ in more than versions."""

    def __init__(self, find: Callable[[str], V]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, text: str) -> V:
        self[text] = found = self._find(text)
        return found


def _rank(places: Mapping[str, int], end: str) -> int | None:
    """The best place of a compressed tag set (PEP 425): the last three parts, a build number aside."""
    text = "-".join(end.removesuffix(".whl").rsplit("-", 3)[-3:])
    tags = product(*(part.split(".") for part in text.lower().split("-")))
    ranks = [rank for tag in tags if (rank := places.get("-".join(tag))) is not None]
    return min(ranks) if ranks and has_tags(text) else None


def _takes(python_fits: Callable[[SpecifierSet], bool], requires_python: str) -> bool:
    specifier = python_specifier(requires_python)
    return specifier is None or python_fits(specifier)


@lru_cache(maxsize=64)
def _in_order(tags: tuple[Tag, ...]) -> tuple[dict[str, int], str]:
    """The first places of a host's tags by their names, and these names as a text."""
    names = [str(tag) for tag in tags]
    return {name: rank for rank, name in reversed(list(enumerate(names)))}, "\n".join(names)


Recall = Callable[[Reach, Callable[[], Fitting]], Fitting]
"""What fits a reach: out of what is kept, else made and kept."""


class PagePart(NamedTuple):
    """What one index says of a project. ``load`` gives the files; ``label`` is the index's."""

    label: str
    load: Callable[[], Listing]


class ListedPage:
    """A ``resolve.ports.Page`` over listings that are looked into as little as will do.

    ``derived`` is for what its readers make of it, under what they make it for: several hosts, and several
    views of one host, read the same page.
    """

    def __init__(
        self,
        name: NormalizedName,
        parts: Sequence[PagePart],
        *,
        recall: Recall = lambda _, make: make(),
    ) -> None:
        self.name = name
        self.found = bool(parts)
        self.derived: dict[tuple[object, ...], Any] = {}
        self._parts = tuple(parts)
        self._recall = recall

    def __eq__(self, other: object) -> bool:
        """Whether both list the same, which looks at all of it."""
        if not isinstance(other, ListedPage):
            return NotImplemented
        return (self.name, self.found, self._all) == (other.name, other.found, other._all)

    __hash__ = None  # type: ignore[assignment]  # as for every value that compares by what it holds

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Every artifact, in the order of the indexes and their pages."""
        return self._all[0]

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The files that were passed over, and why."""
        return self._all[1]

    def fitting(self, reach: Reach) -> Fitting:
        """What a host can take, builds and cut-off aside: yanked last, then by tag, then by build number.

        Between equals the later one comes first, as for pip: it sorts stably and walks backwards, so that an
        extra index comes before the main one. The same object for hosts that can take the same.
        """
        place = ("fitting", reach.key)
        known: Fitting | None = self.derived.get(place)
        if known is None:
            # setdefault: of two threads both get the same object, by whose identity more is kept.
            known = self.derived.setdefault(place, self._recall(reach, lambda: self._fitting(reach)))
        return known

    def artifact(self, found: FittingFile) -> Artifact:
        """The artifact that a file is."""
        made, _ = artifacts_of((found.file,), project=self.name, index=self._parts[found.part].label)
        return made[0]

    @cached_property
    def _all(self) -> tuple[tuple[Artifact, ...], tuple[Skipped, ...]]:
        artifacts: list[Artifact] = []
        skipped: list[Skipped] = []
        for part in self._parts:
            listing = part.load()
            found, odd = artifacts_of(listing.files, project=self.name, index=part.label)
            artifacts += found
            skipped += [*listing.skipped, *odd]
        return tuple(artifacts), tuple(skipped)

    def _fitting(self, reach: Reach) -> Fitting:
        by_version: dict[Version, list[_Ordered]] = {}
        for number, part in enumerate(self._parts):
            for version, files in _fitting_files(part.load(), self.name, reach, number):
                by_version.setdefault(version, []).extend(files)
        versions = sorted(by_version, reverse=True)
        best_first = [sorted(by_version[version], key=_first) for version in versions]
        return Fitting(
            versions,
            ["".join([kind for _, kind, _ in files]) for files in best_first],
            [tuple([file for _, _, file in files]) for files in best_first],
        )


_Ordered = tuple[tuple[Any, ...], str, FittingFile]
"""What a file is sorted by, its kind, and the file."""
_first = itemgetter(0)


def _fitting_files(
    listing: Listing, name: NormalizedName, reach: Reach, number: int
) -> Iterable[tuple[Version, list[_Ordered]]]:
    """What a host can take of one part of a page; a version may come several times."""
    # Files of one release share the object as a rule: to compare the versions of all would take longer.
    by_object: dict[int, tuple[Version, list[_Ordered]]] = {}
    ranks, takes_python, files = reach.ranks, reach.takes_python, listing.files
    seen: set[str] = set()
    for at, (filename, python) in enumerate(listing.heads):
        if filename in seen:
            continue
        seen.add(filename)
        wheel = filename.endswith(".whl")
        rank = ranks[filename.split("-", 2)[-1]] if wheel else -1
        if rank is None or (python and not takes_python[python]):
            continue
        release = read_release(filename, name)
        if isinstance(release, OddFileName):
            continue
        yanked = listing.is_yanked(at)
        kind = WHEEL if wheel else SDIST
        order = (yanked, *_order(rank, release.build), -number, -at)
        file = order, kind.upper() if yanked else kind, FittingFile(number, files, at)
        by_object.setdefault(id(release.version), (release.version, []))[1].append(file)
    return by_object.values()


def _order(rank: int, build: tuple[()] | tuple[int, str]) -> tuple[Any, ...]:
    """Smaller is better: the host's tag order, then the higher build number; an sdist after all wheels.

    pip prefers the higher build number (PEP 427); letters compare by inverted code points, and what goes on
    beats what ends.
    """
    if rank < 0:
        return (1, 0, ())
    number, letters = build or (0, "")
    return (0, rank, (-number, (*(-ord(letter) for letter in letters), 1)))
