"""V: setting vtype and vl, and the table of all vector instructions.

What is known after a vset* is decided in vstate.py; here is the code that makes it so. Where
the AVL is in a register the block goes on for vl = VLMAX alone, and is left where vl is less.
"""

from __future__ import annotations

from dataclasses import replace

from . import (
    semantics_vf,
    semantics_vfr,
    semantics_vg,
    semantics_vi,
    semantics_vl,
    semantics_vm,
    semantics_vp,
    semantics_vr,
    semantics_vx,
    vstate,
)
from .build import Builder, Operands, Semantics
from .marks import signed
from .vector import VectorSemantics, vectorised
from .vstate import VTYPE_VILL, VState

# Each file of vector semantics has its own; here they come together.
VSEMANTICS: dict[str, VectorSemantics] = {}
VSEMANTICS |= semantics_vf.VSEMANTICS
VSEMANTICS |= semantics_vfr.VSEMANTICS
VSEMANTICS |= semantics_vg.VSEMANTICS
VSEMANTICS |= semantics_vi.VSEMANTICS
VSEMANTICS |= semantics_vl.VSEMANTICS
VSEMANTICS |= semantics_vm.VSEMANTICS
VSEMANTICS |= semantics_vp.VSEMANTICS
VSEMANTICS |= semantics_vr.VSEMANTICS
VSEMANTICS |= semantics_vx.VSEMANTICS


def _vsetvli(b: Builder, o: Operands) -> None:
    _set("vsetvli", b, o)


def _vsetivli(b: Builder, o: Operands) -> None:
    _set("vsetivli", b, o)


def _set(name: str, b: Builder, o: Operands) -> None:
    """vtype is in the instruction."""
    new, *others = vstate.after_set(b.vstate, name, o, b.mode.vlen)
    assert new is not None
    most = new.vlmax(b.mode.vlen)
    b.set_vconfig("vtype", signed(new.vtype))
    b.set_vconfig("vstart", "0")
    if new.vl is not None and (not others or b.next_pc in b.unit.live):
        for other in others:
            assert other is not None
            _fork(b, o, most, other)
        _go_on(b, o, new, str(new.vl))
        return
    avl = b.vconfig("vl") if vstate.keeps_vl(o) else b.x(o["rs1"])
    vl = b.call("i64", "llvm.umin.i64", ("i64", avl), ("i64", str(most)))
    _go_on(b, o, replace(new, vl=None), vl)


def _fork(b: Builder, o: Operands, most: int, other: VState) -> None:
    """Go on where vl is `most`; the rest is for a node that does not know vl."""
    avl = b.x(o["rs1"])
    b.require_least(o["rs1"], most)
    if b.checked:
        with b.leaving(b.op(f"icmp uge i64 {avl}, {most}"), other):
            b.set_vconfig("vl", avl)
            b.set_x(o["rd"], avl)


def _go_on(b: Builder, o: Operands, new: VState | None, vl: str) -> None:
    b.set_vconfig("vl", vl)
    b.set_x(o["rd"], vl)
    b.vstate = new
    if b.undone == 1:  # the block ends here: something else jumps to what follows
        b.jump(b.next_pc)


def _vsetvl(b: Builder, o: Operands) -> None:
    """vtype is in a register: all is computed when it runs, as vstate.of_vtype says."""
    vtype = b.x(o["rs2"])
    sew = b.op(f"and i64 {b.op(f'lshr i64 {vtype}, 3')}, 7")
    lmul = b.op(f"and i64 {b.op(f'add i64 {vtype}, 4')}, 7")  # 4 more than its log2
    widest = b.op(f"sub i64 {lmul}, 1")
    widest = b.call("i64", "llvm.smin.i64", ("i64", widest), ("i64", "3"))
    bad = b.op(f"icmp sgt i64 {sew}, {widest}")
    bad = b.op(f"or i1 {bad}, {b.op(f'icmp ugt i64 {vtype}, 255')}")
    most = b.op(f"shl i64 {b.mode.vlen // 8}, {lmul}")
    most = b.op(f"lshr i64 {most}, {b.op(f'add i64 {sew}, 4')}")
    if o["rs1"]:
        most = b.call("i64", "llvm.umin.i64", ("i64", b.x(o["rs1"])), ("i64", most))
    elif vstate.keeps_vl(o):
        most = b.call("i64", "llvm.umin.i64", ("i64", b.vconfig("vl")), ("i64", most))
    b.set_vconfig("vtype", b.select(bad, "i64", signed(VTYPE_VILL), vtype))
    b.set_vconfig("vstart", "0")
    _go_on(b, o, None, b.select(bad, "i64", "0", most))


SEMANTICS: dict[str, Semantics] = {
    "vsetvli": _vsetvli,
    "vsetivli": _vsetivli,
    "vsetvl": _vsetvl,
} | vectorised(VSEMANTICS)
