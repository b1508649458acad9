"""Reads a host file's nodes: every value is text, every mistake has its line and column.

YAML would make a number of the version ``1.10``; `depguard.parse.yaml_nodes` leaves all scalars text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.suggest import did_you_mean
from depguard.parse.yaml_nodes import Mapping, Node, Scalar, Sequence, kind, read_yaml


class NodeReader:
    """Turns nodes into text and remembers what was wrong with them."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.problems: list[Problem] = []

    def root(self, text: str) -> Node:
        """The document's root node. Raises InputError if it is no YAML, or nothing at all."""
        document = read_yaml(text, self.label)
        self.problems += document.problems
        if document.root is None:
            raise InputError(
                *self.problems,
                Problem(code="host.empty", message="the file is empty", location=Location(self.label)),
            )
        return document.root

    def problem(
        self, code: str, message: str, node: Node, *, allowed: str | None = None, hint: str | None = None
    ) -> None:
        """Remembers a mistake at a node."""
        self.problems.append(
            Problem(code=code, message=message, location=node.location, allowed=allowed, hint=hint)
        )

    def pairs(self, node: Node, what: str) -> Iterator[tuple[Scalar, Node]]:
        """Key and value of a mapping."""
        if not isinstance(node, Mapping):
            self._wrong_type(what, node, "key: value pairs")
            return
        for entry in node:
            yield entry.key, entry.value

    def fields(self, node: Node, what: str, allowed: Collection[str]) -> dict[str, Node]:
        """The values of a mapping whose keys are known ones; any other key is a mistake."""
        found: dict[str, Node] = {}
        for key, value in self.pairs(node, what):
            if key.text in allowed:
                found[key.text] = value
                continue
            self.problem(
                "host.unknown-key",
                f"{what} has no key {key.text!r}",
                key,
                allowed=", ".join(allowed),
                hint=did_you_mean(key.text, allowed),
            )
        return found

    def text(self, node: Node, what: str) -> str | None:
        """A scalar's text, or None after a mistake."""
        if isinstance(node, Scalar) and not node.null:
            return node.text
        self._wrong_type(what, node, "text")
        return None

    def texts(self, node: Node, what: str) -> list[tuple[str, Node]]:
        """The scalars of a list, each with its node."""
        if not isinstance(node, Sequence):
            self._wrong_type(what, node, "a list of texts")
            return []
        found = [(self.text(item, f"an entry of {what}"), item) for item in node.items]
        return [(text, item) for text, item in found if text is not None]

    def table(self, node: Node, what: str) -> dict[str, str]:
        """A mapping of text to text."""
        found = {
            key.text: self.text(value, f"{key.text!r} of {what}") for key, value in self.pairs(node, what)
        }
        return {key: text for key, text in found.items() if text is not None}

    def _wrong_type(self, what: str, node: Node, allowed: str) -> None:
        self.problem("host.type", f"{what} is {kind(node)}", node, allowed=allowed)
