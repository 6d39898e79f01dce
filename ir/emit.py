"""What llvmlite's builder has no words for: volatile accesses, flags, distinct metadata.

Small subclasses of llvmlite's own nodes, so that a module stays one object that prints itself.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from typing import Any

import llvmlite.ir as llir

I1, I8, I32, I64 = (llir.IntType(n) for n in (1, 8, 32, 64))
VOID = llir.VoidType()
PTR = llir.PointerType()
# How a function of the device library that is linked as bitcode begins: __kcc_fn_fmod_float is
# fmod for a float as its first argument.
MEMBER = "__kcc_fn_"


class Load(llir.LoadInstr):  # type: ignore[misc]  # llvmlite is untyped
    """A load with an alignment that may be volatile.

    apart: what it reads is this work-item's own, and no other name of it is about.
    """

    apart = False

    def __init__(self, block: Any, ptr: Any, typ: Any, align: int, volatile: bool) -> None:
        super().__init__(block, ptr, typ=typ)
        self.align = align
        self.volatile = volatile

    def descr(self, buf: list[str]) -> None:
        (ptr,) = self.operands
        word = "load volatile" if self.volatile else "load"
        metadata = self._stringify_metadata(leading_comma=True)
        place = f"{ptr.type} {ptr.get_reference()}, align {self.align}"
        buf.append(f"{word} {self.type}, {place}{metadata}\n")


class Store(llir.StoreInstr):  # type: ignore[misc]
    """A store with an alignment that may be volatile. apart: as in Load."""

    apart = False

    def __init__(self, block: Any, value: Any, ptr: Any, align: int, volatile: bool) -> None:
        super().__init__(block, value, ptr)
        self.align = align
        self.volatile = volatile

    def descr(self, buf: list[str]) -> None:
        value, ptr = self.operands
        word = "store volatile" if self.volatile else "store"
        metadata = self._stringify_metadata(leading_comma=True)
        what = f"{value.type} {value.get_reference()}"
        place = f"{ptr.type} {ptr.get_reference()}, align {self.align}"
        buf.append(f"{word} {what}, {place}{metadata}\n")


class AtomicLoad(llir.instructions.LoadAtomicInstr):  # type: ignore[misc]
    """An atomic load; llvmlite's own looks for the pointee of the pointer."""

    def __init__(self, block: Any, ptr: Any, typ: Any, align: int, order: str) -> None:
        super().__init__(block, ptr, order, align, typ=typ)


class AtomicStore(llir.instructions.StoreAtomicInstr):  # type: ignore[misc]
    def __init__(self, block: Any, value: Any, ptr: Any, align: int, order: str) -> None:
        super().__init__(block, value, ptr, order, align)


class GlobalVar(llir.GlobalVariable):  # type: ignore[misc]
    """A variable whose address has no pointee, so that nobody guesses one."""

    description: Any = None  # of a work-group's variable, for debuggers

    def __init__(self, module: Any, typ: Any, name: str, addrspace: int = 0) -> None:
        super().__init__(module, typ, name, addrspace)
        self.type = llir.PointerType(addrspace=addrspace)


class Function(llir.Function):  # type: ignore[misc]
    """A function that numbers its values in less time: most have no name."""

    def __init__(self, module: Any, ftype: Any, name: str) -> None:
        super().__init__(module, ftype, name)
        self.scope = Names(len(self.args) + 1)  # the result has one too


class Callee:
    """What an indirect call calls: a pointer, taken for one to a function of this type."""

    name = ""

    def __init__(self, pointer: Any, typ: Any) -> None:
        self.type, self.function_type = pointer.type, typ
        self.get_reference = pointer.get_reference


def address_of(function: Any) -> Any:
    """A function's address as a value."""
    return llir.values.FormattedConstant(PTR, function.get_reference())


class Names(llir._utils.NameScope):  # type: ignore[misc]
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def register(self, name: str, deduplicate: bool = False) -> str:
        if name or not deduplicate:
            given: str = super().register(name, deduplicate)
            return given
        self.count += 1
        return f".{self.count}"


class Attributes(llir.values.FunctionAttributes):  # type: ignore[misc]
    """Function attributes, the newer and the quoted ones included."""

    _known = llir.values.FunctionAttributes._known | {
        '"no-builtins"',
        "mustprogress",
        "nofree",
        "nosync",
        "memory(read)",
        "memory(none)",
        "willreturn",
    }


class DistinctNode(llir.MDValue):  # type: ignore[misc]
    """A metadata node equal to no other; `itself` puts it in as its own first operand."""

    def __init__(self, module: Any, operands: Iterable[Any] = (), itself: bool = False) -> None:
        super().__init__(module, (), name=str(len(module.metadata)))
        self.operands = ((self,) if itself else ()) + tuple(operands)

    def descr(self, buf: list[str]) -> None:
        buf.append("distinct ")
        super().descr(buf)

    # By identity: the operands may hold the node itself.
    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def size_of(typ: Any) -> int:
    """Bytes that a value of `typ` takes in memory, rounded up to its alignment."""
    match typ:
        case llir.ArrayType():
            return int(typ.count) * size_of(typ.element)
        case llir.VectorType():
            return (1 << (int(typ.count) - 1).bit_length()) * size_of(typ.element)
        case llir.IntType():
            return max(int(typ.width) // 8, 1)
        case llir.HalfType():
            return 2
        case llir.FloatType():
            return 4
        case _:  # doubles and pointers
            return 8


def load(build: Any, ptr: Any, typ: Any, align: int, volatile: bool = False) -> Any:
    instr = Load(build.block, ptr, typ, align, volatile)
    build._insert(instr)
    return instr


def store(build: Any, value: Any, ptr: Any, align: int, volatile: bool = False) -> None:
    build._insert(Store(build.block, value, ptr, align, volatile))


def offset_ptr(build: Any, ptr: Any, offset: int, name: str = "") -> Any:
    """`ptr` plus a known number of bytes inside its object."""
    if offset == 0:
        return ptr
    return build.gep(ptr, [I64(offset)], inbounds=True, source_etype=I8, name=name)


def freeze(build: Any, value: Any) -> Any:
    instr = llir.Instruction(build.block, value.type, "freeze", [value])
    build._insert(instr)
    return instr


def integer(typ: Any, value: int) -> Any:
    """A constant of an integer type, brought into its signed range as LLVM prints it."""
    if typ.width == 1:
        return typ(value & 1)
    half = 1 << (typ.width - 1)
    return typ(((value + half) & (2 * half - 1)) - half)


def floating(typ: Any, value: float) -> Any:
    """A constant of a floating type, rounded to it; too large becomes infinity."""
    formats = {"half": "<e", "float": "<f", "double": "<d"}
    try:
        (rounded,) = struct.unpack(formats[str(typ)], struct.pack(formats[str(typ)], value))
    except OverflowError:
        rounded = math.copysign(math.inf, value)
    return typ(rounded)


def resize(build: Any, v: Any, typ: Any, signed: bool) -> Any:
    """An integer (vector) in another width; a wider one extended by `signed`."""
    have, want = (getattr(t, "element", t).width for t in (v.type, typ))
    if have == want:
        return v
    if isinstance(v, llir.Constant) and isinstance(v.constant, int) and have > 1:
        return integer(typ, v.constant if signed else v.constant & ((1 << have) - 1))
    if want < have:
        return build.trunc(v, typ)
    return build.sext(v, typ) if signed and have > 1 else build.zext(v, typ)


def declare(module: Any, name: str, result: Any, args: Iterable[Any]) -> Any:
    """The function `name` of this module, declared if nobody has yet."""
    known = module.globals.get(name)
    if known is None:
        known = llir.Function(module, llir.FunctionType(result, tuple(args)), name)
    return known


def type_suffix(typ: Any) -> str:
    """How an intrinsic's name says which type it is for."""
    if isinstance(typ, llir.VectorType):
        return f"v{typ.count}{typ.element.intrinsic_name}"
    return str(typ.intrinsic_name)


def intrinsic(
    build: Any, name: str, result: Any, args: Iterable[Any], flags: tuple[str, ...] = ()
) -> Any:
    """Call llvm.`name`, overloaded on its result type alone."""
    args = list(args)
    function = declare(
        build.module, f"llvm.{name}.{type_suffix(result)}", result, [a.type for a in args]
    )
    return build.call(function, args, fastmath=flags)


def copy_bytes(build: Any, target: Any, source: Any, size: int, align: int, *, vol: bool) -> None:
    """memcpy of `size` bytes between places aligned to `align` that are equal or disjoint."""
    _move(build, "llvm.memcpy", target, source, size, align=align, vol=vol)


def fill_zero(build: Any, target: Any, size: int, align: int, *, vol: bool = False) -> None:
    _move(build, "llvm.memset", target, I8(0), size, align=align, vol=vol)


def _move(
    build: Any, name: str, target: Any, source: Any, size: int, *, align: int, vol: bool
) -> None:
    if size == 0:
        return
    pointers = [v.type for v in (target, source) if v.type.is_pointer]
    suffix = "".join(f".{t.intrinsic_name}" for t in pointers)
    types = [target.type, source.type, I64, I1]
    function = declare(build.module, f"{name}{suffix}.i64", VOID, types)
    call = build.call(
        function, [target, source, I64(size), I1(vol)], arg_attrs=dict.fromkeys(range(2), ())
    )
    for i in range(len(pointers)):
        call.arg_attributes[i].align = align


def _flat(symbol: Any) -> Any:
    text = f"addrspacecast ({symbol.type} {symbol.get_reference()} to {PTR})"
    return llir.values.FormattedConstant(PTR, text)


def keep(module: Any, symbols: list[Any]) -> None:
    """Symbols that neither LLVM nor a linker may drop, whoever uses them or not."""
    typ = llir.ArrayType(PTR, len(symbols))
    used = llir.GlobalVariable(module, typ, "llvm.used")
    used.linkage, used.section = "appending", "llvm.metadata"
    flat = [s if s.type.addrspace == 0 else _flat(s) for s in symbols]
    used.initializer = llir.Constant(typ, flat)


def global_bytes(module: Any, name: str, data: bytes, addrspace: int = 0) -> Any:
    """A private constant array of bytes."""
    typ = llir.ArrayType(I8, len(data))
    var = GlobalVar(module, typ, name, addrspace)
    var.linkage, var.global_constant, var.unnamed_addr = "private", True, True
    var.initializer = llir.Constant(typ, bytearray(data))
    var.align = 1
    return var
