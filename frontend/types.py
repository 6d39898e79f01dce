"""The types of OpenCL C, sized for riscv64 (OpenCL C 3.0, section 6.3; LP64).

Types are immutable and compare by structure, except structs and unions, which compare by
identity as C says. Qualifiers and the address space belong to an *object*, so they stand in
`Quals`: in a pointer's pointee, in a variable, in a field, and on every lvalue.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, TypeAlias

from .record import field, record, replace


class AddrSpace(IntEnum):
    """The numbers are LLVM's address spaces as design-wide fixed; all flat on the target.

    MRAM, of C, is the bulk memory of a DPU: no load or store reaches it, and no pointer into
    another space becomes one into it.
    """

    PRIVATE = 0
    GLOBAL = 1
    CONSTANT = 2
    LOCAL = 3
    GENERIC = 4
    MRAM = 255

    def __str__(self) -> str:
        if self is AddrSpace.MRAM:
            return "__mram_ptr"
        return "" if self is AddrSpace.PRIVATE else self.name.lower()

    @property
    def memory(self) -> str:
        return "MRAM" if self is AddrSpace.MRAM else f"{self} memory"


@record
class Quals:
    space: AddrSpace = AddrSpace.PRIVATE
    const: bool = False
    volatile: bool = False
    restrict: bool = False
    # What a typedef with __attribute__((aligned)) says, if any: part of no type's identity.
    align: int = field(default=0, compare=False)

    def __str__(self) -> str:
        words = [str(self.space)] if self.space else []
        words += [w for w in ("const", "volatile", "restrict") if getattr(self, w)]
        return " ".join(words)

    def with_(self, **changes: object) -> Quals:
        return replace(self, **changes)  # type: ignore[arg-type]


NO_QUALS = Quals()


@record
class Scalar:
    """void, bool, the integers and the floats. `rank` orders the usual conversions."""

    name: str
    kind: Literal["void", "bool", "int", "float"]
    size: int  # bytes; also the alignment
    signed: bool = False
    rank: int = 0

    def __str__(self) -> str:
        return self.name


@record
class Vector:
    element: Scalar
    count: int  # 2, 3, 4, 8, 16; a 3-vector takes the room of a 4-vector

    def __str__(self) -> str:
        return f"{self.element}{self.count}"


@record
class Pointer:
    pointee: Type
    quals: Quals = NO_QUALS  # of what it points to

    def __str__(self) -> str:
        quals = str(self.quals)
        if isinstance(self.pointee, Function):
            return str(self.pointee).replace("(", "(*)(", 1)
        if isinstance(self.pointee, Pointer):
            return f"{self.pointee}{quals}{' ' if quals else ''}*"
        return f"{quals}{' ' if quals else ''}{self.pointee} *"


@record
class Array:
    element: Type
    count: int | None  # None: incomplete

    def __str__(self) -> str:
        inner, dims = self.element, f"[{'' if self.count is None else self.count}]"
        while isinstance(inner, Array):
            dims += f"[{'' if inner.count is None else inner.count}]"
            inner = inner.element
        return f"{inner}{dims}"


@record
class Field:
    name: str  # "" for an anonymous struct or union
    type: Type
    quals: Quals = NO_QUALS
    align: int = 0  # from __attribute__((aligned)); 0: natural
    packed: bool = False
    host_sized: bool = False  # size_t or one of its kin: see scope.Written
    spelling: Type | None = field(default=None, compare=False, repr=False)  # see scope.Written


@record(eq=False, frozen=False)
class Struct:
    """A struct or union; `fields` is None until its definition is complete."""

    kind: Literal["struct", "union"]
    tag: str  # "" when it has none
    fields: tuple[Field, ...] | None = None
    packed: bool = False
    align: int = 0  # from __attribute__((aligned)); 0: natural
    pack: int = 0  # from `#pragma pack`: the most a field is aligned to; 0: no limit
    alias: str = ""  # without a tag: the first typedef that names it
    # What struct_layout found, and the fields it found it for: structs nest deep.
    layout: tuple[object, tuple[tuple[int, ...], int, int]] | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.tag}" if self.tag else self.alias or f"{self.kind} (unnamed)"


@record(eq=False, frozen=False)
class Enum:
    """An enumeration, computed with as the integer type that its values fit."""

    tag: str
    underlying: Scalar | None = None  # None until its definition is complete
    align: int = 0  # from __attribute__((aligned)); 0: natural
    alias: str = ""  # without a tag: the first typedef that names it
    members: dict[str, int] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"enum {self.tag}" if self.tag else self.alias or "enum (unnamed)"


@record
class Function:
    result: Type
    params: tuple[Type, ...]
    variadic: bool = False
    # C's `f()`: a declaration that leaves the parameters open.
    unspecified: bool = field(default=False, compare=False, repr=False)

    def __str__(self) -> str:
        params = [str(p) for p in self.params] + (["..."] if self.variadic else [])
        return f"{self.result} ({', '.join(params)})"


@record
class Opaque:
    """event_t, image2d_t, sampler_t...: known by name, not computed with."""

    name: str

    def __str__(self) -> str:
        return self.name


EVENT = Opaque("event_t")


@record
class Atomic(Opaque):
    """atomic_int and its kin: what only functions may touch (OpenCL C 3.0, section 6.15.12)."""

    base: Scalar


@record
class Named(Opaque):
    """A type by the name of a typedef: how it is written, for debuggers alone."""

    meaning: Type


Type: TypeAlias = Scalar | Vector | Pointer | Array | Struct | Enum | Function | Opaque

# fmt: off
VOID   = Scalar("void",   "void",  1)
BOOL   = Scalar("bool",   "bool",  1, rank=1)
CHAR   = Scalar("char",   "int",   1, signed=True, rank=2)
UCHAR  = Scalar("uchar",  "int",   1, rank=2)
SHORT  = Scalar("short",  "int",   2, signed=True, rank=3)
USHORT = Scalar("ushort", "int",   2, rank=3)
INT    = Scalar("int",    "int",   4, signed=True, rank=4)
UINT   = Scalar("uint",   "int",   4, rank=4)
LONG   = Scalar("long",   "int",   8, signed=True, rank=5)
ULONG  = Scalar("ulong",  "int",   8, rank=5)
HALF   = Scalar("half",   "float", 2, signed=True, rank=6)
FLOAT  = Scalar("float",  "float", 4, signed=True, rank=7)
DOUBLE = Scalar("double", "float", 8, signed=True, rank=8)
# fmt: on
SCALARS = {
    s.name: s
    for s in (VOID, BOOL, CHAR, UCHAR, SHORT, USHORT, INT, UINT, LONG, ULONG, HALF, FLOAT, DOUBLE)
}
ATOMICS = {
    name: Atomic(name, base)
    for name, base in (
        ("atomic_flag", INT),
        *((f"atomic_{s.name}", s) for s in (INT, UINT, LONG, ULONG, FLOAT, DOUBLE)),
    )
}
VECTOR_COUNTS = (2, 3, 4, 8, 16)
SIZE_T, PTRDIFF_T, POINTER_SIZE = ULONG, LONG, 8
# What an expression has after an error in it; the checker complains of it no further, and no
# finished tree holds it.
ERROR = Opaque("<error>")


def enum_type(t: Enum) -> Scalar:
    """The integer type that an enumeration is, clang's choice: unsigned where it can be."""
    return UINT if t.underlying is None else t.underlying


def is_integer(t: Type) -> bool:
    """Scalar integers, bool and enums; not vectors."""
    return isinstance(t, Enum) or (isinstance(t, Scalar) and t.kind in ("int", "bool"))


def is_float(t: Type) -> bool:
    return isinstance(t, Scalar) and t.kind == "float"


def is_arithmetic(t: Type) -> bool:
    return is_integer(t) or is_float(t)


def is_scalar(t: Type) -> bool:
    """What a condition may be: arithmetic or pointer."""
    return is_arithmetic(t) or isinstance(t, Pointer)


def is_void(t: Type) -> bool:
    return isinstance(t, Scalar) and t.kind == "void"


def is_complete(t: Type) -> bool:
    match t:
        case Array(element, count):
            return count is not None and is_complete(element)
        case Struct(fields=fields):
            return fields is not None
        case Enum(underlying=underlying):
            return underlying is not None
        case Function():
            return False
        case _:
            return not is_void(t)


def alignof(t: Type) -> int:
    """Alignment in bytes; a vector is aligned to its size (OpenCL C 3.0, 6.3.5)."""
    match t:
        case Scalar(size=size):
            return size
        case Vector():
            return sizeof(t)
        case Pointer():
            return POINTER_SIZE
        case Array(element):
            return alignof(element)
        case Struct():
            return _layout(t)[2]
        case Enum(align=align):
            return max(align, enum_type(t).size)
        case Atomic(base=base):
            return base.size
        case Opaque():
            return POINTER_SIZE
        case Function():
            return 1


def sizeof(t: Type) -> int:
    """Size in bytes, padding included. `t` must be complete (sizeof(void) is 1, as GNU C)."""
    match t:
        case Scalar(size=size):
            return size
        case Vector(element, count):
            return element.size * (4 if count == 3 else count)
        case Pointer():
            return POINTER_SIZE
        case Array(element, count):
            assert count is not None
            return sizeof(element) * count
        case Struct():
            return struct_layout(t)[1]
        case Enum():
            return enum_type(t).size
        case Atomic(base=base):
            return base.size
        case Opaque():
            return POINTER_SIZE
        case Function():
            return 1


def field_align(s: Struct, f: Field) -> int:
    """The alignment of a struct's field, in bytes; `packed` leaves only what it asks itself,
    and `#pragma pack` limits that too."""
    natural = 1 if s.packed or f.packed else f.quals.align or alignof(f.type)
    align = max(f.align, natural)
    return min(align, s.pack) if s.pack else align


def struct_layout(s: Struct) -> tuple[tuple[int, ...], int]:
    """(offset of each field, size of the whole), in bytes; C's rules with packed and aligned."""
    assert s.fields is not None
    return _layout(s)[:2]


def _layout(s: Struct) -> tuple[tuple[int, ...], int, int]:
    """(offset of each field, size, alignment), in bytes."""
    if s.layout is not None and s.layout[0] is s.fields:
        return s.layout[1]
    offsets: list[int] = []
    aligns = [1, s.align]
    end = 0
    for f in s.fields or ():
        align = field_align(s, f)
        aligns.append(align)
        start = 0 if s.kind == "union" else -(-end // align) * align
        offsets.append(start)
        end = max(end, start + sizeof(f.type))
    align = max(aligns)
    found = tuple(offsets), -(-end // align) * align, align
    s.layout = (s.fields, found)
    return found
