"""Reads a host file's YAML nodes: every value is text, every mistake has its line and column.

YAML would make a number of the version ``1.10``; with the base schema all scalars stay text.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from depguard.errors import InputError, Problem
from depguard.model.location import Location

if TYPE_CHECKING:
    import yaml


def kind(node: yaml.Node) -> str:
    """``scalar``, ``sequence`` or ``mapping``."""
    return type(node).__name__.removesuffix("Node").lower()


class NodeReader:
    """Turns nodes into text and remembers what was wrong with them."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.problems: list[Problem] = []

    def root(self, text: str) -> yaml.Node:
        """The document's root node. Raises InputError if it is no YAML, or nothing at all."""
        import yaml

        # The C loader is many times faster, but a wheel of PyYAML may come without it.
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        try:
            node = yaml.compose(text, Loader=loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            at = Location(self.label, mark.line + 1, mark.column + 1) if mark else Location(self.label)
            message = getattr(error, "problem", None) or str(error)
            raise InputError(Problem(code="host.yaml", message=f"not YAML: {message}", location=at)) from None
        if node is None:
            raise InputError(
                Problem(code="host.empty", message="the file is empty", location=Location(self.label))
            )
        return node

    def at(self, node: yaml.Node) -> Location:
        """Where a node starts."""
        return Location(self.label, node.start_mark.line + 1, node.start_mark.column + 1)

    def problem(
        self, code: str, message: str, node: yaml.Node, *, allowed: str | None = None, hint: str | None = None
    ) -> None:
        """Remembers a mistake at a node."""
        self.problems.append(
            Problem(code=code, message=message, location=self.at(node), allowed=allowed, hint=hint)
        )

    def pairs(self, node: yaml.Node, what: str) -> Iterator[tuple[str, yaml.Node, yaml.Node]]:
        """Key, key node and value node of a mapping; a repeated key is a mistake."""
        if kind(node) != "mapping":
            self.problem("host.type", f"{what} is not a mapping", node, allowed="key: value pairs")
            return
        seen: dict[str, Location] = {}
        for key_node, value in node.value:
            key = self.text(key_node, f"a key of {what}")
            if key is None:
                continue
            if key in seen:
                self.problem(
                    "host.repeated-key", f"{key!r} stands in {what} twice, first at {seen[key]}", key_node
                )
                continue
            seen[key] = self.at(key_node)
            yield key, key_node, value

    def fields(self, node: yaml.Node, what: str, allowed: Collection[str]) -> dict[str, yaml.Node]:
        """The values of a mapping whose keys are known ones; any other key is a mistake."""
        found: dict[str, yaml.Node] = {}
        for key, key_node, value in self.pairs(node, what):
            if key in allowed:
                found[key] = value
                continue
            near = difflib.get_close_matches(key, allowed, 1)
            self.problem(
                "host.unknown-key",
                f"{what} has no key {key!r}",
                key_node,
                allowed=", ".join(allowed),
                hint=f"did you mean {near[0]!r}?" if near else None,
            )
        return found

    def text(self, node: yaml.Node, what: str) -> str | None:
        """A scalar's text, or None after a mistake."""
        if kind(node) != "scalar":
            self.problem("host.type", f"{what} is a {kind(node)}", node, allowed="text")
            return None
        return str(node.value)

    def texts(self, node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
        """The scalars of a list."""
        if kind(node) != "sequence":
            self.problem("host.type", f"{what} is not a list", node, allowed="a list of texts")
            return []
        found = [(self.text(item, f"an entry of {what}"), item) for item in node.value]
        return [(text, item) for text, item in found if text is not None]

    def table(self, node: yaml.Node, what: str) -> dict[str, str]:
        """A mapping of text to text."""
        found: dict[str, str] = {}
        for key, _, value in self.pairs(node, what):
            text = self.text(value, f"{key!r} of {what}")
            if text is not None:
                found[key] = text
        return found
