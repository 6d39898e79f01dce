"""What units tell an observer of: accesses to marked bytes, stacks that overflow, Xdpu.

It is told before anything happens, with the pc, ra and sp in the state. Marks are looked at
by the unit itself, so that accesses cost little where there are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import state
from .interface import Told
from .marks import signed

if TYPE_CHECKING:
    from .registers import Registers

RETURN_ADDRESS, STACK_POINTER = 1, 2
OPERANDS = 3


def tell(w: Registers, what: Told, *operands: str) -> None:
    """Have the observer told of an instruction, now; operands are i64."""
    for reg in (RETURN_ADDRESS, STACK_POINTER):
        w.set_state("x", w.x(reg), reg)
    values = (str(what.value), *operands, *["0"] * (OPERANDS - len(operands)))
    left = w.call_runtime("i64", "tell", *(("i64", v) for v in (*values, w.budget(), signed(w.pc))))
    w.set_budget(left)


def _tell_if(w: Registers, cond: str, what: Told, *operands: str) -> None:
    rare, on = w.new_label(), w.new_label()
    w.expect(w.op(f"xor i1 {cond}, true"), on, rare)
    w.start(rare)
    tell(w, what, *operands)
    w.goto(on)
    w.start(on)


def access(w: Registers, size: int, addr: str, *, stores: bool) -> None:
    """Tell of a load or a store of so many bytes if any of them has a mark; see state.py."""
    kind, ones = f"i{8 * size}", int.from_bytes(b"\1" * size, "little")
    offset = w.op(f"sub i64 {addr}, {w.state('near_base')}")
    inside = w.op(f"icmp ult i64 {offset}, {w.state('near_size')}")
    index = w.select(inside, "i64", offset, w.state("near_size"))
    marks = w.op(f"inttoptr i64 {w.state('shadow')} to ptr")
    at = w.op(f"getelementptr i8, ptr {marks}, i64 {index}")
    seen = w.op(f"load {kind}, ptr {at}, align 1, !tbaa !2")
    if stores:
        seen = w.op(f"and {kind} {seen}, {~(ones * state.UNWRITTEN)}")
        w.emit(f"store {kind} {seen}, ptr {at}, align 1, !tbaa !2")
    marked = w.op(f"icmp ne {kind} {seen}, 0")
    _tell_if(w, marked, Told.STORE if stores else Told.LOAD, addr, str(size))


def stack_moves(w: Registers, old: str, new: str) -> None:
    """Tell if the stack pointer leaves the hart's stack downwards."""
    floor = w.state("stack_floor")
    was_in = w.op(f"icmp uge i64 {old}, {floor}")
    falls = w.op(f"icmp ult i64 {new}, {floor}")
    _tell_if(w, w.op(f"and i1 {was_in}, {falls}"), Told.STACK, new)
