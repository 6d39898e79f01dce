"""trampoline: give every kernel the entry that a RefSi device calls.

    before:  define internal void @__kcc_group.k(ptr addrspace(1) %a, i32 %n, locals, ptr %wg)
    after:   define void @k(ptr %packed_args, ptr %wg)
             ; loads %a and %n from the argument block, makes the local memory, calls the group

Offsets come from KernelInfo, as the driver's do. A `local` pointer's place in the block holds
a size: that many bytes are taken from the stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..abi import MAX_ARG_ALIGN, KernelArg, KernelInfo
from ..debug import describe_wrapper
from ..emit import I8, I64, PTR, VOID, Attributes, load, offset_ptr
from ._names import group_function
from ._pass import Pass
from .workitem_loops import describe_wg

if TYPE_CHECKING:
    from ..lower import Lowered

LOCAL_PTR = llir.PointerType(addrspace=int(AddrSpace.LOCAL))


def add_entries(unit: Lowered) -> None:
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
    describe_wrapper(entry, group, build)
    args = [
        _argument(build, block, arg, param.type)
        for arg, param in zip(info.args, group.args, strict=False)
    ]
    args += [_local_block(build, info.local_size), wg]
    widened = {i: tuple(a.attributes) for i, a in enumerate(group.args) if a.attributes}
    build.call(group, args, arg_attrs=widened)
    build.ret_void()


def _argument(build: Any, block: Any, arg: KernelArg, typ: Any) -> Any:
    slot = offset_ptr(build, block, arg.offset)
    if arg.kind == "local":
        return _allocate(build, load(build, slot, I64, 8))
    if arg.element.kind == "struct" and arg.kind == "value":
        return slot  # the body copies it
    return load(build, slot, typ, arg.align)


def _local_block(build: Any, size: int) -> Any:
    return _allocate(build, I64(size)) if size else llir.Constant(LOCAL_PTR, None)


def _allocate(build: Any, size: Any) -> Any:
    room = build.alloca(I8, size=size)
    room.align = MAX_ARG_ALIGN
    room.type = PTR
    return build.addrspacecast(room, LOCAL_PTR)


# The last pass that knows parameters: one that changed them later would leave the entry
# loading the old ones.
PASS = Pass("trampoline", add_entries, after=("workitem-loops",))
