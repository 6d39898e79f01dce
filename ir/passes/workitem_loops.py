"""workitem-loops: run a kernel's body for every work-item of a group.

    before:  define internal void @__kcc_item.k(args, locals, ptr %wg, i64 %x, i64 %y, i64 %z)
    after:   define internal void @__kcc_group.k(args, locals, ptr %wg)
             ; for z, y, x below wg->local_size: call @__kcc_item.k(args, locals, %wg, x, y, z)

A group has an item, so a loop's test stands behind its body: LLVM need not turn it round.

Work-items between two barriers are independent, so the loops are marked parallel for the
accesses that can only reach memory outside the work-item: global, constant and local ones that
are not volatile. A private array is left out on purpose. Inlined, it is one object that every
iteration reuses, and to call its accesses parallel would let LLVM overlap iterations in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.types import AddrSpace
from ..abi import WG_INFO_SIZE, KernelInfo
from ..emit import I64, VOID, Attributes, DistinctNode, Load, Store, declare
from ._names import group_name, item_function
from ._pass import Pass, describe_wrapper
from .workitem_ids import ITEM_TYPES, Item

if TYPE_CHECKING:
    from ..lower import Lowered

SHARED = frozenset({AddrSpace.GLOBAL, AddrSpace.CONSTANT, AddrSpace.LOCAL})


def add_loops(unit: Lowered) -> None:
    if not unit.kernels:
        return
    group = DistinctNode(unit.module)
    for function in unit.module.functions:
        for block in function.blocks:
            for instr in block.instructions:
                if _is_shared(instr):
                    instr.set_metadata("llvm.access.group", group)
                    instr._clear_string_cache()
    for info in unit.kernels:
        _add_group(unit.module, info, group)


def _is_shared(instr: Any) -> bool:
    if not isinstance(instr, Load | Store) or instr.volatile:
        return False
    return instr.operands[-1].type.addrspace in SHARED


def _add_group(module: Any, info: KernelInfo, access_group: Any) -> None:
    item = item_function(module, info.name)
    shared = len(item.args) - len(ITEM_TYPES)  # the kernel's arguments and its local memory
    types = [arg.type for arg in item.args[: shared + 1]]
    function = llir.Function(module, llir.FunctionType(VOID, types), group_name(info.name))
    function.linkage = "internal"
    # One function with the kernel's entry from the start, lest LLVM optimise the loops twice.
    function.attributes = Attributes(("alwaysinline", "nounwind"))
    for ours, theirs in zip(function.args, item.args, strict=False):
        ours.name = theirs.name
        ours.attributes |= theirs.attributes
    args = list(function.args)
    describe_wg(args[-1])

    build = llir.IRBuilder(function.append_basic_block("entry"))
    describe_wrapper(function, item, f"{info.name}.group", build)
    sizes = _local_size(build, Item(build, args[-1], ()), info)
    parallel = _parallel_hint(module, access_group)

    def call_item(x: Any, y: Any, z: Any) -> None:
        widened = {i: tuple(a.attributes) for i, a in enumerate(item.args) if a.attributes}
        build.call(item, [*args, x, y, z], arg_attrs=widened)

    def rows(z: Any) -> None:
        _loop(build, "y", sizes[1], parallel, lambda y: items(y, z))

    def items(y: Any, z: Any) -> None:
        _loop(build, "x", sizes[0], parallel, lambda x: call_item(x, y, z))

    _loop(build, "z", sizes[2], parallel, rows)
    build.ret_void()


def describe_wg(arg: Any) -> None:
    """What holds of every wg_info pointer: loads from it may move up to where it is known."""
    arg.attributes.add("noalias")
    arg.attributes.align = 8
    arg.attributes.dereferenceable = WG_INFO_SIZE


def _local_size(build: Any, item: Item, info: KernelInfo) -> list[Any]:
    """The group's size; numbers where the kernel requires one.

    Started with another size, such a kernel traps: what follows relies on the required one.
    """
    loaded = [item.info("local_size", dim) for dim in range(3)]
    if info.reqd_work_group_size is None:
        return loaded
    required = [I64(n) for n in info.reqd_work_group_size]
    same = [build.icmp_unsigned("==", a, b) for a, b in zip(loaded, required, strict=True)]
    good, bad = build.append_basic_block("size.good"), build.append_basic_block("size.bad")
    build.cbranch(build.and_(build.and_(same[0], same[1]), same[2]), good, bad)
    build.position_at_end(bad)
    build.call(declare(build.module, "llvm.trap", VOID, ()), ())
    build.unreachable()
    build.position_at_end(good)
    return required


def _loop(build: Any, name: str, count: Any, hint: Any, body: Callable[[Any], None]) -> None:
    """i = 0; do body(i); while (++i < count)"""
    before = build.block
    inside, end = (build.append_basic_block(f"{name}.{s}") for s in ("body", "end"))
    build.branch(inside)
    build.position_at_end(inside)
    i = build.phi(I64, name=name)
    i.add_incoming(I64(0), before)
    body(i)
    following = build.add(i, I64(1), flags=("nuw", "nsw"))
    i.add_incoming(following, build.block)
    again = build.cbranch(build.icmp_unsigned("<", following, count), inside, end)
    again.set_metadata("llvm.loop", hint())
    build.position_at_end(end)


def _parallel_hint(module: Any, access_group: Any) -> Callable[[], Any]:
    """Makes one node for each loop: nodes of loops must differ."""
    mustprogress = module.add_metadata(["llvm.loop.mustprogress"])
    name = llir.MetaDataString(module, "llvm.loop.parallel_accesses")
    accesses = llir.MDValue(module, (name, access_group), name=str(len(module.metadata)))
    return lambda: DistinctNode(module, (mustprogress, accesses), itself=True)


PASS = Pass("workitem-loops", add_loops, after=("local-memory",))
