"""`@record`: a dataclass that costs almost nothing to define.

`@dataclass(frozen=True)` compiles six methods for each class, a third of a millisecond, and
`dataclasses` imports half a compiler; the trees alone have a hundred classes, and most programs
use few of them. A record's `__init__` is compiled when a dozen have been made, and the other
methods are shared. To type checkers a record is a dataclass, frozen unless it says otherwise;
`asdict`, `fields` and `replace` are here, since those of `dataclasses` do not know it.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform, overload

__all__ = ["asdict", "field", "fields", "is_record", "record", "replace"]

PLAIN_CALLS = 12  # as long as these take, taken together, it takes to compile an `__init__`
T = TypeVar("T")
MISSING: Any = object()


class Field:
    """What a record knows of one of its fields; `name` and `kw_only` come from its class."""

    name, kw_only = "", False

    def __init__(
        self,
        *,
        default: Any = MISSING,
        default_factory: Callable[[], Any] | None = None,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        self.default, self.default_factory = default, default_factory
        self.repr, self.compare = repr, compare


if TYPE_CHECKING:
    from dataclasses import asdict, field, fields, replace
else:

    def field(**options):
        """More about a field than its default: default_factory, repr, compare."""
        return Field(**options)

    def fields(record):
        """The fields of a record or of its class, in order."""
        return tuple(record.__record_fields__.values())

    def replace(record, /, **changes):
        """A copy of a record with some fields changed."""
        kept = {name: getattr(record, name) for name in record.__record_fields__}
        return type(record)(**(kept | changes))

    def asdict(value):
        """A record as a dictionary; so are the records in its fields, and in lists of theirs."""
        if isinstance(value, (tuple, list)):
            return type(value)(map(asdict, value))
        names = getattr(value, "__record_fields__", None)
        return value if names is None else {name: asdict(getattr(value, name)) for name in names}


def is_record(value: object) -> bool:
    """Whether `value` is a record, not the class of one."""
    return hasattr(type(value), "__record_fields__")


@overload
def record(cls: type[T], /) -> type[T]: ...
@overload
def record(
    *, kw_only: bool = False, eq: bool = True, frozen: bool = True
) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(
    cls: type[Any] | None = None, /, *, kw_only: bool = False, eq: bool = True, frozen: bool = True
) -> type[Any] | Callable[[type[Any]], type[Any]]:
    """Make a class a record.

    eq=False: compared and hashed by identity. frozen=False: fields may be assigned (frozen
    ones are held to it by the type checker alone); compared by value, such a record has no hash.
    """

    def make(cls: type[Any]) -> type[Any]:
        _define(cls, kw_only, eq, frozen)
        return cls

    return make if cls is None else make(cls)


def _define(cls: Any, kw_only: bool, eq: bool, frozen: bool) -> None:
    known: dict[str, Field] = {}
    for base in cls.__mro__[:0:-1]:
        known |= vars(base).get("__record_fields__", {})
    for name in cls.__annotations__:
        given = vars(cls).get(name, MISSING)
        f = given if isinstance(given, Field) else Field(default=given)
        known[name], f.name, f.kw_only = f, name, kw_only
        if f.default is not MISSING:
            setattr(cls, name, f.default)
        elif given is f:
            delattr(cls, name)
    made: dict[str, object] = {
        "__record_fields__": known,
        "__match_args__": tuple(name for name, f in known.items() if not f.kw_only),
        "__record_key__": _key([name for name, f in known.items() if f.compare]),
        "__init__": _first_init(cls, known),
        "__repr__": _repr,
    }
    if eq:
        made |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
    for name, value in made.items():
        setattr(cls, name, value)


def _first_init(cls: Any, known: dict[str, Field]) -> Any:
    positional = tuple(name for name, f in known.items() if not f.kw_only)
    calls = 0

    def __init__(self: object, *args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        if calls > PLAIN_CALLS or not _assign(self, known, positional, args, kwargs):
            cls.__init__ = _compile_init(cls)  # from here on, without this detour
            cls.__init__(self, *args, **kwargs)

    return __init__


def _assign(
    self: Any, known: Any, positional: tuple[str, ...], args: tuple[Any, ...], kwargs: Any
) -> bool:
    """Do what the compiled `__init__` does; False where it has to say what is wrong."""
    given = dict(zip(positional, args, strict=False)) | kwargs
    if len(given) < len(args) + len(kwargs) or not given.keys() <= known.keys():
        return False
    for name, f in known.items():
        if name in given:
            value = given[name]
        elif f.default is not MISSING:
            value = f.default
        elif f.default_factory is not None:
            value = f.default_factory()
        else:
            return False
        setattr(self, name, value)
    if hasattr(self, "__post_init__"):
        self.__post_init__()
    return True


def _compile_init(cls: Any) -> Any:
    scope: dict[str, Any] = {"_missing": MISSING}
    positional, keyword, body = ["self"], list[str](), list[str]()
    for name, f in cls.__record_fields__.items():
        parameter = value = name
        if f.default is not MISSING:
            scope[f"_default_{name}"] = f.default
            parameter += f"=_default_{name}"
        elif f.default_factory is not None:
            scope[f"_factory_{name}"] = f.default_factory
            parameter += "=_missing"
            value = f"_factory_{name}() if {name} is _missing else {name}"
        (keyword if f.kw_only else positional).append(parameter)
        body.append(f" self.{name} = {value}")
    parameters = ", ".join([*positional, *(["*", *keyword] if keyword else [])])
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(f"def __init__({parameters}):\n" + "\n".join(body or [" pass"]), scope)
    scope["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    return scope["__init__"]


def _key(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    """Gets what a record is compared by. Types are compared all the time: C does it."""
    if len(names) < 2:  # of one name attrgetter makes no tuple, of none nothing
        names = [*names, "__class__", "__class__"]
    return attrgetter(*names)


def _eq(self: Any, other: object) -> Any:
    key = self.__record_key__
    if self is other:
        return True
    if other.__class__ is not self.__class__:
        return NotImplemented
    return key(self) == key(other)


def _hash(self: Any) -> int:
    return hash((self.__class__, self.__record_key__(self)))


def _repr(self: Any) -> str:
    shown = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"
