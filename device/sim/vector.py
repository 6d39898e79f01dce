"""Vector: what a vector instruction's semantics are written with.

Works as Builder does: values are IR operands as text. An instruction is emitted register by
register, as vectors of VLEN bits: `chunks` cuts its elements in pieces of one register of the
widest elements it has, `read` and `write` fetch and put the elements of a piece whatever their
size, `active` says which of them count. vtype is known when code is emitted; vl may be.

    before:  vadd.vv v8, v10, v12, v0.t     with SEW 32, LMUL 2, VLEN 512, vl unknown
    after:   %t1 = load <64 x i8>, ptr %v10, twice: for elements 0..15 and 16..31
             %t5 = add <16 x i32> %t3, %t4
             %t9 = select <16 x i1> %t8, <16 x i32> %t5, <16 x i32> %t7
             store <64 x i8> %t10, ptr %v8

Tail and masked-off elements always stay as they are: the specification lets agnostic ones do so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from . import host, ieee, vstate
from .build import Builder, Operands, Semantics
from .ieee import Shape
from .marks import BITS, TYPE_OF_VIEW
from .vstate import ELEN, VState


@dataclass(frozen=True)
class Group:
    """An aligned group of registers. emul: log2 of how many, below 0 for a part of one."""

    reg: int
    eew: int  # bits of an element; 1: a mask
    emul: int

    @property
    def count(self) -> int:
        """Registers it takes."""
        return 1 << max(self.emul, 0)

    @property
    def end(self) -> int:
        """One past its last register."""
        return self.reg + self.count

    def meets(self, other: Group) -> bool:
        """True if they have a register in common."""
        return self.reg < other.end and other.reg < self.end


@dataclass(frozen=True)
class Chunk:
    """Elements [first, first + n) of an instruction."""

    first: int
    n: int


VectorSemantics = Callable[["Vector", Operands], None]

# What works, besides loads and stores, even if vtype is illegal (V 1.0, 16.6).
_MOVE = re.compile(r"vmv[1248]r\.v")


def vectorised(table: dict[str, VectorSemantics]) -> dict[str, Semantics]:
    """Semantics of vector instructions as the translator takes them."""

    def wrap(name: str, emit: VectorSemantics) -> Semantics:
        moves_whole = vstate.moves_whole(name)
        legal_always = moves_whole or _MOVE.fullmatch(name) is not None

        def semantics(b: Builder, o: Operands) -> None:
            if b.vstate is None and not moves_whole:
                b.redispatch()
            elif b.vstate is not None and b.vstate.vill and not legal_always:
                b.illegal()
            else:
                v = Vector(b, b.vstate or vstate.VILL)
                emit(v, o)
                if not b.ended:
                    v.finish()

        return semantics

    return {name: wrap(name, emit) for name, emit in table.items()}


class Vector:
    """One vector instruction being emitted. b: the Builder, for all that is not vectors."""

    def __init__(self, b: Builder, state: VState) -> None:
        self.b = b
        self.state = state
        self.vlen = b.mode.vlen

    # -- what is known ------------------------------------------------------------------------

    @property
    def sew(self) -> int:
        """Bits of an element by vtype."""
        return self.state.sew

    @property
    def lmul(self) -> int:
        """log2 of the registers in a group by vtype, -3..3."""
        return self.state.lmul

    @property
    def vlmax(self) -> int:
        return self.state.vlmax(self.vlen)

    @property
    def vstart(self) -> int:
        return self.state.vstart

    @property
    def full(self) -> bool:
        """True if all of VLMAX elements are in the body: no tail, no vstart."""
        return self.state.full(self.vlen) and self.vstart == 0

    def vl(self) -> str:
        """vl as an i64: a constant where it is known."""
        known = self.state.vl
        return self.b.vconfig("vl") if known is None else str(known)

    # -- what is legal ------------------------------------------------------------------------

    def illegal(self) -> None:
        """End the instruction: it traps."""
        self.b.illegal()

    def group(self, reg: int, eew: int, *, emul: int | None = None) -> Group | None:
        """The group of registers at `reg` of elements of `eew` bits; None if there is none such.

        emul:  log2 of its registers; by default what makes it hold VLMAX elements.
        source: V 1.0, 3.4.2 and 5.2: EEW at most ELEN, EMUL 1/8 to 8, reg a multiple of it.
        """
        if emul is None:
            emul = self.lmul + eew.bit_length() - self.sew.bit_length()
        group = Group(reg, eew, emul)
        if eew > ELEN or not -3 <= emul <= 3 or reg % group.count:
            return None
        return group

    def mask_group(self, reg: int) -> Group:
        """A mask register: one register whatever LMUL is."""
        return Group(reg, 1, 0)

    def overlap_ok(self, target: Group, source: Group) -> bool:
        """True if a target may lie over a source as these two do (V 1.0, 5.2)."""
        if not target.meets(source) or target.eew == source.eew:
            return True
        if target.eew < source.eew:  # in the source's lowest part
            return target.reg == source.reg
        return source.emul >= 0 and target.end == source.end  # in the target's highest part

    def masked_overlap_ok(self, target: Group, vm: int) -> bool:
        """True unless a masked instruction would write the mask, other than with a mask (5.3)."""
        return vm == 1 or target.reg != 0 or target.eew == 1

    # -- elements -----------------------------------------------------------------------------

    def chunks(self, eew: int, *, all_elements: bool = False, narrow: bool = False) -> list[Chunk]:
        """Pieces of one register of elements of `eew` bits, the widest the instruction has.

        Those that are known to be all tail or prestart are left out, unless all_elements says
        otherwise; of the last piece all VLMAX elements are given, active or not.
        narrow: where vl is known to be small, a piece is no longer than it takes, a power of two.
        """
        n = min(self.vlen // eew, self.vlmax)
        if narrow and self.state.vl is not None:
            n = min(n, 2 << max(self.state.vl - 1, 1).bit_length() - 1)
        low, high = self.vstart, self.vlmax if self.state.vl is None else self.state.vl
        if all_elements:
            low, high = 0, self.vlmax
        return [
            Chunk(first, n)
            for first in range(0, self.vlmax, n)
            if first < high and low < first + n and low < high
        ]

    def read(self, group: Group | int, kind: str, chunk: Chunk, *, raw: bool = False) -> str:
        """Elements of a chunk as <n x kind>; kind: i8..i64, half, float, double.

        group:  a group, or its first register. raw: floats for arithmetic, see Builder.v_raw.
        """
        whole = self.b.v_raw if raw else self.b.v
        reg = group.reg if isinstance(group, Group) else group
        per = self.vlen // BITS[kind]
        at, low = divmod(chunk.first, per)
        if low + chunk.n <= per:
            value = whole(reg + at, kind)
            if chunk.n == per:
                return value
            return self.shuffle(kind, per, value, None, range(low, low + chunk.n))
        parts = [whole(reg + at + k, kind) for k in range(chunk.n // per)]
        n = per
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=True)
            parts = [self.shuffle(kind, n, a, b, range(2 * n)) for a, b in pairs]
            n *= 2
        return parts[0]

    def write(
        self, group: Group | int, kind: str, chunk: Chunk, value: str, active: str | None
    ) -> None:
        """Write elements of a chunk from <n x kind>; where `active`, <n x i1>, is false they stay.

        active:  None: all of them are written.
        """
        reg = group.reg if isinstance(group, Group) else group
        per = self.vlen // BITS[kind]
        at, low = divmod(chunk.first, per)
        if low + chunk.n <= per:
            end = low + self._changing(chunk, active)
            old = self._before(reg + at, kind, end)
            if active is not None:
                kept = old
                if chunk.n < per:
                    kept = self.shuffle(kind, per, old, None, range(low, low + chunk.n))
                value = self.select(active, kind, chunk.n, value, kept)
            if chunk.n < per:
                value = self._insert(old, kind, chunk.n, low, value)
            self.b.set_v(reg + at, value, kind, upto=end * BITS[kind] // 8)
            return
        if active is not None:
            value = self.select(active, kind, chunk.n, value, self.read(reg, kind, chunk))
        for k in range(chunk.n // per):
            lanes = range(k * per, (k + 1) * per)
            part = self.shuffle(kind, chunk.n, value, None, lanes)
            self.b.set_v(reg + at + k, part, kind)

    def write_floats(
        self, group: Group, kind: str, chunk: Chunk, value: str, active: str | None
    ) -> None:
        """As write, of what came out of arithmetic: NaNs become canonical."""
        (view,) = (view for view, float_type in TYPE_OF_VIEW.items() if float_type == kind)
        clean = ieee.canonical(self.b, Shape(view, chunk.n), value)
        if chunk.n * BITS[kind] < self.vlen:
            self.write(group, kind, chunk, clean, active)
            return
        reg = group.reg + chunk.first // chunk.n
        end = self._changing(chunk, active)
        if active is not None:
            clean = self.select(active, kind, chunk.n, clean, self._before(reg, kind, end))
            old = self._before(reg, kind, end, raw=True)
            value = self.select(active, kind, chunk.n, value, old)
        self.b.set_v(reg, clean, kind, raw=value, upto=end * BITS[kind] // 8)

    def active(self, chunk: Chunk, masked: bool) -> str | None:
        """Which elements the instruction is for: vstart <= i < vl, and by v0 if it is masked.

        returns:  <n x i1>; None if it is known to be all of them.
        """
        places = range(chunk.first, chunk.first + chunk.n)
        most = self.vlmax if self.state.vl is None else self.state.vl
        known = [self.vstart <= i < most for i in places]
        parts = [] if all(known) else [_constant("i1", map(int, known))]
        if self.state.vl is None:
            vl = self.splat("i16", self.b.op(f"trunc i64 {self.vl()} to i16"), chunk.n)
            parts.append(self.b.op(f"icmp ult <{chunk.n} x i16> {self.iota('i16', chunk)}, {vl}"))
        if masked:
            parts.append(self.mask_read(0, chunk))
        if not parts:
            return None
        return reduce(lambda a, b: self.b.op(f"and <{chunk.n} x i1> {a}, {b}"), parts)

    def first(self, reg: int, kind: str) -> str:
        """Element 0 of a register."""
        whole = self.b.v(reg, kind)
        return self.b.op(f"extractelement {self.b.whole(kind)} {whole}, i64 0")

    def set_first(self, reg: int, kind: str, value: str) -> None:
        """Write element 0 if it is in the body, as the scalar results are (V 1.0, 14 and 16.1)."""
        if self.state.vl is None:
            within = self.b.op(f"icmp ult i64 {self.vstart}, {self.vl()}")
            value = self.b.select(within, kind, value, self.first(reg, kind))
        elif self.vstart >= self.state.vl:
            return
        old = self.b.v(reg, kind)
        new = self.b.op(f"insertelement {self.b.whole(kind)} {old}, {kind} {value}, i64 0")
        self.b.set_v(reg, new, kind)

    # -- masks --------------------------------------------------------------------------------

    def mask_read(self, reg: int, chunk: Chunk) -> str:
        """Bits of a mask register for a chunk, as <n x i1>."""
        word, at, low = self._mask_word(chunk)
        kind = f"i{word}"
        whole = self.b.v(reg, kind)
        bits = self.b.op(f"extractelement <{self.vlen // word} x {kind}> {whole}, i64 {at}")
        if chunk.n < word:
            if low:
                bits = self.b.op(f"lshr {kind} {bits}, {low}")
            bits = self.b.op(f"trunc {kind} {bits} to i{chunk.n}")
        if chunk.n in (16, 32, 64):
            # Where a float of that width was put there LLVM would bitcast that to the mask, and
            # has no instruction for it. It does not look through this.
            bits = self.b.op(f"freeze i{chunk.n} {bits}")
        return self.b.op(f"bitcast i{chunk.n} {bits} to <{chunk.n} x i1>")

    def mask_write(self, reg: int, chunk: Chunk, bits: str, active: str | None) -> None:
        """Write bits of a mask register from <n x i1>; where `active` is false they stay."""
        if active is not None:
            bits = self.select(active, "i1", chunk.n, bits, self.mask_read(reg, chunk))
        word, at, low = self._mask_word(chunk)
        if chunk.n == word == 16:  # as in mask_read: a half must not be made of the mask
            word, at, low = 32, at // 2, at % 2 * 16
        kind = f"i{word}"
        lanes = f"<{self.vlen // word} x {kind}>"
        value = self.b.op(f"bitcast <{chunk.n} x i1> {bits} to i{chunk.n}")
        whole = self.b.v(reg, kind)
        if chunk.n < word:
            value = self.b.op(f"zext i{chunk.n} {value} to {kind}")
            if low:
                value = self.b.op(f"shl {kind} {value}, {low}")
            old = self.b.op(f"extractelement {lanes} {whole}, i64 {at}")
            others = ~(((1 << chunk.n) - 1) << low) & (1 << word) - 1
            value = self.b.op(f"or {kind} {self.b.op(f'and {kind} {old}, {others}')}, {value}")
        whole = self.b.op(f"insertelement {lanes} {whole}, {kind} {value}, i64 {at}")
        self.b.set_v(reg, whole, kind)

    def _mask_word(self, chunk: Chunk) -> tuple[int, int, int]:
        """Bits of the pieces a mask is handled in, which of them the chunk is in, and where."""
        word = max(chunk.n, 8)
        return word, *divmod(chunk.first, word)

    # -- values -------------------------------------------------------------------------------

    def splat(self, kind: str, scalar: str, n: int) -> str:
        """<n x kind> with the same value in all elements."""
        if not scalar.startswith("%"):
            return f"splat ({kind} {scalar})"
        one = self.b.op(f"insertelement <{n} x {kind}> poison, {kind} {scalar}, i64 0")
        zeros = f"<{n} x i32> zeroinitializer"
        return self.b.op(f"shufflevector <{n} x {kind}> {one}, <{n} x {kind}> poison, {zeros}")

    def iota(self, kind: str, chunk: Chunk) -> str:
        """The numbers of a chunk's elements, as <n x kind>."""
        return _constant(kind, range(chunk.first, chunk.first + chunk.n))

    def select(self, active: str, kind: str, n: int, value: str, old: str) -> str:
        """`value` where `active`, else `old`: all of n elements."""
        return select(self.b, (kind, n), active, value, old)

    def shuffle(self, kind: str, n: int, a: str, b: str | None, lanes: Sequence[int]) -> str:
        """Elements of a and b, both <n x kind>, by their numbers in the two together."""
        return shuffle(self.b, f"<{n} x {kind}>", a, b, lanes)

    def x(self, reg: int, kind: str) -> str:
        """An integer register's low bits as an integer of type `kind`: the scalar operand."""
        value = self.b.x(reg)
        return value if kind == "i64" or reg == 0 else self.b.op(f"trunc i64 {value} to {kind}")

    # -- memory, ends -------------------------------------------------------------------------

    def memory(self, group: Group) -> str:
        """A pointer to the group's registers, written to the hart's state one after another."""
        for reg in range(group.reg, group.end):
            value = self.b.v(reg)
            self.b.emit(f"store {self.b.whole('i8')} {value}, ptr %v{reg}.at, align 8")
        return self.place(group)

    def place(self, group: Group) -> str:
        """A pointer to the group's place in the hart's state, for a result in the making.

        What is written there is lost unless the registers are written after.
        """
        self.b.used_v.update(range(group.reg, group.end))
        self.b.blocks[-1].plain = False
        return f"%v{group.reg}.at"

    def reload(self, group: Group) -> None:
        """Take the group's registers from the hart's state, where something has written them."""
        for reg in range(group.reg, group.end):
            whole = self.b.op(f"load {self.b.whole('i8')}, ptr %v{reg}.at, align 8")
            self.b.set_v(reg, whole)

    def finish(self) -> None:
        """The instruction is done: vstart is 0 from here (V 1.0, 3.7)."""
        if self.vstart or self.b.vstate is None:
            self.b.set_vconfig("vstart", "0")

    # -- registers ----------------------------------------------------------------------------

    def _changing(self, chunk: Chunk, active: str | None) -> int:
        """Elements of a chunk, from its first on, after which all are known to stay."""
        if active is None or self.state.vl is None:
            return chunk.n
        return min(max(self.state.vl - chunk.first, 0), chunk.n)

    def _before(self, reg: int, kind: str, end: int, *, raw: bool = False) -> str:
        """A register of which elements from `end` on are to stay."""
        old = self.b.v_raw(reg, kind) if raw else self.b.v(reg, kind)
        per = self.vlen // BITS[kind]
        settled = self.b.settled(reg, end * BITS[kind] // 8)
        if settled is None:
            return old
        if kind != "i8":
            whole = self.b.whole("i8")
            settled = self.b.op(f"bitcast {whole} {settled} to {self.b.whole(kind)}")
        lanes = [i if i < end else per + i for i in range(per)]
        return self.shuffle(kind, per, old, settled, lanes)

    def _insert(self, old: str, kind: str, n: int, low: int, value: str) -> str:
        """A register with n elements from `low` on replaced."""
        per = self.vlen // BITS[kind]
        lanes = [*range(n), *["poison"] * (per - n)]
        wide = self.b.op(
            f"shufflevector <{n} x {kind}> {value}, <{n} x {kind}> poison, " + _lanes(lanes)
        )
        places = [i if not low <= i < low + n else per + i - low for i in range(per)]
        return self.b.op(
            f"shufflevector <{per} x {kind}> {old}, <{per} x {kind}> {wide}, " + _lanes(places)
        )


def select(b: Builder, of: tuple[str, int], cond: str, x: str, y: str) -> str:
    """x where <n x i1> is true, else y, both <n x kind>. of: kind and n."""
    kind, n = of
    if kind in ("i32", "i64") and host.has_masked_logic():
        # LLVM 22 puts `(a & b) | (c & ~b)` and a select between that and one of the three into
        # one vpternlog, with operands mixed up. So it shall not know that it is one of them.
        y = _opaque(b, kind, n, y)
    lanes = f"<{n} x {kind}>"
    return b.op(f"select <{n} x i1> {cond}, {lanes} {x}, {lanes} {y}")


def _opaque(b: Builder, kind: str, n: int, value: str) -> str:
    """The same value, of which LLVM knows nothing: it costs nothing in a register."""
    lanes, bits = f"<{n} x {kind}>", n * BITS[kind]
    if bits > 512:
        halves = (range(n // 2), range(n // 2, n))
        parts = [shuffle(b, lanes, value, None, half) for half in halves]
        low, high = (_opaque(b, kind, n // 2, part) for part in parts)
        return shuffle(b, f"<{n // 2} x {kind}>", low, high, range(n))
    if bits >= 128:
        return b.op(f'call {lanes} asm "", "=v,0"({lanes} {value})')
    one = b.op(f"bitcast {lanes} {value} to i{bits}")
    one = b.op(f'call i{bits} asm "", "=r,0"(i{bits} {one})')
    return b.op(f"bitcast i{bits} {one} to {lanes}")


def shuffle(b: Builder, kind: str, x: str, y: str | None, lanes: Sequence[int]) -> str:
    """Elements of x and y, both of a vector type, by their numbers in the two together."""
    return b.op(f"shufflevector {kind} {x}, {kind} {y or 'poison'}, {_lanes(lanes)}")


def _constant(kind: str, values: Iterable[object]) -> str:
    """A vector constant, without its type."""
    return "<" + ", ".join(f"{kind} {value}" for value in values) + ">"


def _lanes(values: Sequence[object]) -> str:
    """A mask of shufflevector, with its type."""
    return f"<{len(values)} x i32> {_constant('i32', values)}"
