"""barriers: let a kernel's body return at a barrier, and be called again to go on behind it.

    before:  define internal void @__kcc_item.k(..., ptr %wg, i64 %x, i64 %y, i64 %z)
               call void @__kcc.barrier()
               %a = load i32, ptr %v
    after:   define internal i32 @__kcc_item.k(..., i64 %z, i32 %resume, i64 %index,
                                               ptr %shared, ptr %shared.next, ptr %v.all)
               switch i32 %resume, label %body [i32 1, label %resume.1]
               store %v to %v.all[%index]
               ret i32 1                          ; barrier 1 has been reached; 0 is the end
             resume.1:
               load %v from %v.all[%index]
               %a = load i32, ptr %v

Right wherever the barrier stands, in loops and conditionals too, as long as all work-items of the
group come to the same one. What is alive across it is kept, by the cheapest means that will do:
computed again (ids, arguments and what follows from them), kept once for the group (uniform
values), or in an array with an element for each work-item. A variable whose address is used
otherwise than to load and store lives in such an array from the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import llvmlite.ir as llir

from ..emit import I8, I32, I64, PTR, VOID, declare, load, offset_ptr, size_of, store
from ._flow import Flow, successors
from ._names import item_function
from ._pass import Pass
from ._recompute import Recomputed, clone
from ._resumable import SHARED, Kept, Resumable
from ._uniform import Uniformity
from ._variables import Variable, live_into, operands, variables
from .workitem_ids import IS_FIRST

if TYPE_CHECKING:
    from ..frame import Frame
    from ..lower import Lowered

BARRIER = "__kcc.barrier"
SUB_GROUP_BARRIER = "__kcc.sub_group_barrier"  # for the work-items of one sub-group
BARRIERS = (BARRIER, SUB_GROUP_BARRIER)


def wait(frame: Frame, barrier: str = BARRIER) -> None:
    """Emit a barrier, for this pass to find."""
    build = frame.build
    at = frame.span.outermost()
    call = build.call(declare(build.module, barrier, VOID, ()), ())
    name, line, column = at.file.presumed(at.start)
    call.place = f"{name}:{line}:{column}"


def split_bodies(unit: Lowered) -> None:
    if not any(name in unit.module.globals for name in BARRIERS):
        return
    for info in unit.kernels:
        function = item_function(unit.module, info.name)
        if any(map(_is_barrier, (i for b in function.blocks for i in b.instructions))):
            unit.resumable[info.name] = _Splitter(function).run()
            if unit.options.opt_level > 0:
                # Where %resume is known, a copy shrinks to what lies between two barriers.
                function.attributes.discard("noinline")
                function.attributes.add("alwaysinline")
    for name in BARRIERS:
        unit.module.globals.pop(name, None)


def _is_barrier(instr: Any) -> bool:
    return isinstance(instr, llir.instructions.CallInstr) and instr.callee.name in BARRIERS


def _is_for_first(block: Any) -> bool:
    calls = (i for i in block.instructions if isinstance(i, llir.instructions.CallInstr))
    return any(call.callee.name == f"__kcc.{IS_FIRST}" for call in calls)


class _Splitter:
    """One body. `behind` has the block behind each barrier's, in order of the text."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.entry = function.blocks[0]
        self.behind: dict[Any, Any] = {}
        self.places: dict[Any, str] = {}  # in the source, of the barrier at a block's end
        self.within: set[Any] = set()  # blocks that end at a sub-group's barrier
        for block in list(function.blocks):
            self.split(block)
        self.flow = Flow(self.entry, self.behind)
        for block in [b for b in self.behind if b not in self.flow.after]:
            _unreachable(block)  # code behind a jump
            del self.behind[block]
        starts = (self.entry, *self.behind.values())
        places = tuple(self.places[block] for block in self.behind)
        within = (n for n, block in enumerate(self.behind, 1) if block in self.within)
        stretches = [self.stretch(start) for start in starts]
        once = (n for n, blocks in enumerate(stretches) if any(map(_is_for_first, blocks)))
        self.info = Resumable(
            places, tuple(map(self.stops, stretches)), frozenset(once), frozenset(within)
        )

    def split(self, block: Any) -> None:
        """Part a block behind each barrier in it."""
        at = next((i for i, instr in enumerate(block.instructions) if _is_barrier(instr)), None)
        if at is None:
            return
        self.places[block] = block.instructions[at].place
        if block.instructions[at].callee.name == SUB_GROUP_BARRIER:
            self.within.add(block)
        rest = llir.Block(self.function, f"{block.name}.behind")
        self.function.blocks.insert(self.function.blocks.index(block) + 1, rest)
        rest.instructions, rest.terminator = block.instructions[at + 1 :], block.terminator
        del block.instructions[at:]
        block.terminator = None
        for instr in rest.instructions:
            instr.parent = rest
        for target in successors(rest):
            for phi in target.instructions:
                if isinstance(phi, llir.PhiInstr):
                    phi.incomings = [(v, rest if b is block else b) for v, b in phi.incomings]
                    phi._clear_string_cache()
        self.behind[block] = rest
        self.split(rest)

    def stretch(self, start: Any) -> set[Any]:
        """The blocks that control may come to from one, up to those that end at a barrier."""
        work, seen = [start], {start}
        while work:
            block = work.pop()
            if block not in self.behind:
                fresh = [b for b in self.flow.after[block] if b not in seen]
                seen.update(fresh)
                work += fresh
        return seen

    def stops(self, stretch: set[Any]) -> tuple[int, ...]:
        """The barriers at the ends of these blocks; 0 is the kernel's end."""
        found = {number for number, block in enumerate(self.behind, 1) if block in stretch}
        others = (block.terminator for block in stretch if block not in self.behind)
        if any(isinstance(end, llir.instructions.Ret) for end in others):
            found.add(0)
        return tuple(sorted(found))

    def run(self) -> Resumable:
        self.demote()
        self.variables = variables(self.entry, self.flow)
        self.resume, self.index, shared, following = self.add_arguments()
        live = live_into(self.flow, {s: v for s, v in self.variables.items() if v.is_scalar})
        across = set().union(*(live[block] for block in self.behind.values()))
        for variable in self.variables.values():
            if not variable.is_scalar and self.spans(variable):
                self.keep_always(variable)
        recomputed = Recomputed(self.variables)
        again = {v for v in across if recomputed.knows(v)}
        varying = Uniformity(self.flow, self.variables).varying
        order = {v: i for i, v in enumerate(self.variables.values())}
        once = sorted(across - again - varying, key=lambda v: (-size_of(v.type), order[v]))
        each = sorted((across - again) & varying, key=order.__getitem__)
        places = self.shared_places(once)
        arrays = {v: self.array(v.slot, size_of(v.type)) for v in each}
        build = llir.IRBuilder()
        old_entry = self.entry.terminator
        build.position_before(old_entry)
        (body,) = successors(self.entry)
        self.entry.instructions.remove(old_entry)
        self.entry.terminator = None
        build.position_at_end(self.entry)
        switch = build.switch(self.resume, body)
        for number, (block, rest) in enumerate(self.behind.items(), 1):
            alive = sorted(live[rest], key=order.__getitem__)
            build.position_at_end(block)
            for v in alive:
                if v in places:
                    self.move(build, v, offset_ptr(build, following, places[v]), out=True)
                elif v in arrays:
                    self.move(build, v, self.element(build, arrays[v], v.type), out=True)
            build.ret(I32(number))
            back = self.function.append_basic_block(f"resume.{number}")
            switch.add_case(I32(number), back)
            build.position_at_end(back)
            memo: dict[Any, Any] = {}
            for v in alive:
                if v in places:
                    self.move(build, v, offset_ptr(build, shared, places[v]), out=False)
                elif v in arrays:
                    self.move(build, v, self.element(build, arrays[v], v.type), out=False)
                else:
                    store(build, recomputed.emit(build, v, memo), v.slot, v.slot.align)
            build.branch(rest)
        return self.info

    # -- preparing ------------------------------------------------------------------------------

    def demote(self) -> None:
        """Give values that are used behind a barrier, but not computed there, a variable."""
        places: dict[Any, Any] = {}
        build = llir.IRBuilder()
        for block in self.flow.blocks:
            for instr in list(block.instructions):
                for position, value in enumerate(operands(instr)):
                    if not isinstance(value, llir.Instruction) or value.parent is self.entry:
                        continue
                    phi = isinstance(instr, llir.PhiInstr)
                    at = instr.incomings[position][1] if phi else block
                    if not self.crosses(value.parent, at):
                        continue
                    user = at.terminator if phi else instr
                    if self.is_fixed(value):
                        build.position_before(user)
                        again = self.address(build, value)
                    else:
                        slot = places.get(value) or self.demoted(build, value, places)
                        build.position_before(user)
                        again = load(build, slot, value.type, slot.align)
                    if phi:
                        instr.incomings[position] = (again, at)
                    else:
                        instr.replace_usage(value, again)
                        if isinstance(instr, llir.GEPInstr):
                            instr.pointer, *instr.indices = instr.operands
                    instr._clear_string_cache()

    def is_fixed(self, value: Any) -> bool:
        """Whether this is the address of a known part of a variable."""
        if value.parent is self.entry:
            return isinstance(value, llir.instructions.AllocaInstr)
        return (
            isinstance(value, llir.GEPInstr)
            and all(isinstance(index, llir.Constant) for index in value.indices)
            and isinstance(value.pointer, llir.Instruction)
            and self.is_fixed(value.pointer)
        )

    def address(self, build: Any, value: Any) -> Any:
        """A fixed address, computed again."""
        if value.parent is self.entry:
            return value
        return clone(build, value, [self.address(build, value.pointer), *value.indices])

    def demoted(self, build: Any, value: Any, places: dict[Any, Any]) -> Any:
        build.position_before(self.entry.terminator)
        slot = places[value] = build.alloca(value.type, name=f"{value.name}.kept")
        slot.type, slot.align = PTR, size_of(value.type)
        block = value.parent
        rest = block.instructions[block.instructions.index(value) + 1 :]
        anchor = next((i for i in rest if not isinstance(i, llir.PhiInstr)), None)
        if anchor is None:
            build.position_at_end(block)  # a barrier stood there
        else:
            build.position_before(anchor)
        store(build, value, slot, slot.align)
        return slot

    def crosses(self, source: Any, use: Any) -> bool:
        """Whether control may pass a barrier on its way from one block to another."""
        work, seen = [use], {use}
        if source is use:
            return False
        while work:
            block = work.pop()
            for before in self.flow.before[block]:
                if before in self.behind:
                    return True
                if before is not source and before not in seen:
                    seen.add(before)
                    work.append(before)
        return False

    def add_arguments(self) -> tuple[Any, ...]:
        """%resume, %index, %shared, %shared.next; the result becomes a barrier's number."""
        for block in self.flow.blocks:
            if isinstance(block.terminator, llir.instructions.Ret):
                block.instructions.pop()
                block.terminator = None
                llir.IRBuilder(block).ret(I32(0))
        self.retype([], I32)
        return tuple(
            self.argument(typ, name)
            for typ, name in (
                (I32, "resume"),
                (I64, "index"),
                (PTR, SHARED),
                (PTR, "shared.next"),
            )
        )

    def argument(self, typ: Any, name: str) -> Any:
        arg = llir.Argument(self.function, typ, name)
        self.function.args += (arg,)
        self.retype([typ], self.function.ftype.return_type)
        return arg

    def retype(self, more: Iterable[Any], result: Any) -> None:
        function = self.function
        function.ftype = llir.FunctionType(result, [*function.ftype.args, *more])
        function.type = function.ftype.as_pointer()
        function.return_value.type = result

    # -- what is kept, and where ------------------------------------------------------------------

    def spans(self, variable: Variable) -> bool:
        """Whether a variable may be used on both sides of a barrier."""
        users = {instr.parent for instr in variable.users} & self.flow.after.keys()
        if not users:
            return False
        if variable.escapes:
            return True
        used_later = self.flow.reaches(users)
        return any(
            block in used_later and users & self.flow.reaches([rest])
            for block, rest in self.behind.items()
        )

    def keep_always(self, variable: Variable) -> None:
        """Have a variable live in its work-item's element of an array."""
        slot = variable.slot
        size = -(-size_of(slot.allocated_type) // slot.align) * slot.align
        array = self.array(slot, size, alone=not variable.escapes)
        build = llir.IRBuilder()
        build.position_before(slot)
        offset = build.mul(self.index, I64(size))
        here = build.gep(array, [offset], inbounds=True, source_etype=I8)
        self.entry.instructions.remove(slot)
        here._name = slot.name  # by which everything else means it

    def array(self, slot: Any, size: int, alone: bool = True) -> Any:
        """An argument for an array; alone: its elements are reached through it and no other way.

        A pointer to a variable may be kept across a barrier. LLVM sees it come from memory.
        """
        arg = self.argument(PTR, f"{slot.name}.all")
        if alone:
            arg.attributes.add("noalias")
        arg.attributes.align = slot.align
        self.info.kept.append(Kept(arg.name, size, slot.align))
        return arg

    def element(self, build: Any, array: Any, typ: Any) -> Any:
        return build.gep(array, [self.index], inbounds=True, source_etype=typ)

    def shared_places(self, kept: list[Variable]) -> dict[Variable, int]:
        """Offsets in %shared; largest first, so that each is aligned."""
        places: dict[Variable, int] = {}
        for v in kept:
            places[v] = self.info.shared_size
            self.info.shared_size += size_of(v.type)
        return places

    def move(self, build: Any, v: Variable, place: Any, *, out: bool) -> None:
        """Copy a variable to a place of its own, or back."""
        align = size_of(v.type)
        if out:
            store(build, load(build, v.slot, v.type, v.slot.align), place, align)
            build.block.instructions[-1].apart = True
        else:
            kept = load(build, place, v.type, align)
            kept.apart = True
            store(build, kept, v.slot, v.slot.align)


def _unreachable(block: Any) -> None:
    block.terminator = None
    llir.IRBuilder(block).unreachable()


PASS = Pass("barriers", split_bodies, after=("local-memory",))
