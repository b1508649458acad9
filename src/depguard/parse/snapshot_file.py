"""Snapshots as JSON text and back: ``depguard.snapshot/1``, additions only.

A key that is not known is passed over (a newer depguard wrote it), a missing one has its default where the
model gives one. The same snapshot gives the same text.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from depguard.errors import InputError, Problem
from depguard.model.environment import Snapshot
from depguard.model.location import Location

SNAPSHOT_SCHEMA = "depguard.snapshot/1"

T = TypeVar("T")


def dump_snapshot(snapshot: Snapshot) -> str:
    """The text of a snapshot, ASCII, ending in a newline."""
    return json.dumps(snapshot_document(snapshot), indent=1) + "\n"


def snapshot_document(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as JSON values."""
    document: dict[str, Any] = {"schema": SNAPSHOT_SCHEMA}
    document.update(_plain(snapshot))
    return document


def parse_snapshot(text: str, label: str) -> Snapshot:
    """The snapshot in a text; ``label`` is what messages call it. Raises InputError with the place."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        at = Location(label, error.lineno, error.colno)
        raise InputError(
            Problem(code="snapshot.json", message=f"not JSON: {error.msg}", location=at)
        ) from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SNAPSHOT_SCHEMA:
        raise InputError(
            Problem(
                code="snapshot.schema",
                message=f"not a snapshot: its schema is {schema!r}",
                location=Location(label),
                allowed=SNAPSHOT_SCHEMA,
                hint="depguard doctor --save FILE writes one",
            )
        )
    try:
        return _object(Snapshot, document, "")
    except _WrongError as error:
        raise InputError(
            Problem(code="snapshot.value", message=str(error), location=Location(label))
        ) from None


class _WrongError(ValueError):
    """A value that is not what the model asks for; the message has its path."""


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = {}
        for item in dataclasses.fields(value):
            part = getattr(value, item.name)
            if part != _default(item):
                shown[item.name] = _plain(part)
        return shown
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in sorted(value.items())}
    return value


def _default(item: dataclasses.Field[Any]) -> Any:
    if item.default_factory is not dataclasses.MISSING:
        return item.default_factory()
    return item.default


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The annotations of a dataclass, evaluated once: there are 700 distributions."""
    return get_type_hints(kind)


def _object(kind: type[T], value: Any, path: str) -> T:
    if not isinstance(value, dict):
        raise _WrongError(f"{path or 'the document'} is not an object")
    model: Any = kind
    hints = _hints(model)
    found = {}
    for item in dataclasses.fields(model):
        where = f"{path}.{item.name}".lstrip(".")
        if item.name in value:
            found[item.name] = _value(hints[item.name], value[item.name], where)
        elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
            raise _WrongError(f"{where} is missing")
    return kind(**found)


def _value(kind: Any, value: Any, path: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _value(next(part for part in arguments if part is not type(None)), value, path)
    if origin is tuple:
        return _tuple(arguments, value, path)
    if origin is Mapping:
        if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
            raise _WrongError(f"{path} is not an object of strings")
        return types.MappingProxyType(dict(value))
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _object(kind, value, path)
    return _scalar(kind, value, path)


def _tuple(arguments: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _WrongError(f"{path} is not an array")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_value(arguments[0], part, f"{path}[{i}]") for i, part in enumerate(value))
    if len(value) != len(arguments):
        raise _WrongError(f"{path} has {len(value)} elements, not {len(arguments)}")
    pairs = zip(arguments, value, strict=True)
    return tuple(_value(kind, part, f"{path}[{i}]") for i, (kind, part) in enumerate(pairs))


def _scalar(kind: Any, value: Any, path: str) -> Any:
    if kind is NormalizedName and isinstance(value, str):
        return canonicalize_name(value)
    try:
        if kind is Version and isinstance(value, str):
            return Version(value)
        if kind is datetime and isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return kind(value)
    except ValueError:
        raise _WrongError(f"{path} cannot be {value!r}") from None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise _WrongError(f"{path} cannot be {value!r}")
