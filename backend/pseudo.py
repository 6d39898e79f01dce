"""Pseudo-instructions of the assembler: names for common uses of real instructions."""

from __future__ import annotations

# Loads and stores that may name a symbol instead of an address.
LOADS = frozenset("lb lh lw ld lbu lhu lwu flw fld sb sh sw sd fsw fsd".split())

# name, number of operands, what it stands for; $0 is the first operand (RISC-V assembly
# programmer's manual, "Pseudoinstructions").
_ROWS = """
nop       0  addi x0,x0,0
unimp     0  csrrw x0,cycle,x0
mv        2  addi $0,$1,0
not       2  xori $0,$1,-1
neg       2  sub $0,x0,$1
negw      2  subw $0,x0,$1
sext.w    2  addiw $0,$1,0
zext.b    2  andi $0,$1,255
zext.w    2  slli $0,$1,32; srli $0,$0,32
zext.w+   2  add.uw $0,$1,x0
seqz      2  sltiu $0,$1,1
snez      2  sltu $0,x0,$1
sltz      2  slt $0,$1,x0
sgtz      2  slt $0,x0,$1
sgt       3  slt $0,$2,$1
sgtu      3  sltu $0,$2,$1
beqz      2  beq $0,x0,$1
bnez      2  bne $0,x0,$1
blez      2  bge x0,$0,$1
bgez      2  bge $0,x0,$1
bltz      2  blt $0,x0,$1
bgtz      2  blt x0,$0,$1
bgt       3  blt $1,$0,$2
ble       3  bge $1,$0,$2
bgtu      3  bltu $1,$0,$2
bleu      3  bgeu $1,$0,$2
j         1  jal x0,$0
jal       1  jal x1,$0
ret       0  jalr x0,0(x1)
fence     0  fence iorw,iorw
pause     0  fence w,0
csrr      2  csrrs $0,$1,x0
csrw      2  csrrw x0,$0,$1
csrs      2  csrrs x0,$0,$1
csrc      2  csrrc x0,$0,$1
csrwi     2  csrrwi x0,$0,$1
csrsi     2  csrrsi x0,$0,$1
csrci     2  csrrci x0,$0,$1
rdcycle   1  csrrs $0,cycle,x0
rdtime    1  csrrs $0,time,x0
rdinstret 1  csrrs $0,instret,x0
frcsr     1  csrrs $0,fcsr,x0
fscsr     1  csrrw x0,fcsr,$0
fscsr     2  csrrw $0,fcsr,$1
frrm      1  csrrs $0,frm,x0
fsrm      1  csrrw x0,frm,$0
fsrm      2  csrrw $0,frm,$1
fsrmi     1  csrrwi x0,frm,$0
fsrmi     2  csrrwi $0,frm,$1
frflags   1  csrrs $0,fflags,x0
fsflags   1  csrrw x0,fflags,$0
fsflags   2  csrrw $0,fflags,$1
fsflagsi  1  csrrwi x0,fflags,$0
fsflagsi  2  csrrwi $0,fflags,$1
fmv.s     2  fsgnj.s $0,$1,$1
fneg.s    2  fsgnjn.s $0,$1,$1
fabs.s    2  fsgnjx.s $0,$1,$1
fgt.s     3  flt.s $0,$2,$1
fge.s     3  fle.s $0,$2,$1
fmv.d     2  fsgnj.d $0,$1,$1
fneg.d    2  fsgnjn.d $0,$1,$1
fabs.d    2  fsgnjx.d $0,$1,$1
fgt.d     3  flt.d $0,$2,$1
fge.d     3  fle.d $0,$2,$1
fmv.x.s   2  fmv.x.w $0,$1
fmv.s.x   2  fmv.w.x $0,$1
"""


def _rows() -> dict[tuple[str, int], tuple[str, ...]]:
    found = {}
    for line in _ROWS.strip().split("\n"):
        name, count, text = line.split(maxsplit=2)
        found[name, int(count)] = tuple(part.strip() for part in text.split(";"))
    return found


PSEUDO = _rows()


def load_constant(value: int) -> list[tuple[str, str, int]]:
    """Instructions that put a 64-bit constant into a register: (name, source, immediate).

    source is "zero" for the first and "rd" after it; lui's immediate is its whole value. From
    the low end: twelve bits by an addi, the rest shifted down to where it is odd.
    """
    value &= (1 << 64) - 1
    value -= value >> 63 << 64
    if -0x800 <= value < 0x800:
        return [("addi", "zero", value)]
    low = (value & 0xFFF ^ 0x800) - 0x800
    if -0x8000_0000 <= value < 0x8000_0000:
        high = (value - low & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        found = [("lui", "zero", high)]
        return [*found, ("addiw", "rd", low)] if low else found
    rest = value - low >> 12
    shift = 12
    while rest % 2 == 0:
        rest >>= 1
        shift += 1
    found = [*load_constant(rest), ("slli", "rd", shift)]
    return [*found, ("addi", "rd", low)] if low else found
