"""hart-items: one hart runs one work-item of every group, beside those of the others.

    before:  define internal void @__kcc_item.k(args, locals, ptr %wg, i64 %x, i64 %y, i64 %z)
               call void @__kcc.barrier()
    after:     call void @__kcc_barrier(i64 1)        ; in linker/start: the harts wait
             define internal void @__kcc_group.k(args, locals, ptr %wg)
             ; x, y, z from the thread's number in the execution state, of which wg is the start;
             ; for all groups: wg->group_id = ..., call @__kcc_item.k(args, locals, %wg, x, y, z)

On a Formosa device a thread is started for each item of each group, and its number is mhartid:
there is no loop.

In place of `barriers` and `workitem-loops`, for -fwork-item-mode=wi. All harts come to the same
barriers in the same order, so groups need one between them only where they share local memory:
no item may write to it while one of the group before still reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.record import replace
from ..abi import EXEC_STATE, WG_INFO, KernelInfo
from ..emit import I32, I64, VOID, Attributes, declare, load, offset_ptr, store
from ._names import group_name, item_function
from ._pass import Pass, describe_wrapper
from .barriers import BARRIER, SUB_GROUP_BARRIER
from .workitem_ids import COORDINATES, Item
from .workitem_loops import describe_wg, local_size

if TYPE_CHECKING:
    from ..lower import Lowered

WAIT = "__kcc_barrier"
THREAD = "__kcc_thread"  # gives the number of a thread in its group
BETWEEN_GROUPS = 0xFFFF_FFFF  # the barrier's number


def add_loops(unit: Lowered) -> None:
    _place_barriers(unit.module)
    for info in unit.kernels:
        _add_group(unit, info)
    _forget_invariance(unit.module)
    unit.kernels = tuple(replace(info, by_items=True) for info in unit.kernels)


def _wait(module: Any) -> Any:
    return declare(module, WAIT, VOID, (I64,))


def _place_barriers(module: Any) -> None:
    """Number the barriers, so that harts can be told that wait at different ones.

    A sub-group is one work-item, which has nobody to wait for.
    """
    number = 0
    for function in list(module.functions):
        first = number
        for block in function.blocks:
            for instr in list(block.instructions):
                callee = instr.callee.name if isinstance(instr, llir.CallInstr) else ""
                if callee == SUB_GROUP_BARRIER:
                    block.instructions.remove(instr)
                elif callee == BARRIER:
                    number += 1
                    call = llir.CallInstr(block, _wait(module), [I64(number)])
                    call.metadata.update(instr.metadata)
                    block.instructions[block.instructions.index(instr)] = call
        if number > first:
            # To LLVM nobody writes to what a restrict pointer points to while the call is under
            # way; but other work-items do, by the same pointer.
            for arg in function.args:
                arg.attributes.discard("noalias")
    for name in {BARRIER, SUB_GROUP_BARRIER} & module.globals.keys():
        del module.globals[name]


def _forget_invariance(module: Any) -> None:
    """A group's description changes from group to group, under the same address."""
    for function in module.functions:
        for block in function.blocks:
            for instr in block.instructions:
                if "invariant.load" in instr.metadata:
                    del instr.metadata["invariant.load"]
                    instr._clear_string_cache()


def _add_group(unit: Lowered, info: KernelInfo) -> None:
    module = unit.module
    item = item_function(module, info.name)
    types = [arg.type for arg in item.args[: -len(COORDINATES)]]
    function = llir.Function(module, llir.FunctionType(VOID, types), group_name(info.name))
    function.linkage = "internal"
    function.attributes = Attributes(("alwaysinline", "nounwind"))
    for ours, theirs in zip(function.args, item.args, strict=False):
        ours.name = theirs.name
        ours.attributes |= theirs.attributes
    wg = function.args[-1]
    describe_wg(wg, info.device)
    build = llir.IRBuilder(function.append_basic_block("entry"))
    describe_wrapper(function, item, f"{info.name}.group", build)
    described = Item(build, wg, (), unit.options)
    sizes = local_size(build, described, info)
    if info.device == "formosa":
        thread = build.call(declare(module, THREAD, I64, ()), ())
    else:
        slot = EXEC_STATE["thread_id"].offset
        thread = build.zext(load(build, offset_ptr(build, wg, slot), I32, 4), I64)
    row = build.udiv(thread, sizes[0])
    local_id = (build.urem(thread, sizes[0]), build.urem(row, sizes[1]), build.udiv(row, sizes[1]))
    widened = {i: tuple(a.attributes) for i, a in enumerate(item.args) if a.attributes}
    shares = info.local_size or any(arg.kind == "local" for arg in info.args)

    def group(dim: int) -> None:
        if dim < 0:
            build.call(item, [*function.args, *local_id], arg_attrs=widened)
            if shares:
                build.call(_wait(module), [I64(BETWEEN_GROUPS)])
            return

        def body(number: Any) -> None:
            place = offset_ptr(build, wg, WG_INFO["group_id"].offset + 8 * dim)
            # With debug information, who looks at a hart is to find which group it runs.
            store(build, number, place, 8, volatile=unit.options.debug)
            group(dim - 1)

        _loop(build, "xyz"[dim], described.info("num_groups", dim), body)

    group(-1 if info.device == "formosa" else 2)
    build.ret_void()


def _loop(build: Any, name: str, count: Any, body: Callable[[Any], None]) -> None:
    """for (i = 0; i < count; i++) body(i)"""
    before = build.block
    test, inside, end = (build.append_basic_block(f"{name}.{s}") for s in ("test", "body", "end"))
    build.branch(test)
    build.position_at_end(test)
    i = build.phi(I64, name=name)
    i.add_incoming(I64(0), before)
    build.cbranch(build.icmp_unsigned("<", i, count), inside, end)
    build.position_at_end(inside)
    body(i)
    i.add_incoming(build.add(i, I64(1), flags=("nuw",)), build.block)
    build.branch(test)
    build.position_at_end(end)


PASS = Pass("hart-items", add_loops, after=("local-memory",))
