"""What the solvers pass around: needs (a requirement with its parent) and candidates."""

from __future__ import annotations

from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.host import InstalledDistribution
from depguard.model.location import Location
from depguard.model.plan import Cause
from depguard.records import dataclass
from depguard.resolve.offers import Offer


class Key(NamedTuple):
    """What is solved for: a project, or a project with some of its extras (PEP 508, 685)."""

    name: NormalizedName
    extras: tuple[NormalizedName, ...] = ()

    @property
    def base(self) -> Key:
        """The project without extras."""
        return Key(self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A version of a project on one host. Compared by identity: the provider makes each once.

    Exactly one of ``offer`` (from an index), ``installed`` (the host's own) and ``url`` is set.
    ``version`` is None where nothing carries it.
    """

    key: Key
    version: Version | None
    offer: Offer | None = None
    installed: InstalledDistribution | None = None
    url: str | None = None

    @property
    def name(self) -> NormalizedName:
        """The normalized project name."""
        return self.key.name


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """A requirement on ``key``, with who has it: a parent candidate, or the request (None).

    ``exact`` ties an extras candidate to its own base candidate. ``hashes`` restricts artifacts.
    """

    key: Key
    requirement: Requirement
    parent: Candidate | None = None
    location: Location | None = None
    exact: Candidate | None = None
    hashes: frozenset[tuple[str, str]] = frozenset()

    @property
    def specifier(self) -> SpecifierSet:
        """The versions that are allowed."""
        return self.requirement.specifier

    @property
    def cause(self) -> Cause:
        """The same as data for reports."""
        parent = self.parent
        return cause_of(
            self.requirement,
            parent.name if parent else None,
            parent.version if parent else None,
            self.location,
        )


_MOST_CAUSES = 1 << 14
_causes: dict[tuple[object, ...], Cause] = {}


def cause_of(
    requirement: Requirement,
    parent: NormalizedName | None,
    version: Version | None,
    location: Location | None,
    *,
    breaks: bool = False,
) -> Cause:
    """A cause; the same value for the very same things.

    The tiers of a host have most of theirs in common: whoever is told of all tiers is told of each once.
    """
    # A cause keeps its parts, so that their ids are nobody else's.
    place = (id(requirement), parent, id(version), id(location), breaks)
    known = _causes.get(place)
    if known is None:
        if len(_causes) >= _MOST_CAUSES:
            _causes.clear()
        known = _causes[place] = Cause(
            requirement=requirement, parent=parent, parent_version=version, location=location, breaks=breaks
        )
    return known


PYTHON = Key(NormalizedName("<python>"))
"""Identifier of a candidate's own demand on the interpreter; no project can be called this."""


Says = int
"""Which kinds of clauses a specifier has, as bits; 0: it says nothing of versions."""

EQUALS = 1
"""``==`` or ``===``."""
PINS = 2
"""The same without a wildcard."""
BOUNDS = 4
"""An upper bound: ``<``, ``<=``, ``~=``, or ``==`` with a wildcard."""
ENDS = 8
"""Any of these but ``===``."""
_ELSE = 16

_MOST = 1 << 16


class _Read:
    """What is known of a requirement, which is kept beside it so that its id is nobody else's."""

    __slots__ = ("admitted", "key", "requirement", "says", "text", "versions")

    def __init__(self, requirement: Requirement) -> None:
        extras = tuple(sorted({canonicalize_name(extra) for extra in requirement.extras}))
        self.requirement = requirement
        self.key = Key(canonicalize_name(requirement.name), extras)
        self.text = str(requirement)
        self.versions = str(requirement.specifier)
        self.says = 0
        for clause in requirement.specifier:
            self.says |= _kind(clause.operator, wildcard="*" in clause.version)
        # ``===`` compares texts (PEP 440), and equal versions have several.
        self.admitted: dict[Version, bool] | None = None if "===" in self.versions else {}


def _kind(operator: str, *, wildcard: bool) -> Says:
    if operator == "===":
        return EQUALS | (_ELSE if wildcard else PINS)
    if operator == "==":
        return EQUALS | ENDS | (BOUNDS if wildcard else PINS)
    return BOUNDS | ENDS if operator in ("<", "<=", "~=") else _ELSE


# Requirements are parsed once for each text, so the same objects come by again and again, on every host.
_known: dict[int, _Read] = {}


def key_of(requirement: Requirement) -> Key:
    """The key that a requirement asks for."""
    return _of(requirement).key


def text_of(requirement: Requirement) -> str:
    """A requirement as it is written."""
    return _of(requirement).text


def versions_of(requirement: Requirement) -> str:
    """The versions that a requirement allows, as text."""
    return _of(requirement).versions


def said_by(requirement: Requirement) -> Says:
    """What kinds of clauses a requirement's specifier has."""
    return _of(requirement).says


def admits(requirement: Requirement, version: Version) -> bool:
    """Whether a requirement allows a version, pre-releases included."""
    admitted = (_known.get(id(requirement)) or _of(requirement)).admitted
    known = admitted.get(version) if admitted is not None else None
    if known is None:
        known = requirement.specifier.contains(version, prereleases=True)
        if admitted is not None:
            admitted[version] = known
    return known


def _of(requirement: Requirement) -> _Read:
    known = _known.get(id(requirement))
    if known is None:
        if len(_known) >= _MOST:
            _known.clear()
        known = _known[id(requirement)] = _Read(requirement)
    return known
