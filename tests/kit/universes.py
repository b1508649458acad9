"""Small random package universes: few projects, few versions, requirements that often conflict."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

Index = dict[str, dict[str, list[str]]]

VERSIONS = ("1.0", "1.5", "2.0", "2.5", "3.0")
_SPECIFIERS = (
    "",
    "",
    "<1.5",
    "<2.0",
    ">=1.5",
    ">=2.0",
    "==1.0",
    "==1.5",
    "==2.0",
    "!=1.5",
    "~=1.0",
    ">=2.5",
    "<3.0",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """An index, what a host has of it, and what is asked for."""

    index: Index
    installed: dict[str, Any]
    request: tuple[str, ...]
    upgrade: bool


def random_universe(seed: int, *, projects: int = 6, extras: bool = False) -> Universe:
    """The same for the same seed. The host may violate its own requirements, as real ones do.

    With ``extras`` a third of what is required asks for the extra x, or is required by it.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    names = [chr(ord("a") + number) for number in range(projects)]

    def requirement(own: str) -> str:
        name = chance.choice([name for name in names if name != own])
        if not extras:
            return name + chance.choice(_SPECIFIERS)
        with_extra, marker = chance.choice((("", ""), ("", ""), ("[x]", ""), ("", "; extra == 'x'")))
        return name + with_extra + chance.choice(_SPECIFIERS) + marker

    def requires(own: str) -> list[str]:
        return sorted({requirement(own) for _ in range(chance.choice((0, 1, 1, 2, 3)))})

    index: Index = {}
    for name in names:
        offered = sorted(chance.sample(VERSIONS, chance.randint(1, len(VERSIONS))))
        index[name] = {version: requires(name) for version in offered}
    installed: dict[str, Any] = {}
    for name in names:
        if chance.random() < 0.4:
            version = chance.choice(list(index[name]))
            installed[name] = {"version": version, "requires": index[name][version]}
    asked = sorted(chance.sample(names, chance.choice((1, 1, 2))))
    ends = ("", "", "", ">=1.5", "<3.0", *(("[x]", "[x]", "[x]>=1.5") if extras else ()))
    request = tuple(name + chance.choice(ends) for name in asked)
    return Universe(index=index, installed=installed, request=request, upgrade=chance.random() < 0.3)
