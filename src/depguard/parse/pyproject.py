"""What a ``pyproject.toml`` installs: dependencies, optional ones (PEP 621), dependency groups (PEP 735).

Nothing is built: what a build back end would say (``dynamic``) is a doubt.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.model.request import Item
from depguard.parse.requirement_item import read_item
from depguard.records import dataclass, replace

MAIN = "dependencies"

_STRING = re.compile(
    r"#[^\n]*|\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|\"(?P<basic>(?:[^\"\\\n]|\\.)*)\"|'(?P<literal>[^'\n]*)'"
)
_HEADER = re.compile(r"^[ \t]*\[([^\[\]\n]+)\][ \t]*(?:#[^\n]*)?\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledPart:
    """What is installed together, as items with their places; ``name`` is the part of the file."""

    name: str
    items: tuple[Item, ...]


def read_pyproject(text: str, file: str) -> tuple[InstalledPart, ...]:
    """The parts of a ``pyproject.toml``, in its order. Raises InputError when it is no TOML.

    An optional dependency comes with the project's own dependencies, since ``pip install .[x]`` does so;
    a dependency group stands alone. What cannot be read is an item with a doubt.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        place = Location(file, int(found[1]), int(found[2])) if found else Location(file)
        said = str(error).partition(" (at ")[0]
        raise InputError(
            Problem(code="pyproject.toml", message=f"not TOML: {said}", location=place)
        ) from None
    return tuple(part for part in _Reading(table, _Places(text, file)).parts() if part.items)


class _Places:
    """Where strings stand in a TOML text, which its parser does not say."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._headers = [(match.start(), _dotted(match.group(1))) for match in _HEADER.finditer(text)]
        self._text = text
        self._strings = [
            (match.start(), _value(match)) for match in _STRING.finditer(text) if match.group()[0] != "#"
        ]

    def of(self, value: str, table: tuple[str, ...], key: str) -> Location:
        """The first place of a string behind ``key`` of ``table``; the file where it is not found."""
        begin = self._key(table, key)
        for offset, found in self._strings:
            if offset >= begin and found == value:
                return self._at(offset + 1)
        return Location(self.file)

    def key(self, table: tuple[str, ...], key: str) -> Location:
        """The place of a key."""
        begin = self._key(table, key)
        return self._at(begin) if begin else Location(self.file)

    def _key(self, table: tuple[str, ...], key: str) -> int:
        for index, (start, name) in enumerate(self._headers):
            rest = (*table, key)[len(name) :]
            if not rest or name != (*table, key)[: len(name)]:
                continue
            end = self._headers[index + 1][0] if index + 1 < len(self._headers) else len(self._text)
            spelled = r"\s*\.\s*".join(rf"[\"']?{re.escape(part)}[\"']?" for part in rest)
            found = re.compile(rf"^[ \t]*({spelled})\s*=", re.MULTILINE).search(self._text, start, end)
            if found:
                return found.start(1)
        return 0

    def _at(self, offset: int) -> Location:
        row = bisect_right(self._starts, offset) - 1
        return Location(self.file, row + 1, offset - self._starts[row] + 1)


def _dotted(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


def _value(match: re.Match[str]) -> str:
    if match.group("literal") is not None:
        return match.group("literal")
    if match.group("basic") is None:
        return match.group()
    try:
        value = tomllib.loads(f"x = {match.group()}")["x"]
    except tomllib.TOMLDecodeError:
        return match.group("basic")
    return value if isinstance(value, str) else match.group("basic")


class _Reading:
    def __init__(self, table: Mapping[str, object], places: _Places) -> None:
        project = table.get("project")
        self._project: Mapping[str, object] = project if isinstance(project, dict) else {}
        groups = table.get("dependency-groups")
        self._groups: Mapping[str, object] = groups if isinstance(groups, dict) else {}
        self._places = places

    def parts(self) -> Iterator[InstalledPart]:
        main = tuple(self._listed(self._project.get(MAIN), ("project",), MAIN)) + self._dynamic(MAIN)
        yield InstalledPart(name=MAIN, items=main)
        stated = self._project.get("optional-dependencies")
        extras: Mapping[str, object] = stated if isinstance(stated, dict) else {}
        for name in extras:
            items = tuple(self._extra(name, extras, ()))
            yield InstalledPart(name=f"optional-dependencies.{name}", items=_once((*main, *items)))
        for name in self._groups:
            items = tuple(self._group(name, ()))
            yield InstalledPart(name=f"dependency-groups.{name}", items=_once(items))

    def _dynamic(self, field: str) -> tuple[Item, ...]:
        dynamic = self._project.get("dynamic")
        if not isinstance(dynamic, list) or field not in dynamic:
            return ()
        place = self._places.of(field, ("project",), "dynamic")
        doubt = "only a build says what they are, and nothing is built"
        return (Item(text=f"dynamic {field}", doubt=doubt, location=place),)

    def _extra(self, name: str, extras: Mapping[str, object], inside: tuple[str, ...]) -> Iterator[Item]:
        """The items of an extra; ``project[other]`` stands for what the other extra has."""
        own = canonicalize_name(str(self._project.get("name", "")))
        spelled = {canonicalize_name(each): each for each in extras}
        for item in self._listed(extras[name], ("project", "optional-dependencies"), name):
            requirement = item.requirement
            if requirement is None or canonicalize_name(requirement.name) != own or not own:
                yield item
                continue
            for other in sorted(requirement.extras):
                known = spelled.get(canonicalize_name(other))
                if known is None:
                    yield replace(item, requirement=None, doubt=f"there is no extra {other}")
                elif known not in (*inside, name):
                    yield from self._extra(known, extras, (*inside, name))

    def _group(self, name: str, inside: tuple[str, ...]) -> Iterator[Item]:
        table = ("dependency-groups",)
        entries = self._groups[name]
        if not isinstance(entries, list):
            yield self._odd(f"{name} = {entries!r}", "a dependency group is a list", table, name)
            return
        spelled = {canonicalize_name(each): each for each in self._groups}
        for entry in entries:
            if isinstance(entry, str):
                yield self._item(entry, table, name)
                continue
            other = entry.get("include-group") if isinstance(entry, dict) and len(entry) == 1 else None
            known = spelled.get(canonicalize_name(other)) if isinstance(other, str) else None
            if not isinstance(other, str):
                yield self._odd(str(entry), "neither a requirement nor include-group", table, name)
            elif known is None:
                yield self._odd(f"include-group {other}", "there is no such group", table, name)
            elif known in (*inside, name):
                yield self._odd(f"include-group {other}", "the groups include each other", table, name)
            else:
                yield from self._group(known, (*inside, name))

    def _listed(self, entries: object, table: tuple[str, ...], key: str) -> Iterator[Item]:
        if entries is None:
            return
        if not isinstance(entries, list):
            yield self._odd(f"{key} = {entries!r}", "no list of requirements", table, key)
            return
        for entry in entries:
            if isinstance(entry, str):
                yield self._item(entry, table, key)
            else:
                yield self._odd(str(entry), "no requirement", table, key)

    def _item(self, text: str, table: tuple[str, ...], key: str) -> Item:
        place = self._places.of(text, table, key)
        try:
            Requirement(text)
        except InvalidRequirement:
            result = read_item(text, location=place)
            if isinstance(
                result, Item
            ):  # a URL or path, which a requirements file takes and PEP 621 does not
                return replace(result, requirement=None, doubt="no requirement of PEP 508")
            hint = f" ({result.hint})" if result.hint else ""
            return Item(text=text, doubt=f"{result.message}{hint}", location=result.location or place)
        result = read_item(text, location=place)
        return result if isinstance(result, Item) else Item(text=text, doubt=result.message, location=place)

    def _odd(self, text: str, doubt: str, table: tuple[str, ...], key: str) -> Item:
        return Item(text=text[:200], doubt=doubt, location=self._places.key(table, key))


def _once(items: tuple[Item, ...]) -> tuple[Item, ...]:
    seen: dict[tuple[str, str | None], Item] = {}
    for item in items:
        seen.setdefault((item.text, item.doubt), item)
    return tuple(seen.values())
