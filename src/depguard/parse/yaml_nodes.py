"""YAML text to small nodes that know their line and column; what a scalar means is the reader's to say.

Follows YAML 1.1 as PyYAML reads it, with everything refused that a data file has no use for: tags,
merge keys, keys that are no scalars, several documents. A scalar keeps its own text, so that ``no``,
``2.10`` and ``2026-11-01`` arrive as written. The tree is built from the parser's events without
recursion, and depth, node count and what aliases would expand to are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.yaml_syntax import refuse_unprintable, syntax_problem
from depguard.records import dataclass, field

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one text may hold: nesting depth, and nodes with every alias counted in full."""

    depth: int = 32
    nodes: int = 50_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A scalar's text; ``plain`` when it stands without quotes, ``null`` when it stands for nothing."""

    text: str
    plain: bool
    location: Location

    @property
    def null(self) -> bool:
        """Whether this is YAML's null: nothing, ``~`` or ``null``, unquoted."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    location: Location


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a mapping."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping in the order of its text; a key that stands twice has only its first entry here."""

    entries: tuple[Entry, ...]
    location: Location

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or None when the mapping has no such key."""
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Document:
    """The one document of a text (``root`` None: the text is empty), and mistakes that do not stop it."""

    root: Node | None
    problems: tuple[Problem, ...]


def kind(node: Node) -> str:
    """What a node is, in words for a message."""
    match node:
        case Mapping():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(null=True):
            return "nothing"
        case Scalar():
            return repr(node.text)


def read_yaml(text: str, label: str, *, limits: Limits | None = None) -> Document:
    """Build the node tree of ``text``; ``label`` becomes the file of every location.

    Raises InputError where the text is no YAML or goes beyond the limits; duplicate keys, tags and
    the like are problems of the Document, so that a reader can report them with its own.
    """
    import yaml

    text = text.removeprefix("\ufeff")
    refuse_unprintable(text, label)
    # libyaml is ten times faster, but its positions of syntax errors differ from PyYAML's own: what
    # it cannot read is read again, so that a mistake is told the same way on every machine.
    fast = getattr(yaml, "CSafeLoader", None)
    try:
        if fast is not None:
            try:
                return _build(text, label, limits or Limits(), fast)
            except yaml.YAMLError:
                pass
        return _build(text, label, limits or Limits(), yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise InputError(syntax_problem(error, text, label)) from None


def _build(text: str, label: str, limits: Limits, loader: type) -> Document:
    import yaml

    builder = _Builder(label, limits)
    for event in yaml.parse(text, Loader=loader):
        builder.take(event)
    return Document(builder.root, tuple(sorted(builder.problems, key=_place)))


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; ``size`` counts its nodes, itself included."""

    is_mapping: bool
    location: Location
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1


class _Builder:
    """Takes parser events one by one and keeps the open collections on a stack of its own."""

    def __init__(self, label: str, limits: Limits) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._label = label
        self._limits = limits
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._total = 0
        self._documents = 0

    def take(self, event: Event) -> None:
        import yaml

        match event:
            case yaml.ScalarEvent():
                self._check_tag(event.tag, event)
                self._add(self._scalar(event), 1, event.anchor)
            case yaml.AliasEvent():
                node, size = self._alias(event)
                self._add(node, size, None)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._check_tag(event.tag, event)
                self._open(event, is_mapping=isinstance(event, yaml.MappingStartEvent))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._close()
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents == 2:
                    self._problem(
                        "yaml.documents", event, "a second document starts here", allowed="one document"
                    )
            case _:
                pass

    def _scalar(self, event: ScalarEvent) -> Scalar:
        return Scalar(event.value, bool(event.implicit[0]), self._at(event))

    def _open(self, event: Event, *, is_mapping: bool) -> None:
        if len(self._stack) >= self._limits.depth:
            raise InputError(
                Problem(
                    code="yaml.too-deep",
                    message=f"nested more than {self._limits.depth} levels deep",
                    location=self._at(event),
                )
            )
        anchor = getattr(event, "anchor", None)
        self._count(1, self._at(event))
        self._stack.append(_Open(is_mapping, self._at(event), anchor))
        if anchor:
            self._anchors.pop(anchor, None)  # an alias inside its own anchor finds nothing

    def _close(self) -> None:
        done = self._stack.pop()
        node: Node
        if done.is_mapping:
            node = Mapping(tuple(self._entries(done)), done.location)
        else:
            node = Sequence(tuple(done.nodes), done.location)
        self._place(node, done.size, done.anchor)

    def _entries(self, done: _Open) -> Iterator[Entry]:
        seen: dict[str, Location] = {}
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problem("yaml.key", key, f"a key cannot be {kind(key)}", allowed="a name")
            elif key.plain and key.text == "<<":
                self._problem("yaml.merge", key, "merge keys (<<) are not supported", allowed="plain keys")
            elif key.text in seen:
                first = seen[key.text]
                self._problem(
                    "yaml.duplicate-key",
                    key,
                    f"{key.text} stands twice: first at line {first.line}",
                    hint="keep one of the two",
                )
            else:
                seen[key.text] = key.location
                yield Entry(key, value)

    def _add(self, node: Node, size: int, anchor: str | None) -> None:
        self._count(size, node.location)
        self._place(node, size, anchor)

    def _count(self, size: int, location: Location) -> None:
        self._total += size
        if self._total > self._limits.nodes:
            raise InputError(
                Problem(
                    code="yaml.too-large",
                    message=f"more than {self._limits.nodes} values, aliases (*name) counted in full",
                    location=self._stack[-1].location if self._stack else location,
                )
            )

    def _place(self, node: Node, size: int, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = (node, size)
        if self._stack:
            self._stack[-1].nodes.append(node)
            self._stack[-1].size += size
        elif self._documents < 2:
            self.root = None if isinstance(node, Scalar) and node.null else node

    def _alias(self, event: Event) -> tuple[Node, int]:
        name = str(getattr(event, "anchor", ""))
        if name in self._anchors:
            node, size = self._anchors[name]
            # Where the alias stands is where people look; deeper down, the anchor's own lines are.
            return (
                Scalar(node.text, node.plain, self._at(event)) if isinstance(node, Scalar) else node
            ), size
        self._problem(
            "yaml.alias",
            event,
            f"*{name} refers to nothing",
            hint=f'quote a glob: "*{name}"',
        )
        return Scalar(f"*{name}", plain=False, location=self._at(event)), 1

    def _check_tag(self, tag: str | None, event: Event) -> None:
        if tag is not None and tag != "!":  # a bare "!" says "this is text", which every scalar is here
            shown = tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(
                "yaml.tag",
                event,
                f"the tag {shown} has no meaning here",
                hint=f'quote it if it is text: "{shown}"',
            )

    def _at(self, event: Event) -> Location:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - a parser's events have one; the stubs allow for made-up events
        return Location(self._label, mark.line + 1, mark.column + 1)

    def _problem(
        self,
        code: str,
        where: Event | Node,
        message: str,
        *,
        allowed: str | None = None,
        hint: str | None = None,
    ) -> None:
        location = where.location if isinstance(where, Scalar | Sequence | Mapping) else self._at(where)
        self.problems.append(
            Problem(code=code, message=message, location=location, allowed=allowed, hint=hint)
        )


def _place(problem: Problem) -> Location:
    return problem.location or Location("", 0, 0)
