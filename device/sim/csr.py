"""Control and status registers of a hart with machine mode only, as rows.

Anything not listed is an illegal instruction. Values are WARL: bits outside `writable` keep
their value. Numbers and fields: RISC-V privileged specification, chapters 2 and 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# Values that are not plain storage.
Kind = Literal[
    "plain", "fflags", "frm", "fcsr", "mcycle", "minstret", "event", "mstatus",
    "vstart", "vxsat", "vxrm", "vcsr", "vl", "vtype", "vlenb",
]  # fmt: skip


@dataclass(frozen=True)
class Csr:
    number: int
    name: str
    writable: int = 0
    reset: int = 0
    kind: Kind = "plain"
    slot: int = field(default=0, compare=False)  # in the state's array, for plain storage

    def writable_on(self, vlen: int) -> int:
        """Bits that may be written on a hart with vector registers of so many bits, or none."""
        return self.writable if vlen or self.kind != "mstatus" else self.writable & ~MSTATUS_VS

    @property
    def counter(self) -> int:
        """Which of the counters a row is for."""
        return self.number & 31

    @property
    def read_only(self) -> bool:
        """By its number: any write is an illegal instruction."""
        return self.number >> 10 == 3


_ALL = (1 << 64) - 1
_LOW32 = (1 << 32) - 1
_NO_LOCKS = 0x7F7F_7F7F_7F7F_7F7F  # without a lock bit, PMP does not bind machine mode

# mstatus: MIE, MPIE, VS, FS, may be written; MPP is always M; SD follows FS and VS. These two
# are Off or Dirty, whatever else is written (privileged specification, 3.1.6.6).
MSTATUS_FS = 3 << 13
MSTATUS_VS = 3 << 9
MSTATUS_UNITS = (MSTATUS_FS, MSTATUS_VS)
MSTATUS_MIE, MSTATUS_MPIE = 1 << 3, 1 << 7
MSTATUS_MPP = 3 << 11
MSTATUS_SD = 1 << 63

# Counters below this are there: cycle, time, instret, and those of events, see counting.py.
EVENTS = 18

# fmt: off
_ROWS = (
    Csr(0x001, "fflags",     0x1F,  kind="fflags"),
    Csr(0x002, "frm",        0x07,  kind="frm"),
    Csr(0x003, "fcsr",       0xFF,  kind="fcsr"),
    Csr(0x008, "vstart",     kind="vstart"),  # writable up to the greatest index of an element
    Csr(0x009, "vxsat",      0x01,  kind="vxsat"),
    Csr(0x00A, "vxrm",       0x03,  kind="vxrm"),
    Csr(0x00F, "vcsr",       0x07,  kind="vcsr"),
    Csr(0x106, "scounteren", _LOW32, _LOW32),
    Csr(0x180, "satp"),  # bare: no translation
    Csr(0x300, "mstatus",    MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_FS | MSTATUS_VS,
        MSTATUS_FS | MSTATUS_VS | MSTATUS_MPP, "mstatus"),
    Csr(0x301, "misa"),  # reset value depends on the machine
    Csr(0x302, "medeleg"),
    Csr(0x303, "mideleg"),
    Csr(0x304, "mie",        0x888),
    Csr(0x305, "mtvec",      _ALL & ~2),
    Csr(0x306, "mcounteren", _LOW32, _LOW32),
    Csr(0x320, "mcountinhibit"),
    *(Csr(0x323 + i, f"mhpmevent{3 + i}") for i in range(29)),
    Csr(0x340, "mscratch",   _ALL),
    Csr(0x341, "mepc",       _ALL & ~1),
    Csr(0x342, "mcause",     _ALL),
    Csr(0x343, "mtval",      _ALL),
    Csr(0x344, "mip"),
    *(Csr(0x3A0 + 2 * i, f"pmpcfg{2 * i}", _NO_LOCKS) for i in range(2)),
    *(Csr(0x3B0 + i, f"pmpaddr{i}", (1 << 54) - 1) for i in range(16)),
    Csr(0xB00, "mcycle",     _ALL, kind="mcycle"),
    Csr(0xB02, "minstret",   _ALL, kind="minstret"),
    *(Csr(0xB03 + i, f"mhpmcounter{3 + i}", _ALL, kind="event") for i in range(EVENTS - 3)),
    *(Csr(0xB00 + i, f"mhpmcounter{i}") for i in range(EVENTS, 32)),
    Csr(0xC00, "cycle",      kind="mcycle"),
    Csr(0xC01, "time",       kind="mcycle"),  # one tick a cycle keeps runs repeatable
    Csr(0xC02, "instret",    kind="minstret"),
    *(Csr(0xC03 + i, f"hpmcounter{3 + i}", kind="event") for i in range(EVENTS - 3)),
    *(Csr(0xC00 + i, f"hpmcounter{i}") for i in range(EVENTS, 32)),
    Csr(0xC20, "vl",         kind="vl"),
    Csr(0xC21, "vtype",      kind="vtype"),
    Csr(0xC22, "vlenb",      kind="vlenb"),
    Csr(0xF11, "mvendorid"),
    Csr(0xF12, "marchid"),
    Csr(0xF13, "mimpid"),
    Csr(0xF14, "mhartid"),
    Csr(0xF15, "mconfigptr"),
)
# fmt: on

TABLE = {
    row.number: Csr(row.number, row.name, row.writable, row.reset, row.kind, slot)
    for slot, row in enumerate(_ROWS)
}
BY_NAME = {row.name: row for row in TABLE.values()}
SLOTS = len(_ROWS)

FLOAT_CSRS = (0x001, 0x002, 0x003)
VECTOR_CSRS = (0x008, 0x009, 0x00A, 0x00F, 0xC20, 0xC21, 0xC22)
