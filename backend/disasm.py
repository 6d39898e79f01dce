"""Disassembler: bytes to a listing in the manner of objdump, aliases and symbols included.

A listing never ends early: what is no instruction is shown as data and the next one follows.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from ..frontend.record import record
from .encode import Decoded, decode, encode, expand
from .isa import FIELDS, TABLE, Insn
from .regs import (
    CSR_NAMES,
    F_NAMES,
    FENCE_LETTERS,
    ROUNDING_NAMES,
    VLMUL,
    VMASK,
    VSEW,
    VTAIL,
    X_NAMES,
)


@record
class Line:
    """One instruction of a listing; `label` when a symbol stands at its address."""

    addr: int
    word: int
    size: int  # bytes: 2 or 4; less for a torn end
    text: str  # mnemonic, a tab, operands
    label: str = ""

    def __str__(self) -> str:
        head = f"\n{self.addr:016x} <{self.label}>:\n" if self.label else ""
        return (
            f"{head}{self.addr:8x}:\t{self.word:0{2 * self.size}x}{'':{18 - 2 * self.size}}\t"
            + (self.text)
        )


def disassemble(code: bytes, addr: int, symbols: Mapping[int, str]) -> Iterator[Line]:
    """List `code` as it lies at `addr`.

    symbols:  name by address; branch targets are named by the nearest one at or below.
    """
    starts = sorted(symbols)

    def name(target: int) -> str:
        at = bisect_right(starts, target) - 1
        if at < 0:
            return ""
        past = target - starts[at]
        return f" <{symbols[starts[at]]}{f'+{past:#x}' if past else ''}>"

    offset = 0
    while offset < len(code):
        here = addr + offset
        word = int.from_bytes(code[offset : offset + 4], "little")
        size = min(4 if word & 3 == 3 else 2, len(code) - offset)
        word &= (1 << 8 * size) - 1
        hit = decode(word)
        if hit is None or hit.insn.size != size:
            # A symbol may stand in the middle of what is data; two bytes keep in step with it.
            size = min(2, size) if here + 2 in symbols else size
            word &= (1 << 8 * size) - 1
            text = "unimp" if word == 0 and size == 2 else f".{size}byte\t{word:#x}"
        else:
            text = render(hit, here, name)
        yield Line(here, word, size, text, symbols.get(here, ""))
        offset += size


def render(
    decoded: Decoded, addr: int, name: Callable[[int], str] = lambda _: "", alias: bool = True
) -> str:
    """One instruction as text.

    addr:   its own address, from which branch targets count.
    name:   what to write after a target address.
    alias:  write `ret` for `jalr zero,0(ra)` and compressed instructions as what they abbreviate.
    """
    if not alias:
        return _written(decoded.insn.name, decoded.insn.syntax, decoded, addr, name)
    base = expand(decoded)
    for when, mnemonic, syntax in _aliases().get(base.insn.name, ()):
        if all(
            base.operands[key] == (base.operands[value] if isinstance(value, str) else value)
            for key, value in when.items()
        ):
            return _written(mnemonic, syntax, base, addr, name)
    if any(value and key in _UNWRITTEN for key, value in base.operands.items()):
        return f".{decoded.insn.size}byte\t{encode(decoded.insn, **decoded.operands):#x}"
    return _written(base.insn.name, base.insn.syntax, base, addr, name)


_UNWRITTEN = {"fm", "ign_rd", "ign_rs1", "ign_imm"}  # assembly has no words for these

# What to write instead: instruction, fixed operands, mnemonic, operands. The first that fits.
_ALIASES = """
addi    rd=0,rs1=0,imm12=0   nop
addi    rs1=0                li        rd,imm12
addi    imm12=0              mv        rd,rs1
addiw   imm12=0              sext.w    rd,rs1
xori    imm12=-1             not       rd,rs1
andi    imm12=255            zext.b    rd,rs1
sub     rs1=0                neg       rd,rs2
subw    rs1=0                negw      rd,rs2
add     rs1=0                mv        rd,rs2
sltiu   imm12=1              seqz      rd,rs1
sltu    rs1=0                snez      rd,rs2
slt     rs2=0                sltz      rd,rs1
slt     rs1=0                sgtz      rd,rs2
add.uw  rs2=0                zext.w    rd,rs1
beq     rs2=0                beqz      rs1,branch13
bne     rs2=0                bnez      rs1,branch13
bge     rs1=0                blez      rs2,branch13
bge     rs2=0                bgez      rs1,branch13
blt     rs2=0                bltz      rs1,branch13
blt     rs1=0                bgtz      rs2,branch13
jal     rd=0                 j         jump21
jal     rd=1                 jal       jump21
jalr    rd=0,rs1=1,imm12=0   ret
jalr    rd=0,imm12=0         jr        rs1
jalr    rd=0                 jr        imm12(rs1)
jalr    rd=1,imm12=0         jalr      rs1
jalr    rd=1                 jalr      imm12(rs1)
jalr    imm12=0              jalr      rd,rs1
fence   fm=0,pred=1,succ=0,ign_rd=0,ign_rs1=0    pause
fence   fm=0,pred=15,succ=15,ign_rd=0,ign_rs1=0                     fence
fence   fm=8,pred=3,succ=3,ign_rd=0,ign_rs1=0                       fence.tso
csrrw   rd=0,csr=3072,rs1=0  unimp
csrrs   csr=1,rs1=0          frflags   rd
csrrs   csr=2,rs1=0          frrm      rd
csrrs   csr=3,rs1=0          frcsr     rd
csrrs   csr=3072,rs1=0       rdcycle   rd
csrrs   csr=3073,rs1=0       rdtime    rd
csrrs   csr=3074,rs1=0       rdinstret rd
csrrs   rs1=0                csrr      rd,csr
csrrw   csr=1,rd=0           fsflags   rs1
csrrw   csr=1                fsflags   rd,rs1
csrrw   csr=2,rd=0           fsrm      rs1
csrrw   csr=2                fsrm      rd,rs1
csrrw   csr=3,rd=0           fscsr     rs1
csrrw   csr=3                fscsr     rd,rs1
csrrwi  csr=1,rd=0           fsflagsi  zimm5
csrrwi  csr=1                fsflagsi  rd,zimm5
csrrwi  csr=2,rd=0           fsrmi     zimm5
csrrwi  csr=2                fsrmi     rd,zimm5
csrrw   rd=0                 csrw      csr,rs1
csrrs   rd=0                 csrs      csr,rs1
csrrc   rd=0                 csrc      csr,rs1
csrrwi  rd=0                 csrwi     csr,zimm5
csrrsi  rd=0                 csrsi     csr,zimm5
csrrci  rd=0                 csrci     csr,zimm5
fsgnj.s  rs2=rs1             fmv.s     f.rd,f.rs1
fsgnjn.s rs2=rs1             fneg.s    f.rd,f.rs1
fsgnjx.s rs2=rs1             fabs.s    f.rd,f.rs1
fsgnj.h  rs2=rs1             fmv.h     f.rd,f.rs1
fsgnjn.h rs2=rs1             fneg.h    f.rd,f.rs1
fsgnjx.h rs2=rs1             fabs.h    f.rd,f.rs1
fsgnj.d  rs2=rs1             fmv.d     f.rd,f.rs1
fsgnjn.d rs2=rs1             fneg.d    f.rd,f.rs1
fsgnjx.d rs2=rs1             fabs.d    f.rd,f.rs1
vrsub.vx    rs1=0            vneg.v       vd,vs2,vm
vxor.vi     simm5=-1         vnot.v       vd,vs2,vm
vwadd.vx    rs1=0            vwcvt.x.x.v  vd,vs2,vm
vwaddu.vx   rs1=0            vwcvtu.x.x.v vd,vs2,vm
vnsrl.wx    rs1=0            vncvt.x.x.w  vd,vs2,vm
vfsgnjn.vv  vs1=vs2          vfneg.v      vd,vs2,vm
vfsgnjx.vv  vs1=vs2          vfabs.v      vd,vs2,vm
vmand.mm    vs1=vs2          vmmv.m       vd,vs2
vmxor.mm    vd=vs2,vs1=vs2   vmclr.m      vd
vmxnor.mm   vd=vs2,vs1=vs2   vmset.m      vd
vmnand.mm   vs1=vs2          vmnot.m      vd,vs2
vl1re8.v    always           vl1r.v       vd,(rs1)
vl2re8.v    always           vl2r.v       vd,(rs1)
vl4re8.v    always           vl4r.v       vd,(rs1)
vl8re8.v    always           vl8r.v       vd,(rs1)
"""

_Alias = tuple[dict[str, int | str], str, str]


@lru_cache(maxsize=1)
def _aliases() -> dict[str, tuple[_Alias, ...]]:
    found: dict[str, list[_Alias]] = {}
    for line in _ALIASES.split("\n"):
        if not line:
            continue
        insn, when, mnemonic, *syntax = line.split()
        pairs = [item.split("=") for item in when.split(",") if item != "always"]
        fixed = {k: v if v in FIELDS else int(v) for k, v in pairs}
        assert set(fixed) <= {o.key for o in TABLE[insn].operands}
        found.setdefault(insn, []).append((fixed, mnemonic, syntax[0] if syntax else ""))
    return {insn: tuple(rows) for insn, rows in found.items()}


def _written(
    mnemonic: str, syntax: str, decoded: Decoded, addr: int, name: Callable[[int], str]
) -> str:
    operands = decoded.operands

    def one(match: re.Match[str]) -> str:
        floating, key = match[1], match[2]
        return (
            key if key in ("sp", "v0") else _operand(key, bool(floating), operands[key], addr, name)
        )

    shown = [part for part in syntax.split(",") if _is_shown(part, decoded)]
    text = ",".join(re.sub(r"(f\.)?\b([a-z]\w*)(?:=\d+)?", one, part) for part in shown)
    mnemonic += _ordering(decoded.insn, operands)
    return f"{mnemonic}\t{text}" if text else mnemonic


def _is_shown(part: str, decoded: Decoded) -> bool:
    key = part.split("=", maxsplit=1)[0]
    field = FIELDS.get(key)
    if field is None or field.kind not in ("flag", "rm", "mask"):
        return True
    if field.kind == "flag":
        return False
    usual = next(o.default for o in decoded.insn.operands if o.key == key)
    return decoded.operands[key] != usual


def _ordering(insn: Insn, operands: Mapping[str, int]) -> str:
    """The suffix that says aq and rl, on the instructions that have them."""
    if insn.ext != "A" or not (operands["aq"] or operands["rl"]):
        return ""
    return "." + "aq" * operands["aq"] + "rl" * operands["rl"]


def _operand(key: str, floating: bool, value: int, addr: int, name: Callable[[int], str]) -> str:
    field = FIELDS[key]
    match field.kind:
        case "reg":
            return (F_NAMES if floating else X_NAMES)[value]
        case "vreg":
            return f"v{value}"
        case "mask":
            return "v0.t"
        case "vtype":
            return _vtype(value)
        case "rm":
            return ROUNDING_NAMES[value]
        case "csr":
            return CSR_NAMES.get(value, f"{value:#x}")
        case "fence":
            letters = "".join(c for i, c in enumerate(FENCE_LETTERS) if value >> (3 - i) & 1)
            return letters or "unknown"
        case "target":
            target = addr + value & (1 << 64) - 1
            named = name(target)
            return f"{target:x}{named}" if named else f"{target:#x}"
        case "imm" | "flag":
            if field.scale == 4096:  # lui and auipc are written with the bits they store
                return f"{value >> 12 & 0xF_FFFF:#x}"
            return f"{value:#x}" if "shamt" in key else str(value)


def _vtype(value: int) -> str:
    """Element size, group, tail and mask policy; a number where one of them is reserved."""
    sew, lmul = VSEW[value >> 3 & 7], VLMUL[value & 7]
    if value >> 8 or sew is None or lmul is None:
        return str(value)
    return f"{sew},{lmul},{VTAIL[value >> 6 & 1]},{VMASK[value >> 7]}"
