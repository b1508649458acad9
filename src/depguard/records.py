"""Data classes that are compiled when they are first used: ``dataclasses``, as far as depguard needs it.

`dataclasses.dataclass` writes the source of up to ten methods of each class and compiles it, whether or not
anybody ever makes such a value: for the 120 classes that a plan imports, that was more than a quarter of the
plan's time. Here ``__init__`` alone is source, compiled once for all classes of one shape, when there are
some values of one; all else that a class gets is a closure of a few functions that serve every class.

To type checkers these are the functions of ``dataclasses``. At run time `dataclasses.fields`,
`dataclasses.is_dataclass` and `dataclasses.replace` work on what is made here (PEP 557; slots, ``kw_only``
and ``__match_args__`` as since Python 3.10). Not here, because nothing has use for it: a base class that is
a data class itself, ``ClassVar``, ``InitVar``, ``KW_ONLY``, ``unsafe_hash``, and of ``field`` its ``hash``,
``kw_only`` and ``metadata``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter, ge, gt, le, lt
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

from depguard.record_inits import MISSING, SHAPE, Field, Shape, compiled_filling, compiled_later

if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace

__all__ = ["dataclass", "field", "field_names", "replace"]

T = TypeVar("T")
State = Callable[[Any], Any]
"""What of a value counts: that of its only field, or a tuple of those of several."""

_STANDARD: Final = ("__dataclass_fields__", "__dataclass_params__")


def _field(
    *,
    default: Any = MISSING,
    default_factory: Any = MISSING,
    init: bool = True,
    repr: bool = True,  # noqa: A002 - so `dataclasses.field` calls it
    compare: bool = True,
) -> Any:
    """As `dataclasses.field`."""
    return Field(default, default_factory, init, repr, compare)


def _dataclass(
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
    order: bool = False,
    repr: bool = True,  # noqa: A002 - so `dataclasses.dataclass` calls it
) -> Callable[[type[T]], type[T]]:
    """As `dataclasses.dataclass`. Raises TypeError for what is not here."""

    def decorated(cls: type[T]) -> type[T]:
        shape = Shape(_fields_of(cls), frozen=frozen, slots=slots, kw_only=kw_only)
        added = _methods(shape, eq=eq, order=order, repr=repr)
        own = cls.__dict__
        for name in added.keys() & own.keys():
            if not (name == "__hash__" and own[name] is None):  # which Python sets beside an ``__eq__``
                del added[name]
        added |= {SHAPE: shape, **{name: _Standard(name) for name in _STANDARD}}
        return _made_again(cls, shape, added) if slots else _filled(cls, shape, added)

    return decorated


def _replace(made: T, /, **changes: Any) -> T:
    """As `dataclasses.replace`."""
    shape: Shape = getattr(made, SHAPE)
    for name in shape.given:
        if name not in changes:
            changes[name] = getattr(made, name)
    return made.__class__(**changes)


def field_names(made: object) -> tuple[str, ...]:
    """The names of the fields of a value, or of a class, that was made here. Raises TypeError for others."""
    shape: Shape | None = getattr(made, SHAPE, None)
    if shape is None:
        raise TypeError(f"no data class: {made!r}")
    return tuple(shape.fields)


def _fields_of(cls: type) -> dict[str, Field]:
    if any(SHAPE in base.__dict__ for base in cls.__mro__[1:]):
        raise TypeError(f"{cls.__qualname__}: a base class is a data class itself")
    fields: dict[str, Field] = {}
    for name, annotation in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063 - imports half of Python
        if annotation.partition("[")[0].rpartition(".")[2] in {"ClassVar", "InitVar", "KW_ONLY"}:
            raise TypeError(f"{cls.__qualname__}.{name}: {annotation} is not for these data classes")
        given = cls.__dict__.get(name, MISSING)
        fields[name] = known = given if isinstance(given, Field) else Field(given)
        if known.default.__class__.__hash__ is None:  # a list, say, which all values would share
            raise TypeError(f"{cls.__qualname__}.{name}: a mutable default; use default_factory")
    return fields


def _methods(shape: Shape, *, eq: bool, order: bool, repr: bool) -> dict[str, Any]:  # noqa: A002 - as above
    """What a class gets where it has none of its own."""
    fields = shape.fields.items()
    compared = _state([name for name, known in fields if known.compare])
    methods: dict[str, Any] = {
        "__init__": compiled_later(shape),
        "__match_args__": () if shape.kw_only else shape.given,
    }
    if repr:
        methods["__repr__"] = _telling([name for name, known in fields if known.repr])
    if eq:
        methods["__eq__"] = _comparing(compared)
        methods["__hash__"] = _hashing(compared) if shape.frozen else None
    if order:
        for operator in (lt, le, gt, ge):
            methods[f"__{operator.__name__}__"] = _ordering(compared, operator)
    if shape.frozen:
        methods |= {"__setattr__": _no_assignment, "__delattr__": _no_deletion}
    if shape.slots:
        methods["__reduce__"] = _reducing(list(shape.fields))
    return methods


def _made_again(cls: type[T], shape: Shape, added: dict[str, Any]) -> type[T]:
    """The class with slots, which cannot be given to one that is there."""
    left_out = {*shape.fields, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    namespace |= added
    namespace |= {"__slots__": tuple(shape.fields), "__qualname__": cls.__qualname__}
    made: type[T] = type(cls.__name__, cls.__bases__, namespace)
    return made


def _filled(cls: type[T], shape: Shape, added: dict[str, Any]) -> type[T]:
    for name, known in shape.fields.items():
        if known.default is not MISSING:
            added[name] = known.default
        elif name in cls.__dict__:
            delattr(cls, name)
    for name, value in added.items():
        setattr(cls, name, value)
    return cls


def _state(names: list[str]) -> State:
    return attrgetter(*names) if names else lambda _: ()


def _comparing(state: State) -> Callable[[Any, object], Any]:
    def equal(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return state(self) == state(other)

    return equal


def _hashing(state: State) -> Callable[[Any], int]:
    def hashed(self: Any) -> int:
        return hash(state(self))

    return hashed


def _ordering(state: State, operator: Callable[[Any, Any], Any]) -> Callable[[Any, object], Any]:
    def compare(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return operator(state(self), state(other))

    return compare


def _telling(names: list[str]) -> Callable[[Any], str]:
    def told(self: Any) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({fields})"

    return told


def _reducing(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    if not names:
        return lambda self: (_unreduced, (self.__class__,))
    state = attrgetter("__class__", *names)

    def reduced(self: Any) -> tuple[object, ...]:
        return _unreduced, state(self)

    return reduced


def _unreduced(cls: type[T], *state: object) -> T:
    """A value with slots as it was, from its fields in their order: nothing is checked again."""
    made: T = _filling(cls)(*state)  # type: ignore[arg-type]  # a class is hashable
    return made


@cache
def _filling(cls: type) -> Callable[..., Any]:
    """What makes a value of its fields, of a frozen class too."""
    return compiled_filling(cls, field_names(cls))


def _no_assignment(_: object, name: str, __: object) -> NoReturn:
    raise _frozen(f"cannot assign to field {name!r}")


def _no_deletion(_: object, name: str) -> NoReturn:
    raise _frozen(f"cannot delete field {name!r}")


def _frozen(message: str) -> Exception:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(message)


class _Standard:
    """What `dataclasses` keeps of a class that it has made; it is asked to when somebody looks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _: object, cls: type) -> object:
        owner: Any = next(base for base in cls.__mro__ if SHAPE in base.__dict__)
        like = _made_by_dataclasses(owner)
        for name in _STANDARD:
            setattr(owner, name, getattr(like, name))
        return getattr(owner, self._name)


def _made_by_dataclasses(cls: type) -> Any:
    """A class with the same fields."""
    import dataclasses

    shape: Shape = getattr(cls, SHAPE)
    namespace: dict[str, Any] = {"__annotations__": dict.fromkeys(shape.fields, "object")}
    for name, (default, factory, init, repr_, compare) in shape.fields.items():
        given = {"default": default} if default is not MISSING else {}
        given |= {"default_factory": factory} if factory is not MISSING else {}
        namespace[name] = dataclasses.field(init=init, repr=repr_, compare=compare, **given)
    made: type = type(cls.__name__, (), namespace)
    like: Any = dataclasses.dataclass(frozen=shape.frozen, kw_only=shape.kw_only)(made)
    for known in dataclasses.fields(like):
        known.type = cls.__annotations__[known.name]
    return like


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _field, _replace
