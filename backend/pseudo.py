"""Pseudo-instructions of the assembler: names for common uses of real instructions."""

from __future__ import annotations

# Loads and stores that may name a symbol instead of an address.
LOADS = frozenset("lb lh lw ld lbu lhu lwu flh flw fld sb sh sw sd fsh fsw fsd".split())

# name, number of operands, what it stands for; $0 is the first operand (RISC-V assembly
# programmer's manual, "Pseudoinstructions"; for vectors, the V extension's section of each
# instruction). "m" after the number: or a mask more, which the instruction takes too. A name with
# a "+" is one that the assembler makes of another, by its operands.
_ROWS = """
nop       0  addi x0,x0,0
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
fmv.h     2  fsgnj.h $0,$1,$1
fneg.h    2  fsgnjn.h $0,$1,$1
fabs.h    2  fsgnjx.h $0,$1,$1
fgt.h     3  flt.h $0,$2,$1
fge.h     3  fle.h $0,$2,$1
fmv.x.s   2  fmv.x.w $0,$1
fmv.s.x   2  fmv.w.x $0,$1
vneg.v       2m vrsub.vx $0,$1,x0
vnot.v       2m vxor.vi $0,$1,-1
vwcvt.x.x.v  2m vwadd.vx $0,$1,x0
vwcvtu.x.x.v 2m vwaddu.vx $0,$1,x0
vncvt.x.x.w  2m vnsrl.wx $0,$1,x0
vfneg.v      2m vfsgnjn.vv $0,$1,$1
vfabs.v      2m vfsgnjx.vv $0,$1,$1
vmsgt.vv     3m vmslt.vv $0,$2,$1
vmsgtu.vv    3m vmsltu.vv $0,$2,$1
vmsge.vv     3m vmsle.vv $0,$2,$1
vmsgeu.vv    3m vmsleu.vv $0,$2,$1
vmfgt.vv     3m vmflt.vv $0,$2,$1
vmfge.vv     3m vmfle.vv $0,$2,$1
vmslt.vi     3m vmsle.vi $0,$1,($2)-1
vmsge.vi     3m vmsgt.vi $0,$1,($2)-1
vmsltu.vi    3m vmsleu.vi $0,$1,($2)-1
vmsltu.vi+0  3m vmsne.vv $0,$1,$1
vmsgeu.vi    3m vmsgtu.vi $0,$1,($2)-1
vmsgeu.vi+0  3m vmseq.vv $0,$1,$1
vmsge.vx     3  vmslt.vx $0,$1,$2; vmnand.mm $0,$0,$0
vmsge.vx     4  vmslt.vx $0,$1,$2,$3; vmxor.mm $0,$0,v0
vmsge.vx     5  vmslt.vx $4,$1,$2; vmandn.mm $4,v0,$4; vmandn.mm $0,$0,v0; vmor.mm $0,$4,$0
vmsge.vx+v0  5  vmslt.vx $4,$1,$2; vmandn.mm $0,$0,$4
vmsgeu.vx    3  vmsltu.vx $0,$1,$2; vmnand.mm $0,$0,$0
vmsgeu.vx    4  vmsltu.vx $0,$1,$2,$3; vmxor.mm $0,$0,v0
vmsgeu.vx    5  vmsltu.vx $4,$1,$2; vmandn.mm $4,v0,$4; vmandn.mm $0,$0,v0; vmor.mm $0,$4,$0
vmsgeu.vx+v0 5  vmsltu.vx $4,$1,$2; vmandn.mm $0,$0,$4
vmmv.m       2  vmand.mm $0,$1,$1
vmcpy.m      2  vmand.mm $0,$1,$1
vmclr.m      1  vmxor.mm $0,$0,$0
vmset.m      1  vmxnor.mm $0,$0,$0
vmnot.m      2  vmnand.mm $0,$1,$1
vmandnot.mm  3  vmandn.mm $0,$1,$2
vmornot.mm   3  vmorn.mm $0,$1,$2
vpopc.m      2m vcpop.m $0,$1
vfredsum.vs  3m vfredusum.vs $0,$1,$2
vfwredsum.vs 3m vfwredusum.vs $0,$1,$2
vfrece7.v    2m vfrec7.v $0,$1
vfrsqrte7.v  2m vfrsqrt7.v $0,$1
vle1.v       2  vlm.v $0,$1
vse1.v       2  vsm.v $0,$1
vl1r.v       2  vl1re8.v $0,$1
vl2r.v       2  vl2re8.v $0,$1
vl4r.v       2  vl4re8.v $0,$1
vl8r.v       2  vl8re8.v $0,$1
"""


def _rows() -> dict[tuple[str, int], tuple[str, ...]]:
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for line in _ROWS.strip().split("\n"):
        name, count, text = line.split(maxsplit=2)
        least = int(count.removesuffix("m"))
        found[name, least] = tuple(part.strip() for part in text.split(";"))
        if count.endswith("m"):
            found[name, least + 1] = (f"{text},${least}",)
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
