"""Rows of work-items as functions of their own, which the vectoriser may write anew.

    define internal i32 @__kcc_row.k.1(args, ptr %wg, i64 %row.size, i64 %y, i64 %z, i64 %index,
                                       ..., i64 %size.y, i64 %size.z)
    ; for x below the size: call @__kcc_item.k.1(args, %wg, x, y, z, index + x, ...)

    define internal i32 @__kcc_item.k.1(...)     ; the part of a body behind barrier 1:
    ; call @__kcc_item.k(args, %wg, x, y, z, 1, ...)

Only kernels whose items have a loop get them: LLVM's own vectoriser takes the others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as llir

from ..emit import I32, I64, Attributes
from ._flow import Flow
from ._names import SIZE, part_name, row_name
from ._pass import describe_wrapper
from .workitem_ids import COORDINATES

ZERO = I64(0)


def item_loop(
    build: Any, name: str, end: Any, hint: Any, body: Callable[[Any], Any], *, start: Any = ZERO
) -> Any:
    """i = start; do body(i); while (++i < end); the value is the last body's."""
    before = build.block
    inside, over = (build.append_basic_block(f"{name}.{s}") for s in ("body", "end"))
    build.branch(inside)
    build.position_at_end(inside)
    i = build.phi(I64, name=name)
    i.add_incoming(start, before)
    result = body(i)
    following = build.add(i, I64(1), flags=("nuw", "nsw"))
    i.add_incoming(following, build.block)
    again = build.cbranch(build.icmp_unsigned("<", following, end), inside, over)
    again.set_metadata("llvm.loop", hint())
    build.position_at_end(over)
    return result


def has_loop(function: Any, seen: set[Any] | None = None) -> bool:
    """Whether a function, or one that it calls, goes round in it."""
    seen = set() if seen is None else seen
    if function in seen or not function.blocks:
        return False
    seen.add(function)
    flow = Flow(function.blocks[0])
    number = {block: i for i, block in enumerate(flow.blocks)}
    for block in flow.blocks:
        if any(number[target] <= number[block] for target in flow.after[block]):
            return True
    return any(
        isinstance(instr, llir.instructions.CallInstr)
        and isinstance(instr.callee, llir.Function)
        and has_loop(instr.callee, seen)
        for block in flow.blocks
        for instr in block.instructions
    )


def run_row(
    build: Any,
    kernel: str,
    item: Any,
    args: list[Any],
    *,
    place: tuple[Any, ...],
    sizes: tuple[Any, ...],
    hint: Any,
    resume: int | None = None,
    more: tuple[Any, ...] = (),
) -> Any:
    """Call the function that runs a row of items, and make it.

    place:  size, y and z of the row. sizes: of the group along y and z.
    resume: the barrier to go on from; more: the index of the row's first item, and the item's
            further arguments. The value says then where the row has stopped.
    """
    row = _Row(build.module, kernel, item, len(args), resume=resume, hint=hint)
    return build.call(row.function, [*args, *place, *more, *sizes], arg_attrs=row.widened)


class _Row:
    def __init__(
        self, module: Any, kernel: str, item: Any, count: int, *, resume: int | None, hint: Any
    ) -> None:
        first = count + len(COORDINATES)
        self.widened = {
            i: tuple(a.attributes) for i, a in enumerate(item.args[:count]) if a.attributes
        }
        self.count, self.resume = count, resume
        more = item.args[first + 1 :] if resume is not None else ()
        target = item if resume is None else self.part(module, kernel, item, first)
        parameters = [*item.args[:first], *more]  # the size stands where a body has x
        # LLVM drops the last two, the group's other sizes, unless the vectoriser needs them.
        sizes = [llir.Argument(item, I64) for _ in range(2)]
        self.function = _define(module, row_name(kernel, resume), item, [*parameters, *sizes])
        own = self.function.args[:-2]
        own[count].name = SIZE
        for arg, name in zip(self.function.args[-2:], ("size.y", "size.z"), strict=True):
            arg.name = name
        build = llir.IRBuilder(self.function.append_basic_block("entry"))
        describe_wrapper(self.function, item, f"{kernel}.row", build)
        rest = own[count + len(COORDINATES) :]

        def body(x: Any) -> Any:
            place = [x, own[count + 1], own[count + 2]]
            if rest:
                place += [build.add(rest[0], x, flags=("nuw", "nsw")), *rest[1:]]
            return build.call(target, [*own[:count], *place], arg_attrs=self.widened)

        result = item_loop(build, "x", own[count], hint, body)
        if resume is None:
            build.ret_void()
        else:
            build.ret(result)

    def part(self, module: Any, kernel: str, item: Any, first: int) -> Any:
        parameters = [*item.args[:first], *item.args[first + 1 :]]
        part = _define(module, part_name(kernel, self.resume), item, parameters)
        build = llir.IRBuilder(part.append_basic_block("entry"))
        describe_wrapper(part, item, f"{kernel}.part", build)
        own = list(part.args)
        args = [*own[:first], I32(self.resume), *own[first:]]
        build.ret(build.call(item, args, arg_attrs=self.widened))
        return part


def _define(module: Any, name: str, item: Any, parameters: list[Any]) -> Any:
    typ = llir.FunctionType(item.ftype.return_type, [p.type for p in parameters])
    function = llir.Function(module, typ, name)
    function.linkage = "internal"
    function.attributes = Attributes(("nounwind",))
    for ours, theirs in zip(function.args, parameters, strict=True):
        ours.name = theirs.name
        ours.attributes |= theirs.attributes
    return function
