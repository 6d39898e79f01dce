"""What all entries of kernels do, whoever calls them: load arguments and call the group."""

from __future__ import annotations

from typing import Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..abi import MAX_ARG_ALIGN, KernelArg, KernelInfo
from ..emit import I8, I32, I64, PTR, VOID, Attributes, declare, load, offset_ptr, store
from ..lower_space import HEADER, LOCAL_END, STACK_POINTER, STACK_TOP
from ._names import group_function
from ._pass import describe_wrapper
from .workitem_ids import ITEM_TYPES

LOCAL_PTR = llir.PointerType(addrspace=int(AddrSpace.LOCAL))
HEADER_ROOM = -(-HEADER // MAX_ARG_ALIGN) * MAX_ARG_ALIGN


def begin_entry(module: Any, info: KernelInfo, name: str, params: int) -> tuple[Any, Any]:
    """(an entry called `name` of so many pointers, the first the argument block; its builder)."""
    entry = llir.Function(module, llir.FunctionType(VOID, [PTR] * params), name)
    entry.attributes = Attributes(("nounwind",))
    entry.section = f".text.{info.name}"
    block = entry.args[0]
    block.name = "packed_args"
    block.attributes.add("noalias")
    block.attributes.align = MAX_ARG_ALIGN
    build = llir.IRBuilder(entry.append_basic_block("entry"))
    describe_wrapper(entry, group_function(module, info.name), f"{info.name}.entry", build)
    return entry, build


def end_entry(
    build: Any, info: KernelInfo, room: dict[KernelArg, Any], locals_: Any, wg: Any
) -> None:
    """Call the group and return. room: what each local argument points to."""
    block = build.function.args[0]
    group = group_function(build.module, info.name)
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


def local_words(build: Any, block: Any, info: KernelInfo, typ: Any) -> dict[KernelArg, Any]:
    """What the block holds for each local argument: 64 bits, taken as `typ`."""
    return {
        arg: load(build, offset_ptr(build, block, arg.offset), typ, 8)
        for arg in info.args
        if arg.kind == "local"
    }


def write_header(build: Any, locals_: Any, end: Any, top: Any = None) -> None:
    """Keep before the group's local memory, which is in one piece, where it and the stack end.

    top: the end of the stack, if not where the entry has found it.
    """
    if top is None:
        frame = declare(build.module, "llvm.frameaddress.p0", PTR, [I32])
        top = build.call(frame, [I32(0)])
    for offset, address in {LOCAL_END: end, STACK_TOP: top}.items():
        store(build, build.ptrtoint(address, I64), offset_ptr(build, locals_, offset), 8, False)


def at(build: Any, base: Any, offset: Any) -> Any:
    """The address `offset` bytes, a value, behind `base`."""
    return build.gep(base, [offset], inbounds=True, source_etype=I8)


def asks_for_spaces(module: Any) -> bool:
    """Whether anything called may ask for a pointer's space: something here, or elsewhere."""
    return any(
        function.name == STACK_POINTER or (not function.blocks and _is_foreign(function))
        for function in module.functions
    )


def _is_foreign(function: Any) -> bool:
    """Declared here, a function of OpenCL C in another input."""
    return tuple(function.ftype.args[-len(ITEM_TYPES) :]) == ITEM_TYPES
