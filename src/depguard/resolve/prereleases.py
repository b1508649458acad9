"""Which versions an installer considers for a specifier, pre-releases included or not.

pip follows ``SpecifierSet.filter`` of the packaging that it vendors; that rule changed with
packaging 26 (pip 26.0). uv prefers final releases and falls back on others; before 0.12 it decided by
project (https://docs.astral.sh/uv/concepts/resolution/#pre-release-handling).
depguard states the rules itself, so that the answer does not depend on the packaging it runs with.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version


class PrereleaseRule(enum.Enum):
    """CLASSIC: pip before 26.0. MODERN: pip from 26.0 on (PEP 440's fallback).

    UV: uv from 0.12 on, every final release before any other. UV_CLASSIC: uv before that, by project.
    """

    CLASSIC = "classic"
    MODERN = "modern"
    UV = "uv"
    UV_CLASSIC = "uv-classic"

    @property
    def of_uv(self) -> bool:
        """Whether this is a rule of uv's."""
        return self in (PrereleaseRule.UV, PrereleaseRule.UV_CLASSIC)


class Versioned(Protocol):
    """Anything with a version."""

    @property
    def version(self) -> Version:
        """The version."""
        ...


V = TypeVar("V", bound=Versioned)


class Remembering(tuple[V, ...]):  # noqa: SLOT001 - it remembers in its __dict__
    """Offers that remember what each specifier leaves of them: solvers ask the same again and again."""

    def matching(self, specifier: SpecifierSet) -> tuple[list[V], list[V]]:
        """The offers whose version the specifier contains, and the final ones of them. Not to be changed."""
        left: dict[str, tuple[list[V], list[V]]] = self.__dict__.setdefault("left", {})
        text = str(specifier)
        if text not in left:
            # All at once costs a third of one by one.
            kept = set(map(id, specifier.filter([offer.version for offer in self], prereleases=True)))
            fitting = [offer for offer in self if id(offer.version) in kept]
            early = self._early
            finals = [offer for offer in fitting if id(offer.version) not in early] if early else fitting
            left[text] = (fitting, finals)
        return left[text]

    @cached_property
    def _early(self) -> frozenset[int]:
        """The pre-releases, by the ids of their versions: most projects have few."""
        return frozenset(id(offer.version) for offer in self if offer.version.is_prerelease)


def by_version(offers: Sequence[V]) -> Mapping[Version, V]:
    """The offers by their version, of equals the first."""
    if not isinstance(offers, Remembering):
        return {offer.version: offer for offer in reversed(offers)}
    made: dict[Version, V] | None = offers.__dict__.get("by_version")
    if made is None:
        made = offers.__dict__["by_version"] = {offer.version: offer for offer in reversed(offers)}
    return made


_CLASSIC_OPERATORS = frozenset({"==", ">=", "<=", "~=", "==="})
_MODERN_OPERATORS = _CLASSIC_OPERATORS | {">", "<"}


def admitted(
    offers: Sequence[V], specifier: SpecifierSet, *, rule: PrereleaseRule, allowed: bool = False
) -> list[V]:
    """The offers that a specifier and the pre-release rule admit, in the order to try them.

    ``offers`` come newest first. ``allowed`` is the user's word (``--pre``; for uv before 0.12 also: a
    direct requirement names one). The list is not to be changed.
    """
    remembering = offers if isinstance(offers, Remembering) else Remembering(offers)
    fitting, finals = remembering.matching(specifier)
    if allowed or len(finals) == len(fitting):
        return fitting
    match rule:
        case PrereleaseRule.UV:
            return finals + [offer for offer in fitting if offer.version.is_prerelease]
        case PrereleaseRule.UV_CLASSIC:
            # "If necessary": only when the project has published nothing but pre-releases.
            only_pre = all(offer.version.is_prerelease for offer in offers)
            return fitting if only_pre else finals
        case PrereleaseRule.CLASSIC:
            if mentions_prerelease(specifier, _CLASSIC_OPERATORS):
                return fitting
            # Without any specifier the vendored packaging falls back, with one it does not.
            return finals if finals or len(specifier) else fitting
        case PrereleaseRule.MODERN:
            if mentions_prerelease(specifier, _MODERN_OPERATORS):
                return fitting
            return finals or fitting


def mentions_prerelease(specifier: SpecifierSet, operators: frozenset[str] = _MODERN_OPERATORS) -> bool:
    """Whether a clause with one of these operators names a pre-release."""
    return any(_names_prerelease(clause) for clause in specifier if clause.operator in operators)


def pins_exactly(specifier: SpecifierSet) -> bool:
    """Whether a clause names one version exactly (a trailing wildcard does not)."""
    return any(
        clause.operator == "===" or (clause.operator == "==" and not clause.version.endswith(".*"))
        for clause in specifier
    )


def _names_prerelease(clause: Specifier) -> bool:
    text = clause.version.removesuffix(".*")
    try:
        return Version(text).is_prerelease
    except ValueError:  # "===" takes any text (PEP 440)
        return False
