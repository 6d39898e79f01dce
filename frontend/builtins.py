"""The builtin functions of OpenCL C: what the rows of builtin_rows.py declare, name by name.

Nothing is made of the rows before a program calls one of them: a name's overloads, up to two
hundred, are spelled out when it is first met, and a spelling becomes a type when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import dialect
from .builtin_rows import OUTSIDE, ROWS
from .dialect import GENERIC_SPACE
from .record import record
from .types import (
    ATOMICS,
    SCALARS,
    SIZE_T,
    VECTOR_COUNTS,
    AddrSpace,
    Opaque,
    Pointer,
    Quals,
    Type,
    Vector,
)


@record
class Builtin:
    """One overload: its types as types.py spells them. since: as __OPENCL_C_VERSION__ says it."""

    name: str
    params: tuple[str, ...]
    result: str
    since: int
    needs: str

    @property
    def types(self) -> tuple[Type, ...]:
        return tuple(map(type_of, self.params))

    def __str__(self) -> str:
        return f"{self.result} {self.name}({', '.join(self.params)})"


@record
class Language:
    """What of OpenCL C a program is written in."""

    version: int
    double: bool

    def has(self, needed: str) -> bool:
        """Whether the functions that need this extension or feature exist."""
        return dialect.has(_FEATURES.get(needed, needed), self.version)


# fmt: off
_FEATURES = {
    "collective": "__opencl_c_work_group_collective_functions",
    "subgroups":  "cl_khr_subgroups",
}
_SIGNED = ("char", "short", "int", "long")
_INTS = tuple(name for s in _SIGNED for name in (s, f"u{s}"))
_FLOATS = ("float", "double", "half")
_LANES = {
    "FLOATS": _FLOATS, "INTS": _INTS, "ALL": _INTS + _FLOATS, "SIGNED": _SIGNED,
    "WORDS": ("int", "uint"), "LONGS": ("long", "ulong"), "NARROW": _INTS[:6],
    "SINGLES": ("float", "double"), "ATOMIC": (*_INTS[4:], *_FLOATS[:2]),
    "SCAN": (*_INTS[4:], *_FLOATS),
}
_COUNTS = {
    "n": (1, *VECTOR_COUNTS), "v": VECTOR_COUNTS, "1": (1,),
    "g": (1, 2, 3, 4), "x": (3, 4), "p": (2, 4, 8, 16),
}
# fmt: on


@cache
def _index() -> dict[str, list[tuple[str, str]]]:
    """Name as the rows have it -> (what stands before the names, what stands behind) of each."""
    index: dict[str, list[tuple[str, str]]] = {}
    for line in ROWS.splitlines():
        if line:
            head, _, rest = line.partition("(")
            domain, _, signature = head.rpartition(": ")
            result, *names = signature.split()
            for name in names:
                index.setdefault(name, []).append((f"{domain} {result}", rest))
    return index


@cache
def _outside() -> dict[str, str]:
    return {name: what for what, names in OUTSIDE.items() for name in names.split()}


def outside(name: str) -> str | None:
    """What kcc lacks that `name` is a builtin of: "images are"; None if that is nothing."""
    return _outside().get(name)


@cache
def _row_names() -> dict[str, tuple[str, int]]:
    """Name as programs have it -> (name in the rows, lanes that it says; 0 if it says none)."""
    names: dict[str, tuple[str, int]] = {}
    for name in _index():
        if "#" in name:
            names |= {name.replace("#", str(n)): (name, n) for n in VECTOR_COUNTS}
        else:
            names[name] = name, 0
    return names


def is_builtin(name: str) -> bool:
    return name == "printf" or name in _row_names() or name in _outside()


def names() -> Iterator[str]:
    """Every name that OpenCL C gives a function, in whatever version."""
    yield from _row_names()
    yield "printf"


@cache
def overloads(name: str, language: Language) -> tuple[Builtin, ...]:
    """The overloads of `name` that `language` has; () if it has none of that name."""
    return tuple(
        row
        for row in declared(name, language)
        if row.since <= language.version and (not row.needs or language.has(row.needs))
    )


def declared(name: str, language: Language) -> Iterator[Builtin]:
    """Every overload of `name` over the types of `language`, be it of a later version."""
    known, lanes = _row_names().get(name, ("", 0))
    for domain, rest in _index().get(known, ()):
        yield from _expand(name, domain, rest, lanes, language)


def _expand(name: str, domain: str, rest: str, only: int, language: Language) -> Iterator[Builtin]:
    parameters, _, conditions = rest.partition(")")
    since, needs = 100, ""
    for condition in conditions.split():
        if condition[1:].isdigit():
            since = int(condition[1:])
        else:
            needs = condition[1:]
    *where, result = domain.split()
    words = [word for word in parameters.split(", ") if word]
    kinds, counts = (_LANES.get(where[0], where[:1]), _COUNTS[where[1]]) if where else (("",), (1,))
    masks = _COUNTS["p"] if "TM" in words else (0,)
    for kind in kinds:
        if kind == "double" and not language.double:
            continue
        for count in (only,) if only else counts:
            for mask in masks:
                table = _substitutes(kind, count, mask)
                for space in _spaces(words, language):
                    params = tuple(_spelled(word, table, space) for word in words)
                    yield Builtin(name, params, table.get(result, result), since, needs)


def _substitutes(kind: str, count: int, mask: int) -> dict[str, str]:
    """What the words of a row stand for, of one lane type and one count."""
    n = "" if count == 1 else str(count)
    table = {"intN": f"int{n}"}
    if kind:
        size = SCALARS[kind].size
        signed = _SIGNED[size.bit_length() - 1]
        table |= {"A": f"atomic_{kind}", "T": kind + n, "t": kind, "S": signed + n, "s": signed}
        table |= {"U": f"u{signed}{n}", "u": f"u{signed}", "TM": f"{kind}{mask}"}
        if size < 8:
            wide = _SIGNED[size.bit_length()]
            table["W"] = f"{'u' if kind[0] == 'u' else ''}{wide}{n}"
    return table


def _spaces(words: list[str], language: Language) -> tuple[str, ...]:
    """The address spaces that a pointer without one in the row goes through."""
    open_words = [w for w in words if w[-1] == "*" and not any(q in _NAMED for q in w.split())]
    if not open_words:
        return ("",)
    writable = ("generic",) if language.has(GENERIC_SPACE) else ("", "global", "local")
    return (*writable, "constant") if open_words[0].startswith("const ") else writable


_NAMED = ("global", "local", "generic")


def _spelled(word: str, table: dict[str, str], space: str) -> str:
    if word[-1] != "*":
        return table.get(word, word)
    *quals, base = word[:-1].split()
    space = next((q for q in quals if q in _NAMED), space)
    kept = [q for q in quals if q in ("const", "volatile")]
    return " ".join([*([space] if space else []), *kept, table.get(base, base), "*"])


@cache
def type_of(spelling: str) -> Type:
    """The type that a row's spelling is of; str() of it is the spelling, save for size_t."""
    if spelling.endswith(" *"):
        *words, pointee, _star = spelling.split()
        spaces = [s for s in AddrSpace if str(s) and str(s) in words]
        space = spaces[0] if spaces else AddrSpace.PRIVATE
        quals = Quals(space, const="const" in words, volatile="volatile" in words)
        return Pointer(type_of(pointee), quals)
    if spelling == "size_t":
        return SIZE_T
    base = spelling.rstrip("0123456789")
    if base not in SCALARS:
        return ATOMICS.get(spelling) or Opaque(spelling)
    return Vector(SCALARS[base], int(spelling[len(base) :])) if base != spelling else SCALARS[base]
