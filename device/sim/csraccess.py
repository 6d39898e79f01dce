"""Control and status registers as they are read and written from outside of a hart's code."""

from __future__ import annotations

from . import csr
from .hart import Hart
from .marks import MASK64


def read(h: Hart, number: int) -> int:
    """A CSR as the hart would read it; 0 if it has none of that number."""
    row = csr.TABLE.get(number)
    if row is None:
        return 0
    s = h.state
    match row.kind:
        case "fflags" | "frm" | "vl" | "vtype" | "vstart" | "vxrm" | "vxsat" | "vlenb":
            return int(getattr(s, row.kind))
        case "vcsr":
            return int(s.vxrm << 1 | s.vxsat)
        case "fcsr":
            return int(s.frm << 5 | s.fflags)
        case "mcycle" | "minstret":
            return (h.retired + int(getattr(s, f"{row.kind}_offset"))) & MASK64
        case "event":
            return int(s.counts[row.counter])
        case "mstatus":
            value = int(s.csr[row.slot])
            return value | csr.MSTATUS_SD if value & sum(csr.MSTATUS_UNITS) else value
        case "plain":
            return int(s.csr[row.slot])


def write(h: Hart, number: int, value: int, *, counters: bool) -> None:
    """Write a counter or plain CSR; one it does not have is ignored. counters: it counts events."""
    row = csr.TABLE.get(number)
    if row is None or row.read_only:
        return
    match row.kind:
        case "mcycle" | "minstret":
            setattr(h.state, f"{row.kind}_offset", (value - h.retired) & MASK64)
        case "fflags" | "frm" | "vxrm" | "vxsat":
            setattr(h.state, row.kind, value & row.writable)
        case "vcsr":
            h.state.vxrm, h.state.vxsat = value >> 1 & 3, value & 1
        case "vstart":
            h.state.vstart = value & max(h.vlen - 1, 0)
        case "fcsr":
            h.state.fflags, h.state.frm = value & 31, value >> 5 & 7
        case "event":
            if counters:
                h.state.counts[row.counter] = value & MASK64
        case "mstatus" | "plain":
            for unit in csr.MSTATUS_UNITS if row.kind == "mstatus" else ():
                value |= unit if value & unit else 0
            old, writable = h.state.csr[row.slot], row.writable_on(h.vlen)
            h.state.csr[row.slot] = old & ~writable | value & writable
    if row.kind in ("frm", "fcsr", "mstatus"):
        h.clear_table()
