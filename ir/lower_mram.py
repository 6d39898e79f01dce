"""Accesses to MRAM of a DPU, which no load or store reaches: calls of the device library.

    before:  n = *p;  *p = n;  s = *q;              (`__mram_ptr int *p; __mram_ptr struct S *q;`)
    after:   %n = call i32 @__mram_load32(ptr addrspace(255) %p)
             call void @__mram_store32(ptr addrspace(255) %p, i32 signext %n)
             call void @__mram_to_wram(ptr %s, ptr addrspace(255) %q, i64 24)

LLVM knows nothing of these functions, so that every access of the program is one call: `volatile`
asks for nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ..frontend import tast
from ..frontend.diag import Diagnostics, InternalError
from ..frontend.types import ULONG, AddrSpace, Pointer, sizeof
from .emit import I64, VOID, declare
from .lower_type import stored_type

if TYPE_CHECKING:
    from .frame import Frame, Place

_WRAM, _MRAM = llir.PointerType(), llir.PointerType(addrspace=int(AddrSpace.MRAM))
_SECTIONS = (".mram", ".bss.mram")  # and what begins so
# How the calling convention widens an argument of so many bits (LP64).
_EXTENSIONS = {8: ("zeroext",), 16: ("zeroext",), 32: ("signext",), 64: ()}


def place(symbol: Any, var: tast.Var, diags: Diagnostics) -> None:
    """Let a variable in MRAM lie there, on words of its own: a DMA can begin there.

    Reports a variable of either memory that asks for a section of the other.
    """
    in_mram = symbol.type == _MRAM
    if symbol.section and symbol.section.startswith(_SECTIONS) != in_mram:
        here, there = ("MRAM", "WRAM") if in_mram else ("WRAM", "MRAM")
        message = f"'{var.name}' lies in {here}, and its section '{symbol.section}' in {there}"
        hint = "write '*__mram_ptr' for a pointer that lies in MRAM itself"
        of_pointer = isinstance(var.type, Pointer) and not in_mram
        diags.error("bad-attribute", message, var.span, hint=hint if of_pointer else None)
    if in_mram:
        symbol.align = max(symbol.align, 8)
        symbol.global_constant = False  # no section of constants is in MRAM
        symbol.section = symbol.section or (".bss.mram" if var.init is None else ".mram")


def load(frame: Frame, place: Place) -> Any:
    """The scalar at `place`, as it is stored."""
    build, size, typ = frame.build, sizeof(place.type), stored_type(place.type)
    if place.align < size:  # it may lie in two words
        copy(build, _spare(frame), place.ptr, size)
        return build.load(_spare(frame), typ=typ)
    bits = llir.IntType(8 * size)
    word = build.call(declare(build.module, f"__mram_load{bits.width}", bits, [_MRAM]), [place.ptr])
    if typ == bits:
        return word
    return (build.inttoptr if typ.is_pointer else build.bitcast)(word, typ)


def store(frame: Frame, place: Place, value: Any) -> None:
    """Put a scalar, as it is stored, where `place` is."""
    build, size = frame.build, sizeof(place.type)
    if place.align < size:
        build.store(value, _spare(frame))
        copy(build, place.ptr, _spare(frame), size)
        return
    bits = llir.IntType(8 * size)
    if value.type != bits:
        value = (build.ptrtoint if value.type.is_pointer else build.bitcast)(value, bits)
    function = declare(build.module, f"__mram_store{bits.width}", VOID, [_MRAM, bits])
    build.call(function, [place.ptr, value], arg_attrs={1: _EXTENSIONS[bits.width]})


def _spare(frame: Frame) -> Any:
    """Room for one scalar on its way: one for all, since stacks are small."""
    if frame.spare is None:
        frame.spare = frame.alloca(ULONG)
    return frame.spare.ptr


def copy(build: Any, target: Any, source: Any, size: int) -> None:
    """`size` bytes from one place to another, of which one at least is in MRAM."""
    if size == 0:
        return
    names = ["mram" if p.type == _MRAM else "wram" for p in (source, target)]
    pointers = [p if p.type == _MRAM else _in_wram(build, p) for p in (target, source)]
    types = [*(p.type for p in pointers), I64]
    function = declare(build.module, "__{}_to_{}".format(*names), VOID, types)
    build.call(function, [*pointers, I64(size)])


def _in_wram(build: Any, ptr: Any) -> Any:
    return ptr if ptr.type == _WRAM else build.addrspacecast(ptr, _WRAM)


def verify(module: Any) -> None:
    """Make sure that nothing but a call gets a pointer into MRAM to access it."""
    for function in module.functions:
        for block in function.blocks:
            for instr in block.instructions:
                _verify(instr)


def _verify(instr: Any) -> None:
    match instr:
        case llir.LoadInstr(operands=[ptr]) | llir.StoreInstr(operands=[_, ptr]):
            touched = [ptr]
        case llir.CallInstr(callee=callee) if callee.name.startswith("llvm.mem"):
            touched = [p for p in instr.args if p.type.is_pointer]
        case _:
            return
    if any(p.type == _MRAM for p in touched):
        raise InternalError(f"an access to MRAM that is no call: {str(instr).strip()}")
