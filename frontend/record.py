"""`@record`: a dataclass that costs almost nothing to define.

`@dataclass(frozen=True)` compiles six methods for each class, a third of a millisecond; the
trees alone have a hundred classes, and most programs use few of them. A record's `__init__`
is compiled when the first one is made, and the other methods are shared. Type checkers see
a dataclass, frozen unless it says otherwise; `fields()`, `replace()` and positional patterns work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(
    *, kw_only: bool = False, eq: bool = True, frozen: bool = True
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[Any] | None = None,
    /,
    *,
    kw_only: bool = False,
    eq: bool = True,
    frozen: bool = True,
) -> type[Any] | Callable[[type[Any]], type[Any]]:
    """Make a class a record.

    eq=False: compared and hashed by identity. frozen=False: fields may be assigned (frozen
    ones are held to it by the type checker alone); compared by value, such a record has no hash.
    """

    def make(cls: type[Any]) -> type[Any]:
        # Without a text of its own, dataclass() would work out a signature to put there.
        cls.__doc__ = cls.__doc__ or ""
        dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        methods: dict[str, object] = {"__init__": _first_init(cls), "__repr__": _repr}
        if eq:
            methods |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        for name, method in methods.items():
            setattr(cls, name, method)
        return cls

    return make if cls is None else make(cls)


def _first_init(cls: type[Any]) -> Callable[..., None]:
    def __init__(self: object, *args: object, **kwargs: object) -> None:
        init = _compile_init(cls)
        setattr(cls, "__init__", init)  # noqa: B010  # from here on, without this detour
        init(self, *args, **kwargs)

    return __init__


def _compile_init(cls: type[Any]) -> Callable[..., None]:
    fields: dict[str, Field[Any]] = cls.__dataclass_fields__
    scope: dict[str, Any] = {}
    positional, keyword, body = ["self"], list[str](), list[str]()
    for name, f in fields.items():
        parameter = name
        value = name
        if f.default is not MISSING:
            scope[f"_default_{name}"] = f.default
            parameter += f"=_default_{name}"
        elif f.default_factory is not MISSING:
            scope[f"_factory_{name}"] = f.default_factory
            scope["_missing"] = MISSING
            parameter += "=_missing"
            value = f"_factory_{name}() if {name} is _missing else {name}"
        (keyword if f.kw_only else positional).append(parameter)
        body.append(f" self.{name} = {value}")
    if keyword:
        positional += ["*", *keyword]
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    source = f"def __init__({', '.join(positional)}):\n" + "\n".join(body or [" pass"])
    exec(source, scope)
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _compared(self: Any) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name, f in self.__dataclass_fields__.items() if f.compare)


def _eq(self: Any, other: object) -> Any:
    if self is other:
        return True
    if other.__class__ is not self.__class__:
        return NotImplemented
    return _compared(self) == _compared(other)


def _hash(self: Any) -> int:
    return hash((self.__class__, _compared(self)))


def _repr(self: Any) -> str:
    shown = [
        f"{name}={getattr(self, name)!r}" for name, f in self.__dataclass_fields__.items() if f.repr
    ]
    return f"{type(self).__qualname__}({', '.join(shown)})"
