"""V: loads and stores (chapter 7 of the specification): which there are, and which are legal.

What a legal one moves is a Transfer; how that is made is in vtransfer.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .build import Operands
from .vector import Group, Vector, VectorSemantics
from .vtransfer import Transfer, move

_EEWS = (8, 16, 32, 64)


@dataclass(frozen=True)
class _Form:
    """What a name says. bits: of an element; of an index if it is indexed."""

    stores: bool
    walk: Literal["unit", "strided", "indexed"]
    bits: int
    fields: int = 1
    trims: bool = False  # fault-only-first


# -- what is legal --------------------------------------------------------------------------------


def _transfer(v: Vector, form: _Form, o: Operands) -> Transfer | None:
    """What to move; None if the encoding is reserved (5.2, 5.3, 7.3 and 7.8)."""
    bits = v.sew if form.walk == "indexed" else form.bits
    first = v.group(o["vs3" if form.stores else "vd"], bits)
    if first is None or form.fields * first.count > 8 or form.fields * first.count + first.reg > 32:
        return None
    fields = tuple(Group(first.reg + n * first.count, bits, first.emul) for n in range(form.fields))
    index = v.group(o["vs2"], form.bits) if form.walk == "indexed" else None
    if form.walk == "indexed" and index is None:
        return None
    if not form.stores:
        if not v.masked_overlap_ok(first, o["vm"]):
            return None
        if index and not all(v.overlap_ok(field, index) for field in fields):
            return None
        if index and form.fields > 1 and any(field.meets(index) for field in fields):
            return None
    stride = v.b.x(o["rs2"]) if form.walk == "strided" else None
    end = v.vl() if v.state.vl is None else v.state.vl
    masked = o["vm"] == 0
    return Transfer(
        form.stores, bits, fields, o["rs1"], end, v.vstart, masked, form.trims, index, stride
    )


# -- the table ------------------------------------------------------------------------------------


def _by_vtype(form: _Form) -> VectorSemantics:
    def emit(v: Vector, o: Operands) -> None:
        t = _transfer(v, form, o)
        if t is None:
            v.illegal()
        else:
            move(v, t)

    return emit


def _whole(stores: bool, bits: int, registers: int) -> VectorSemantics:
    """Registers as they are, whatever vl and vtype (7.9)."""

    def emit(v: Vector, o: Operands) -> None:
        group = v.group(o["vs3" if stores else "vd"], bits, emul=registers.bit_length() - 1)
        if group is None:
            v.illegal()
            return
        # Without a known vtype, vstart is not known either; it is 0 nearly always.
        first = v.b.vconfig("vstart") if v.b.vstate is None else v.vstart
        end = registers * v.vlen // bits
        t = Transfer(stores, bits, (group,), o["rs1"], end, first, counts_vl=False)
        move(v, t)

    return emit


def _mask(stores: bool) -> VectorSemantics:
    """The bytes of a mask that vl elements need (7.4)."""

    def emit(v: Vector, o: Operands) -> None:
        group = Group(o["vs3" if stores else "vd"], 8, 0)
        end: int | str
        if v.state.vl is None:
            end = v.b.op(f"lshr i64 {v.b.op(f'add i64 {v.vl()}, 7')}, 3")
        else:
            end = v.state.vl + 7 >> 3
        move(v, Transfer(stores, 8, (group,), o["rs1"], end, v.vstart, counts_vl=False))

    return emit


VSEMANTICS: dict[str, VectorSemantics] = {"vlm.v": _mask(False), "vsm.v": _mask(True)}
VSEMANTICS |= {f"vs{n}r.v": _whole(True, 8, n) for n in (1, 2, 4, 8)}
VSEMANTICS |= {f"vl{n}re{bits}.v": _whole(False, bits, n) for n in (1, 2, 4, 8) for bits in _EEWS}
for _fields in range(1, 9):
    _seg = f"seg{_fields}" if _fields > 1 else ""
    for _bits in _EEWS:
        VSEMANTICS[f"vl{_seg}e{_bits}ff.v"] = _by_vtype(
            _Form(False, "unit", _bits, _fields, trims=True)
        )
        for _letter, _stores in (("l", False), ("s", True)):
            _forms: dict[str, Literal["unit", "strided", "indexed"]] = {
                f"v{_letter}{_seg}e{_bits}.v": "unit",
                f"v{_letter}s{_seg}e{_bits}.v": "strided",
                f"v{_letter}ux{_seg}ei{_bits}.v": "indexed",
                f"v{_letter}ox{_seg}ei{_bits}.v": "indexed",
            }
            VSEMANTICS |= {
                name: _by_vtype(_Form(_stores, walk, _bits, _fields))
                for name, walk in _forms.items()
            }
