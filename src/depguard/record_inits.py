"""What is known of a data class, and the ``__init__`` that follows from it: see `depguard.records`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

MISSING: Final = object()
"""In the place of a default that there is none of."""
SHAPE: Final = "__record__"
"""The attribute of a class that has its shape."""
_FEW = 4


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

    Of most classes a plan makes no more than these: to compile takes as long as to fill in forty of them.
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
    """The ``__init__`` of a class, out of its source."""
    known: dict[str, Any] = {"__name__": cls.__module__, "_missing": MISSING, "_set": object.__setattr__}
    taken: list[str] = []
    body: list[str] = []
    for name, (default, factory, init, *_) in shape.fields.items():
        value = name
        if default is not MISSING:
            known[f"_default_{name}"] = default
            value = f"_default_{name}"
        elif factory is not MISSING:
            known[f"_factory_{name}"] = factory
            value = f"_factory_{name}()"
        if init:
            taken.append(name if value == name else f"{name}={'_missing' if value[-1] == ')' else value}")
            value = f"{value} if {name} is _missing else {name}" if value[-1] == ")" else name
        elif value == name:  # ``__post_init__`` fills it in
            continue
        if shape.slots:  # what a slot is filled with takes half the time of object.__setattr__
            known[f"_fill_{name}"] = cls.__dict__[name].__set__
            body.append(f"_fill_{name}(self, {value})")
        else:
            body.append(f"_set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    star = ["*"] if shape.kw_only and taken else []
    source = f"def __init__({', '.join(['self', *star, *taken])}):\n " + "\n ".join(body or ["pass"])
    exec(source, known)  # noqa: S102 - as dataclasses does: of names that stand in our own code
    made: Callable[..., None] = known["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made
