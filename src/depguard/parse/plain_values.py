"""Frozen values as JSON and back: dataclasses of a given set of classes, and what stands in their fields.

A value that is no JSON by itself becomes a list that begins with its kind: ``["V", "1.2"]`` is a version,
``["Tier", {...}]`` a Tier. Reading makes values of the named classes alone; nothing in a text is run.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from depguard.records import field_names

_READERS: dict[str, Callable[[str], Any]] = {
    "V": Version,
    "S": SpecifierSet,
    "R": Requirement,
    "T": datetime.fromisoformat,
    "D": date.fromisoformat,
}


class PlainValues:
    """Writes and reads values made of ``classes`` (dataclasses and enumerations), told by their names."""

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = {made.__name__: made for made in classes}

    def to_text(self, value: object) -> str:
        """The value's text. Raises ValueError for what is made of something else."""
        return json.dumps(self._plain(value), separators=(",", ":"))

    def from_text(self, text: str) -> Any:
        """The value that a text is of. Raises ValueError for a text that is none."""
        try:
            return self._value(json.loads(text))
        except (
            KeyError,
            TypeError,
            IndexError,
            AttributeError,
        ) as error:
            raise ValueError(f"not a value of these classes: {error}") from error

    def _plain(self, value: object) -> Any:
        match value:
            case None | bool() | int() | str() if not isinstance(value, enum.Enum):
                return value
            case tuple():
                return ["tuple", *map(self._plain, value)]
            case frozenset():
                return ["set", *sorted(map(self._plain, value))]
            case Mapping():
                return {str(key): self._plain(item) for key, item in value.items()}
            case Version():
                return ["V", str(value)]
            case SpecifierSet():
                return ["S", str(value)]
            case Requirement():
                return ["R", str(value)]
            case datetime():
                return ["T", value.isoformat()]
            case date():
                return ["D", value.isoformat()]
        name = type(value).__name__
        if self._classes.get(name) is not type(value):
            raise ValueError(f"a {name} is none of these classes")
        if isinstance(value, enum.Enum):
            return [name, value.value]
        return [name, {field: self._plain(getattr(value, field)) for field in field_names(value)}]

    def _value(self, plain: Any) -> Any:
        if isinstance(plain, dict):
            return {key: self._value(item) for key, item in plain.items()}
        if not isinstance(plain, list):
            return plain
        kind = plain[0]
        if kind == "tuple":
            return tuple([self._value(item) for item in plain[1:]])
        if kind == "set":
            return frozenset([self._value(item) for item in plain[1:]])
        if kind in _READERS:
            return _READERS[kind](plain[1])
        made = self._classes[kind]
        if issubclass(made, enum.Enum):
            return made(plain[1])
        return made(**{name: self._value(item) for name, item in plain[1].items()})
