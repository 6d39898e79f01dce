"""The instruction table: every encoding kcc knows, in the manner of riscv-opcodes.

The assembler, the disassembler, the linker's immediates and the simulator's decoder all read
this table; nothing else knows an encoding. A row gives what is fixed; the mask is computed
from the operand fields, so no row can forget a bit.
"""

from __future__ import annotations

from .insn import FIELDS, Field, Insn, Operand
from .isa_v import VECTOR_ROWS

__all__ = ["EXTENSIONS", "FIELDS", "TABLE", "Field", "Insn", "Operand"]


def _amo_rows() -> tuple[Insn, ...]:
    rows = []
    for suffix, width in (("w", 0x2000), ("d", 0x3000)):
        rows += [Insn(f"lr.{suffix}", "rd,(rs1),aq,rl", 0x1000_002F | width, "A")]
        rows += [
            Insn(f"{name}.{suffix}", "rd,rs2,(rs1),aq,rl", 0x0000_002F | op << 27 | width, "A")
            for name, op in (
                ("sc", 3), ("amoswap", 1), ("amoadd", 0), ("amoxor", 4), ("amoand", 12),
                ("amoor", 8), ("amomin", 16), ("amomax", 20), ("amominu", 24), ("amomaxu", 28),
            )
        ]  # fmt: skip
    return tuple(rows)


def _float_rows(ext: str, s: str, fmt: int) -> tuple[Insn, ...]:
    """The arithmetic of one floating-point format, its letter `s`, its bits `fmt`."""
    # A double holds every 32-bit integer: nothing to round, and assemblers write 0.
    exact = "f.rd,rs1,rm=0" if s == "d" else "f.rd,rs1,rm"
    # fmt: off
    return tuple(Insn(name, syntax, match | fmt << 25, ext) for name, syntax, match in (
        (f"fmadd.{s}",   "f.rd,f.rs1,f.rs2,f.rs3,rm", 0x0000_0043),
        (f"fmsub.{s}",   "f.rd,f.rs1,f.rs2,f.rs3,rm", 0x0000_0047),
        (f"fnmsub.{s}",  "f.rd,f.rs1,f.rs2,f.rs3,rm", 0x0000_004B),
        (f"fnmadd.{s}",  "f.rd,f.rs1,f.rs2,f.rs3,rm", 0x0000_004F),
        (f"fadd.{s}",    "f.rd,f.rs1,f.rs2,rm",       0x0000_0053),
        (f"fsub.{s}",    "f.rd,f.rs1,f.rs2,rm",       0x0800_0053),
        (f"fmul.{s}",    "f.rd,f.rs1,f.rs2,rm",       0x1000_0053),
        (f"fdiv.{s}",    "f.rd,f.rs1,f.rs2,rm",       0x1800_0053),
        (f"fsqrt.{s}",   "f.rd,f.rs1,rm",             0x5800_0053),
        (f"fsgnj.{s}",   "f.rd,f.rs1,f.rs2",          0x2000_0053),
        (f"fsgnjn.{s}",  "f.rd,f.rs1,f.rs2",          0x2000_1053),
        (f"fsgnjx.{s}",  "f.rd,f.rs1,f.rs2",          0x2000_2053),
        (f"fmin.{s}",    "f.rd,f.rs1,f.rs2",          0x2800_0053),
        (f"fmax.{s}",    "f.rd,f.rs1,f.rs2",          0x2800_1053),
        (f"fle.{s}",     "rd,f.rs1,f.rs2",            0xA000_0053),
        (f"flt.{s}",     "rd,f.rs1,f.rs2",            0xA000_1053),
        (f"feq.{s}",     "rd,f.rs1,f.rs2",            0xA000_2053),
        (f"fclass.{s}",  "rd,f.rs1",                  0xE000_1053),
        (f"fcvt.w.{s}",  "rd,f.rs1,rm",               0xC000_0053),
        (f"fcvt.wu.{s}", "rd,f.rs1,rm",               0xC010_0053),
        (f"fcvt.l.{s}",  "rd,f.rs1,rm",               0xC020_0053),
        (f"fcvt.lu.{s}", "rd,f.rs1,rm",               0xC030_0053),
        (f"fcvt.{s}.w",  exact,                       0xD000_0053),
        (f"fcvt.{s}.wu", exact,                       0xD010_0053),
        (f"fcvt.{s}.l",  "f.rd,rs1,rm",               0xD020_0053),
        (f"fcvt.{s}.lu", "f.rd,rs1,rm",               0xD030_0053),
    ))
    # fmt: on


# fmt: off
_ROWS = (
    #    name         operands, as written   fixed bits   extension
    Insn("lui",       "rd,upper20",          0x0000_0037, "I"),
    Insn("auipc",     "rd,upper20",          0x0000_0017, "I"),
    Insn("jal",       "rd,jump21",           0x0000_006F, "I"),
    Insn("jalr",      "rd,imm12(rs1)",       0x0000_0067, "I"),
    Insn("beq",       "rs1,rs2,branch13",    0x0000_0063, "I"),
    Insn("bne",       "rs1,rs2,branch13",    0x0000_1063, "I"),
    Insn("blt",       "rs1,rs2,branch13",    0x0000_4063, "I"),
    Insn("bge",       "rs1,rs2,branch13",    0x0000_5063, "I"),
    Insn("bltu",      "rs1,rs2,branch13",    0x0000_6063, "I"),
    Insn("bgeu",      "rs1,rs2,branch13",    0x0000_7063, "I"),
    Insn("lb",        "rd,imm12(rs1)",       0x0000_0003, "I"),
    Insn("lh",        "rd,imm12(rs1)",       0x0000_1003, "I"),
    Insn("lw",        "rd,imm12(rs1)",       0x0000_2003, "I"),
    Insn("ld",        "rd,imm12(rs1)",       0x0000_3003, "I"),
    Insn("lbu",       "rd,imm12(rs1)",       0x0000_4003, "I"),
    Insn("lhu",       "rd,imm12(rs1)",       0x0000_5003, "I"),
    Insn("lwu",       "rd,imm12(rs1)",       0x0000_6003, "I"),
    Insn("sb",        "rs2,store12(rs1)",    0x0000_0023, "I"),
    Insn("sh",        "rs2,store12(rs1)",    0x0000_1023, "I"),
    Insn("sw",        "rs2,store12(rs1)",    0x0000_2023, "I"),
    Insn("sd",        "rs2,store12(rs1)",    0x0000_3023, "I"),
    Insn("addi",      "rd,rs1,imm12",        0x0000_0013, "I"),
    Insn("slti",      "rd,rs1,imm12",        0x0000_2013, "I"),
    Insn("sltiu",     "rd,rs1,imm12",        0x0000_3013, "I"),
    Insn("xori",      "rd,rs1,imm12",        0x0000_4013, "I"),
    Insn("ori",       "rd,rs1,imm12",        0x0000_6013, "I"),
    Insn("andi",      "rd,rs1,imm12",        0x0000_7013, "I"),
    Insn("slli",      "rd,rs1,shamt6",       0x0000_1013, "I"),
    Insn("srli",      "rd,rs1,shamt6",       0x0000_5013, "I"),
    Insn("srai",      "rd,rs1,shamt6",       0x4000_5013, "I"),
    Insn("add",       "rd,rs1,rs2",          0x0000_0033, "I"),
    Insn("sub",       "rd,rs1,rs2",          0x4000_0033, "I"),
    Insn("sll",       "rd,rs1,rs2",          0x0000_1033, "I"),
    Insn("slt",       "rd,rs1,rs2",          0x0000_2033, "I"),
    Insn("sltu",      "rd,rs1,rs2",          0x0000_3033, "I"),
    Insn("xor",       "rd,rs1,rs2",          0x0000_4033, "I"),
    Insn("srl",       "rd,rs1,rs2",          0x0000_5033, "I"),
    Insn("sra",       "rd,rs1,rs2",          0x4000_5033, "I"),
    Insn("or",        "rd,rs1,rs2",          0x0000_6033, "I"),
    Insn("and",       "rd,rs1,rs2",          0x0000_7033, "I"),
    Insn("addiw",     "rd,rs1,imm12",        0x0000_001B, "I"),
    Insn("slliw",     "rd,rs1,shamt5",       0x0000_101B, "I"),
    Insn("srliw",     "rd,rs1,shamt5",       0x0000_501B, "I"),
    Insn("sraiw",     "rd,rs1,shamt5",       0x4000_501B, "I"),
    Insn("addw",      "rd,rs1,rs2",          0x0000_003B, "I"),
    Insn("subw",      "rd,rs1,rs2",          0x4000_003B, "I"),
    Insn("sllw",      "rd,rs1,rs2",          0x0000_103B, "I"),
    Insn("srlw",      "rd,rs1,rs2",          0x0000_503B, "I"),
    Insn("sraw",      "rd,rs1,rs2",          0x4000_503B, "I"),
    Insn("fence",     "pred,succ,fm,ign_rd,ign_rs1", 0x0000_000F, "I"),
    Insn("ecall",     "",                    0x0000_0073, "I"),
    Insn("ebreak",    "",                    0x0010_0073, "I"),
    Insn("mret",      "",                    0x3020_0073, "M-mode"),
    Insn("wfi",       "",                    0x1050_0073, "M-mode"),
    Insn("fence.i",   "ign_imm,ign_rd,ign_rs1", 0x0000_100F, "Zifencei"),
    Insn("csrrw",     "rd,csr,rs1",          0x0000_1073, "Zicsr"),
    Insn("csrrs",     "rd,csr,rs1",          0x0000_2073, "Zicsr"),
    Insn("csrrc",     "rd,csr,rs1",          0x0000_3073, "Zicsr"),
    Insn("csrrwi",    "rd,csr,zimm5",        0x0000_5073, "Zicsr"),
    Insn("csrrsi",    "rd,csr,zimm5",        0x0000_6073, "Zicsr"),
    Insn("csrrci",    "rd,csr,zimm5",        0x0000_7073, "Zicsr"),

    Insn("mul",       "rd,rs1,rs2",          0x0200_0033, "M"),
    Insn("mulh",      "rd,rs1,rs2",          0x0200_1033, "M"),
    Insn("mulhsu",    "rd,rs1,rs2",          0x0200_2033, "M"),
    Insn("mulhu",     "rd,rs1,rs2",          0x0200_3033, "M"),
    Insn("div",       "rd,rs1,rs2",          0x0200_4033, "M"),
    Insn("divu",      "rd,rs1,rs2",          0x0200_5033, "M"),
    Insn("rem",       "rd,rs1,rs2",          0x0200_6033, "M"),
    Insn("remu",      "rd,rs1,rs2",          0x0200_7033, "M"),
    Insn("mulw",      "rd,rs1,rs2",          0x0200_003B, "M"),
    Insn("divw",      "rd,rs1,rs2",          0x0200_403B, "M"),
    Insn("divuw",     "rd,rs1,rs2",          0x0200_503B, "M"),
    Insn("remw",      "rd,rs1,rs2",          0x0200_603B, "M"),
    Insn("remuw",     "rd,rs1,rs2",          0x0200_703B, "M"),

    *_amo_rows(),
    *_float_rows("F", "s", 0),
    *_float_rows("D", "d", 1),
    *_float_rows("Zfh", "h", 2),
    Insn("flh",       "f.rd,imm12(rs1)",     0x0000_1007, "Zfh"),
    Insn("fsh",       "f.rs2,store12(rs1)",  0x0000_1027, "Zfh"),
    Insn("flw",       "f.rd,imm12(rs1)",     0x0000_2007, "F"),
    Insn("fsw",       "f.rs2,store12(rs1)",  0x0000_2027, "F"),
    Insn("fld",       "f.rd,imm12(rs1)",     0x0000_3007, "D"),
    Insn("fsd",       "f.rs2,store12(rs1)",  0x0000_3027, "D"),
    Insn("fmv.x.w",   "rd,f.rs1",            0xE000_0053, "F"),
    Insn("fmv.w.x",   "f.rd,rs1",            0xF000_0053, "F"),
    Insn("fmv.x.d",   "rd,f.rs1",            0xE200_0053, "D"),
    Insn("fmv.d.x",   "f.rd,rs1",            0xF200_0053, "D"),
    Insn("fcvt.s.d",  "f.rd,f.rs1,rm",       0x4010_0053, "D"),
    Insn("fcvt.d.s",  "f.rd,f.rs1,rm=0",     0x4200_0053, "D"),
    Insn("fmv.x.h",   "rd,f.rs1",            0xE400_0053, "Zfh"),
    Insn("fmv.h.x",   "f.rd,rs1",            0xF400_0053, "Zfh"),
    Insn("fcvt.s.h",  "f.rd,f.rs1,rm=0",     0x4020_0053, "Zfh"),
    Insn("fcvt.h.s",  "f.rd,f.rs1,rm",       0x4400_0053, "Zfh"),
    Insn("fcvt.d.h",  "f.rd,f.rs1,rm=0",     0x4220_0053, "Zfh"),
    Insn("fcvt.h.d",  "f.rd,f.rs1,rm",       0x4410_0053, "Zfh"),

    Insn("add.uw",    "rd,rs1,rs2",          0x0800_003B, "Zba"),
    Insn("sh1add",    "rd,rs1,rs2",          0x2000_2033, "Zba"),
    Insn("sh2add",    "rd,rs1,rs2",          0x2000_4033, "Zba"),
    Insn("sh3add",    "rd,rs1,rs2",          0x2000_6033, "Zba"),
    Insn("sh1add.uw", "rd,rs1,rs2",          0x2000_203B, "Zba"),
    Insn("sh2add.uw", "rd,rs1,rs2",          0x2000_403B, "Zba"),
    Insn("sh3add.uw", "rd,rs1,rs2",          0x2000_603B, "Zba"),
    Insn("slli.uw",   "rd,rs1,shamt6",       0x0800_101B, "Zba"),
    Insn("andn",      "rd,rs1,rs2",          0x4000_7033, "Zbb"),
    Insn("orn",       "rd,rs1,rs2",          0x4000_6033, "Zbb"),
    Insn("xnor",      "rd,rs1,rs2",          0x4000_4033, "Zbb"),
    Insn("clz",       "rd,rs1",              0x6000_1013, "Zbb"),
    Insn("ctz",       "rd,rs1",              0x6010_1013, "Zbb"),
    Insn("cpop",      "rd,rs1",              0x6020_1013, "Zbb"),
    Insn("clzw",      "rd,rs1",              0x6000_101B, "Zbb"),
    Insn("ctzw",      "rd,rs1",              0x6010_101B, "Zbb"),
    Insn("cpopw",     "rd,rs1",              0x6020_101B, "Zbb"),
    Insn("max",       "rd,rs1,rs2",          0x0A00_6033, "Zbb"),
    Insn("maxu",      "rd,rs1,rs2",          0x0A00_7033, "Zbb"),
    Insn("min",       "rd,rs1,rs2",          0x0A00_4033, "Zbb"),
    Insn("minu",      "rd,rs1,rs2",          0x0A00_5033, "Zbb"),
    Insn("sext.b",    "rd,rs1",              0x6040_1013, "Zbb"),
    Insn("sext.h",    "rd,rs1",              0x6050_1013, "Zbb"),
    Insn("zext.h",    "rd,rs1",              0x0800_403B, "Zbb"),
    Insn("rol",       "rd,rs1,rs2",          0x6000_1033, "Zbb"),
    Insn("rolw",      "rd,rs1,rs2",          0x6000_103B, "Zbb"),
    Insn("ror",       "rd,rs1,rs2",          0x6000_5033, "Zbb"),
    Insn("rorw",      "rd,rs1,rs2",          0x6000_503B, "Zbb"),
    Insn("rori",      "rd,rs1,shamt6",       0x6000_5013, "Zbb"),
    Insn("roriw",     "rd,rs1,shamt5",       0x6000_501B, "Zbb"),
    Insn("orc.b",     "rd,rs1",              0x2870_5013, "Zbb"),
    Insn("rev8",      "rd,rs1",              0x6B80_5013, "Zbb"),
    Insn("clmul",     "rd,rs1,rs2",          0x0A00_1033, "Zbc"),
    Insn("clmulr",    "rd,rs1,rs2",          0x0A00_2033, "Zbc"),
    Insn("clmulh",    "rd,rs1,rs2",          0x0A00_3033, "Zbc"),
    Insn("bclr",      "rd,rs1,rs2",          0x4800_1033, "Zbs"),
    Insn("bext",      "rd,rs1,rs2",          0x4800_5033, "Zbs"),
    Insn("binv",      "rd,rs1,rs2",          0x6800_1033, "Zbs"),
    Insn("bset",      "rd,rs1,rs2",          0x2800_1033, "Zbs"),
    Insn("bclri",     "rd,rs1,shamt6",       0x4800_1013, "Zbs"),
    Insn("bexti",     "rd,rs1,shamt6",       0x4800_5013, "Zbs"),
    Insn("binvi",     "rd,rs1,shamt6",       0x6800_1013, "Zbs"),
    Insn("bseti",     "rd,rs1,shamt6",       0x2800_1013, "Zbs"),
    Insn("czero.eqz", "rd,rs1,rs2",          0x0E00_5033, "Zicond"),
    Insn("czero.nez", "rd,rs1,rs2",          0x0E00_7033, "Zicond"),

    # Of processing-in-memory devices, in the space for extensions of vendors' own.
    Insn("dpu.ldma",  "rs1,rs2,rs3",         0x0000_000B, "Xdpu"),
    Insn("dpu.sdma",  "rs1,rs2,rs3",         0x0000_100B, "Xdpu"),
    Insn("dpu.note",  "rs1,rs2,rs3",         0x0000_200B, "Xdpu"),
    Insn("dpu.tas",   "rd,rs1",              0x0000_002B, "Xdpu"),
    Insn("dpu.clear", "rs1",                 0x0000_102B, "Xdpu"),

    *VECTOR_ROWS,

    #    name            operands, as written  bits    ext  what it abbreviates
    Insn("c.addi4spn",   "cp2,sp,caddi4",      0x0000, "C", "addi cp2,x2,caddi4"),
    Insn("c.fld",        "f.cp2,cld(cp1)",     0x2000, "C", "fld cp2,cld(cp1)"),
    Insn("c.lw",         "cp2,clw(cp1)",       0x4000, "C", "lw cp2,clw(cp1)"),
    Insn("c.ld",         "cp2,cld(cp1)",       0x6000, "C", "ld cp2,cld(cp1)"),
    Insn("c.fsd",        "f.cp2,cld(cp1)",     0xA000, "C", "fsd cp2,cld(cp1)"),
    Insn("c.sw",         "cp2,clw(cp1)",       0xC000, "C", "sw cp2,clw(cp1)"),
    Insn("c.sd",         "cp2,cld(cp1)",       0xE000, "C", "sd cp2,cld(cp1)"),
    Insn("c.nop",        "cnop6",              0x0001, "C", "addi x0,x0,cnop6"),
    Insn("c.addi",       "cd_n0,ci6",          0x0001, "C", "addi cd_n0,cd_n0,ci6"),
    Insn("c.addiw",      "cd_n0,ci6",          0x2001, "C", "addiw cd_n0,cd_n0,ci6"),
    Insn("c.li",         "cd,ci6",             0x4001, "C", "addi cd,x0,ci6"),
    Insn("c.addi16sp",   "sp,caddi16",         0x6101, "C", "addi x2,x2,caddi16"),
    Insn("c.lui",        "cd_n2,clui",         0x6001, "C", "lui cd_n2,clui"),
    Insn("c.srli",       "cp1,cshamt6",        0x8001, "C", "srli cp1,cp1,cshamt6"),
    Insn("c.srai",       "cp1,cshamt6",        0x8401, "C", "srai cp1,cp1,cshamt6"),
    Insn("c.andi",       "cp1,ci6",            0x8801, "C", "andi cp1,cp1,ci6"),
    Insn("c.sub",        "cp1,cp2",            0x8C01, "C", "sub cp1,cp1,cp2"),
    Insn("c.xor",        "cp1,cp2",            0x8C21, "C", "xor cp1,cp1,cp2"),
    Insn("c.or",         "cp1,cp2",            0x8C41, "C", "or cp1,cp1,cp2"),
    Insn("c.and",        "cp1,cp2",            0x8C61, "C", "and cp1,cp1,cp2"),
    Insn("c.subw",       "cp1,cp2",            0x9C01, "C", "subw cp1,cp1,cp2"),
    Insn("c.addw",       "cp1,cp2",            0x9C21, "C", "addw cp1,cp1,cp2"),
    Insn("c.j",          "cj",                 0xA001, "C", "jal x0,cj"),
    Insn("c.beqz",       "cp1,cb",             0xC001, "C", "beq cp1,x0,cb"),
    Insn("c.bnez",       "cp1,cb",             0xE001, "C", "bne cp1,x0,cb"),
    Insn("c.slli",       "cd,cshamt6",         0x0002, "C", "slli cd,cd,cshamt6"),
    Insn("c.fldsp",      "f.cd,cldsp(sp)",     0x2002, "C", "fld cd,cldsp(x2)"),
    Insn("c.lwsp",       "cd_n0,clwsp(sp)",    0x4002, "C", "lw cd_n0,clwsp(x2)"),
    Insn("c.ldsp",       "cd_n0,cldsp(sp)",    0x6002, "C", "ld cd_n0,cldsp(x2)"),
    Insn("c.jr",         "cd_n0",              0x8002, "C", "jalr x0,0(cd_n0)"),
    Insn("c.mv",         "cd,cs2_n0",          0x8002, "C", "add cd,x0,cs2_n0"),
    Insn("c.ebreak",     "",                   0x9002, "C", "ebreak"),
    Insn("c.jalr",       "cd_n0",              0x9002, "C", "jalr x1,0(cd_n0)"),
    Insn("c.add",        "cd,cs2_n0",          0x9002, "C", "add cd,cd,cs2_n0"),
    Insn("c.fsdsp",      "f.cs2,csdsp(sp)",    0xA002, "C", "fsd cs2,csdsp(x2)"),
    Insn("c.swsp",       "cs2,cswsp(sp)",      0xC002, "C", "sw cs2,cswsp(x2)"),
    Insn("c.sdsp",       "cs2,csdsp(sp)",      0xE002, "C", "sd cs2,csdsp(x2)"),
)
# fmt: on

TABLE: dict[str, Insn] = {row.name: row for row in _ROWS}
EXTENSIONS: frozenset[str] = frozenset(row.ext for row in _ROWS)
