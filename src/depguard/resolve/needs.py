"""What the solvers pass around: needs (a requirement with its parent) and candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.model.host import InstalledDistribution
from depguard.model.location import Location
from depguard.model.plan import Cause
from depguard.resolve.universe import Offer


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
        return Cause(
            requirement=self.requirement,
            parent=parent.name if parent else None,
            parent_version=parent.version if parent else None,
            location=self.location,
        )


PYTHON = Key(NormalizedName("<python>"))
"""Identifier of a candidate's own demand on the interpreter; no project can be called this."""


_MOST = 1 << 16
# Requirements are parsed once for each text, so the same objects come by again and again. The requirement
# beside what is known of it keeps its id from being another's.
_known: dict[int, tuple[Requirement, Key, str]] = {}


def key_of(requirement: Requirement) -> Key:
    """The key that a requirement asks for."""
    return _of(requirement)[1]


def text_of(requirement: Requirement) -> str:
    """A requirement as it is written."""
    return _of(requirement)[2]


def _of(requirement: Requirement) -> tuple[Requirement, Key, str]:
    known = _known.get(id(requirement))
    if known is None:
        if len(_known) >= _MOST:
            _known.clear()
        extras = tuple(sorted({canonicalize_name(extra) for extra in requirement.extras}))
        key = Key(canonicalize_name(requirement.name), extras)
        known = _known[id(requirement)] = (requirement, key, str(requirement))
    return known
