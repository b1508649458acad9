"""``dataclass``, ``field`` and ``replace`` as in `dataclasses`, for classes that are cheap to define.

depguard has more than 200 value types. The standard library compiles six methods for each of them when its
module is imported: that was a quarter of the CPU time of a whole plan. Here a class is made at once, its
``__init__`` is compiled when its first value is made, and its other methods need no code of their own.
``fields`` and the rest of `dataclasses` work on these classes, and cost only those who ask. To a type checker
these are the standard library's.

Not offered, because nothing here needs it: ``ClassVar``, ``InitVar``, ``KW_ONLY``, ``unsafe_hash``
and ``weakref_slot``.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

_OWN = "__value_fields__"
_STANDARD = ("__dataclass_fields__", "__dataclass_params__")
_MISSING: Any = object()


class _Stated(NamedTuple):
    """What ``field(...)`` states in the body of a class."""

    default: Any = _MISSING
    default_factory: Any = _MISSING
    init: bool = True
    repr: bool = True
    compare: bool = True


class _Field(NamedTuple):
    """A field: its name, its annotation, what was stated of it, and whether it is given by name only."""

    name: str
    annotation: Any
    stated: _Stated
    kw_only: bool


class _Options(NamedTuple):
    """What the decorator was told."""

    eq: bool = True
    frozen: bool = False
    kw_only: bool = False
    order: bool = False
    repr: bool = True
    slots: bool = False


def _dataclass(cls: type | None = None, /, **told: bool) -> Any:
    options = _Options(**told)
    return (lambda cls: _made(cls, options)) if cls is None else _made(cls, options)


def _made(cls: type, options: _Options) -> type:
    fields = _fields_of(cls, options)
    for field in fields:
        default = cls.__dict__.get(field.name, _MISSING)
        if options.slots or (isinstance(default, _Stated) and default.default is _MISSING):
            if default is not _MISSING:
                delattr(cls, field.name)
        elif isinstance(default, _Stated):
            setattr(cls, field.name, default.default)
    if options.slots:
        cls = _with_slots(cls, fields)
    for name, method in _methods(cls, fields, options).items():
        # What a class says itself counts; Python gives it a __hash__ of None beside an __eq__ of its own.
        if name not in cls.__dict__:
            setattr(cls, name, method)
    setattr(cls, _OWN, fields)
    for name in _STANDARD:
        setattr(cls, name, _Standard(name, options))
    return cls


def _fields_of(cls: type, options: _Options) -> tuple[_Field, ...]:
    """Those of the bases first, then in the order in which they are written."""
    found: dict[str, _Field] = {}
    for base in reversed(cls.__mro__[1:]):
        found.update({field.name: field for field in base.__dict__.get(_OWN, ())})
    for name, annotation in cls.__annotations__.items():
        default = cls.__dict__.get(name, _MISSING)
        stated = default if isinstance(default, _Stated) else _Stated(default=default)
        found[name] = _Field(name, annotation, stated, options.kw_only)
    return tuple(found.values())


def _with_slots(cls: type, fields: tuple[_Field, ...]) -> type:
    """The class made again with a slot for each field: a class that is there cannot be given any."""
    taken = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    namespace = {key: value for key, value in cls.__dict__.items() if key not in ("__dict__", "__weakref__")}
    namespace["__slots__"] = tuple(field.name for field in fields if field.name not in taken)
    made = type(cls)(cls.__name__, cls.__bases__, namespace)
    made.__qualname__ = cls.__qualname__
    return made


def _methods(cls: type, fields: tuple[_Field, ...], options: _Options) -> dict[str, Any]:
    methods: dict[str, Any] = {"__init__": _late_init(cls, fields, options)}
    methods["__match_args__"] = tuple(f.name for f in fields if f.stated.init and not f.kw_only)
    if options.repr:
        methods["__repr__"] = _repr_of(tuple(field.name for field in fields if field.stated.repr))
    values = _getter(tuple(field.name for field in fields if field.stated.compare))
    if options.eq:
        methods["__eq__"] = _comparing(values, lambda one, other: one == other)
        methods["__hash__"] = (lambda self: hash(values(self))) if options.frozen else None
    if options.order:
        methods["__lt__"] = _comparing(values, lambda one, other: one < other)
        methods["__le__"] = _comparing(values, lambda one, other: one <= other)
        methods["__gt__"] = _comparing(values, lambda one, other: one > other)
        methods["__ge__"] = _comparing(values, lambda one, other: one >= other)
    if options.frozen:
        methods["__setattr__"] = _refuse_to_assign
        methods["__delattr__"] = _refuse_to_delete
        if options.slots:  # what copies and pickles would set one by one, which is refused
            methods["__getstate__"] = _state_of
            methods["__setstate__"] = _restore
    return methods


def _getter(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """What gives the values of these fields: a tuple, or the one value itself."""
    return attrgetter(*names) if names else lambda _: ()


def _comparing(values: Callable[[Any], Any], compare: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

    return method


def _repr_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    @recursive_repr()
    def method(self: Any) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return method


def _refuse_to_assign(self: Any, name: str, value: Any) -> NoReturn:  # noqa: ARG001 - Python's signature
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:  # noqa: ARG001 - Python's signature
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state_of(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in getattr(type(self), _OWN)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(getattr(type(self), _OWN), state, strict=True):
        object.__setattr__(self, field.name, value)


def _late_init(cls: type, fields: tuple[_Field, ...], options: _Options) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it is that method
        real = _init_of(cls, fields, options)
        # Of the class that was decorated: a class below it may have one of its own that calls this one.
        type.__setattr__(cls, "__init__", real)
        real(self, *args, **kwargs)

    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    return __init__


def _init_of(cls: type, fields: tuple[_Field, ...], options: _Options) -> Callable[..., None]:
    """The ``__init__`` itself, as code: it is called for every value."""
    names: dict[str, Any] = {"_missing": _MISSING}
    given: list[str] = []
    by_name: list[str] = []
    body: list[str] = []
    for field in fields:
        name, stated = field.name, field.stated
        value = name
        if stated.default_factory is not _MISSING:
            names[f"_make_{name}"] = stated.default_factory
            value = (
                f"(_make_{name}() if {name} is _missing else {name})" if stated.init else f"_make_{name}()"
            )
        elif not stated.init:
            if stated.default is _MISSING:
                continue  # __post_init__ gives it
            names[f"_default_{name}"] = stated.default
            value = f"_default_{name}"
        if stated.init:
            names[f"_default_{name}"] = stated.default
            optional = stated.default is not _MISSING or stated.default_factory is not _MISSING
            parameter = f"{name}=_default_{name}" if optional else name
            (by_name if field.kw_only else given).append(parameter)
        if options.frozen:
            names[f"_set_{name}"] = getattr(cls, name).__set__ if options.slots else None
            body.append(f"_set_{name}(self, {value})")
        else:
            body.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join(["self", *given, *(["*", *by_name] if by_name else [])])
    lines = "\n    ".join(body or ["pass"])
    exec(f"def __init__({parameters}):\n    {lines}\n", names)  # noqa: S102 - names of fields, nothing else
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


class _Standard:
    """What `dataclasses` looks for on a class, made when it looks: by itself, of the same fields."""

    def __init__(self, name: str, options: _Options) -> None:
        self._name = name
        self._options = options

    def __get__(self, _: object, owner: type) -> Any:
        import dataclasses

        def stated(field: _Field) -> Any:
            said = field.stated._asdict()
            known = {key: value for key, value in said.items() if value is not _MISSING}
            return dataclasses.field(**known, kw_only=field.kw_only)

        fields = [(f.name, f.annotation, stated(f)) for f in getattr(owner, _OWN)]
        twin = dataclasses.make_dataclass(
            owner.__name__, fields, init=False, eq=self._options.eq, frozen=self._options.frozen
        )
        for name in _STANDARD:
            type.__setattr__(owner, name, getattr(twin, name))
        return getattr(owner, self._name)


def _replace(value: Any, /, **changes: Any) -> Any:
    for field in getattr(type(value), _OWN):
        if field.stated.init and field.name not in changes:
            changes[field.name] = getattr(value, field.name)
    return type(value)(**changes)


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:
    dataclass, field, replace = _dataclass, _Stated, _replace

__all__ = ["dataclass", "field", "replace"]
