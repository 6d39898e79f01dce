"""Registers: how semantics read and write the guest's x, f and v registers.

They live in stack slots that LLVM's SROA turns into SSA; finish.py loads and stores them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from . import told
from .marks import (
    BITS,
    MASK64,
    NAN_BITS,
    TYPE_OF_VIEW,
    VCONFIG,
    DefF,
    DefV,
    DefX,
    FloatOp,
    UseX,
    View,
    bits_of,
    box,
)
from .mode import DYNAMIC_RM, HOST, RMM
from .writer import Writer


class Registers(Writer):
    """Adds the guest's registers."""

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
        if reg == told.STACK_POINTER and self.mode.told:
            told.stack_moves(self, self.x(reg), value)
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
