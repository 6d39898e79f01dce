"""What each instruction does: name -> function from operands to LLVM IR.

Here: RV64I, M, Zicsr, Zifencei and the machine-mode returns. One file each for other extensions.
Names and operands are those of the backend's table after compressed forms are expanded.
"""

from __future__ import annotations

from . import csr, semantics_a, semantics_b, semantics_dpu, semantics_fd, semantics_v, state
from .build import Builder, Operands, Semantics
from .interface import Cause
from .marks import MASK64, signed
from .mode import HOST, INVALID_RM, RMM, RNE

SEMANTICS: dict[str, Semantics] = {}

# -- arithmetic: IR operation, on 64 bits or on the low 32 with sign extension -----------------

# fmt: off
_BINARY = {  # register forms
    "add": "add", "sub": "sub", "xor": "xor", "or": "or", "and": "and", "mul": "mul",
}
_SHIFTS = {"sll": "shl", "srl": "lshr", "sra": "ashr"}
_BRANCHES = {
    "beq": "eq", "bne": "ne", "blt": "slt", "bge": "sge", "bltu": "ult", "bgeu": "uge",
}
_LOADS = {  # IR type, extension
    "lb": ("i8", "sext"), "lh": ("i16", "sext"), "lw": ("i32", "sext"), "ld": ("i64", ""),
    "lbu": ("i8", "zext"), "lhu": ("i16", "zext"), "lwu": ("i32", "zext"),
}
_STORES = {"sb": "i8", "sh": "i16", "sw": "i32", "sd": "i64"}
_DIVIDES = {  # division, and whether it is signed
    "div": ("sdiv", True), "divu": ("udiv", False), "rem": ("srem", True), "remu": ("urem", False),
}
# fmt: on


def _binary(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        # A register advanced by another is still the pointer it was.
        origin = o["rs1"] if operation == "add" and o["rd"] == o["rs1"] else None
        value = b.op(f"{operation} i64 {b.x(o['rs1'])}, {b.x(o['rs2'])}")
        b.set_x(o["rd"], value, origin)

    return emit


def _binary_word(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x32(o["rd"], b.op(f"{operation} i32 {b.x32(o['rs1'])}, {b.x32(o['rs2'])}"))

    return emit


def _immediate(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x(o["rd"], b.op(f"{operation} i64 {b.x(o['rs1'])}, {o['imm12']}"))

    return emit


def _addi(b: Builder, o: Operands) -> None:
    if o["rs1"] == 0 or o["imm12"] == 0:  # li, mv
        b.set_x(o["rd"], str(o["imm12"]) if o["rs1"] == 0 else b.x(o["rs1"]), o["rs1"] or None)
    else:
        b.set_x(o["rd"], b.op(f"add i64 {b.x(o['rs1'])}, {o['imm12']}"), o["rs1"])


def _addiw(b: Builder, o: Operands) -> None:
    b.set_x32(o["rd"], b.op(f"add i32 {b.x32(o['rs1'])}, {o['imm12']}"))


def _shift(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        amount = b.op(f"and i64 {b.x(o['rs2'])}, 63")
        b.set_x(o["rd"], b.op(f"{operation} i64 {b.x(o['rs1'])}, {amount}"))

    return emit


def _shift_word(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        amount = b.op(f"and i32 {b.x32(o['rs2'])}, 31")
        b.set_x32(o["rd"], b.op(f"{operation} i32 {b.x32(o['rs1'])}, {amount}"))

    return emit


def _shift_immediate(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x(o["rd"], b.op(f"{operation} i64 {b.x(o['rs1'])}, {o['shamt6']}"))

    return emit


def _shift_immediate_word(operation: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        b.set_x32(o["rd"], b.op(f"{operation} i32 {b.x32(o['rs1'])}, {o['shamt5']}"))

    return emit


def _compare(predicate: str, immediate: bool) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        other = str(o["imm12"]) if immediate else b.x(o["rs2"])
        less = b.op(f"icmp {predicate} i64 {b.x(o['rs1'])}, {other}")
        b.set_x(o["rd"], b.op(f"zext i1 {less} to i64"))

    return emit


def _lui(b: Builder, o: Operands) -> None:
    b.set_x(o["rd"], str(o["upper20"]))


def _auipc(b: Builder, o: Operands) -> None:
    b.set_x(o["rd"], signed(b.pc + o["upper20"]))


def _multiply_high(left: str, right: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        x = b.op(f"{left} i64 {b.x(o['rs1'])} to i128")
        y = b.op(f"{right} i64 {b.x(o['rs2'])} to i128")
        high = b.op(f"lshr i128 {b.op(f'mul i128 {x}, {y}')}, 64")
        b.set_x(o["rd"], b.op(f"trunc i128 {high} to i64"))

    return emit


def _divide(operation: str, is_signed: bool, bits: int) -> Semantics:
    """Division never traps: by zero it gives -1 (or the dividend), overflow wraps."""
    kind = f"i{bits}"
    remainder = operation.endswith("rem")

    def emit(b: Builder, o: Operands) -> None:
        read, write = (b.x, b.set_x) if bits == 64 else (b.x32, b.set_x32)
        x, y = read(o["rs1"]), read(o["rs2"])
        zero = b.op(f"icmp eq {kind} {y}, 0")
        unsafe = zero
        if is_signed:
            least = b.op(f"icmp eq {kind} {x}, {-(1 << bits - 1)}")
            minus = b.op(f"icmp eq {kind} {y}, -1")
            overflow = b.op(f"and i1 {least}, {minus}")
            unsafe = b.op(f"or i1 {zero}, {overflow}")
        # Dividing by one instead gives what overflow asks for: the dividend, or no remainder.
        divisor = b.select(unsafe, kind, "1", y)
        result = b.op(f"{operation} {kind} {x}, {divisor}")
        write(o["rd"], b.select(zero, kind, x if remainder else "-1", result))

    return emit


# -- memory and control ---------------------------------------------------------------------------


def _load(kind: str, extend: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = b.load(kind, o["rs1"], o["imm12"])
        b.set_x(o["rd"], b.op(f"{extend} {kind} {value} to i64") if extend else value)

    return emit


def _store(kind: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = b.x(o["rs2"])
        if kind != "i64":
            value = b.op(f"trunc i64 {value} to {kind}")
        b.store(kind, value, o["rs1"], o["store12"])

    return emit


def _branch(predicate: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        cond = b.op(f"icmp {predicate} i64 {b.x(o['rs1'])}, {b.x(o['rs2'])}")
        b.jump_if(cond, b.pc + o["branch13"])

    return emit


def _jal(b: Builder, o: Operands) -> None:
    if o["rd"] == 0:
        if o["jump21"] != b.size:  # else the block goes on, see flow.ends_block
            b.jump(b.pc + o["jump21"])
    else:
        b.set_x(o["rd"], signed(b.next_pc))
        b.call_guest(signed(b.pc + o["jump21"]))


def _jalr(b: Builder, o: Operands) -> None:
    target = b.op(f"and i64 {b.address(o['rs1'], o['imm12'])}, -2")
    b.set_x(o["rd"], signed(b.next_pc))
    if o["rd"]:
        b.call_guest(target)
    else:
        b.exit(target)


def _nothing(_b: Builder, _o: Operands) -> None:
    """wfi may return at once."""


def _fence(b: Builder, _o: Operands) -> None:
    b.emit("fence seq_cst")


def _fence_i(b: Builder, _o: Operands) -> None:
    b.event(state.FENCE_I, b.next_pc)


def _ecall(b: Builder, _o: Operands) -> None:
    b.event(state.ECALL, b.pc)


def _ebreak(b: Builder, _o: Operands) -> None:
    b.trap(Cause.BREAKPOINT, signed(b.pc))


def _mret(b: Builder, _o: Operands) -> None:
    """Harts have machine mode only: MPP is M, so only the interrupt enables change."""
    slot = csr.BY_NAME["mstatus"].slot
    old = b.state("csr", slot)
    enable = b.op(f"and i64 {b.op(f'lshr i64 {old}, 4')}, {csr.MSTATUS_MIE}")
    kept = b.op(f"and i64 {old}, {signed(MASK64 & ~csr.MSTATUS_MIE)}")
    new = b.op(f"or i64 {b.op(f'or i64 {kept}, {enable}')}, {csr.MSTATUS_MPIE}")
    b.set_state("csr", new, slot)
    b.exit(b.state("csr", csr.BY_NAME["mepc"].slot))


# -- control and status registers -----------------------------------------------------------------


def _csr(action: str, immediate: bool) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        row = csr.TABLE.get(o["csr"])
        source = o["zimm5"] if immediate else o["rs1"]
        writes = action == "w" or source != 0
        if row is None or (writes and row.read_only) or not _accessible(b, o["csr"]):
            b.illegal()
            return
        operand = (str(source) if immediate else b.x(source)) if writes else ""
        # csrrw with rd = x0 does not read; no CSR here has side effects of reading.
        old = _read_csr(b, row) if action != "w" or o["rd"] else ""
        if writes:
            new = operand
            if action == "s":
                new = b.op(f"or i64 {old}, {operand}")
            elif action == "c":
                new = b.op(f"and i64 {old}, {b.op(f'xor i64 {operand}, -1')}")
            _write_csr(b, row, new)
        if o["rd"]:
            b.set_x(o["rd"], old)
        if writes:
            _leave_if_mode_changed(b, row)

    return emit


def _accessible(b: Builder, number: int) -> bool:
    if number in csr.VECTOR_CSRS:
        return b.mode.vector
    return number not in csr.FLOAT_CSRS or b.mode.float_on


def _read_csr(b: Builder, row: csr.Csr) -> str:
    match row.kind:
        case "fflags":
            return b.collect_flags()
        case "frm" | "vxrm" | "vxsat":
            return b.state(row.kind)
        case "vl" | "vtype" | "vstart":
            return b.vconfig(row.kind)
        case "vcsr":
            mode = b.op(f"shl i64 {b.state('vxrm')}, 1")
            return b.op(f"or i64 {mode}, {b.state('vxsat')}")
        case "vlenb":
            return str(b.mode.vlen // 8)
        case "fcsr":
            mode = b.op(f"shl i64 {b.state('frm')}, 5")
            return b.op(f"or i64 {mode}, {b.collect_flags()}")
        case "mcycle" | "minstret":
            return b.op(f"add i64 {b.retired()}, {b.state(f'{row.kind}_offset')}")
        case "event":
            return b.counter(row.counter)
        case "mstatus":
            value = b.state("csr", row.slot)
            units = b.op(f"and i64 {value}, {sum(csr.MSTATUS_UNITS)}")
            dirty = b.op(f"icmp ne i64 {units}, 0")
            sd = b.select(dirty, "i64", signed(csr.MSTATUS_SD), "0")
            return b.op(f"or i64 {value}, {sd}")
        case "plain":
            return b.state("csr", row.slot)


def _write_csr(b: Builder, row: csr.Csr, value: str) -> None:
    match row.kind:
        case "fflags":
            b.set_state("fflags", b.op(f"and i64 {value}, {row.writable}"))
            b.install_rounding(b.state("frm"))
        case "frm":
            b.collect_flags()
            b.set_state("frm", b.op(f"and i64 {value}, {row.writable}"))
            b.install_rounding(b.state("frm"))
        case "vxrm" | "vxsat":
            b.set_state(row.kind, b.op(f"and i64 {value}, {row.writable}"))
        case "vstart":  # as many bits as the greatest index of an element has
            b.set_vconfig(row.kind, b.op(f"and i64 {value}, {b.mode.vlen - 1}"))
        case "vcsr":
            b.set_state("vxsat", b.op(f"and i64 {value}, 1"))
            b.set_state("vxrm", b.op(f"and i64 {b.op(f'lshr i64 {value}, 1')}, 3"))
        case "vl" | "vtype" | "vlenb":
            raise AssertionError(f"{row.name} is read-only")
        case "fcsr":
            b.set_state("fflags", b.op(f"and i64 {value}, 31"))
            b.set_state("frm", b.op(f"and i64 {b.op(f'lshr i64 {value}, 5')}, 7"))
            b.install_rounding(b.state("frm"))
        case "mcycle" | "minstret":  # the write counts before, not after, it takes effect
            after = b.op(f"add i64 {b.retired()}, 1")
            b.set_state(f"{row.kind}_offset", b.op(f"sub i64 {value}, {after}"))
        case "event":
            if b.mode.counters:  # else they are 0
                b.set_counter(row.counter, value)
        case "mstatus" | "plain":
            writable = row.writable_on(b.mode.vlen)
            if writable:
                old = b.state("csr", row.slot)
                kept = b.op(f"and i64 {old}, {signed(MASK64 & ~writable)}")
                taken = b.op(f"and i64 {_settled(b, row, value)}, {signed(writable)}")
                b.set_state("csr", b.op(f"or i64 {kept}, {taken}"), row.slot)


def _settled(b: Builder, row: csr.Csr, value: str) -> str:
    """The value that is written for `value`: fields that are all or nothing are made so."""
    for field in csr.MSTATUS_UNITS if row.kind == "mstatus" else ():
        part = b.op(f"and i64 {value}, {field}")
        some = b.op(f"icmp ne i64 {part}, 0")
        value = b.op(f"or i64 {value}, {b.select(some, 'i64', str(field), '0')}")
    return value


# Mode's rounding -> what frm is then compared with.
_ROUNDING_CHANGED = {
    RNE: ("ne", RNE),
    HOST: ("uge", RMM),
    RMM: ("ne", RMM),
    INVALID_RM: ("ule", RMM),
}


def _leave_if_mode_changed(b: Builder, row: csr.Csr) -> None:
    """Units are made for the host's rounding or not, for floats and vectors on or off."""
    if row.kind in ("frm", "fcsr"):
        predicate, bound = _ROUNDING_CHANGED[b.mode.rounding]
        changed = b.op(f"icmp {predicate} i64 {b.state('frm')}, {bound}")
    elif row.kind == "mstatus":
        value = b.state("csr", row.slot)
        changed = _switched(b, value, csr.MSTATUS_FS, b.mode.float_on)
        if b.mode.vlen:
            vector = _switched(b, value, csr.MSTATUS_VS, b.mode.vector_on)
            changed = b.op(f"or i1 {changed}, {vector}")
    else:
        return
    same, other = b.new_label(), b.new_label()
    b.branch(changed, other, same)
    b.start(other)
    b.event(state.MODE, b.next_pc)
    b.start(same)
    b.jump(b.next_pc)


def _switched(b: Builder, mstatus: str, field: int, on: bool) -> str:
    part = b.op(f"and i64 {mstatus}, {field}")
    return b.op(f"icmp {'eq' if on else 'ne'} i64 {part}, 0")


# -- the table ------------------------------------------------------------------------------------

SEMANTICS |= {name: _binary(op) for name, op in _BINARY.items()}
SEMANTICS |= {f"{name}w": _binary_word(_BINARY[name]) for name in ("add", "sub", "mul")}
SEMANTICS |= {f"{name}i": _immediate(_BINARY[name]) for name in ("xor", "or", "and")}
SEMANTICS |= {name: _shift(op) for name, op in _SHIFTS.items()}
SEMANTICS |= {f"{name}w": _shift_word(op) for name, op in _SHIFTS.items()}
SEMANTICS |= {f"{name}i": _shift_immediate(op) for name, op in _SHIFTS.items()}
SEMANTICS |= {f"{name}iw": _shift_immediate_word(op) for name, op in _SHIFTS.items()}
SEMANTICS |= {
    "slt": _compare("slt", immediate=False),
    "sltu": _compare("ult", immediate=False),
    "slti": _compare("slt", immediate=True),
    "sltiu": _compare("ult", immediate=True),
    "addi": _addi,
    "addiw": _addiw,
    "lui": _lui,
    "auipc": _auipc,
    "mulh": _multiply_high("sext", "sext"),
    "mulhsu": _multiply_high("sext", "zext"),
    "mulhu": _multiply_high("zext", "zext"),
    "jal": _jal,
    "jalr": _jalr,
    "fence": _fence,
    "fence.i": _fence_i,
    "ecall": _ecall,
    "ebreak": _ebreak,
    "mret": _mret,
    "wfi": _nothing,
}
SEMANTICS |= {name: _divide(*how, bits=64) for name, how in _DIVIDES.items()}
SEMANTICS |= {f"{name}w": _divide(*how, bits=32) for name, how in _DIVIDES.items()}
SEMANTICS |= {name: _load(*how) for name, how in _LOADS.items()}
SEMANTICS |= {name: _store(kind) for name, kind in _STORES.items()}
SEMANTICS |= {name: _branch(predicate) for name, predicate in _BRANCHES.items()}
SEMANTICS |= {f"csrr{action}": _csr(action, immediate=False) for action in "wsc"}
SEMANTICS |= {f"csrr{action}i": _csr(action, immediate=True) for action in "wsc"}
SEMANTICS |= semantics_a.SEMANTICS | semantics_b.SEMANTICS | semantics_fd.SEMANTICS
SEMANTICS |= semantics_v.SEMANTICS | semantics_dpu.SEMANTICS
