"""What is known of a data class, and the ``__init__`` that follows from it: see `depguard.records`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

MISSING: Final = object()
"""In the place of a default that there is none of."""
SHAPE: Final = "__record__"
"""The attribute of a class that has its shape."""
_FEW = 2


class Field(NamedTuple):
    """A field but for its name; ``default``, or what ``factory`` makes, is the value where none is given."""

    default: Any = MISSING
    factory: Any = MISSING
    init: bool = True
    repr: bool = True
    compare: bool = True


class Shape(NamedTuple):
    """A class's fields in their order, and how they are held."""

    fields: dict[str, Field]
    frozen: bool
    slots: bool
    kw_only: bool

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the fields that ``__init__`` takes."""
        return tuple(name for name, known in self.fields.items() if known.init)


def compiled_later(shape: Shape) -> Callable[..., None]:
    """An ``__init__`` that fills in the first few values by hand, then makes the real one and is no more.

    Of every other class a plan makes no more than these.
    """
    left = _FEW

    def init(self: Any, /, *args: Any, **given: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0 and _filled_in(self, shape, args, given):
            return
        owner: Any = next(base for base in type(self).__mro__ if base.__dict__.get(SHAPE) is shape)
        owner.__init__ = compiled = _compiled(owner, shape)
        compiled(self, *args, **given)

    return init


def _filled_in(made: Any, shape: Shape, args: tuple[Any, ...], given: dict[str, Any]) -> bool:
    """Fill in a value; False, and no matter what is in it, for arguments that its class does not take."""
    names = shape.given
    if args and (shape.kw_only or len(args) > len(names)):
        return False
    values = dict(zip(names, args, strict=False))
    if not given.keys() <= set(names[len(args) :]):
        return False
    values |= given
    for name, (default, factory, init, *_) in shape.fields.items():
        if name not in values:
            if default is not MISSING:
                values[name] = default
            elif factory is not MISSING:
                values[name] = factory()
            elif init:
                return False
            else:  # ``__post_init__`` fills it in
                continue
        object.__setattr__(made, name, values[name])
    if hasattr(made, "__post_init__"):
        made.__post_init__()
    return True


def _compiled(cls: Any, shape: Shape) -> Callable[..., None]:
    """The ``__init__`` of a class: that of all classes like it, with the names of its own fields.

    To compile takes twenty times as long as to give names to what is compiled, and most classes are alike.
    """
    known: dict[str, Any] = {"__name__": cls.__module__, "_missing": MISSING, "_set": object.__setattr__}
    names: list[str] = []
    values: list[str] = []
    defaults: dict[str, Any] = {}
    for name, (default, factory, init, *_) in shape.fields.items():
        if default is MISSING and factory is MISSING and not init:  # ``__post_init__`` fills it in
            continue
        at = len(values)
        values.append(_value(factory, init=init))
        # What a slot is filled with takes half the time of object.__setattr__.
        known[f"_put_{at}"] = cls.__dict__[name].__set__ if shape.slots else name
        known[f"_other_{at}"] = default if factory is MISSING else factory
        if init:
            names.append(name)
            if default is not MISSING or factory is not MISSING:
                defaults[name] = default  # MISSING where a factory makes it
            elif defaults and not shape.kw_only:
                raise TypeError(f"non-default argument {name!r} follows default argument")
    code = _code(tuple(values), slots=shape.slots, post=hasattr(cls, "__post_init__"))
    made = FunctionType(_named(code, names, kw_only=shape.kw_only), known)
    if shape.kw_only:
        made.__kwdefaults__ = defaults
    else:
        made.__defaults__ = tuple(defaults.values())
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


def _value(factory: Any, *, init: bool) -> str:
    """The source of what is put into a field, which has a number ``{at}`` in place of its name."""
    if init:
        return "a{at}" if factory is MISSING else "_other_{at}() if a{at} is _missing else a{at}"
    return "_other_{at}" if factory is MISSING else "_other_{at}()"


@cache
def _code(values: tuple[str, ...], *, slots: bool, post: bool) -> CodeType:
    """An ``__init__`` that puts these into its fields, whatever they are called."""
    put = "_put_{at}(self, {value})" if slots else "_set(self, _put_{at}, {value})"
    body = [put.format(at=at, value=value.format(at=at)) for at, value in enumerate(values)]
    if post:
        body.append("self.__post_init__()")
    taken = [f"a{at}" for at, value in enumerate(values) if "a{at}" in value]
    return _compiled_once(f"def __init__({', '.join(['self', *taken])}):", body or ["pass"])


def compiled_filling(cls: type, names: Sequence[str]) -> Callable[..., Any]:
    """What makes a value of a class with slots of its fields, and calls nothing of the class."""
    known = {f"_put_{at}": getattr(cls, name).__set__ for at, name in enumerate(names)}
    return FunctionType(_filling_code(len(names)), {"_new": object.__new__, "_cls": cls, **known})


@cache
def _filling_code(count: int) -> CodeType:
    body = ["self = _new(_cls)", *[f"_put_{at}(self, a{at})" for at in range(count)], "return self"]
    return _compiled_once(f"def filled({', '.join(f'a{at}' for at in range(count))}):", body)


def _compiled_once(head: str, body: list[str]) -> CodeType:
    """The code of a function out of its source: names that are written above, nobody else's."""
    source = "\n ".join([head, *body])
    (code,) = (each for each in compile(source, "<record>", "exec").co_consts if isinstance(each, CodeType))
    return code


def _named(code: CodeType, names: list[str], *, kw_only: bool) -> CodeType:
    """The code of a function that calls its arguments so."""
    by_name = len(names) if kw_only else 0
    return code.replace(
        co_varnames=("self", *names), co_argcount=1 + len(names) - by_name, co_kwonlyargcount=by_name
    )
