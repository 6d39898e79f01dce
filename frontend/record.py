"""`@record`: a dataclass that costs almost nothing to define.

`@dataclass(frozen=True)` compiles six methods for each class, a third of a millisecond, and
`dataclasses` imports half a compiler; the trees alone have a hundred classes, and most programs
use few of them. A record's `__init__` is compiled when the first one is made, and the other
methods are shared. Type checkers see a dataclass, frozen unless it says otherwise; so does
`dataclasses`, whose functions work on records, as do positional patterns.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

__all__ = ["asdict", "field", "record", "replace"]

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import asdict, field, replace
else:

    def field(**options):
        """More about a field than its default: default_factory, repr, compare, kw_only."""
        return Field(**options)

    def replace(record, /, **changes):
        """A copy of a record with some fields changed."""
        for name in record.__record_fields__:
            if name not in changes:
                changes[name] = getattr(record, name)
        return type(record)(**changes)

    def asdict(value):
        """A record as a dictionary; so are the records in its fields, and in lists of theirs."""
        if isinstance(value, (tuple, list)):
            return type(value)(map(asdict, value))
        names = getattr(value, "__record_fields__", None)
        return value if names is None else {name: asdict(getattr(value, name)) for name in names}


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
        _define(cls, kw_only, eq, frozen)
        return cls

    return make if cls is None else make(cls)


MISSING: Any = object()
_OPTIONS = ("default", "default_factory", "repr", "compare", "kw_only")


class Field:
    """What a record knows of one of its fields."""

    def __init__(
        self,
        *,
        default: Any = MISSING,
        default_factory: Any = MISSING,
        repr: bool = True,
        compare: bool = True,
        kw_only: Any = MISSING,
    ) -> None:
        self.type: Any = None
        self.default = default
        self.default_factory = default_factory
        self.repr = repr
        self.compare = compare
        self.kw_only = kw_only


def _options(f: Any, missing: object) -> dict[str, Any]:
    """What `field()` was told that made `f`, be it of this kind or the standard library's."""
    given = {name: getattr(f, name) for name in _OPTIONS}
    return {name: value for name, value in given.items() if value is not missing}


def _define(cls: Any, kw_only: bool, eq: bool, frozen: bool) -> None:
    fields: dict[str, Field] = {}
    for base in cls.__mro__[:0:-1]:
        fields |= vars(base).get("__record_fields__", {})
    for name, annotation in cls.__annotations__.items():
        f = fields[name] = _as_field(vars(cls).get(name, MISSING))
        f.type = annotation
        if f.kw_only is MISSING:
            f.kw_only = kw_only
        if f.default is not MISSING:
            setattr(cls, name, f.default)
        elif name in vars(cls):
            delattr(cls, name)
    made: dict[str, object] = {
        "__record_fields__": fields,
        "__dataclass_fields__": _StandardFields(cls),
        "__match_args__": tuple(name for name, f in fields.items() if not f.kw_only),
        "__init__": _first_init(cls),
        "__repr__": _repr,
    }
    if eq:
        made |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
    for name, value in made.items():
        setattr(cls, name, value)


def _as_field(value: Any) -> Field:
    if isinstance(value, Field):
        return value
    standard = sys.modules.get("dataclasses")
    if standard is None or not isinstance(value, standard.Field):
        return Field(default=value)
    return Field(**_options(value, standard.MISSING))


class _StandardFields:
    """`__dataclass_fields__` of a record: made when the standard library asks for it."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner

    def __get__(self, _instance: object, _cls: object) -> dict[str, Any]:
        import dataclasses

        rows = [
            (name, f.type, dataclasses.field(**_options(f, MISSING)))
            for name, f in self.owner.__record_fields__.items()
        ]
        made = dataclasses.make_dataclass(self.owner.__name__, rows, init=False)
        fields = {f.name: f for f in dataclasses.fields(made)}
        self.owner.__dataclass_fields__ = fields
        return fields


def _first_init(cls: Any) -> Any:
    def __init__(self: object, *args: object, **kwargs: object) -> None:
        init = _compile_init(cls)
        cls.__init__ = init  # from here on, without this detour
        init(self, *args, **kwargs)

    return __init__


def _compile_init(cls: Any) -> Any:
    scope: dict[str, Any] = {"_missing": MISSING}
    positional, keyword, body = ["self"], list[str](), list[str]()
    for name, f in cls.__record_fields__.items():
        parameter = name
        value = name
        if f.default is not MISSING:
            scope[f"_default_{name}"] = f.default
            parameter += f"=_default_{name}"
        elif f.default_factory is not MISSING:
            scope[f"_factory_{name}"] = f.default_factory
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
    init = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _compared(self: Any) -> tuple[object, ...]:
    return tuple(getattr(self, name) for name, f in self.__record_fields__.items() if f.compare)


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
        f"{name}={getattr(self, name)!r}" for name, f in self.__record_fields__.items() if f.repr
    ]
    return f"{type(self).__qualname__}({', '.join(shown)})"
