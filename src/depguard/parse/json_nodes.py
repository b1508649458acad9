"""JSON values that know their path, and note what is not as it should be instead of raising."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from depguard.records import dataclass

T = TypeVar("T")

_MISSING = object()

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is not as it should be: where in the document, what, and what would be right."""

    path: Path
    message: str
    allowed: str | None


class Node:
    """A JSON value with its path. Reading one that is wrong notes the damage and gives None."""

    def __init__(self, value: Any, path: Path, damages: list[Damage]) -> None:
        self.value = value
        self.path = path
        self.damages = damages

    def fail(self, message: str, allowed: str | None = None) -> None:
        """Note a damage here."""
        self.damages.append(Damage(self.path, message, allowed))

    def __getitem__(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            if not self.missing and not any(damage.path == self.path for damage in self.damages):
                self.fail(f"{path_text(self.path)} is {_kind(self.value)}", "an object")
            return Node(_MISSING, (*self.path, key), self.damages)
        if key not in self.value:
            self.fail(f"{path_text((*self.path, key))} is missing")
            return Node(_MISSING, (*self.path, key), self.damages)
        return Node(self.value[key], (*self.path, key), self.damages)

    def items(self) -> list[Node]:
        """The elements of an array."""
        if self.missing:
            return []
        if not isinstance(self.value, list):
            self.fail(f"{path_text(self.path)} is {_kind(self.value)}", "an array")
            return []
        return [Node(value, (*self.path, i), self.damages) for i, value in enumerate(self.value)]

    def has(self, key: str) -> bool:
        """Whether an object has a key that it may lack; asking notes nothing."""
        return isinstance(self.value, dict) and key in self.value

    @property
    def missing(self) -> bool:
        """Whether there is no value here; that was noted already."""
        return self.value is _MISSING

    @property
    def null(self) -> bool:
        """Whether the value is null."""
        return self.value is None

    def text(self) -> str:
        """A string; empty when it is none."""
        return self._typed(str, "a string") or ""

    def flag(self) -> bool:
        """A boolean; False when it is none."""
        return bool(self._typed(bool, "true or false"))

    def number(self) -> int | None:
        """A whole number above zero or zero, or null."""
        if self.null:
            return None
        found = self._typed(int, "a whole number or null")
        if isinstance(found, bool) or (found is not None and found < 0):
            self.fail(f"{path_text(self.path)} is {json.dumps(found)}", "a whole number or null")
            return None
        return found

    def read(self, make: Callable[[str], T], what: str) -> T | None:
        """What ``make`` makes of the string; a value that it refuses is a damage."""
        if self.missing:
            return None
        found = self._typed(str, what)
        if found is None:
            return None
        try:
            return make(found)
        except ValueError:
            self.fail(f"{path_text(self.path)}: {found!r} is not {what}")
            return None

    def _typed(self, kind: type[T], what: str) -> T | None:
        if self.missing:
            return None
        if not isinstance(self.value, kind):
            self.fail(f"{path_text(self.path)} is {_kind(self.value)}", what)
            return None
        return self.value


def path_text(path: Path) -> str:
    """A path for people: ``hosts[0].changes[3].kind``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "the document"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(value), "a number")
