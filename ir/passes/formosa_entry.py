"""The entries that the start code of a Formosa device calls, in the trampoline pass.

    before:  define internal void @__kcc_group.k(ptr addrspace(1) %a, i32 %n, locals, ptr %wg)
    after:   define void @k_trampolined(ptr %packed_args)
             ; asks for the work-group's information, loads %a and %n, calls the group

The group's local memory is there already, and the information says where. First are the kernel's
own variables; the block holds an offset for each `local` pointer. Its first word is the size of
all. Where pointers are asked for their address space, local memory begins with the header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...frontend.record import replace
from ..abi import FORMOSA_INFO, KernelInfo, trampoline_name
from ..emit import I32, I64, PTR, Attributes, declare, load, offset_ptr
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
from .workitem_loops import describe_wg

if TYPE_CHECKING:
    from ..lower import Lowered

GROUP_INFO_OF_HART = "__kcc_group_info"  # in linker/start/formosa


def add_entries(unit: Lowered) -> None:
    header = HEADER_ROOM if asks_for_spaces(unit.module) else 0
    for info in unit.kernels:
        _add_entry(unit.module, info, header)
    unit.kernels = tuple(replace(k, local_size=k.local_size + header) for k in unit.kernels)


def _add_entry(module: Any, info: KernelInfo, header: int) -> None:
    entry, build = begin_entry(module, info, trampoline_name(info.name), params=1)
    (block,) = entry.args
    wg = _group_info(build, info)
    start = load(build, offset_ptr(build, wg, FORMOSA_INFO["local_memory_base"].offset), I64, 8)
    base = build.inttoptr(start, LOCAL_PTR)
    room = {
        arg: at(build, base, offset) for arg, offset in local_words(build, block, info, I64).items()
    }
    locals_ = offset_ptr(build, base, header)
    if header:
        end = at(build, base, load(build, block, I64, 8))
        write_header(build, locals_, end, _stacks_end(build, wg) if info.by_items else None)
    end_entry(build, info, room, locals_, wg)


def _stacks_end(build: Any, wg: Any) -> Any:
    """Where the stacks of all the group's threads end, which share one header."""
    base, size, threads = (
        load(build, offset_ptr(build, wg, FORMOSA_INFO[name].offset), typ, typ.width // 8)
        for name, typ in (("stack_base", I64), ("stack_size", I32), ("num_threads", I32))
    )
    sizes = build.mul(build.zext(size, I64), build.zext(threads, I64))
    return build.inttoptr(build.add(base, sizes), PTR)


def _group_info(build: Any, info: KernelInfo) -> Any:
    """The work-group's information; the pointer says what holds of every such."""
    fetch = declare(build.module, GROUP_INFO_OF_HART, PTR, ())
    fetch.attributes = Attributes(("nounwind", "willreturn", "memory(none)"))
    fetch.return_value.attributes.add("noalias")
    describe_wg(fetch.return_value, info.device)
    wg = build.call(fetch, ())
    wg.name = "wg"
    return wg
