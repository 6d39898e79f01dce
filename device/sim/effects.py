"""What one instruction reads and writes, told from the registers before and after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...backend.encode import Decoded
from . import counting
from .flow import MASK64

FileName = Literal["x", "f", "v"]
_VECTOR = re.compile(
    r"v[ls](?P<way>[uo]x|s)?(?:seg(?P<seg>\d))?(?:ei?(?P<eew>\d+)(?:ff)?)\.v"
    r"|v[ls](?P<whole>[1248])r(?:e\d+)?\.v|v[ls](?P<mask>m)\.v"
)


@dataclass(frozen=True)
class Registers:
    """Of a hart at one moment. x, f: 32 words of 64 bits; v: 32 registers of equal size."""

    pc: int
    x: memoryview
    f: memoryview
    v: bytes
    vl: int
    vtype: int
    fflags: int

    def vector(self, number: int) -> bytes:
        size = len(self.v) // 32
        return self.v[size * number : size * (number + 1)]


@dataclass(frozen=True)
class Touched:
    """Memory that an instruction accessed: `count` pieces of `size` bytes, `stride` apart.

    addr:   of the first; of an indexed vector access what the indices are added to, and no
            stride is known. Pieces that a mask leaves out are told of all the same.
    value:  unsigned, of what a scalar instruction read or wrote.
    """

    store: bool
    addr: int
    size: int
    count: int = 1
    stride: int | None = None
    value: int | None = None


def written(
    decoded: Decoded | None, before: Registers, after: Registers
) -> Iterator[tuple[FileName, int]]:
    """Registers that were written: those that differ, and the destination in any case."""
    told: set[tuple[FileName, int]] = set()
    for operand in decoded.insn.operands if decoded else ():
        number = decoded.operands[operand.key] if decoded else 0
        if operand.key == "rd" and (operand.file == "f" or number):
            told.add(("f" if operand.file == "f" else "x", number))
        elif operand.key == "vd":
            told.add(("v", number))
    if before.x != after.x:
        told.update(("x", n) for n in range(32) if before.x[n] != after.x[n])
    if before.f != after.f:
        told.update(("f", n) for n in range(32) if before.f[n] != after.f[n])
    if before.v != after.v:
        told.update(("v", n) for n in range(32) if before.vector(n) != after.vector(n))
    yield from sorted(told)


def touched(decoded: Decoded | None, before: Registers, after: Registers) -> Iterator[Touched]:
    """Memory that was accessed; told of an instruction that traps as if it had not."""
    if decoded is None:
        return
    o, name = decoded.operands, decoded.insn.name
    events = counting.events_of(decoded)
    loads, stores = counting.LOADS in events, counting.STORES in events
    if not loads and not stores:
        return
    base = before.x[o["rs1"]]
    if decoded.insn.ext == "V":
        yield _vector(name, o, base, before, store=stores)
        return
    addr = base + o.get("imm12", o.get("store12", 0)) & MASK64
    size = next(1 << i for i in range(5) if counting.LOADS - 5 + i in events or 9 + i in events)
    mask = (1 << 8 * size) - 1
    floating = any(p.key in ("rd", "rs2") and p.file == "f" for p in decoded.insn.operands)
    if loads:
        file = after.f if floating else after.x
        known = floating or o["rd"] != 0
        yield Touched(False, addr, size, value=file[o["rd"]] & mask if known else None)
    if stores and loads:  # an AMO: what it has stored is not in a register
        yield Touched(True, addr, size)
    elif stores and not (name.startswith("sc.") and after.x[o["rd"]] != 0):
        file = before.f if floating else before.x
        yield Touched(True, addr, size, value=file[o["rs2"]] & mask)


def _vector(name: str, o: dict[str, int], base: int, before: Registers, *, store: bool) -> Touched:
    parts = _VECTOR.fullmatch(name)
    assert parts is not None, name
    if parts["whole"]:
        return Touched(store, base, int(parts["whole"]) * len(before.v) // 32)
    if parts["mask"]:
        return Touched(store, base, -(-before.vl // 8))
    width, fields = int(parts["eew"]) // 8, int(parts["seg"] or 1)
    match parts["way"]:
        case None:
            return Touched(store, base, width * fields, before.vl, width * fields)
        case "s":
            stride = before.x[o["rs2"]]
            stride -= stride >> 63 << 64
            return Touched(store, base, width * fields, before.vl, stride)
        case _:  # the name gives the indices' width, vtype that of the data
            sew = 1 << (before.vtype >> 3 & 7)
            return Touched(store, base, sew * fields, before.vl)
