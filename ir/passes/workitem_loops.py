"""workitem-loops: run a kernel's body for every work-item of a group.

    before:  define internal void @__kcc_item.k(args, locals, ptr %wg, i64 %x, i64 %y, i64 %z)
    after:   define internal void @__kcc_group.k(args, locals, ptr %wg)
             ; for z, y, x below wg->local_size: call @__kcc_item.k(args, locals, %wg, x, y, z)

A body with barriers gets such loops for its start and for each barrier that it may go on from.
After each, control goes on where the work-items can have stopped, so a loop with barriers in it
is a loop here too; where there are several such places, the last work-item says which:

               switch i32 %stopped, label %end [i32 1, label %from.1]

A group has an item, so a loop's test stands behind its body: LLVM need not turn it round.

Work-items between two barriers are independent, so the loops are marked parallel for the
accesses that can only reach memory outside the work-item: global, constant and local ones that
are not volatile. A private array is left out on purpose. Inlined, it is one object that every
iteration reuses, and to call its accesses parallel would let LLVM overlap iterations in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ...frontend.record import replace
from ...frontend.types import AddrSpace
from ..abi import GROUP_INFO, KernelInfo, Target
from ..emit import (
    I1,
    I8,
    I32,
    I64,
    PTR,
    VOID,
    Attributes,
    DistinctNode,
    Load,
    Store,
    copy_bytes,
    declare,
)
from ._meeting import Meeting
from ._names import group_name, item_function
from ._pass import Pass, describe_wrapper
from ._resumable import FIRST_KEPT, Resumable
from ._rows import ZERO, has_loop, item_loop, run_row
from ._sub_groups import SHARED_ALIGN, run_sub_groups, sub_group_rooms
from .workitem_ids import COORDINATES, Item, is_first

if TYPE_CHECKING:
    from ..frame import LowerOptions
    from ..lower import Lowered

STACK_ALIGN = 16  # bytes, RISC-V's
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
        made = Group(unit, info, group, unit.resumable.get(info.name))
        made.fill(unit.options)
    unit.kernels = tuple(
        replace(info, item_room=rooms[0], group_room=rooms[1])
        for info, rooms in ((k, _rooms(unit, k)) for k in unit.kernels)
    )


def _is_shared(instr: Any) -> bool:
    if not isinstance(instr, Load | Store) or instr.volatile:
        return False
    return instr.apart or instr.operands[-1].type.addrspace in SHARED


class Group:
    """The function that runs one group of a kernel."""

    def __init__(
        self, unit: Lowered, info: KernelInfo, access_group: Any, resumable: Resumable | None
    ) -> None:
        module = unit.module
        self.name = info.name
        self.item = item_function(module, info.name)
        self.resumable = resumable
        self.wide = unit.options.wide and has_loop(self.item)
        more = 0 if resumable is None else FIRST_KEPT + len(resumable.kept)
        count = len(self.item.args) - len(COORDINATES) - more
        types = [arg.type for arg in self.item.args[:count]]
        function = llir.Function(module, llir.FunctionType(VOID, types), group_name(info.name))
        function.linkage = "internal"
        # One function with the kernel's entry from the start, lest LLVM optimise the loops twice.
        function.attributes = Attributes(("alwaysinline", "nounwind"))
        for ours, theirs in zip(function.args, self.item.args, strict=False):
            ours.name = theirs.name
            ours.attributes |= theirs.attributes
        self.args = list(function.args)
        self.widened = {
            i: tuple(a.attributes) for i, a in enumerate(self.item.args) if a.attributes
        }
        describe_wg(self.args[-1], info.device)
        self.build = llir.IRBuilder(function.append_basic_block("entry"))
        describe_wrapper(function, self.item, f"{info.name}.group", self.build)
        item = Item(self.build, self.args[-1], (), unit.options)
        full = None if info.uniform else [item.info("local_size", dim) for dim in range(3)]
        self.sizes = local_size(self.build, item, info)
        self.full = full or self.sizes  # of a group that is not a smaller, last one
        self.hint = _parallel_hint(module, access_group)

    def fill(self, options: LowerOptions) -> None:
        if self.resumable is None:
            self.nest(self.call, self.row if self.wide else None)
        elif self.resumable.within:
            run_sub_groups(self, self.resumable, options)
        else:
            checked = options.check_barriers
            self.dispatch(self.resumable, Meeting(self.build, self.name) if checked else None)
        self.build.ret_void()

    def call(self, *more: Any) -> Any:
        return self.build.call(self.item, [*self.args, *more], arg_attrs=self.widened)

    def row(self, y: Any, z: Any, resume: int | None = None, *more: Any) -> Any:
        """Run the items of a row by a function of its own."""
        return run_row(
            self.build,
            self.name,
            self.item,
            self.args,
            place=(self.sizes[0], y, z),
            sizes=tuple(self.sizes[1:]),
            hint=self.hint,
            resume=resume,
            more=more,
        )

    def nest(
        self,
        body: Callable[[Any, Any, Any], Any],
        row: Callable[[Any, Any], Any] | None = None,
    ) -> Any:
        """Loops over the items, z outermost; the value is that of the last one's `body`.

        row: what runs the items of a row, if it is not a loop right here.
        """
        sizes = self.sizes

        def rows(z: Any) -> Any:
            return self.loop("y", sizes[1], lambda y: items(y, z))

        def items(y: Any, z: Any) -> Any:
            if row is not None:
                return row(y, z)
            return self.loop("x", sizes[0], lambda x: body(x, y, z))

        return self.loop("z", sizes[2], rows)

    def nest_others(self, body: Callable[[Any, Any, Any], Any]) -> None:
        """The same for all items but the first, whose part LLVM then finds they do not have."""
        build, sizes = self.build, self.sizes

        def row(y: Any, z: Any) -> None:
            start = build.zext(is_first(build, ZERO, y, z), I64)
            some, none = (build.append_basic_block(f"others{s}") for s in ("", ".end"))
            build.cbranch(build.icmp_unsigned("<", start, sizes[0]), some, none)
            build.position_at_end(some)
            self.loop("x", sizes[0], lambda x: item(x, y, z), start)
            build.branch(none)
            build.position_at_end(none)

        def item(x: Any, y: Any, z: Any) -> None:
            assume = declare(build.module, "llvm.assume", VOID, [I1])
            build.call(assume, [build.not_(is_first(build, x, y, z))])
            body(x, y, z)

        self.loop("z", sizes[2], lambda z: self.loop("y", sizes[1], lambda y: row(y, z)))

    def loop(self, name: str, end: Any, body: Callable[[Any], Any], start: Any = ZERO) -> Any:
        """i = start; do body(i); while (++i < end); the value is the last body's."""
        return item_loop(self.build, name, end, self.hint, body, start=start)

    def items(self) -> Any:
        """How many the group has."""
        return self.product(*self.sizes)

    def rooms(self, resumable: Resumable) -> list[Any]:
        """For each of `kept`, an element for every item."""
        return [self.room(k.align, *self.full, I64(k.size)) for k in resumable.kept]

    def dispatch(self, resumable: Resumable, meeting: Meeting | None) -> None:
        build = self.build
        kept = self.rooms(resumable)
        size = I64(resumable.shared_size)
        shared, following = (self.room(SHARED_ALIGN, size) for _ in range(2))

        def run(resume: int) -> Any:
            def first(y: Any, z: Any) -> Any:
                return build.mul(build.add(build.mul(z, self.sizes[1]), y), self.sizes[0])

            def row(y: Any, z: Any) -> Any:
                return self.row(y, z, resume, first(y, z), shared, following, *kept)

            def item(x: Any, y: Any, z: Any) -> Any:
                index = build.add(first(y, z), x, flags=("nuw", "nsw"))
                stopped = self.call(x, y, z, I32(resume), index, shared, following, *kept)
                if meeting is not None:
                    is_first = build.icmp_unsigned("==", index, I64(0))
                    meeting.check(is_first, stopped, (x, y, z), resumable.places)
                return stopped

            if resume in resumable.once:
                stopped = item(ZERO, ZERO, ZERO)
                self.nest_others(item)
            else:
                stopped = self.nest(item, row if self.wide else None)
            if resumable.shared_size:
                copy_bytes(build, shared, following, resumable.shared_size, SHARED_ALIGN, vol=False)
            return stopped

        names = ("end", *(f"from.{k}" for k in range(1, len(resumable.places) + 1)))
        targets = [build.append_basic_block(name) for name in names]
        for number, stops in enumerate(resumable.stops):
            if number > 0:
                build.position_at_end(targets[number])
            stopped = run(number)
            default, *others = stops or (0,)  # a loop without end stops nowhere
            if not others:
                build.branch(targets[default])
                continue
            switch = build.switch(stopped, targets[default])
            for other in others:
                switch.add_case(I32(other), targets[other])
        build.position_at_end(targets[0])

    def product(self, *factors: Any) -> Any:
        """A number where all factors are."""
        if all(isinstance(f, llir.Constant) for f in factors):
            return I64(math.prod(f.constant for f in factors))
        return reduce(self.build.mul, factors)

    def room(self, align: int, *factors: Any) -> Any:
        """So many bytes on the stack; in the first block, where LLVM takes it for variables."""
        with self.build.goto_entry_block():
            place = self.build.alloca(I8, size=self.product(*factors))
        place.align, place.type = align, PTR
        return place


def _rooms(unit: Lowered, info: KernelInfo) -> tuple[int, int]:
    """KernelInfo's item_room and group_room: with what padding may take, so rather too much."""
    resumable = unit.resumable.get(info.name)
    if resumable is None:
        return 0, 0
    arrays = sum(k.size for k in resumable.kept)
    padding = sum(max(k.align, STACK_ALIGN) for k in resumable.kept)
    if not resumable.within:
        shared = resumable.shared_size
        return arrays, padding + (2 * (shared + SHARED_ALIGN) if shared else 0)
    item, group = sub_group_rooms(resumable, unit.options)
    return arrays + item, padding + group


def describe_wg(arg: Any, device: Target) -> None:
    """What holds of every wg_info pointer: loads from it may move up to where it is known."""
    arg.attributes.add("noalias")
    arg.attributes.align = 8
    arg.attributes.dereferenceable = GROUP_INFO[device][1]


def local_size(build: Any, item: Item, info: KernelInfo) -> list[Any]:
    """The group's size; numbers where the kernel requires one.

    Started with another size, such a kernel traps: what follows relies on the required one.
    """
    loaded = [item.info("local_size", dim) for dim in range(3)]
    if info.uniform and info.reqd_work_group_size is None:
        return loaded
    if info.reqd_work_group_size is None:
        return _own_size(build, item, loaded)
    required = [I64(n) for n in info.reqd_work_group_size]
    same = [build.icmp_unsigned("==", a, b) for a, b in zip(loaded, required, strict=True)]
    good, bad = build.append_basic_block("size.good"), build.append_basic_block("size.bad")
    build.cbranch(build.and_(build.and_(same[0], same[1]), same[2]), good, bad)
    build.position_at_end(bad)
    build.call(declare(build.module, "llvm.trap", VOID, ()), ())
    build.unreachable()
    build.position_at_end(good)
    return required


def _own_size(build: Any, item: Item, full: list[Any]) -> list[Any]:
    """The size of a group that may be a last one. In most launches none is smaller."""
    x, y, z = (item.info("last_size", dim) for dim in range(3))
    some = build.icmp_unsigned("!=", build.or_(build.or_(x, y), z), ZERO)
    before, uneven = build.block, build.append_basic_block("size.uneven")
    known = build.append_basic_block("size.known")
    build.cbranch(some, uneven, known)
    build.position_at_end(uneven)
    own = [item.size(dim) for dim in range(3)]
    build.branch(known)
    build.position_at_end(known)
    sizes = []
    for usual, last in zip(full, own, strict=True):
        size = build.phi(I64, name="size")
        size.add_incoming(usual, before)
        size.add_incoming(last, uneven)
        sizes.append(size)
    return sizes


def _parallel_hint(module: Any, access_group: Any) -> Callable[[], Any]:
    """Makes one node for each loop: nodes of loops must differ."""
    mustprogress = module.add_metadata(["llvm.loop.mustprogress"])
    name = llir.MetaDataString(module, "llvm.loop.parallel_accesses")
    accesses = llir.MDValue(module, (name, access_group), name=str(len(module.metadata)))
    return lambda: DistinctNode(module, (mustprogress, accesses), itself=True)


PASS = Pass("workitem-loops", add_loops, after=("barriers",))
