"""Which address space a generic pointer points into: to_global and its kin, get_fence.

All spaces are parts of one. What is private to a work-item lies on its hart's stack, between
the stack pointer and where the kernel's entry began; local memory is a piece of that stack
(see passes/trampoline.py); anything else is global.
"""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ..frontend import tast
from .emit import I32, I64, declare, load, offset_ptr
from .frame import Frame
from .lower_type import value_type

# Addresses that the entry keeps before the group's local memory: bytes from its start.
LOCAL_END, STACK_TOP, HEADER = -16, -8, 16
STACK_POINTER = "llvm.stacksave.p0"
CLK_LOCAL_MEM_FENCE, CLK_GLOBAL_MEM_FENCE = 1, 2
KEYS = frozenset({"to_global", "to_local", "to_private", "get_fence"})


def space_query(frame: Frame, call: tast.BuiltinCall, pointer: Any) -> Any:
    """Emit one of KEYS: the pointer in the space that is asked for, or null; the fence's flags."""
    build, locals_ = frame.build, frame.item[0]
    address = build.ptrtoint(pointer, I64)
    start = build.ptrtoint(locals_, I64)
    ends = [load(build, offset_ptr(build, locals_, at), I64, 8) for at in (LOCAL_END, STACK_TOP)]
    stack = build.call(declare(build.module, STACK_POINTER, llir.PointerType(), ()), ())
    is_local = _inside(build, address, start, ends[0])
    on_stack = _inside(build, address, build.ptrtoint(stack, I64), ends[1])
    if call.key == "get_fence":
        other = build.select(on_stack, I32(0), I32(CLK_GLOBAL_MEM_FENCE))
        return build.select(is_local, I32(CLK_LOCAL_MEM_FENCE), other)
    if call.key == "to_local":
        found = is_local
    elif call.key == "to_private":
        found = build.and_(on_stack, build.not_(is_local))
    else:
        found = build.not_(build.or_(on_stack, is_local))
    typ = value_type(call.type)
    return build.select(found, build.addrspacecast(pointer, typ), llir.Constant(typ, None))


def _inside(build: Any, address: Any, start: Any, end: Any) -> Any:
    return build.icmp_unsigned("<", build.sub(address, start), build.sub(end, start))
