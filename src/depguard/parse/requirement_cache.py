"""Requirements by their text, parsed once (PEP 508).

A prepared host has thousands of requirement strings, most of which end in one of a few markers. Parsing a
marker costs five times what the rest costs, so markers are parsed once and shared; that also lets
`depguard.model.markers` recognise them by identity.
"""

from __future__ import annotations

from functools import lru_cache

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement


@lru_cache(maxsize=1 << 16)
def requirement(text: str) -> Requirement:
    """The requirement that ``text`` states; the same value for the same text, not to be changed.

    Raises packaging's InvalidRequirement.
    """
    head, semicolon, tail = text.partition(";")
    if not semicolon or "@" in head:
        # A URL may contain a semicolon; only " ;" ends it, which the real parser knows.
        return Requirement(text)
    try:
        marker = _marker(tail.strip())
    except InvalidMarker as error:
        raise InvalidRequirement(str(error)) from error
    parsed = Requirement(head)
    parsed.marker = marker
    return parsed


@lru_cache(maxsize=1 << 14)
def _marker(text: str) -> Marker:
    return Marker(text)
