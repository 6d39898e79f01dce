"""trampoline: give every kernel the entry that a device calls.

    before:  define internal void @__kcc_group.k(ptr addrspace(1) %a, i32 %n, locals, ptr %wg)
    after:   define void @k(ptr %packed_args, ptr %wg)
             ; loads %a and %n from the argument block, makes the local memory, calls the group

Offsets come from KernelInfo, as the driver's do. A `local` pointer's place in the block holds
a size: that many bytes are taken from the stack. For a kernel that harts run by items, it holds
the address, and the kernel's own local memory is a variable of the program: there is one group
at a time.

Where pointers are asked for their address space, the group's local memory is in one piece, and
LOCAL_END and STACK_TOP say, right before it, where it and the hart's stack end. (By items, they
are the same for all harts: each has its stack at the same addresses.)

This is a RefSi device's; a Formosa device has entries of another kind, see formosa_entry.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..abi import MAX_ARG_ALIGN, KernelArg, KernelInfo
from ..emit import I8, I64, PTR, GlobalVar, offset_ptr
from . import formosa_entry
from ._entry import (
    HEADER_ROOM,
    LOCAL_PTR,
    asks_for_spaces,
    at,
    begin_entry,
    end_entry,
    local_words,
    write_header,
)
from ._pass import Pass
from .workitem_loops import describe_wg

if TYPE_CHECKING:
    from ..lower import Lowered

# By items: the program's local memory, where the linker puts such, and the end of all there is.
LOCAL_BLOCK, LOCAL_SECTION, LOCAL_MEMORY_END = "__kcc_local", ".local", "__kcc_local_end"


def add_entries(unit: Lowered) -> None:
    if unit.options.device == "formosa":
        formosa_entry.add_entries(unit)
        return
    size = max((info.local_size for info in unit.kernels), default=0)
    header = HEADER_ROOM if asks_for_spaces(unit.module) else 0
    if unit.options.by_items and size + header:
        typ = llir.ArrayType(I8, size + header)
        block = GlobalVar(unit.module, typ, LOCAL_BLOCK, int(AddrSpace.LOCAL))
        block.linkage, block.section, block.align = "internal", LOCAL_SECTION, MAX_ARG_ALIGN
        block.initializer = llir.Constant(typ, llir.Undefined)
    for info in unit.kernels:
        _add_entry(unit.module, info)


def _add_entry(module: Any, info: KernelInfo) -> None:
    entry, build = begin_entry(module, info, info.name, params=2)
    block, wg = entry.args
    wg.name = "wg"
    describe_wg(wg, info.device)
    local_memory = _given_memory if info.by_items else _local_memory
    locals_, room = local_memory(build, block, info)
    end_entry(build, info, room, locals_, wg)


def _local_memory(build: Any, block: Any, info: KernelInfo) -> tuple[Any, dict[KernelArg, Any]]:
    """(the block of the kernel's own variables, what each local argument points to)."""
    sizes = local_words(build, block, info, I64)
    if not asks_for_spaces(build.module):
        own = info.local_size
        locals_ = _allocate(build, I64(own)) if own else llir.Constant(LOCAL_PTR, None)
        return locals_, {arg: _allocate(build, size) for arg, size in sizes.items()}
    own = -(-info.local_size // MAX_ARG_ALIGN) * MAX_ARG_ALIGN
    offsets, end = {}, I64(HEADER_ROOM + own)
    for arg, size in sizes.items():
        offsets[arg] = end
        padding = build.add(size, I64(MAX_ARG_ALIGN - 1))
        end = build.add(end, build.and_(padding, I64(-MAX_ARG_ALIGN)))
    whole = _allocate(build, end)
    locals_ = offset_ptr(build, whole, HEADER_ROOM)
    write_header(build, locals_, at(build, whole, end))
    return locals_, {arg: at(build, whole, offset) for arg, offset in offsets.items()}


def _given_memory(build: Any, block: Any, info: KernelInfo) -> tuple[Any, dict[KernelArg, Any]]:
    """The same for a kernel by items."""
    module = build.module
    locals_ = module.globals.get(LOCAL_BLOCK, llir.Constant(LOCAL_PTR, None))
    if asks_for_spaces(module):
        locals_ = offset_ptr(build, locals_, HEADER_ROOM)
        end = module.globals.get(LOCAL_MEMORY_END)
        if end is None:
            end = GlobalVar(module, I8, LOCAL_MEMORY_END, int(AddrSpace.LOCAL))
            end.linkage = "external"
        write_header(build, locals_, end)
    return locals_, local_words(build, block, info, LOCAL_PTR)


def _allocate(build: Any, size: Any) -> Any:
    room = build.alloca(I8, size=size)
    room.align = MAX_ARG_ALIGN
    room.type = PTR
    return build.addrspacecast(room, LOCAL_PTR)


# The last pass that knows parameters: one that changed them later would leave the entry
# loading the old ones.
PASS = Pass("trampoline", add_entries, after=("local-memory",))
