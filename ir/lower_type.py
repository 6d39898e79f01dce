"""OpenCL types as LLVM types: how values look in registers and how many bytes they take.

Aggregates (arrays, structs, unions) exist in memory only: blocks of bytes reached by byte
offsets from `types.struct_layout`, so LLVM never computes a layout. In registers a `bool` is
i1 and a 3-vector has three lanes; in memory they take i8 and the room of four.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend.diag import InternalError
from ..frontend.types import (
    AddrSpace,
    Array,
    Atomic,
    Enum,
    Function,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Type,
    Vector,
    enum_type,
    sizeof,
)
from .emit import I1, I8, VOID, integer

FLOATS = {2: llir.HalfType(), 4: llir.FloatType(), 8: llir.DoubleType()}
SCALARS = {  # by kind and size
    ("void", 1): VOID,
    ("bool", 1): I1,
    **{("int", size): llir.IntType(size * 8) for size in (1, 2, 4, 8)},
    **{("float", size): typ for size, typ in FLOATS.items()},
}
POINTERS = {space: llir.PointerType(addrspace=int(space)) for space in AddrSpace}


def is_aggregate(t: Type) -> bool:
    return isinstance(t, Struct | Array)


def value_type(t: Type) -> Any:
    """The type of `t` in a register; not for aggregates."""
    if isinstance(t, Scalar):
        return SCALARS[t.kind, t.size]
    if isinstance(t, Pointer):
        return POINTERS[t.quals.space]
    match t:
        case Vector(element, count):
            return llir.VectorType(value_type(element), count)
        case Enum():
            return value_type(enum_type(t))
        case Atomic(base=base):
            return value_type(base)
        case Opaque():
            return llir.PointerType()
        case _:
            raise InternalError(f"{t} has no value type")


def parameter_type(t: Type) -> Any:
    """What a function takes for a `t`: the address of an aggregate."""
    return llir.PointerType() if is_aggregate(t) else value_type(t)


def function_type(t: Function) -> Any:
    """A function of C: what is written, after the place of a result that is an aggregate."""
    types = [parameter_type(p) for p in t.params]
    if is_aggregate(t.result):
        return llir.FunctionType(VOID, [llir.PointerType(), *types])
    return llir.FunctionType(value_type(t.result), types)


def memory_type(t: Type) -> Any:
    """The type of `t` in memory, of exactly sizeof(t) bytes: for globals, allocas and steps."""
    match t:
        case Scalar(kind="bool" | "void"):
            return I8
        case Vector(element, 3):
            return llir.VectorType(value_type(element), 4)
        case Array(element, None):
            return llir.ArrayType(memory_type(element), 0)
        case Array() | Struct():
            return llir.ArrayType(I8, sizeof(t))
        case _:
            return value_type(t)


def is_stored_wider(t: Type) -> bool:
    """Whether a load or store moves a byte for what is one bit in a register."""
    return isinstance(t, Scalar) and t.kind in ("bool", "void")


def stored_type(t: Type) -> Any:
    """What a load or store of `t` moves."""
    return I8 if is_stored_wider(t) else value_type(t)


def element(t: Type) -> Type:
    """The lane type of a vector, any other type itself."""
    return t.element if isinstance(t, Vector) else t


def is_signed(t: Type) -> bool:
    t = element(t)
    if isinstance(t, Enum):
        t = enum_type(t)
    return isinstance(t, Scalar) and t.signed


def is_floating(t: Type) -> bool:
    t = element(t)
    return isinstance(t, Scalar) and t.kind == "float"


def constant_int(t: Type, value: int) -> Any:
    """An integer of type `t`, the same in every lane of a vector."""
    typ = value_type(t)
    if isinstance(t, Vector):
        return llir.Constant(typ, [integer(typ.element, value)] * t.count)
    return integer(typ, value)


def extension(t: Type) -> tuple[str, ...]:
    """How the RISC-V calling convention widens an argument or result of type `t` (LP64)."""
    if isinstance(t, Enum):
        return extension(enum_type(t))
    if isinstance(t, Scalar) and t.kind == "bool":
        return ("zeroext",)
    if isinstance(t, Scalar) and t.kind == "int" and t.size < 8:
        # 32-bit values are kept sign-extended in registers, unsigned ones too.
        return ("signext",) if t.signed or t.size == 4 else ("zeroext",)
    return ()
