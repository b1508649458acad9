"""Requirements by their text, parsed once and fast (PEP 508).

A prepared host has 7,000 requirement strings, nearly all of them a name, a few bounds and one of a few
hundred markers. ``packaging`` takes 45 us for one; here bounds and markers are parsed once and shared, which
makes it 5 us and lets `depguard.model.markers` recognise markers by identity. What does not have that plain
form goes through ``packaging``'s own parser, so that there is one grammar.
"""

from __future__ import annotations

import re
from functools import lru_cache

import packaging
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_BOUND = r"(?:[<>]=?|[=!~]=)[A-Za-z0-9.*+!]+"
_BOUNDS = rf"{_BOUND}(?:,[ ]*{_BOUND})*"
_PLAIN = re.compile(
    rf"(?P<name>{_NAME})[ ]*"
    rf"(?:\[(?P<extras>{_NAME}(?:,[ ]*{_NAME})*)\])?[ ]*"
    rf"(?:(?P<specifier>{_BOUNDS})|\((?P<bracketed>{_BOUNDS})\))?[ ]*"
    r"(?:;(?P<marker>.+))?"
)

LONGEST = 4000
"""Characters of one requirement or specifier: beyond any real one, and below the 4300 digits from which on
a version would fail where it is compared, not here."""


READER = f"packaging {packaging.__version__}, {LONGEST} characters"
"""By what requirements are read here: another one may refuse what this one takes."""


def own_requirement(text: str) -> Requirement:
    """A requirement that the caller may change. Raises InvalidRequirement, for endless parentheses too."""
    if len(text) > LONGEST:
        raise InvalidRequirement(f"longer than {LONGEST} characters")
    try:
        return Requirement(text)
    except RecursionError:
        raise InvalidRequirement("nested too deeply") from None


def specifiers(text: str) -> SpecifierSet:
    """A specifier set. Raises InvalidSpecifier, for endless digits too."""
    if len(text) > LONGEST:
        raise InvalidSpecifier(f"longer than {LONGEST} characters")
    return SpecifierSet(text)


_MOST = 1 << 16
_texts: dict[int, tuple[Requirement, str]] = {}


@lru_cache(maxsize=_MOST)
def requirement(text: str) -> Requirement:
    """The requirement that ``text`` states; the same value for the same text, not to be changed.

    Raises packaging's InvalidRequirement.
    """
    made = _read(text)
    if len(_texts) >= _MOST:
        _texts.clear()
    # The requirement beside its text keeps its id from being another's.
    _texts[id(made)] = (made, text)
    return made


def stated_text(known: Requirement) -> str:
    """A text that states the requirement: the one that it was made of, which costs nothing, or its own."""
    kept = _texts.get(id(known))
    return kept[1] if kept is not None else str(known)


def _read(text: str) -> Requirement:
    plain = _PLAIN.fullmatch(text) if len(text) <= LONGEST else None
    if plain is None:
        return own_requirement(text)
    try:
        specifier = _specifier(plain["specifier"] or plain["bracketed"] or "")
        marker = _marker(plain["marker"].strip()) if plain["marker"] else None
    except RecursionError:
        raise InvalidRequirement("nested too deeply") from None
    except (InvalidMarker, InvalidSpecifier) as error:
        raise InvalidRequirement(str(error)) from error
    made = Requirement.__new__(Requirement)
    made.name = plain["name"]
    made.url = None
    made.extras = {extra.strip() for extra in plain["extras"].split(",")} if plain["extras"] else set()
    made.specifier = specifier
    made.marker = marker
    return made


@lru_cache(maxsize=1 << 14)
def _specifier(text: str) -> SpecifierSet:
    return SpecifierSet(text)


@lru_cache(maxsize=1 << 14)
def _marker(text: str) -> Marker:
    return Marker(text)
