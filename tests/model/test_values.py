"""The dataclasses of `depguard.model.values` are those of the standard library, made later."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard.model.values import dataclass, field, replace

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Generic[T]):
    """Frozen, with defaults of every kind."""

    x: T
    y: int = 0
    names: list[str] = field(default_factory=list)
    seen: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Given by position, and ordered."""

    file: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Spot(Place):
    """Below another."""

    column: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Compared by identity."""

    name: str


@dataclass(kw_only=True)
class Worker:
    """May change; makes the rest of itself."""

    name: str
    done: dict[str, int] = field(default_factory=dict, init=False, repr=False)
    label: str = field(init=False)

    def __post_init__(self) -> None:
        self.label = self.name.upper()


def standard(made: type) -> Any:
    """The same class by the standard library."""
    told: dict[type, dict[str, Any]] = {
        Point: {"frozen": True, "slots": True, "kw_only": True},
        Place: {"frozen": True, "slots": True, "order": True},
    }
    fields = [(f.name, f.type, _again(f)) for f in dataclasses.fields(made)]
    return dataclasses.make_dataclass(made.__qualname__, fields, **told[made])


def _again(f: dataclasses.Field[Any]) -> Any:
    said: dict[str, Any] = {"compare": f.compare, "repr": f.repr}
    if f.default is not dataclasses.MISSING:
        said["default"] = f.default
    if f.default_factory is not dataclasses.MISSING:
        said["default_factory"] = f.default_factory
    return dataclasses.field(**said)


VALUES = st.fixed_dictionaries(
    {"x": st.integers() | st.text()},
    optional={"y": st.integers(), "names": st.lists(st.text(), max_size=2), "seen": st.integers()},
)


@given(VALUES, VALUES)
def test_values_are_the_standard_librarys(one: dict[str, Any], other: dict[str, Any]) -> None:
    theirs = standard(Point)
    assert repr(Point(**one)) == repr(theirs(**one))
    assert (Point(**one) == Point(**other)) == (theirs(**one) == theirs(**other))
    assert dataclasses.asdict(Point(**one)) == dataclasses.asdict(theirs(**one))
    assert dataclasses.asdict(replace(Point(**one), **other)) == dataclasses.asdict(
        dataclasses.replace(Point(**one), **other)
    )


@given(st.lists(st.tuples(st.text(), st.integers()), max_size=6))
def test_order_is_the_standard_librarys(pairs: list[tuple[str, int]]) -> None:
    theirs = standard(Place)
    ours = [(place.file, place.line) for place in sorted(Place(*pair) for pair in pairs)]
    assert ours == [(place.file, place.line) for place in sorted(theirs(*pair) for pair in pairs)]


def test_a_default_is_made_for_each_value() -> None:
    assert Point(x=1).names is not Point(x=1).names
    assert Worker(name="a").done is not Worker(name="a").done


def test_equal_values_are_one_key() -> None:
    assert len({Place("a", 1), Place("a", 1), Place("a")}) == 2
    assert hash(Spot("a", 1, 2)) == hash(Spot("a", 1, 2))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Worker(name="a"))


def test_another_class_is_never_equal() -> None:
    assert Place("a", 1) != Spot("a", 1)
    assert Spot("a", 1) == Spot("a", 1, 1)
    assert Thing("a") != Thing("a")
    with pytest.raises(TypeError):
        assert Place("a") < "a"  # type: ignore[operator]  # as wrong as it looks


@pytest.mark.parametrize("value", [Point(x=1), Place("a"), Spot("a"), Thing("a")])
def test_what_is_frozen_refuses(value: Any) -> None:
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot assign to field '{name}'"):
        setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError, match=f"cannot delete field '{name}'"):
        delattr(value, name)
    assert not hasattr(value, "__dict__")


def test_what_is_not_frozen_changes() -> None:
    worker = Worker(name="a")
    worker.name = "b"
    assert (worker.name, worker.label, worker.done) == ("b", "A", {})
    assert repr(worker) == "Worker(name='b', label='A')"


@pytest.mark.parametrize("words", [{}, {"x": 1, "z": 2}])
def test_what_is_missing_or_unknown_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=r"Point.__init__\(\)"):
        Point(**words)


def test_values_can_be_copied_and_sent_to_another_process() -> None:
    for value in (Point(x=(1, 2), names=["a"], seen=3), Spot("a", 1, 2)):
        assert copy.deepcopy(value) == value
        sent = pickle.loads(pickle.dumps(value))  # noqa: S301 - made one line above
        assert sent == value
        assert [getattr(sent, f.name) for f in dataclasses.fields(sent)] == [
            getattr(value, f.name) for f in dataclasses.fields(value)
        ]


def test_they_are_taken_apart_by_patterns() -> None:
    match Place("a", 3):
        case Place(file, line):
            assert (file, line) == ("a", 3)
    assert dataclasses.is_dataclass(Point)
    assert [f.name for f in dataclasses.fields(Spot)] == ["file", "line", "column"]
