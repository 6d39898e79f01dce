"""The rows of the vector extension, spelled out from tables of names, codes and forms.

Numbers: RISC-V "V" Vector Extension 1.0, sections 6, 7 and "Vector Instruction Listing". Only
bit 25 (`vm`) is an operand or fixed, as each instruction has it; whether registers may overlap
or form groups hangs on vtype and is a matter of execution.
"""

from __future__ import annotations

from .insn import Insn

_OP_V = 0x57
_VM = 1 << 25

# funct3 by the space a name lives in (integer, multiply, floating) and where its second source
# comes from: a vector, an immediate, a scalar register.
_FUNCT3 = {"I": {"v": 0, "i": 3, "x": 4}, "M": {"v": 2, "x": 6}, "F": {"v": 1, "x": 5}}

# fmt: off
# How a name's forms are written: suffix, where the second source comes from, operands, bit 25.
_FORMS: dict[str, tuple[str, str, str, int]] = {
    "vv":  ("vv",  "v", "vd,vs2,vs1,vm",   0),
    "vx":  ("vx",  "x", "vd,vs2,rs1,vm",   0),
    "vi":  ("vi",  "i", "vd,vs2,simm5,vm", 0),
    "vu":  ("vi",  "i", "vd,vs2,uimm5,vm", 0),
    "vf":  ("vf",  "x", "vd,vs2,f.rs1,vm", 0),
    "wv":  ("wv",  "v", "vd,vs2,vs1,vm",   0),
    "wx":  ("wx",  "x", "vd,vs2,rs1,vm",   0),
    "wu":  ("wi",  "i", "vd,vs2,uimm5,vm", 0),
    "wf":  ("wf",  "x", "vd,vs2,f.rs1,vm", 0),
    "vs":  ("vs",  "v", "vd,vs2,vs1,vm",   0),
    # Multiply-add: the addend's factors in the other order.
    "avv": ("vv",  "v", "vd,vs1,vs2,vm",   0),
    "avx": ("vx",  "x", "vd,rs1,vs2,vm",   0),
    "avf": ("vf",  "x", "vd,f.rs1,vs2,vm", 0),
    # v0 is an operand, never a mask.
    "vvm": ("vvm", "v", "vd,vs2,vs1,v0",   0),
    "vxm": ("vxm", "x", "vd,vs2,rs1,v0",   0),
    "vim": ("vim", "i", "vd,vs2,simm5,v0", 0),
    "vfm": ("vfm", "x", "vd,vs2,f.rs1,v0", 0),
    # Never masked.
    "uvv": ("vv",  "v", "vd,vs2,vs1",      _VM),
    "uvx": ("vx",  "x", "vd,vs2,rs1",      _VM),
    "uvi": ("vi",  "i", "vd,vs2,simm5",    _VM),
    "umm": ("mm",  "v", "vd,vs2,vs1",      _VM),
    "uvm": ("vm",  "v", "vd,vs2,vs1",      _VM),
    # One source.
    "mvv": ("v",   "v", "vd,vs1",          _VM),
    "mvx": ("x",   "x", "vd,rs1",          _VM),
    "mvi": ("i",   "i", "vd,simm5",        _VM),
    "mvf": ("f",   "x", "vd,f.rs1",        _VM),
}

# funct6, forms and names of those that have them; a "-" leaves a code of the row out.
_ARITHMETIC = """
I 00 vv vx vi     vadd
I 02 vv vx        vsub
I 03 vx vi        vrsub
I 04 vv vx        vminu vmin vmaxu vmax
I 09 vv vx vi     vand vor vxor
I 0c vv vx vu     vrgather
I 0e vx vu        vslideup vslidedown
I 0e vv           vrgatherei16
I 10 vvm vxm vim  vadc vmadc
I 11 uvv uvx uvi  vmadc
I 12 vvm vxm      vsbc vmsbc
I 13 uvv uvx      vmsbc
I 17 vvm vxm vim  vmerge
I 17 mvv mvx mvi  vmv.v
I 18 vv vx vi     vmseq vmsne
I 1a vv vx        vmsltu vmslt
I 1c vv vx vi     vmsleu vmsle
I 1e vx vi        vmsgtu vmsgt
I 20 vv vx vi     vsaddu vsadd
I 22 vv vx        vssubu vssub
I 25 vv vx vu     vsll
I 27 vv vx        vsmul
I 28 vv vx vu     vsrl vsra vssrl vssra
I 2c wv wx wu     vnsrl vnsra vnclipu vnclip
I 30 vs           vwredsumu vwredsum
M 00 vs           vredsum vredand vredor vredxor vredminu vredmin vredmaxu vredmax
M 08 vv vx        vaaddu vaadd vasubu vasub
M 0e vx           vslide1up vslide1down
M 17 uvm          vcompress
M 18 umm          vmandn vmand vmor vmxor vmorn vmnand vmnor vmxnor
M 20 vv vx        vdivu vdiv vremu vrem vmulhu vmul vmulhsu vmulh
M 29 avv avx      vmadd - vnmsub - vmacc - vnmsac
M 30 vv vx        vwaddu vwadd vwsubu vwsub
M 34 wv wx        vwaddu vwadd vwsubu vwsub
M 38 vv vx        vwmulu - vwmulsu vwmul
M 3c avv avx      vwmaccu vwmacc - vwmaccsu
M 3e avx          vwmaccus
F 00 vv vf        vfadd - vfsub - vfmin - vfmax
F 01 vs           vfredusum - vfredosum - vfredmin - vfredmax
F 08 vv vf        vfsgnj vfsgnjn vfsgnjx
F 0e vf           vfslide1up vfslide1down
F 17 vfm          vfmerge
F 17 mvf          vfmv.v
F 18 vv vf        vmfeq vmfle - vmflt vmfne
F 1d vf           vmfgt - vmfge
F 20 vv vf        vfdiv
F 21 vf           vfrdiv
F 24 vv vf        vfmul
F 27 vf           vfrsub
F 28 avv avf      vfmadd vfnmadd vfmsub vfnmsub vfmacc vfnmacc vfmsac vfnmsac
F 30 vv vf        vfwadd - vfwsub
F 31 vs           vfwredusum - vfwredosum
F 34 wv wf        vfwadd - vfwsub
F 38 vv vf        vfwmul
F 3c avv avf      vfwmacc vfwnmacc vfwmsac vfwnmsac
"""

# One source, in vs2; the field of vs1 says which: space and funct6, the first code, names.
_UNARY = """
M 12 02 vzext.vf8 vsext.vf8 vzext.vf4 vsext.vf4 vzext.vf2 vsext.vf2
M 14 01 vmsbf.m vmsof.m vmsif.m
M 14 10 viota.m
F 12 00 vfcvt.xu.f.v vfcvt.x.f.v vfcvt.f.xu.v vfcvt.f.x.v
F 12 06 vfcvt.rtz.xu.f.v vfcvt.rtz.x.f.v
F 12 08 vfwcvt.xu.f.v vfwcvt.x.f.v vfwcvt.f.xu.v vfwcvt.f.x.v vfwcvt.f.f.v
F 12 0e vfwcvt.rtz.xu.f.v vfwcvt.rtz.x.f.v
F 12 10 vfncvt.xu.f.w vfncvt.x.f.w vfncvt.f.xu.w vfncvt.f.x.w vfncvt.f.f.w vfncvt.rod.f.f.w
F 12 16 vfncvt.rtz.xu.f.w vfncvt.rtz.x.f.w
F 13 00 vfsqrt.v
F 13 04 vfrsqrt7.v vfrec7.v
F 13 10 vfclass.v
"""

_SINGLE = (
    Insn("vsetvli",  "rd,rs1,zimm11",   0x0000_7057, "V"),
    Insn("vsetivli", "rd,uimm5,zimm10", 0xC000_7057, "V"),
    Insn("vsetvl",   "rd,rs1,rs2",      0x8000_7057, "V"),
    Insn("vmv.x.s",  "rd,vs2",          0x4200_2057, "V"),
    Insn("vcpop.m",  "rd,vs2,vm",       0x4008_2057, "V"),
    Insn("vfirst.m", "rd,vs2,vm",       0x4008_A057, "V"),
    Insn("vmv.s.x",  "vd,rs1",          0x4200_6057, "V"),
    Insn("vid.v",    "vd,vm",           0x5008_A057, "V"),
    Insn("vfmv.f.s", "f.rd,vs2",        0x4200_1057, "V"),
    Insn("vfmv.s.f", "vd,f.rs1",        0x4200_5057, "V"),
    *(Insn(f"vmv{n}r.v", "vd,vs2", 0x9E00_3057 | n - 1 << 15, "V") for n in (1, 2, 4, 8)),
    Insn("vlm.v",    "vd,(rs1)",        0x02B0_0007, "V"),
    Insn("vsm.v",    "vs3,(rs1)",       0x02B0_0027, "V"),
)
# fmt: on


def _arithmetic_rows() -> list[Insn]:
    rows = []
    for line in _ARITHMETIC.split("\n"):
        space, _, rest = line.partition(" ")
        words = rest.split()
        forms = [word for word in words[1:] if word in _FORMS]
        for funct6, name in enumerate(words[1 + len(forms) :], int(words[0], 16) if words else 0):
            for form in forms if name != "-" else ():
                suffix, source, syntax, fixed = _FORMS[form]
                match = funct6 << 26 | fixed | _FUNCT3[space][source] << 12 | _OP_V
                rows.append(Insn(f"{name}.{suffix}", syntax, match, "V"))
    return rows


def _unary_rows() -> list[Insn]:
    rows = []
    for line in _UNARY.strip().split("\n"):
        space, funct6, first, *names = line.split()
        fixed = int(funct6, 16) << 26 | _FUNCT3[space]["v"] << 12 | _OP_V
        for code, name in enumerate(names, int(first, 16)):
            rows.append(Insn(name, "vd,vs2,vm", fixed | code << 15, "V"))
    return rows


_WIDTHS = {8: 0, 16: 5, 32: 6, 64: 7}  # the code of an element's bits
# Loads and stores by their addressing: name before and after the size, operands after the base,
# mop in bits 26 and 27, and what else is fixed. {} is for `seg2` to `seg8`.
_UNIT, _FIRST_FAULT = 0, 1 << 24
_ADDRESSING = (
    ("{}e", ".v", "", _UNIT),
    ("{}ei", ".v", ",vs2", 1 << 26),
    ("s{}e", ".v", ",rs2", 2 << 26),
    ("{}ei", ".v", ",vs2", 3 << 26),
    ("{}e", "ff.v", "", _FIRST_FAULT),
)


def _memory_rows() -> list[Insn]:
    rows = []
    for letter, register, opcode in (("l", "vd", 0x07), ("s", "vs3", 0x27)):
        for stem, end, operands, fixed in _ADDRESSING:
            if letter == "s" and fixed == _FIRST_FAULT:
                continue
            order = {1 << 26: "ux", 3 << 26: "ox"}.get(fixed, "")
            syntax = f"{register},(rs1){operands},vm"
            for nf in range(8):
                name = f"v{letter}{order}" + stem.format(f"seg{nf + 1}" if nf else "")
                match = nf << 29 | fixed | opcode
                rows += [
                    Insn(f"{name}{bits}{end}", syntax, match | code << 12, "V")
                    for bits, code in _WIDTHS.items()
                ]
    for nf in (1, 2, 4, 8):
        match = nf - 1 << 29 | _VM | 1 << 23
        rows.append(Insn(f"vs{nf}r.v", "vs3,(rs1)", match | 0x27, "V"))
        rows += [
            Insn(f"vl{nf}re{bits}.v", "vd,(rs1)", match | code << 12 | 0x07, "V")
            for bits, code in _WIDTHS.items()
        ]
    return rows


VECTOR_ROWS = (*_SINGLE, *_arithmetic_rows(), *_unary_rows(), *_memory_rows())
