"""YAML as nodes with positions: what is kept as written, and what is refused where."""

from __future__ import annotations

import pytest
import yaml

from depguard.errors import InputError, Problem
from depguard.model.location import Location
from depguard.parse.yaml_nodes import Limits, Mapping, Node, Scalar, Sequence, read_yaml


def plain(node: Node | None) -> object:
    match node:
        case Mapping():
            return {entry.key.text: plain(entry.value) for entry in node}
        case Sequence():
            return [plain(item) for item in node.items]
        case Scalar():
            return node.text
        case None:
            return None


def refused(text: str, *, limits: Limits | None = None) -> Problem:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "p.yaml", limits=limits)
    (problem,) = caught.value.problems
    return problem


def noted(text: str) -> list[tuple[str, str]]:
    return [(problem.code, str(problem.location)) for problem in read_yaml(text, "p.yaml").problems]


def test_scalars_keep_the_text_that_yaml_1_1_would_change() -> None:
    root = read_yaml("{a: no, b: 2.10, c: 2026-11-01, d: 0o17, e: 1_000, on: 12:30}", "p.yaml").root
    assert plain(root) == {
        "a": "no",
        "b": "2.10",
        "c": "2026-11-01",
        "d": "0o17",
        "e": "1_000",
        "on": "12:30",
    }


@pytest.mark.parametrize(
    ("text", "null"),
    [("a:", True), ("a: ~", True), ("a: null", True), ('a: ""', False), ("a: 'null'", False)],
)
def test_only_plain_nothing_is_null(text: str, null: bool) -> None:
    root = read_yaml(text, "p.yaml").root
    assert isinstance(root, Mapping)
    value = root.get("a")
    assert isinstance(value, Scalar)
    assert value.null is null


def test_locations_are_one_based_and_count_characters() -> None:
    root = read_yaml("# \u00e9\nk\u00e9y: [one, {two: three}]\n", "p.yaml").root
    assert isinstance(root, Mapping)
    (entry,) = root
    assert entry.key.location == Location("p.yaml", 2, 1)
    assert isinstance(entry.value, Sequence)
    inner = entry.value.items[1]
    assert isinstance(inner, Mapping)
    assert inner.location == Location("p.yaml", 2, 12)
    assert inner.entries[0].value.location == Location("p.yaml", 2, 18)


def test_a_byte_order_mark_and_an_empty_text() -> None:
    assert plain(read_yaml("\ufeffa: b", "p.yaml").root) == {"a": "b"}
    assert read_yaml("", "p.yaml").root is None
    assert read_yaml("# nothing\n---\n", "p.yaml").root is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("yaml.duplicate-key", "p.yaml:3:1")]),
        ("? [x]\n: 1\n", [("yaml.key", "p.yaml:1:3")]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", [("yaml.merge", "p.yaml:3:3")]),
        ("a: !!python/object:os.system x\n", [("yaml.tag", "p.yaml:1:4")]),
        ("a: [x, !nvidia-ml-py ]\n", [("yaml.tag", "p.yaml:1:8")]),
        ("a: *gone\n", [("yaml.alias", "p.yaml:1:4")]),
        ("a: &x [*x]\n", [("yaml.alias", "p.yaml:1:8")]),
        ("a: 1\n---\nb: 2\n", [("yaml.documents", "p.yaml:2:1")]),
        ("a: 1\na: 2\nb: *z\n", [("yaml.duplicate-key", "p.yaml:2:1"), ("yaml.alias", "p.yaml:3:4")]),
    ],
)
def test_mistakes_that_leave_a_readable_document(text: str, expected: list[tuple[str, str]]) -> None:
    assert noted(text) == expected


def test_what_an_unquoted_exclamation_mark_needs() -> None:
    (problem,) = read_yaml("family: [!nvidia-ml-py ]\n", "p.yaml").problems
    assert problem.hint == 'quote it if it is text: "!nvidia-ml-py"'


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("a: 1\n\tb: 2\n", "p.yaml:2:1", "indent with spaces"),
        ("a:\n\t- b\n", "p.yaml:2:1", "indent with spaces"),
        ("reason: see: this\n", "p.yaml:1:12", 'quote a text that contains ": "'),
        ("a: @b\n", "p.yaml:1:4", "quote a text that starts with this character"),
        ("a: [*]\n", "p.yaml:1:6", 'quote a glob: "*"'),
        ("a: [1, 2\nb: 3\n", "p.yaml:2:2", None),
        ('a: "open\n', "p.yaml:2:1", None),
    ],
)
def test_syntax_errors_have_a_place(text: str, where: str, hint: str | None) -> None:
    problem = refused(text)
    assert problem.code == "yaml.syntax"
    assert str(problem.location) == where
    assert problem.hint == hint


def test_positions_are_the_same_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a: 1\n\tb: 2\n", "a: [1, 2\nb: 3\n", "a: @b\n", "reason: see: this\n"]
    before = [refused(text) for text in texts]
    good = read_yaml("a: [b, {c: 'd'}]", "p.yaml")
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert [refused(text) for text in texts] == before
    assert read_yaml("a: [b, {c: 'd'}]", "p.yaml") == good


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\ud800"])
def test_characters_that_no_yaml_has(character: str) -> None:
    problem = refused(f"a: b\nc: d{character}\n")
    assert (problem.code, str(problem.location)) == ("yaml.character", "p.yaml:2:5")


def test_a_bomb_of_aliases_is_refused_before_it_expands() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    problem = refused("\n".join(lines))
    assert problem.code == "yaml.too-large"
    assert problem.location is not None
    assert problem.location.line == 5


def test_few_aliases_are_fine() -> None:
    root = read_yaml("a: &why text\nb: *why\nc: &l [x]\nd: *l\n", "p.yaml").root
    assert plain(root) == {"a": "text", "b": "text", "c": ["x"], "d": ["x"]}
    assert isinstance(root, Mapping)
    assert root.entries[1].value.location == Location("p.yaml", 2, 4)


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000 + "x", "{a: " * 5000])
def test_depth_is_bounded(text: str) -> None:
    problem = refused(text)
    assert problem.code == "yaml.too-deep"
    assert str(problem.location).startswith("p.yaml:1:")


def test_size_is_bounded() -> None:
    assert refused("- x\n" * 20, limits=Limits(nodes=10)).code == "yaml.too-large"
