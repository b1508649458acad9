"""Data classes of `depguard.records` are those of `dataclasses`, made later."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from functools import cache, partial
from inspect import Parameter, Signature, signature
from itertools import product
from typing import Any, Generic, TypeVar
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depguard import record_inits, records
from depguard.records import dataclass, field, field_names, replace

T = TypeVar("T")

FLAGS: tuple[dict[str, bool], ...] = ({"frozen": True, "slots": True}, {"frozen": True}, {"slots": True}, {})


def both(make: Callable[[Any, Any], type], *, few: int = 0, **asked: bool) -> tuple[Any, Any]:
    """The same class as it is made here, and as `dataclasses` makes it.

    ``few`` of its values are filled in by hand, the rest by its compiled ``__init__``.
    """
    return _both(make, few, tuple(asked.items()))


@cache
def _both(make: Callable[[Any, Any], type], few: int, asked: tuple[tuple[str, bool], ...]) -> tuple[Any, Any]:
    standard: Any = dataclasses.dataclass
    with patch.object(record_inits, "_FEW", few):
        here = make(records._dataclass(**dict(asked)), records._field)
    return here, make(standard(**dict(asked)), dataclasses.field)


FEW = st.sampled_from([0, 10**9])


def point(made: Any, field: Any) -> type:
    @made
    class Point:
        """Three fields, two of which may be left out."""

        x: int
        y: int = 2
        names: tuple[str, ...] = field(default_factory=lambda: ("a", "b"), repr=False)

        def sum(self) -> int:
            return self.x + self.y

    return Point


def tried(work: Callable[[], object]) -> object:
    """What it gives, or which error."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - any
        return type(error), str(error)


NUMBERS = st.integers(0, 2)
GIVEN = st.fixed_dictionaries(
    {}, optional={"x": NUMBERS, "y": NUMBERS, "names": st.just(("c",)), "z": NUMBERS}
)
ASKED = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("frozen", "slots", "kw_only", "eq", "repr")}
)


@given(FEW, ASKED, st.lists(NUMBERS, max_size=4), GIVEN)
def test_a_value_is_made_or_refused_as_dataclasses_would(
    few: int, asked: dict[str, bool], positional: list[int], given: dict[str, Any]
) -> None:
    here, there = both(point, few=few, **asked)
    told = [tried(partial(vars_of, kind, positional, given)) for kind in (here, there)]
    assert told[0] == told[1]


def vars_of(kind: Any, positional: list[int], given: dict[str, Any]) -> tuple[object, ...]:
    made = kind(*positional, **given)
    return made.x, made.y, made.names, made.sum(), hasattr(made, "__dict__")


@given(
    ASKED,
    NUMBERS,
    NUMBERS,
    st.sampled_from(("==", "hash", "repr", "<", "set", "del", "new", "match", "fields")),
)
def test_it_behaves_as_dataclasses_would(asked: dict[str, bool], x: int, other: int, what: str) -> None:
    told = [tried(partial(behaviour, kind, x, other, what)) for kind in both(point, **asked)]
    if what == "new" and asked.get("frozen") and asked.get("slots"):
        assert isinstance(told[0], tuple)  # dataclasses trips over itself here, with a TypeError
        assert told[0] == (dataclasses.FrozenInstanceError, "cannot assign to field 'other'")
    else:
        assert told[0] == told[1]


def behaviour(kind: Any, x: int, other: int, what: str) -> object:
    a, b = kind(x=x), kind(x=other)
    match what:
        case "==":
            return a == b, a != b, a == (x, 2, ("a", "b")), b == a
        case "hash":
            return hash(a) == hash(kind(x=x)), kind.__hash__ is None, len({a, b})
        case "repr":
            return repr(a) if "object at" not in repr(a) else "as any object"
        case "<":
            return a < b
        case "set":
            a.y = 5
            return a.y
        case "del":
            del a.y
            return hasattr(a, "y")
        case "new":
            a.other = 5
            return a.other
        case "match":
            return kind.__match_args__
        case _:
            return [
                (
                    f.name,
                    f.type,
                    f.default,
                    f.init,
                    f.repr,
                    f.compare,
                    f.default_factory is dataclasses.MISSING,
                )
                for f in dataclasses.fields(kind)
            ], dataclasses.is_dataclass(a)


@pytest.mark.parametrize("flags", FLAGS, ids=str)
def test_order_is_that_of_the_fields(flags: dict[str, bool]) -> None:
    here, there = both(point, order=True, **flags)
    for kind in (here, there):
        values = [kind(1, 3), kind(1, 2), kind(0, 9)]
        assert [(made.x, made.y) for made in sorted(values)] == [(0, 9), (1, 2), (1, 3)]
        assert kind(1) <= kind(1) >= kind(1)
        assert not kind(1) < kind(1) > kind(1)
        with pytest.raises(TypeError):
            assert kind(1) < 1


def test_what_a_class_has_of_its_own_stays() -> None:
    def own(made: Any, _: Any) -> type:
        @made
        class Own:  # noqa: PLW1641 - what becomes of its hash is the matter
            a: int

            def __eq__(self, other: object) -> bool:
                return True

            def __repr__(self) -> str:
                return "own"

        return Own

    for kind in both(own, frozen=True, slots=True):
        assert kind(1) == 5
        assert repr(kind(1)) == "own"
        assert hash(kind(1)) == hash(kind(1))
    for kind in both(own, slots=True):
        assert kind.__hash__ is None


def test_fields_that_are_not_given_are_filled_in() -> None:
    def filled(made: Any, field: Any) -> type:
        @made
        class Filled:
            given: int
            double: int = field(init=False)
            always: int = field(default=7, init=False, compare=False)
            made_anew: list[int] = field(default_factory=list, init=False)

            def __post_init__(self) -> None:
                self.double = 2 * self.given

        return Filled

    for flags, few in product(({"slots": True}, {}), (0, 100)):
        for kind in both(filled, few=few, **flags):
            a, b = kind(2), kind(2)
            assert (a.double, a.always, a.made_anew) == (4, 7, [])
            a.always = 8
            assert a == b
            a.made_anew.append(1)
            assert a != b
            with pytest.raises(TypeError):
                kind(2, double=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """At the top of a module, where pickle finds it."""

    name: str
    parts: tuple[int, ...] = ()
    _seen: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Counter:
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class _Loose:
    name: str


@dataclass(frozen=True, slots=True)
class _Box(Generic[T]):
    content: T


@dataclass(frozen=True, slots=True)
class _Nothing:
    pass


VALUES = (Record(name="a", parts=(1,), _seen=3), _Counter(2), _Loose(name="b"), _Box(_Counter(1)), _Nothing())


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_copies_are_equal(value: Any) -> None:
    protocols = range(2, pickle.HIGHEST_PROTOCOL + 1)
    told = [pickle.loads(pickle.dumps(value, protocol)) for protocol in protocols]  # noqa: S301 - our own
    for made in (*told, copy.copy(value), copy.deepcopy(value), replace(value), dataclasses.replace(value)):
        assert type(made) is type(value)
        assert made == value
        assert repr(made) == repr(value)


def test_one_field_is_another_in_a_replaced_value() -> None:
    before = Record(name="a", parts=(1,))
    assert replace(before, name="b") == dataclasses.replace(before, name="b") == Record(name="b", parts=(1,))
    assert before.name == "a"
    with pytest.raises(TypeError, match="unknown"):
        replace(before, unknown=1)  # type: ignore[call-arg]  # that is the point


def test_a_frozen_value_stays_as_it_is() -> None:
    made = Record(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        made.name = "b"  # type: ignore[misc]  # that is the point
    with pytest.raises(dataclasses.FrozenInstanceError):
        del made.name
    assert made.name == "a"


def test_a_class_is_compiled_once_it_has_some_values(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    compile_now = record_inits._compiled

    def seen(cls: Any, shape: Any) -> Any:
        compiled.append(cls.__name__)
        return compile_now(cls, shape)

    monkeypatch.setattr(record_inits, "_compiled", seen)

    @dataclass(frozen=True, slots=True)
    class Late:
        a: int

    class Below(Late):
        pass

    made = [Below(0).a, Late(1).a]
    assert compiled == []
    made += [Late(2).a, Below(3).a, Late(4).a]
    assert made == list(range(5))
    assert compiled == ["Late"]


def two_fields(name: str, second: str, default: int) -> Callable[[Any, Any], type]:
    fields = {"__annotations__": {"a": "int", second: "int"}, second: default}
    return lambda made, _: made(type(name, (), fields))


def test_classes_of_one_shape_share_code_but_not_names() -> None:
    makers = [two_fields("One", "b", 2), two_fields("Other", "long", 3)]
    for flags in ({"slots": True}, {"slots": True, "kw_only": True}, {}):
        for make in makers:
            here, there = both(make, **flags)
            assert repr(here(a=0)) == repr(there(a=0))  # which compiles it
            assert signature(here.__init__).replace(return_annotation=None) == without_types(there.__init__)


def without_types(function: Any) -> Signature:
    told = signature(function)
    parameters = [each.replace(annotation=Parameter.empty) for each in told.parameters.values()]
    return told.replace(parameters=parameters, return_annotation=None)


def test_names_of_fields() -> None:
    assert field_names(Record) == field_names(Record(name="a")) == ("name", "parts", "_seen")
    with pytest.raises(TypeError, match="no data class"):
        field_names(5)


def base() -> type:
    @dataclass(frozen=True, slots=True)
    class Below(Record):
        more: int

    return Below


def mutable() -> type:
    @dataclass(slots=True)
    class Shared:
        all_have_it: list[int] = []  # noqa: RUF012 - that is the point

    return Shared


def init_var() -> type:
    @dataclass(slots=True)
    class Passed:
        passed: dataclasses.InitVar[int]

    return Passed


@pytest.mark.parametrize(("make", "said"), [(base, "base class"), (mutable, "mutable"), (init_var, "passed")])
def test_what_is_not_here_is_refused_when_the_class_is_made(make: Callable[[], type], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make()
