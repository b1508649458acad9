"""A baseline as somebody listed it: what is installed, before it is known on what machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.tags import Tag

from depguard.errors import Problem
from depguard.model.host import InstalledDistribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What a list of installed distributions says. Each normalized name occurs once.

    ``environment`` has the marker variables that the list states (a freeze list states none); ``tags``,
    ``platform`` (a platform tag) and ``loaded`` (top-level modules) come from a captured interpreter
    only. ``warnings`` are oddities that lose nothing.
    """

    distributions: tuple[InstalledDistribution, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[Tag, ...] = ()
    platform: str | None = None
    loaded: frozenset[str] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
