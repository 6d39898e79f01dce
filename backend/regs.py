"""Names and numbers of registers, control registers, rounding modes, vtypes and fence sets."""

from __future__ import annotations

# Assembly names by number (psABI, "Register Convention").
X_NAMES = tuple(
    "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
    "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split()
)
F_NAMES = tuple(
    "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 "
    "fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11".split()
)
X_NUMBERS = {name: n for n, name in enumerate(X_NAMES)} | {f"x{n}": n for n in range(32)}
X_NUMBERS["fp"] = X_NUMBERS["s0"]
F_NUMBERS = {name: n for n, name in enumerate(F_NAMES)} | {f"f{n}": n for n in range(32)}

V_NUMBERS = {f"v{n}": n for n in range(32)}

# Rounding modes by their encoding; 5 and 6 are reserved (F extension, "Rounding Mode").
ROUNDING = {"rne": 0, "rtz": 1, "rdn": 2, "rup": 3, "rmm": 4, "dyn": 7}
ROUNDING_NAMES = {n: name for name, n in ROUNDING.items()}

# The parts of a vtype by their encoding; None is reserved (V extension, section 3.4).
VSEW = ("e8", "e16", "e32", "e64", None, None, None, None)
VLMUL = ("m1", "m2", "m4", "m8", None, "mf8", "mf4", "mf2")
VTAIL = ("tu", "ta")
VMASK = ("mu", "ma")

FENCE_LETTERS = "iorw"  # bits 3 to 0 of a fence's predecessor or successor set

# Control registers by name (privileged specification, "CSR Listing").
CSRS: dict[str, int] = {
    "fflags": 0x001, "frm": 0x002, "fcsr": 0x003,
    "vstart": 0x008, "vxsat": 0x009, "vxrm": 0x00A, "vcsr": 0x00F,
    "vl": 0xC20, "vtype": 0xC21, "vlenb": 0xC22,
    "cycle": 0xC00, "time": 0xC01, "instret": 0xC02,
    "mvendorid": 0xF11, "marchid": 0xF12, "mimpid": 0xF13, "mhartid": 0xF14, "mconfigptr": 0xF15,
    "mstatus": 0x300, "misa": 0x301, "medeleg": 0x302, "mideleg": 0x303, "mie": 0x304,
    "mtvec": 0x305, "mcounteren": 0x306, "menvcfg": 0x30A, "mcountinhibit": 0x320,
    "mscratch": 0x340, "mepc": 0x341, "mcause": 0x342, "mtval": 0x343, "mip": 0x344,
    "mtinst": 0x34A, "mtval2": 0x34B, "mseccfg": 0x747,
    "mcycle": 0xB00, "minstret": 0xB02,
    "sstatus": 0x100, "sie": 0x104, "stvec": 0x105, "scounteren": 0x106, "senvcfg": 0x10A,
    "sscratch": 0x140, "sepc": 0x141, "scause": 0x142, "stval": 0x143, "sip": 0x144,
    "satp": 0x180,
    "tselect": 0x7A0, "tdata1": 0x7A1, "tdata2": 0x7A2, "tdata3": 0x7A3,
    "dcsr": 0x7B0, "dpc": 0x7B1, "dscratch0": 0x7B2, "dscratch1": 0x7B3,
    **{f"hpmcounter{n}": 0xC00 + n for n in range(3, 32)},
    **{f"mhpmcounter{n}": 0xB00 + n for n in range(3, 32)},
    **{f"mhpmevent{n}": 0x320 + n for n in range(3, 32)},
    **{f"pmpcfg{n}": 0x3A0 + n for n in range(0, 16, 2)},
    **{f"pmpaddr{n}": 0x3B0 + n for n in range(64)},
}  # fmt: skip
CSR_NAMES = {number: name for name, number in CSRS.items()}
