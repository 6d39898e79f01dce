"""local-memory: function-scope __local variables become parts of one block per kernel.

    before:  @k.tile = internal addrspace(3) global [256 x i8] undef, align 4
             define internal void @__kcc_item.k(..., ptr addrspace(3) %locals, ...)
               %a = load i32, ptr addrspace(3) @k.tile
    after:   %tile = getelementptr inbounds i8, ptr addrspace(3) %locals, i64 0
               %a = load i32, ptr addrspace(3) %tile

A work-group runs on one hart, so the block is on that hart's stack: the entry makes it, from
`KernelInfo.local_size`. Where kernels call one another, all share one layout of all variables,
so that a caller's block is good for its callees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.record import replace
from ...frontend.types import AddrSpace
from ..emit import PTR, offset_ptr, size_of, store
from ._names import item_function
from ._pass import Pass

if TYPE_CHECKING:
    from ..lower import Lowered


def place_variables(unit: Lowered) -> None:
    items = {k.name: item_function(unit.module, k.name) for k in unit.kernels}
    used = {name: _used(item) for name, item in items.items()}
    called = {callee for function in unit.module.functions for callee in _callees(function)}
    if not called.isdisjoint(items.values()):
        everything = dict.fromkeys(var for group in used.values() for var in group)
        layouts = dict.fromkeys(items, _layout(everything))
    else:
        layouts = {name: _layout(group) for name, group in used.items()}
    for name, item in items.items():
        _replace(item, {var: layouts[name][0][var] for var in used[name]})
    for name, var in list(unit.module.globals.items()):
        if _is_local(var):
            del unit.module.globals[name]
    unit.kernels = tuple(replace(k, local_size=layouts[k.name][1]) for k in unit.kernels)


def _is_local(value: Any) -> bool:
    return isinstance(value, llir.GlobalVariable) and value.addrspace == AddrSpace.LOCAL


def _instructions(function: Any) -> Iterator[Any]:
    for block in function.blocks:
        yield from block.instructions


def _operands(instr: Any) -> list[Any]:
    if isinstance(instr, llir.PhiInstr):
        return [value for value, _ in instr.incomings]
    return list(instr.operands)


def _used(item: Any) -> dict[Any, None]:
    """The __local variables a kernel mentions, in order."""
    operands = (op for instr in _instructions(item) for op in _operands(instr))
    return dict.fromkeys(op for op in operands if _is_local(op))


def _callees(function: Any) -> Iterator[Any]:
    for instr in _instructions(function):
        if isinstance(instr, llir.CallInstr):
            yield instr.callee


def _layout(variables: dict[Any, None]) -> tuple[dict[Any, int], int]:
    """(offset of each variable, size of the block), in bytes."""
    offsets: dict[Any, int] = {}
    end = 0
    for var in variables:
        offsets[var] = -(-end // var.align) * var.align
        end = offsets[var] + size_of(var.value_type)
    return offsets, -(-end // 8) * 8


def _replace(item: Any, offsets: dict[Any, int]) -> None:
    if not offsets:
        return
    locals_arg = next(arg for arg in item.args if arg.name == "locals")
    build = llir.IRBuilder()
    build.position_at_start(item.entry_basic_block)
    places = {var: _address(build, locals_arg, offset, var) for var, offset in offsets.items()}
    if any(var.description for var in offsets):
        _describe(build, locals_arg, offsets)
    for instr in _instructions(item):
        for op in _operands(instr):
            if op not in places or instr in places.values():
                continue
            instr.replace_usage(op, places[op])
            if isinstance(instr, llir.GEPInstr) and instr.pointer is op:
                instr.pointer = places[op]  # llvmlite prints a GEP from this copy
            instr._clear_string_cache()


def _describe(build: Any, locals_arg: Any, offsets: dict[Any, int]) -> None:
    """Tell debuggers where the variables are: in memory, the address of the block."""
    from ..debug import describe_group_var

    slot = build.alloca(locals_arg.type, name="locals.addr")
    slot.type = PTR
    store(build, locals_arg, slot, 8)
    for var, offset in offsets.items():
        if var.description:  # the program's, not what collective functions use
            describe_group_var(build, var.description, slot, offset)


def _address(build: Any, locals_arg: Any, offset: int, var: Any) -> Any:
    return offset_ptr(build, locals_arg, offset, name=var.name.rpartition(".")[2])


PASS = Pass("local-memory", place_variables)
