"""trampoline: give every kernel the entry that a RefSi device calls.

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
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..abi import MAX_ARG_ALIGN, KernelArg, KernelInfo
from ..emit import (
    I8,
    I32,
    I64,
    PTR,
    VOID,
    Attributes,
    GlobalVar,
    declare,
    load,
    offset_ptr,
    store,
)
from ..lower_space import HEADER, LOCAL_END, STACK_POINTER, STACK_TOP
from ._names import group_function
from ._pass import Pass, describe_wrapper
from .workitem_ids import ITEM_TYPES
from .workitem_loops import describe_wg

if TYPE_CHECKING:
    from ..lower import Lowered

LOCAL_PTR = llir.PointerType(addrspace=int(AddrSpace.LOCAL))


# By items: the program's local memory, where the linker puts such, and the end of all there is.
LOCAL_BLOCK, LOCAL_SECTION, LOCAL_MEMORY_END = "__kcc_local", ".local", "__kcc_local_end"


def add_entries(unit: Lowered) -> None:
    size = max((info.local_size for info in unit.kernels), default=0)
    header = _padded(HEADER) if _asks_for_spaces(unit.module) else 0
    if unit.options.by_items and size + header:
        typ = llir.ArrayType(I8, size + header)
        block = GlobalVar(unit.module, typ, LOCAL_BLOCK, int(AddrSpace.LOCAL))
        block.linkage, block.section, block.align = "internal", LOCAL_SECTION, MAX_ARG_ALIGN
        block.initializer = llir.Constant(typ, llir.Undefined)
    for info in unit.kernels:
        _add_entry(unit.module, info)


def _add_entry(module: Any, info: KernelInfo) -> None:
    group = group_function(module, info.name)
    entry = llir.Function(module, llir.FunctionType(VOID, [PTR, PTR]), info.name)
    entry.attributes = Attributes(("nounwind",))
    entry.section = f".text.{info.name}"
    block, wg = entry.args
    block.name, wg.name = "packed_args", "wg"
    block.attributes.add("noalias")
    block.attributes.align = MAX_ARG_ALIGN
    describe_wg(wg)

    build = llir.IRBuilder(entry.append_basic_block("entry"))
    describe_wrapper(entry, group, f"{info.name}.entry", build)
    local_memory = _given_memory if info.by_items else _local_memory
    locals_, room = local_memory(build, block, info)
    args = [
        room[arg] if arg.kind == "local" else _argument(build, block, arg, param.type)
        for arg, param in zip(info.args, group.args, strict=False)
    ]
    args += [locals_, wg]
    widened = {i: tuple(a.attributes) for i, a in enumerate(group.args) if a.attributes}
    build.call(group, args, arg_attrs=widened)
    build.ret_void()


def _argument(build: Any, block: Any, arg: KernelArg, typ: Any) -> Any:
    slot = offset_ptr(build, block, arg.offset)
    if arg.element.kind == "struct" and arg.kind == "value":
        return slot  # the body copies it
    return load(build, slot, typ, arg.align)


def _local_memory(build: Any, block: Any, info: KernelInfo) -> tuple[Any, dict[KernelArg, Any]]:
    """(the block of the kernel's own variables, what each local argument points to)."""
    sizes = {
        arg: load(build, offset_ptr(build, block, arg.offset), I64, 8)
        for arg in info.args
        if arg.kind == "local"
    }
    if not _asks_for_spaces(build.module):
        own = info.local_size
        locals_ = _allocate(build, I64(own)) if own else llir.Constant(LOCAL_PTR, None)
        return locals_, {arg: _allocate(build, size) for arg, size in sizes.items()}
    offsets, end = {}, I64(_padded(HEADER) + _padded(info.local_size))
    for arg, size in sizes.items():
        offsets[arg] = end
        padding = build.add(size, I64(MAX_ARG_ALIGN - 1))
        end = build.add(end, build.and_(padding, I64(-MAX_ARG_ALIGN)))
    whole = _allocate(build, end)
    locals_ = offset_ptr(build, whole, _padded(HEADER))
    _fill_header(build, locals_, build.gep(whole, [end], inbounds=True, source_etype=I8))
    return locals_, {
        arg: build.gep(whole, [offset], inbounds=True, source_etype=I8)
        for arg, offset in offsets.items()
    }


def _given_memory(build: Any, block: Any, info: KernelInfo) -> tuple[Any, dict[KernelArg, Any]]:
    """The same for a kernel by items."""
    module = build.module
    locals_ = module.globals.get(LOCAL_BLOCK, llir.Constant(LOCAL_PTR, None))
    if _asks_for_spaces(module):
        locals_ = offset_ptr(build, locals_, _padded(HEADER))
        end = module.globals.get(LOCAL_MEMORY_END)
        if end is None:
            end = GlobalVar(module, I8, LOCAL_MEMORY_END, int(AddrSpace.LOCAL))
            end.linkage = "external"
        _fill_header(build, locals_, end)
    return locals_, {
        arg: load(build, offset_ptr(build, block, arg.offset), LOCAL_PTR, 8)
        for arg in info.args
        if arg.kind == "local"
    }


def _fill_header(build: Any, locals_: Any, end: Any) -> None:
    frame = declare(build.module, "llvm.frameaddress.p0", PTR, [I32])
    header = {LOCAL_END: end, STACK_TOP: build.call(frame, [I32(0)])}
    for offset, address in header.items():
        store(build, build.ptrtoint(address, I64), offset_ptr(build, locals_, offset), 8, False)


def _padded(size: int) -> int:
    return -(-size // MAX_ARG_ALIGN) * MAX_ARG_ALIGN


def _asks_for_spaces(module: Any) -> bool:
    """Whether anything called may ask for a pointer's space: something here, or elsewhere."""
    return any(
        function.name == STACK_POINTER or (not function.blocks and _is_foreign(function))
        for function in module.functions
    )


def _is_foreign(function: Any) -> bool:
    """Declared here, a function of OpenCL C in another input."""
    return tuple(function.ftype.args[-len(ITEM_TYPES) :]) == ITEM_TYPES


def _allocate(build: Any, size: Any) -> Any:
    room = build.alloca(I8, size=size)
    room.align = MAX_ARG_ALIGN
    room.type = PTR
    return build.addrspacecast(room, LOCAL_PTR)


# The last pass that knows parameters: one that changed them later would leave the entry
# loading the old ones.
PASS = Pass("trampoline", add_entries, after=("local-memory",))
