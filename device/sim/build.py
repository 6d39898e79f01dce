"""Builder: what an instruction's semantics are written with.

A semantics function gets a Builder and the operands, reads guest registers (`b.x(n)`), emits
LLVM IR (`b.op("add i64 ...")`), writes results (`b.set_x(n, value)`). Values are IR operands as
text: "%t12" or a constant. Registers live in stack slots that LLVM's SROA turns into SSA.

What depends on the whole unit is decided when all of it is known (`finish.py`): which registers
to load at entry and to store at exits, which views of a float register anyone reads, which
accesses share a remembered region. Until then a block is a list of IR lines and marks.
Vector instructions are written with a Vector besides, see vector.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal, TypeVar

from . import counting, state
from .flow import CodeWord, Node, Unit, successors
from .interface import Cause
from .marks import (
    BITS,
    MASK64,
    NAN_BITS,
    TYPE_OF_VIEW,
    VCONFIG,
    Access,
    Again,
    BlockCode,
    Call,
    Checked,
    DefF,
    DefV,
    DefX,
    FloatOp,
    Least,
    Reload,
    Spill,
    Unchecked,
    UseX,
    View,
    bits_of,
    box,
    signed,
)
from .mode import DYNAMIC_RM, HOST, RMM, RNE, Mode
from .vstate import VState

T = TypeVar("T")


class Builder:
    """Emits one unit, block by block. See the file's comment for how it is used."""

    def __init__(self, mode: Mode, unit: Unit, extensions: frozenset[str] = frozenset()) -> None:
        self.mode = mode
        self.extensions = extensions  # what the hart has
        self.unit = unit
        self.blocks: list[BlockCode] = []
        self.views: set[tuple[int, View]] = set()  # float views that are read
        self.used_v: set[int] = set()  # vector registers
        self.views_v: set[tuple[int, str]] = set()  # which are read as arithmetic left them
        self.externals: set[str] = set()  # declarations the unit needs
        self.strict_floats = mode.track_flags or mode.rounding != RNE  # see ieee.py
        self.vstate: VState | None = None  # what is known of vtype before this instruction
        self.pc = 0
        self.word = 0  # the instruction as fetched
        self.size = 4  # its bytes
        self.undone = 0  # instructions of the block from this one on
        self.ended = True  # the block has its terminator
        self.label = ""
        self._names = 0
        self._code: Sequence[CodeWord] = ()  # of the block
        self._held_v: dict[int, dict[str, str]] = {}
        self._held_in = ""  # the IR block it is for
        self._places: Sequence[Unchecked | Again | Checked] | None = None  # see aside()
        self._placed: list[str] = []  # host addresses of accesses so far, where places are given
        self._tails: dict[int, int] = {}  # with them: registers and bytes that stay from there on
        self._loop_label = ""

    def begin_block(self, node: Node, code: Sequence[CodeWord]) -> None:
        """Start a block; its instructions count as done from here."""
        block = BlockCode(node, loops=node.pc in successors(code[-1])[0])
        self.blocks.append(block)
        self.label = block.start
        self.vstate = node.state
        self._code = code
        left = self.op("load i64, ptr %budget")
        self.emit(f"store i64 {self.op(f'sub i64 {left}, {len(code)}')}, ptr %budget")
        self._count(self.events(len(code)), "add")
        self.ended = False

    @contextmanager
    def aside(
        self, label: str, places: Sequence[Unchecked | Again | Checked] | None
    ) -> Iterator[BlockCode]:
        """Emit into a block that is not one of the unit's, but another form of its last.

        label: of the IR block that the caller puts it in.
        places: what accesses do instead of their usual check, in order. With them the block is
            emitted from its start, without goes on where it ended. Vector registers as they
            were before the loop are then in `label`.v0 and so on, if they have settled parts.
        """
        last = self.blocks[-1]
        block = BlockCode(last.node)
        state = self.vstate
        self.blocks.append(block)
        self._places, self._placed, self.label, self.ended = places, [], label, False
        if places is not None:
            self.vstate = last.node.state
            self._tails, self._loop_label = last.settled_v(self.mode.vlen // 8), label
        yield block
        self.blocks.pop()
        self._places, self.ended, self.vstate = None, True, state
        self._tails = {}

    def begin_instruction(self, pc: int, word: int, size: int, undone: int) -> None:
        """undone: instructions of the block from this one on."""
        self.pc, self.word, self.size, self.undone = pc, word, size, undone

    @property
    def checked(self) -> bool:
        """False in a copy of the block that only runs where its requirements are met."""
        return self._places is None

    @property
    def position(self) -> int:
        """How many items the block has so far."""
        return len(self.blocks[-1].items)

    # -- plain IR ---------------------------------------------------------------------------

    def name(self) -> str:
        """A fresh value name, without the %."""
        self._names += 1
        return f"t{self._names}"

    def emit(self, line: str) -> None:
        """An IR instruction without result."""
        self.blocks[-1].items.append(line)

    def op(self, text: str) -> str:
        """An IR instruction with a result, which is returned: b.op("add i64 %t1, 4")."""
        out = f"%{self.name()}"
        self.blocks[-1].items.append(f"{out} = {text}")
        return out

    def call(self, result: str, function: str, *args: tuple[str, str]) -> str:
        """Call an external or intrinsic, e.g. b.call("float", "llvm.fabs.f32", ("float", v))."""
        types = ", ".join(t for t, _ in args)
        self.externals.add(f"declare {result} @{function}({types})")
        text = f"call {result} @{function}({', '.join(f'{t} {v}' for t, v in args)})"
        if result == "void":
            self.emit(text)
            return ""
        return self.op(text)

    def new_label(self) -> str:
        """A label inside the instruction being translated."""
        return f"l{self.name()}"

    def start(self, label: str) -> None:
        """Begin an inner IR block; the one before must have ended in a branch."""
        self.emit(f"{label}:")
        self.label = label

    def branch(self, cond: str, then: str, other: str) -> None:
        """To inner labels; cond is an i1."""
        self.emit(f"br i1 {cond}, label %{then}, label %{other}")

    def expect(self, cond: str, usual: str, other: str) -> None:
        """As branch, where cond is nearly always true."""
        self.emit(f"br i1 {cond}, label %{usual}, label %{other}, !prof !6")

    def goto(self, label: str) -> None:
        self.emit(f"br label %{label}")

    def select(self, cond: str, kind: str, a: str, b: str) -> str:
        return self.op(f"select i1 {cond}, {kind} {a}, {kind} {b}")

    # -- integer registers --------------------------------------------------------------------

    def x(self, reg: int) -> str:
        """An integer register as an i64."""
        if reg == 0:
            return "0"
        self.blocks[-1].items.append(UseX(reg))
        return self.op(f"load i64, ptr %x{reg}")

    def x32(self, reg: int) -> str:
        """The low half of an integer register as an i32."""
        return "0" if reg == 0 else self.op(f"trunc i64 {self.x(reg)} to i32")

    def set_x(self, reg: int, value: str, origin: int | None = None) -> None:
        """Write an i64; origin: the register it is moved from, or is a step ahead of."""
        if reg == 0:
            return
        block = self.blocks[-1]
        known = None if value.startswith("%") else int(value) & MASK64
        block.items.append(DefX(reg, origin, known))
        block.items.append(f"store i64 {value}, ptr %x{reg}")
        block.written_x |= 1 << reg

    def set_x32(self, reg: int, value: str) -> None:
        """Write an i32, sign-extended as all word instructions do."""
        if reg:
            self.set_x(reg, self.op(f"sext i32 {value} to i64"))

    # -- float registers ----------------------------------------------------------------------
    # Each is kept in three views: its bits as the guest can observe them, and the float and the
    # double that arithmetic takes from it. Where a NaN comes out of arithmetic its bits are
    # canonical only in the first view, so chains of arithmetic never wait for that.

    def f_bits(self, reg: int) -> str:
        """All 64 bits, as an i64: for stores and moves."""
        return self.f_view(reg, "bits")

    def f_view(self, reg: int, view: View) -> str:
        """A half, float or double for arithmetic; a NaN if the register holds no boxed one."""
        self.views.add((reg, view))
        return self.op(f"load {TYPE_OF_VIEW[view]}, ptr %f{reg}.{view}")

    def f_narrow_bits(self, reg: int, view: View) -> str:
        """The observable bits in a view's format, an i16 to i64: unboxed, or the canonical NaN."""
        bits = self.f_bits(reg)
        if view == "d":
            return bits
        width = BITS[TYPE_OF_VIEW[view]]
        boxed = self.op(f"icmp uge i64 {bits}, {box(view)}")
        low = self.op(f"trunc i64 {bits} to i{width}")
        return self.select(boxed, f"i{width}", low, str(NAN_BITS[view]))

    def set_f(self, reg: int, view: View, value: str, *, exact: bool = False) -> None:
        """Write a half, float or double. exact: keep a NaN's bits; else they become canonical."""
        self._set_f(reg, ((view, value),), exact)

    def set_f_bits(self, reg: int, bits: str) -> None:
        """Write all 64 bits, from an i64."""
        self._set_f(reg, (("bits", bits),), exact=True)

    def set_f_narrow_bits(self, reg: int, view: View, bits: str) -> None:
        """Write bits of a view's format, boxed."""
        kind = TYPE_OF_VIEW[view]
        value = self.op(f"bitcast i{BITS[kind]} {bits} to {kind}")
        self._set_f(reg, (("bits", self._boxed(view, bits)), (view, value)), exact=True)

    def copy_f(self, target: int, source: int, view: View) -> None:
        """fmv: an arithmetic result stays one, so that copies cost a chain nothing."""
        bits = self._boxed(view, self.f_narrow_bits(source, view))
        self._set_f(target, (("bits", bits), (view, self.f_view(source, view))), exact=True)

    def _boxed(self, view: View, bits: str) -> str:
        if view == "d":
            return bits
        wide = self.op(f"zext i{BITS[TYPE_OF_VIEW[view]]} {bits} to i64")
        return self.op(f"or i64 {wide}, {box(view)}")

    def _set_f(self, reg: int, given: tuple[tuple[View, str], ...], exact: bool) -> None:
        block = self.blocks[-1]
        block.items.append(DefF(reg, given, exact, self.name()))
        block.written_f |= 1 << reg

    def rounding(self, rm: int) -> int | None:
        """The rounding mode of an instruction's rm field: RNE to RMM, or HOST; None: illegal."""
        mode = self.mode.rounding if rm == DYNAMIC_RM else rm
        return mode if mode <= RMM or (mode == HOST and rm == DYNAMIC_RM) else None

    @contextmanager
    def rounded(self, mode: int) -> Iterator[None]:
        """Have the host round by `mode`, RNE to RUP or HOST, in what is emitted meanwhile."""
        if mode in (HOST, self.mode.rounding):
            yield
            return
        self.strict_floats = True
        self.collect_flags()
        self.install_rounding(str(mode))
        yield
        self.collect_flags()

    def collect_flags(self) -> str:
        """fflags as an i64, all raised so far being in the state; the host rounds as frm says."""
        function = self._function("float_collect")
        return self.op(f"call preserve_mostcc i64 {function}(ptr %hart) strictfp")

    def install_rounding(self, frm: str) -> None:
        """Round by an i64 from here on; flags that are not collected are lost."""
        function = self._function("float_install")
        self.emit(f"call preserve_mostcc void {function}(ptr %hart, i64 {frm}) strictfp")

    def strict(
        self,
        result: str,
        name: str,
        *args: tuple[str, str],
        rounds: bool = True,
        predicate: str = "",
    ) -> str:
        """Host arithmetic in its place among flags and rounding modes: add, fptosi and the like.

        name: of the constrained intrinsic, with the types it is for: "fadd.f32".
        rounds: whether it takes a rounding mode. predicate: of a comparison.
        """
        out = f"%{self.name()}"
        self.blocks[-1].items.append(FloatOp(out, result, name, args, rounds, predicate))
        return out

    # -- memory -------------------------------------------------------------------------------

    def address(self, base: int, offset: int = 0) -> str:
        """x[base] + offset."""
        value = self.x(base)
        return self.op(f"add i64 {value}, {offset}") if offset else value

    def load(self, kind: str, base: int, offset: int = 0) -> str:
        """A checked load of an IR type (i8..i64, float, double) from x[base] + offset."""
        return self._access("load", kind, base, offset, "")

    def store(self, kind: str, value: str, base: int, offset: int = 0) -> None:
        """A checked store of an IR type to x[base] + offset."""
        self._access("store", kind, base, offset, value)

    def locate(self, kind: str, base: int, *, stores: bool) -> str:
        """A host pointer to checked, aligned RAM at x[base], for atomics (lr: not stores)."""
        return self._access("locate", kind, base, 0, "1" if stores else "0")

    @contextmanager
    def span(
        self,
        kind: str,
        base: int,
        *,
        count: int,
        stores: bool,
        slow: Callable[[str], None],
        check: Callable[[str], str] | None = None,
        apart: bool = False,
    ) -> Iterator[str]:
        """A checked access of many elements: the body makes it, at the host address it is given.

        count:  elements of type `kind` from x[base] on, all to be in bounds and aligned.
        slow:   emits what to do where the check fails, given the tag; see Access.
        check:  emits more of the check, given the tag, and returns an i1. It finds the remembered
                region's start in `tag`.base, x[base] less that in `tag`.off, and how many places
                `count` elements in a row have there in `tag`.limit.
        apart:  nothing need be at x[base] itself: `check` is the whole check.
        """
        if self._places is not None:
            assert check is None
            yield self._placed_at()
            return
        self._expose()
        tag = self.name()
        addr = self.address(base)
        block = self.blocks[-1]
        access = Access("span", kind, addr, base, 0, str(int(stores)), tag, self.pc, *self._rest)
        access.count, access.apart = count, apart
        if check is not None:
            access.also, lines = self._beside(check, tag)
            access.check = tuple(line for line in lines if isinstance(line, str))
            block.plain = False
        plain, reach = block.plain, dict(block.reach_v)  # whatever `slow` does
        _, access.slow = self._beside(slow, tag)
        block.plain, block.reach_v = plain, reach
        block.items.append(access)
        self.label = f"{tag}.fast"
        yield f"%{tag}.at"
        self.goto(f"{tag}.next")
        self.start(f"{tag}.next")

    def _beside(self, emit: Callable[[str], T], tag: str) -> tuple[T, tuple[str | DefV, ...]]:
        """What `emit` returns, and the lines it emits, which go elsewhere; their marks stay."""
        block = self.blocks[-1]
        before, block.items = block.items, []
        result = emit(tag)
        beside, block.items = block.items, before
        block.items += [mark for mark in beside if not isinstance(mark, str | DefV)]
        return result, tuple(line for line in beside if isinstance(line, str | DefV))

    def _access(
        self,
        what: Literal["load", "store", "locate"],
        kind: str,
        base: int,
        offset: int,
        value: str,
    ) -> str:
        if self._places is not None:
            return self._unchecked(what, kind, base, offset, value)
        if what == "locate":
            self.blocks[-1].plain = False
        self._expose()
        tag = self.name()
        addr = self.address(base, offset)
        self.blocks[-1].items.append(
            Access(what, kind, addr, base, offset, value, tag, self.pc, *self._rest)
        )
        self.label = f"{tag}.next"
        return f"%{tag}"

    def _placed_at(self) -> str:
        """Where the next access that needs no check of its own is on the host."""
        assert self._places is not None
        place = self._places[len(self._placed)]
        if isinstance(place, Unchecked):
            at = self.op(f"getelementptr inbounds i8, {place.place}")
        else:
            assert isinstance(place, Again)
            at = self._placed[place.first]
        self._placed.append(at)
        return at

    def _unchecked(
        self,
        what: Literal["load", "store", "locate"],
        kind: str,
        base: int,
        offset: int,
        value: str,
    ) -> str:
        assert self._places is not None
        place = self._places[len(self._placed)]
        if isinstance(place, Checked):
            tag, addr = self.name(), self.address(base, offset)
            access = Access(what, kind, addr, base, offset, value, tag, self.pc, *self._rest)
            access.twin, access.leave = place.twin, place.leave
            self.blocks[-1].items.append(access)
            self._placed.append(f"%{tag}.at")
            self.label = f"{tag}.fast"
            return f"%{tag}"
        at = self._placed_at()
        if what == "load":
            return self.op(f"load {kind}, ptr {at}, align 1, !tbaa !4")
        self.emit(f"store {kind} {value}, ptr {at}, align 1, !tbaa !4")
        return ""

    # -- vector registers: see vector.py -----------------------------------------------------

    def v(self, reg: int, kind: str = "i8") -> str:
        """A vector register as a vector of an integer or float type."""
        self.used_v.add(reg)
        held = self._held(reg)
        if kind not in held:
            if "i8" not in held:
                held["i8"] = self.op(f"load {self.whole('i8')}, ptr %v{reg}")
            if kind != "i8":
                held[kind] = self.op(
                    f"bitcast {self.whole('i8')} {held['i8']} to {self.whole(kind)}"
                )
        return held[kind]

    def v_raw(self, reg: int, kind: str) -> str:
        """The same for arithmetic: where a NaN came out of arithmetic its bits may be any NaN's.

        So chains of arithmetic never wait for bits that nobody observes.
        """
        self.used_v.add(reg)
        self.views_v.add((reg, kind))
        held = self._held(reg)
        raw = f"raw {kind}"
        if raw not in held:
            held[raw] = self.op(f"load {self.whole(kind)}, ptr %v{reg}.{kind}")
        return held[raw]

    def set_v(
        self, reg: int, value: str, kind: str = "i8", *, raw: str = "", upto: int | None = None
    ) -> None:
        """Write a vector register.

        raw:  the value before NaNs were made canonical.
        upto: bytes from the start that may change; None: all.
        """
        self.used_v.add(reg)
        block = self.blocks[-1]
        block.written_v |= 1 << reg
        bytes_changed = self.mode.vlen // 8 if upto is None else upto
        block.reach_v[reg] = max(block.reach_v.get(reg, 0), bytes_changed)
        held = self._held(reg)
        held.clear()
        held[kind] = value
        if raw:
            held[f"raw {kind}"] = raw
        if kind != "i8":
            held["i8"] = self.op(f"bitcast {self.whole(kind)} {value} to {self.whole('i8')}")
        given = (kind, raw) if raw else None
        block.items.append(DefV(reg, held["i8"], given, self.name()))

    def settled(self, reg: int, upto: int) -> str | None:
        """A register from before the loop, if its bytes from `upto` on are still the same.

        It spares iterations waiting for one another where they only pass on a tail.
        """
        if self._tails.get(reg, upto + 1) > upto:
            return None
        return f"%{self._loop_label}.v{reg}"

    def whole(self, kind: str) -> str:
        """The type of a vector register as a vector of `kind`."""
        return f"<{self.mode.vlen // bits_of(kind)} x {kind}>"

    def _held(self, reg: int) -> dict[str, str]:
        """Values that this IR block has of a vector register, by kind: less text to compile."""
        if self._held_in != self.label:
            self._held_in, self._held_v = self.label, {}
        return self._held_v.setdefault(reg, {})

    def vconfig(self, name: str) -> str:
        """vl, vtype or vstart as an i64."""
        self.used_v.add(32 + VCONFIG.index(name))
        return self.op(f"load i64, ptr %{name}")

    def set_vconfig(self, name: str, value: str) -> None:
        reg = 32 + VCONFIG.index(name)
        self.used_v.add(reg)
        self.blocks[-1].written_v |= 1 << reg
        self.emit(f"store i64 {value}, ptr %{name}")

    # -- state, traps -------------------------------------------------------------------------

    def state(self, field_name: str, index: int = 0) -> str:
        """A field of the hart's state, as an i64."""
        self.blocks[-1].plain = False
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(field_name, index)}")
        return self.op(f"load i64, ptr {at}, !tbaa !2")

    def set_state(self, field_name: str, value: str, index: int = 0) -> None:
        self.blocks[-1].plain = False
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(field_name, index)}")
        self.emit(f"store i64 {value}, ptr {at}, !tbaa !2")

    def budget(self) -> str:
        """Instructions left in the turn, this one and all after it not counted as done."""
        self.blocks[-1].plain = False
        left = self.op("load i64, ptr %budget")
        return self.op(f"add i64 {left}, {self.undone}")

    def retired(self) -> str:
        """Instructions this hart has retired before this one."""
        return self.op(f"sub i64 {self.state('retired_end')}, {self.budget()}")

    # -- events, see counting.py ----------------------------------------------------------

    def events(self, undone: int) -> tuple[tuple[int, int], ...]:
        """Those of the last instructions of the block; none if nobody counts."""
        if not self.mode.counters:
            return ()
        return counting.total(self._code[len(self._code) - undone :])

    @property
    def _rest(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Instructions of the block from this one on, and their events."""
        return self.undone, self.events(self.undone)

    def _count(self, events: Iterable[tuple[int, int]], operation: str) -> None:
        for number, count in events:
            for line in count_event(self.name(), number, operation, str(count)):
                self.emit(line)

    def counter(self, number: int) -> str:
        """An event counter before this instruction, as an i64."""
        early = dict(self.events(self.undone)).get(number, 0)
        return self.op(f"sub i64 {self.state('counts', number)}, {early}")

    def set_counter(self, number: int, value: str) -> None:
        """Write an event counter, which goes on from there after this instruction."""
        early = dict(self.events(self.undone - 1)).get(number, 0)
        self.set_state("counts", self.op(f"add i64 {value}, {early}"), number)

    # -- traps --------------------------------------------------------------------------------

    def trap(self, cause: Cause, tval: str) -> None:
        """End the block: the run is over."""
        self._expose()
        self._count(self.events(self.undone), "sub")
        function = self._function("trap")
        self.emit(
            f"call preserve_mostcc void {function}(ptr %hart, i64 {cause.value}, i64 {tval}, "
            f"i64 {self.budget()}, i64 {signed(self.pc)})"
        )
        self.emit("unreachable")
        self.ended = True

    def _expose(self) -> None:
        """Have the state right, if anyone is to see it when this instruction traps."""
        if self.mode.exact:
            self.blocks[-1].items.append(Spill(self.name()))

    def illegal(self) -> None:
        """End the block with an illegal instruction trap."""
        self.trap(Cause.ILLEGAL, str(self.word))

    def call_runtime(self, result: str, name: str, *args: tuple[str, str]) -> str:
        """Call a function of the runtime, by its field in the hart's state, with the hart first."""
        given = ", ".join(f"{t} {v}" for t, v in (("ptr", "%hart"), *args))
        return self.op(f"call preserve_mostcc {result} {self._function(name)}({given})")

    def _function(self, name: str) -> str:
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset(name)}")
        return self.op(f"load ptr, ptr {at}, !tbaa !2")

    # -- ends of blocks -----------------------------------------------------------------------

    @property
    def next_pc(self) -> int:
        return self.pc + self.size & MASK64

    def jump(self, target: int) -> None:
        """End the block: continue at a known address, in this unit if it has it."""
        self._goto(target & MASK64)
        self.ended = True

    def jump_if(self, cond: str, target: int) -> None:
        """End the block: to target where an i1 is true, else to the next instruction."""
        taken, other = self.new_label(), self.new_label()
        self.branch(cond, taken, other)
        self.start(taken)
        self._goto(target & MASK64)
        self.start(other)
        self._goto(self.next_pc)
        self.ended = True

    def require_least(self, reg: int, value: int) -> None:
        """What follows is for x[reg] >= value, unsigned, alone."""
        self.blocks[-1].items.append(Least(reg, value))

    @contextmanager
    def leaving(self, stays: str, state: VState) -> Iterator[None]:
        """Where an i1 is false do the body, and go to the next instruction in another node."""
        on, off = self.new_label(), self.new_label()
        self.expect(stays, on, off)
        self.start(off)
        if self.undone > 1:  # instructions of the block that are not done then
            left = self.op("load i64, ptr %budget")
            self.emit(f"store i64 {self.op(f'add i64 {left}, {self.undone - 1}')}, ptr %budget")
            self._count(self.events(self.undone - 1), "sub")
        known, self.vstate = self.vstate, state
        yield
        self._goto(self.next_pc)
        self.vstate = known
        self.start(on)

    def redispatch(self) -> None:
        """End the block before this instruction: it needs a unit that knows vtype."""
        self._count(self.events(self.undone), "sub")
        self.blocks[-1].items.append(Spill(self.name()))
        self._return(signed(self.pc | state.TAGGED), self.budget())
        self.ended = True

    def exit(self, target: str) -> None:
        """End the block: leave the unit for an address, an i64 with bit 0 clear."""
        self._leave(target)
        self.ended = True

    def call_guest(self, target: str) -> None:
        """End the block: call an address, an i64 with bit 0 clear; go on after it if it returns.

        The registers are in the state meanwhile, and nothing is assumed of what comes back.
        """
        back = self.unit.node(self.next_pc, None)
        if back is None or self.mode.exact:
            self.exit(target)
            return
        self.blocks[-1].items.append(Spill(self.name()))
        self.blocks[-1].plain = False
        self.blocks[-1].items.append(Call(self.name(), target, self.next_pc))
        self.blocks[-1].items.append(Reload(self.name()))
        self.emit(f"br label %{back.label}")
        self.ended = True

    def event(self, reason: int, pc: int) -> None:
        """End the block: report to the scheduler, then go on at pc, unless Python changes it.

        An ecall does not retire (privileged specification, 3.3.1).
        """
        self.blocks[-1].items.append(Spill(self.name()))
        function = self._function("event")
        left = self.budget() if reason == state.ECALL else self.op("load i64, ptr %budget")
        new = self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {reason}, i64 {left}, "
            f"i64 {signed(pc)})"
        )
        at = self.op(f"getelementptr i8, ptr %hart, i64 {state.HART.offset('pc')}")
        target = self.op(f"load i64, ptr {at}, !tbaa !2")
        self._return(target, new)
        self.ended = True

    def consult(self, reason: int) -> None:
        """Have Python look at the hart's state, and go on with the instruction."""
        function = self._function("event")
        self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {reason}, i64 {self.budget()}, "
            f"i64 {signed(self.pc)})"
        )

    def _goto(self, pc: int) -> None:
        block = self.blocks[-1]
        target = self.unit.node(pc, self.vstate)
        if target is None:
            self._leave(signed(pc))
            return
        block.targets.append(target)
        if pc > block.node.pc:
            self.emit(f"br label %{target.label}")
            return
        at = block.start if target == block.node else target.label
        # Every loop has an edge back to its own or a lower address: that is where turns end.
        left = self.op("load i64, ptr %budget")
        last = 1 if self.mode.exact else 0
        over = self.op(f"icmp slt i64 {left}, {last}")  # the sign alone: free after a subtraction
        label = self.new_label()
        self.emit(f"br i1 {over}, label %{label}, label %{at}, !prof !1")
        self.start(label)
        if self.mode.exact:
            self._leave(signed(pc))
            return
        function = self._function("yield_turn")
        new = self.op(
            f"call preserve_mostcc i64 {function}(ptr %hart, i64 {left}, i64 {signed(pc)})"
        )
        self.emit(f"store i64 {new}, ptr %budget")
        self.emit(f"br label %{target.label}")

    def _leave(self, target: str) -> None:
        self.blocks[-1].items.append(Spill(self.name()))
        self._return(target, self.op("load i64, ptr %budget"))

    def _return(self, target: str, left: str) -> None:
        pair = self.op(f"insertvalue {{ i64, i64 }} poison, i64 {target}, 0")
        pair = self.op(f"insertvalue {{ i64, i64 }} {pair}, i64 {left}, 1")
        self.emit(f"ret {{ i64, i64 }} {pair}")


def count_event(tag: str, number: int, operation: str, by: str) -> tuple[str, ...]:
    """IR that adds to a counter in the hart's state, or subtracts from it."""
    offset = state.HART.offset("counts", number)
    return (
        f"%{tag}.at = getelementptr i8, ptr %hart, i64 {offset}",
        f"%{tag}.old = load i64, ptr %{tag}.at, !tbaa !2",
        f"%{tag}.new = {operation} i64 %{tag}.old, {by}",
        f"store i64 %{tag}.new, ptr %{tag}.at, !tbaa !2",
    )


Operands = Mapping[str, int]
Semantics = Callable[[Builder, Operands], None]
