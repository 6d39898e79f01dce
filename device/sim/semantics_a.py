"""A: atomics. All are sequentially consistent, which serves every combination of aq and rl.

LR remembers the address and what it loaded; SC is a compare-and-swap against that. Of harts in
turns no other runs in between: the end of a turn drops the reservation. Of harts in parallel a
store in between makes SC fail unless it put the same value back, as it is with QEMU.
"""

from __future__ import annotations

from . import state
from .build import Builder, Operands, Semantics
from .marks import signed

# IR operation by what the instruction is called.
_OPERATIONS = {
    "amoswap": "xchg", "amoadd": "add", "amoxor": "xor", "amoand": "and", "amoor": "or",
    "amomin": "min", "amomax": "max", "amominu": "umin", "amomaxu": "umax",
}  # fmt: skip
_WIDTHS = {"w": "i32", "d": "i64"}


def _read(b: Builder, kind: str, reg: int) -> str:
    return b.x32(reg) if kind == "i32" else b.x(reg)


def _write(b: Builder, kind: str, reg: int, value: str) -> None:
    if kind == "i32":
        b.set_x32(reg, value)
    else:
        b.set_x(reg, value)


def _amo(operation: str, kind: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        value = _read(b, kind, o["rs2"])
        at = b.locate(kind, o["rs1"], stores=True)
        old = b.op(f"atomicrmw {operation} ptr {at}, {kind} {value} seq_cst")
        _write(b, kind, o["rd"], old)

    return emit


def _load_reserved(kind: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        addr = b.x(o["rs1"])
        at = b.locate(kind, o["rs1"], stores=False)
        size = 4 if kind == "i32" else 8
        value = b.op(f"load atomic {kind}, ptr {at} seq_cst, align {size}")
        wide = b.op(f"zext i32 {value} to i64") if kind == "i32" else value
        b.set_state("reserved_addr", addr)
        b.set_state("reserved_value", wide)
        _write(b, kind, o["rd"], value)

    return emit


def _store_conditional(kind: str) -> Semantics:
    def emit(b: Builder, o: Operands) -> None:
        addr, value = b.x(o["rs1"]), _read(b, kind, o["rs2"])
        at = b.locate(kind, o["rs1"], stores=True)  # a bad address traps, reserved or not
        reserved = b.op(f"icmp eq i64 {b.state('reserved_addr')}, {addr}")
        before, attempt, done = b.label, b.new_label(), b.new_label()
        b.branch(reserved, attempt, done)
        b.start(attempt)
        expected = b.state("reserved_value")
        if kind == "i32":
            expected = b.op(f"trunc i64 {expected} to i32")
        pair = b.op(f"cmpxchg ptr {at}, {kind} {expected}, {kind} {value} seq_cst seq_cst")
        stored = b.op(f"extractvalue {{ {kind}, i1 }} {pair}, 1")
        b.goto(done)
        b.start(done)
        succeeded = b.op(f"phi i1 [ false, %{before} ], [ {stored}, %{attempt} ]")
        b.set_state("reserved_addr", signed(state.NOT_RESERVED))  # even if it failed
        b.set_x(o["rd"], b.select(succeeded, "i64", "0", "1"))

    return emit


SEMANTICS: dict[str, Semantics] = {
    f"{name}.{suffix}": _amo(operation, kind)
    for name, operation in _OPERATIONS.items()
    for suffix, kind in _WIDTHS.items()
}
SEMANTICS |= {f"lr.{suffix}": _load_reserved(kind) for suffix, kind in _WIDTHS.items()}
SEMANTICS |= {f"sc.{suffix}": _store_conditional(kind) for suffix, kind in _WIDTHS.items()}
