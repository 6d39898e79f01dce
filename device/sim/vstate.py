"""What a translation knows of vtype, vl and vstart, and how instructions change that.

Vector code is translated for the vtype it runs with. Most of it follows a vsetvli, so that a
unit knows; where it does not, a tagged jump has the dispatcher look up, or make, the unit for
what the hart has at that moment (flow.py, runtime.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...backend.encode import Decoded
from . import csr
from .state import KEY_FULL, KEY_VILL, KEY_VSTART

ELEN = 64
VTYPE_VILL = 1 << 63
_VSETS = frozenset({"vsetvli", "vsetivli", "vsetvl"})
_WHOLE = re.compile(r"vl[1248]re\d+\.v|vs[1248]r\.v")


@dataclass(frozen=True)
class VState:
    """vtype, and what is known of vl and vstart.

    sew:     8, 16, 32 or 64. lmul: its log2, -3..3.
    ta, ma:  tail and mask agnostic; what is agnostic stays undisturbed here.
    vill:    vtype is illegal, and with it what depends on it; other fields mean nothing then.
    vl:      None where it is known at run time only.
    vstart:  nearly always 0.
    """

    sew: int
    lmul: int
    ta: bool = False
    ma: bool = False
    vill: bool = False
    vl: int | None = None
    vstart: int = 0

    def vlmax(self, vlen: int) -> int:
        """Elements in a register group of registers of `vlen` bits."""
        return vlen << self.lmul + 3 >> self.sew.bit_length() + 2

    def full(self, vlen: int) -> bool:
        """True if vl is known to be VLMAX."""
        return self.vl == self.vlmax(vlen) and not self.vill

    @property
    def vtype(self) -> int:
        """The CSR (V 1.0, section 3.4)."""
        if self.vill:
            return VTYPE_VILL
        vsew = self.sew.bit_length() - 4
        return self.ma << 7 | self.ta << 6 | vsew << 3 | self.lmul & 7

    def key(self, vlen: int) -> int:
        """What tells this state from others at a tagged jump."""
        if self.vill:
            return 1 << KEY_VILL | self.vstart << KEY_VSTART
        return self.vtype | self.full(vlen) << KEY_FULL | self.vstart << KEY_VSTART

    @property
    def tag(self) -> str:
        """A short text for labels, different for different states."""
        vtype = "vill" if self.vill else f"v{self.vtype:02x}"
        vl = "" if self.vl is None else f".l{self.vl}"
        start = f".s{self.vstart}" if self.vstart else ""
        return f"{vtype}{vl}{start}"


VILL = VState(8, 0, vill=True, vl=0)


def of_vtype(vtype: int) -> VState:
    """What a vset* with this vtype asks for, vl still open; VILL for reserved ones.

    source: V 1.0, 3.4.1 and 3.4.2: SEW at most ELEN, and at most LMUL * ELEN.
    """
    sew, lmul = 8 << (vtype >> 3 & 7), (vtype & 7 ^ 4) - 4
    if vtype >> 8 or lmul == -4 or sew > ELEN >> max(-lmul, 0):
        return VILL
    return VState(sew, lmul, bool(vtype & 64), bool(vtype & 128))


def of_hart(vtype: int, vl: int, vstart: int, vlen: int) -> VState:
    """The state that a tagged jump is made with: of vl it tells only whether it is VLMAX."""
    state = replace(of_vtype(vtype), vstart=vstart)
    return replace(state, vl=vl) if vl == state.vlmax(vlen) and not state.vill else state


# -- instructions ---------------------------------------------------------------------------------


def sets(decoded: Decoded) -> bool:
    """True for vsetvli, vsetivli and vsetvl."""
    return decoded.insn.name in _VSETS


def needs(decoded: Decoded) -> bool:
    """True if the instruction is translated for a known state."""
    return decoded.insn.ext == "V" and not sets(decoded) and not moves_whole(decoded.insn.name)


def moves_whole(name: str) -> bool:
    """True for loads and stores of whole registers: vtype and vl are nothing to them (7.9)."""
    return _WHOLE.fullmatch(name) is not None


def keeps_vl(operands: Mapping[str, int]) -> bool:
    """True for a vset* with both registers x0: vl stays, vtype changes (V 1.0, 6.2)."""
    return operands["rd"] == 0 and operands.get("rs1") == 0


def writes_vstart(decoded: Decoded) -> bool:
    """True for a CSR instruction that may write vstart."""
    name, o = decoded.insn.name, decoded.operands
    if o.get("csr") != csr.BY_NAME["vstart"].number:
        return False
    return name.startswith("csrrw") or bool(o["zimm5"] if name.endswith("i") else o["rs1"])


def ends_knowledge(decoded: Decoded) -> bool:
    """True if what was known before does not matter after."""
    if sets(decoded):
        return not keeps_vl(decoded.operands) or decoded.insn.name == "vsetvl"
    return writes_vstart(decoded)


def after(state: VState | None, decoded: Decoded) -> VState | None:
    """The state after any instruction but a vset*."""
    if writes_vstart(decoded):
        return None
    if state is None or decoded.insn.ext != "V":
        return state
    if decoded.insn.name.endswith("ff.v"):  # it may have made vl smaller
        return replace(state, vl=None, vstart=0)
    return replace(state, vstart=0) if state.vstart else state


def after_set(
    state: VState | None, name: str, o: Mapping[str, int], vlen: int
) -> tuple[VState | None, ...]:
    """The states that may follow a vset*: two if only the AVL tells whether vl is VLMAX."""
    if name == "vsetvl":
        return (None,)
    new = of_vtype(o["zimm10"] if name == "vsetivli" else o["zimm11"])
    if new.vill:
        return (VILL,)
    most = new.vlmax(vlen)
    full = replace(new, vl=most)
    if name == "vsetivli":
        return (replace(new, vl=min(o["uimm5"], most)),)
    if not keeps_vl(o):
        return (full,) if o["rs1"] == 0 else (full, new)
    if state is None or state.vl is None:
        return (new,)
    return (replace(new, vl=min(state.vl, most)),)
