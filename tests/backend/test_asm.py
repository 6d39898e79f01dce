"""The assembler: its bytes are GNU's, its objects link, its errors say where."""

from __future__ import annotations

import random
import subprocess
from importlib import resources
from pathlib import Path

import llvmlite.binding as llvm
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kcc.backend.asm import assemble
from kcc.backend.codegen import emit_assembly, emit_object
from kcc.backend.disasm import disassemble, render
from kcc.backend.encode import decode, is_hint
from kcc.backend.isa import TABLE
from kcc.backend.pseudo import load_constant
from kcc.backend.regs import CSR_NAMES
from kcc.backend.target import parse_target
from kcc.frontend.diag import CompileError, Diagnostics
from kcc.linker.elf import SHF_ALLOC, SHF_GNU_RETAIN
from kcc.linker.objfile import read_elf_object

ARCH = "rv64gcv_zba_zbb_zbc_zbs_zfh"


def obj(text: str, arch: str = ARCH) -> bytes:
    return assemble(text, "test.S", Diagnostics(), arch)


def sections(data: bytes) -> dict[str, bytes]:
    """Section contents by name, read without help."""

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little")

    table, count, strings = number(40, 8), number(60, 2), number(62, 2)
    heads = [table + 64 * n for n in range(count)]
    names = number(heads[strings] + 24, 8)

    def name(head: int) -> str:
        at = names + number(head, 4)
        return data[at : data.index(b"\0", at)].decode()

    found = {}
    for head in heads[1:]:
        start, size = number(head + 24, 8), number(head + 32, 8)
        found[name(head)] = data[start : start + size] if number(head + 4, 4) != 8 else bytes(size)
    return found


def text(source: str) -> list[str]:
    return [line.text for line in disassemble(sections(obj(source))[".text"], 0, {})]


def error(source: str, arch: str = ARCH) -> str:
    with pytest.raises(CompileError) as caught:
        obj(source, arch)
    return str(caught.value)


def gnu(source: str, tmp_path: Path, arch: str = ARCH) -> bytes:
    (tmp_path / "t.s").write_text(source)
    subprocess.run(
        ["riscv64-unknown-elf-as", f"-march={arch}", "-mabi=lp64d", "-mno-relax", "-o",
         str(tmp_path / "t.o"), str(tmp_path / "t.s")], check=True,
    )  # fmt: skip
    return (tmp_path / "t.o").read_bytes()


# -- encodings ------------------------------------------------------------------------------------


def random_listing(seed: int, count: int) -> list[str]:
    """Statements for every row; branches are left out, whose targets need labels."""
    rng = random.Random(seed)
    lines = []
    for row in TABLE.values():
        if any(field.kind == "target" for _, field in row.fields) or row.ext in ("Zicond", "Xdpu"):
            continue  # binutils does not know them
        for _ in range(count):
            word = row.match | rng.getrandbits(32) & ~row.mask & ((1 << 8 * row.size) - 1)
            hit = decode(word)
            if hit is None or is_hint(hit) or hit.operands.get("csr", 1) not in CSR_NAMES:
                continue
            if any(o.default == 0 and o.key == "rm" and hit.operands["rm"] for o in row.operands):
                continue
            if row.name.startswith("fence") and hit.operands != {
                "pred": hit.operands.get("pred", 0), "succ": hit.operands.get("succ", 0),
                "fm": 0, "ign_rd": 0, "ign_rs1": 0,
            }:  # fmt: skip
                continue
            if row.name == "fence" and not (hit.operands["pred"] and hit.operands["succ"]):
                continue
            lines.append(render(hit, 0, alias=rng.random() < 0.5))
    return lines


@pytest.mark.oracle("riscv64-unknown-elf-as")
@pytest.mark.parametrize(
    "seed", [0, *[pytest.param(n, marks=pytest.mark.slow) for n in range(1, 20)]]
)
@pytest.mark.parametrize("option", ["rvc", "norvc"])
def test_every_instruction_has_gnus_bytes(seed: int, option: str, tmp_path: Path) -> None:
    lines = [line for line in random_listing(seed, 8) if option == "rvc" or "c." not in line]
    source = "\n".join([f".option {option}", *lines, ""])
    ours, theirs = sections(obj(source))[".text"], sections(gnu(source, tmp_path))[".text"]
    if ours != theirs:
        for mine, other in zip(disassemble(ours, 0, {}), disassemble(theirs, 0, {}), strict=True):
            assert str(mine) == str(other)
    assert ours == theirs


SOURCE = """
    .text
    .globl f
    .type f, @function
f:  beqz a0, 2f
    bgt a0, a1, f
    ble a0, a1, 1f
    bgtu a0, a1, f
    bleu a0, a1, f
    blez a0, f
    bgez a0, f
    bltz a0, f
    bgtz a0, f
1:  jal f
    j 1b
    jal t0, 2f
2:  call f
    tail g
    jump g, t2
    la a0, table
    lla a1, table+8
    lw a2, table
    sd a3, table, t0
    fld fa0, table, t0
    lui a0, %hi(table)
    addi a0, a0, %lo(table)
    sw a0, %lo(table+4)(a0)
    lui a0, %hi(0x12345fff)
    addi a0, a0, %lo(0x12345fff)
9:  auipc a0, %pcrel_hi(table)
    ld a1, %pcrel_lo(9b)(a0)
    jr a0
    jr 4(a0)
    jalr a0
    jalr 4(a0)
    jalr a1, a0
    jalr a1, 4(a0)
    jalr a1, a0, 4
    ret
    nop
    not a0, a1
    neg a0, a1
    negw a0, a1
    sext.w a0, a1
    seqz a0, a1
    snez a0, a1
    sltz a0, a1
    sgtz a0, a1
    sgt a0, a1, a2
    sgtu a0, a1, a2
    zext.b a0, a1
    add a0, a1, 5
    and a0, a0, ~0x3
    sll a0, a1, 7
    csrr a0, mstatus
    csrw mscratch, a0
    csrs mie, a0
    csrc mie, a0
    csrwi mtvec, 4
    csrsi fflags, 1
    csrci 0x7c0, 31
    rdcycle a0
    rdinstret a0
    frcsr a0
    fscsr a0
    fscsr a0, a1
    frrm a0
    fsrm a0
    fsrmi 1
    frflags a0
    fsflags a0
    fmv.s fa0, fa1
    fneg.d fa0, fa1
    fabs.d fa0, fa1
    fgt.s a0, fa1, fa2
    fge.d a0, fa1, fa2
    fmv.x.s a0, fa0
    fence
    fence rw, w
    fence.tso
    fence.i
    lr.w a0, (a1)
    lr.d.aq a0, 0(a1)
    amoswap.d.rl a0, a1, (a2)
    ecall
    ebreak
    unimp
    .align 3
    .size f, . - f
    .equ K, 3 * (4 + 2)
    li a0, K
    addi a0, a0, K - 1
    .align 3  # GNU fills up sections to their alignment
    .data
    .p2align 2
table: .byte 1, -1, 'a', 0x7f
    .half 65535, -32768
    .word 1 << 31, 2 - 3, end - table
    .dword table + 4, -1, 0xffffffffffffffff
    .ascii "a\\tb\\"", "c"
    .asciz "\\x41\\101\\0z"
    .zero 3
    .space 2, 0xff
    .fill 2, 2, 0x1234
    .balign 16
end:
    .section .rodata.x, "a", @progbits
    .quad f
    .section .bss
    .skip 100
"""


@pytest.mark.oracle("riscv64-unknown-elf-as", "riscv64-unknown-elf-ld")
@pytest.mark.parametrize("option", ["rvc", "norvc"])
def test_linked_it_is_what_gnu_makes(option: str, tmp_path: Path) -> None:
    """Both objects through one linker: relocations must come to the same, however written."""
    source = SOURCE.replace(".text\n", f".text\n    .option {option}\n", 1)
    rest = "\n.globl g\n.text\ng: ret\n"
    images = []
    for name, data in (("ours", obj(source)), ("theirs", gnu(source, tmp_path))):
        (tmp_path / f"{name}.o").write_bytes(data)
        (tmp_path / "g.o").write_bytes(obj(rest))
        subprocess.run(
            ["riscv64-unknown-elf-ld", "-Ttext=0x10000", "-Tdata=0x20000", "-e", "f",
             "--section-start=.rodata=0x30000", "--no-relax", "-o", str(tmp_path / name),
             str(tmp_path / f"{name}.o"), str(tmp_path / "g.o")],
            check=True,
        )  # fmt: skip
        linked = sections((tmp_path / name).read_bytes())
        images.append({k: linked[k] for k in (".text", ".data", ".rodata", ".bss")})
    ours, theirs = images
    for mine, other in zip(
        disassemble(ours[".text"], 0, {}), disassemble(theirs[".text"], 0, {}), strict=True
    ):
        assert str(mine) == str(other)
    assert ours == theirs


def chain(count: int) -> str:
    """The last jump does not reach; each that grows puts the one before it out of reach."""
    jumps = "".join(f"j {n}f\n" for n in range(count))
    return f"{jumps} .zero {2050 - 4 * count}\n" + "".join(f"{n}: .zero 4\n" for n in range(count))


# Branches at the ends of what a compressed one reaches: 2 KiB, or 256 bytes for conditional ones.
@pytest.mark.oracle("riscv64-unknown-elf-as")
@pytest.mark.parametrize(
    "source",
    [
        *(f"1: {jump} 2f\n .zero {gap}\n2: nop\n .zero {gap - 2}\n {jump} 2b\n"
          for jump, reach in (("j", 2046), ("beqz a0,", 254), ("bnez s1,", 254))
          for gap in (reach - 4, reach - 2, reach, reach + 2)),
        "beqz t0, 1f\n beq a0, a1, 1f\n jal ra, 1f\n 1: nop\n",  # no compressed form
        chain(40),
        chain(120),
        # An alignment swallows the growth, or passes on more.
        "1: beqz a0, 2f\n j 3f\n .zero 246\n .balign 16\n2: nop\n .zero 2046\n3: j 1b\n",
        "j 1f\n .option norvc\n j 1f\n .option rvc\n 1: j 1b\n",
    ],
    ids=lambda source: source[:20].replace("\n", ";"),
)  # fmt: skip
def test_branches_are_as_short_as_gnus(source: str, tmp_path: Path) -> None:
    ours, theirs = sections(obj(source))[".text"], sections(gnu(source, tmp_path))[".text"]
    assert ours == theirs[: len(ours)]  # GNU fills up the section to its alignment
    assert len(theirs) - len(ours) < 16


def test_assembly_of_llvm_assembles_to_llvms_object() -> None:
    module = llvm.parse_assembly("""
    @table = internal constant [4 x double] [double 1.0, double 2.5, double 3.0, double 4.25]
    @count = global i32 0
    declare i64 @callee(i64)
    define i64 @g(i64 %x, i64 %i) {
      %c = icmp slt i64 %x, %i
      br i1 %c, label %neg, label %pos
    neg:
      %p = getelementptr [4 x double], ptr @table, i64 0, i64 %i
      %v = load double, ptr %p
      %w = fptosi double %v to i32
      store i32 %w, ptr @count
      br label %out
    pos:
      %y = call i64 @callee(i64 %x)
      br label %out
    out:
      %r = phi i64 [ %i, %neg ], [ %y, %pos ]
      %s = mul i64 %r, 1234567890123
      ret i64 %s
    }""")
    listing = emit_assembly(module, "rv64g")  # branches stay four bytes on both sides
    ours = sections(obj(listing, "rv64g"))
    theirs = sections(emit_object(module, "rv64g"))
    for name in (".text", ".rodata"):
        assert len(ours[name]) == len(theirs[name]), name
    for mine, other in zip(
        disassemble(ours[".text"], 0, {}), disassemble(theirs[".text"], 0, {}), strict=True
    ):
        assert mine.text.split("\t")[0] == other.text.split("\t")[0]
    assert ours[".rodata"] == theirs[".rodata"]


@given(value=st.integers(-(1 << 63), (1 << 64) - 1))
def test_li_loads_any_constant(value: int) -> None:
    register = 0
    steps = load_constant(value)
    for name, source, immediate in steps:
        base = 0 if source == "zero" else register
        if name == "addi":
            register = base + immediate
        elif name == "lui":
            register = immediate
        elif name == "slli":
            register = base << immediate
        else:
            assert name == "addiw"
            register = (base + immediate & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
        register &= (1 << 64) - 1
        register -= register >> 63 << 64
    assert register & (1 << 64) - 1 == value & (1 << 64) - 1
    assert len(steps) <= 8


# -- objects --------------------------------------------------------------------------------------


def test_objects_are_reproducible() -> None:
    assert obj(SOURCE) == obj(SOURCE)


def test_expressions_nest() -> None:
    assert text("li a0, " + "(" * 38 + "1" + ")" * 38) == ["li\ta0,1"]
    assert text("li a0, 0" + " + 1" * 300) == ["li\ta0,300"]


def test_comments_and_separators() -> None:
    assert text("nop # one\n nop // two\n /* three\n four */ nop; nop") == ["nop"] * 4


def test_numeric_labels_are_found_in_both_directions() -> None:
    assert text("1: j 1f\n1: j 1b\n1: j 1b") == ["j\t0x2", "j\t0x2", "j\t0x4"]


def test_the_place_is_a_symbol() -> None:
    assert text("nop\nj . + 8\nj .") == ["nop", "j\t0xa", "j\t0x4"]
    assert sections(obj(".data\n.word 1\n.word . - 4 - .\n"))[".data"][4:] == b"\xfc\xff\xff\xff"


def test_constants_may_be_redefined() -> None:
    assert text(".set n, 1\nli a0, n\n.set n, n + 1\nli a0, n\nm = n * 2\nli a0, m") == [
        "li\ta0,1", "li\ta0,2", "li\ta0,4",
    ]  # fmt: skip


def test_options_are_pushed_and_popped() -> None:
    listing = ".option push\n.option norvc\nmv a0,a1\n.option pop\nmv a0,a1"
    assert len(sections(obj(listing))[".text"]) == 6


def test_start_code_of_the_project_assembles() -> None:
    start = Path(str(resources.files("kcc.linker"))) / "start"
    files = sorted(start.glob("*.S"))
    assert files
    for path in files:
        assert assemble(path.read_text(), path.name, Diagnostics(), "rv64gc")


# -- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code", "why"),
    [
        ("frob a0, a1", "asm-instruction", "unknown instruction 'frob'"),
        ("add a0, a1", "asm-syntax", "takes 3 operands, not 2"),
        ("add a0, a1, q7", "asm-syntax", "'q7' is not an integer register"),
        ("fadd.s a0, fa0, fa0", "asm-syntax", "'a0' is not a floating-point register"),
        ("addi a0, a0, 5000", "asm-value", "5000 is not in the range -2048 to 2047"),
        ("slli a0, a0, 64", "asm-value", "64 is not in the range 0 to 63"),
        ("lui a0, 0x100000", "asm-value", "not in the range 0 to 1048575"),
        ("li a0, 1 << 63 << 1 | x", "asm-value", "known here"),
        ("lw a0, 4(5)", "asm-syntax", "'5' is not an integer register"),
        ("lw a0, 4 a1", "asm-syntax", "unexpected 'a1'"),
        ("sw a0, table", "asm-syntax", "takes a register for the address"),
        ("lr.w a0, 4(a1)", "asm-value", "takes no offset"),
        ("fadd.s fa0, fa0, fa0, up", "asm-syntax", "rounding modes are rne, rtz"),
        ("fence wr, w", "asm-syntax", "expected some of iorw"),
        ("csrr a0, nothing", "asm-value", "an address does not fit here"),
        ("c.addi4spn a0, a1, 4", "asm-value", "must be sp"),
        ("c.lw a0, 4(t0)", "asm-value", "5 is not in the range 8 to 15"),
        ("j 1f", "asm-undefined", "label '1' is not defined"),
        ("j 1b", "asm-undefined", "no label 1: before here"),
        ("j .Lnowhere", "asm-undefined", "label '.Lnowhere' is not defined"),
        ("j 16", "asm-value", "target must be a label"),
        ("a: nop\na: nop", "asm-redefined", "'a' is defined twice"),
        ("beq a0, a1, f\n.zero 8192\nf: nop", "asm-value", "not in the range"),
        ("addi a0, a0, f - g\nf: nop\n.data\ng: .byte 0", "asm-value", "share a section"),
        (".section .x, , @note", "asm-syntax", "an operand is missing"),
        ("addi a0, a0, %hi(x)", "asm-value", "%hi cannot be used here"),
        ("addi a0, a0, (1", "asm-syntax", "expected ')'"),
        ("addi a0, a0, 1 1", "asm-syntax", "unexpected '1'"),
        (".word 1 / 0", "asm-value", "division by zero"),
        (".byte 256", "asm-value", "256 does not fit into 1 bytes"),
        (".half f\nf:", "asm-value", "an address does not fit into 2 bytes"),
        (".macro x", "asm-directive", "'.macro' is not supported"),
        (".section .x, \"q\"", "asm-directive", "flag 'q' is not supported"),
        (".popsection", "asm-directive", "without .pushsection"),
        (".zero 1 << 60", "asm-value", "cannot make"),
        (".align 40", "asm-value", "a power of two"),
        (".type f, @thing", "asm-directive", "unknown symbol type"),
        (".bss\n.word 1", "asm-value", "'.bss' holds no bytes"),
        (".data\nnop", "asm-value", "no section for code"),
        (".option pic", "asm-directive", ".option pic is not supported"),
        ("nop `", "asm-text", "stray '`'"),
        ("/* open", "asm-comment", "no end"),
        ("5", "asm-syntax", "'5' starts no statement"),
        ("tail a0, f", "asm-syntax", "'tail' takes a symbol"),
        ("add a0,,a1", "asm-syntax", "operand is missing"),
        (".word " + "(" * 5000, "asm-syntax", "too deep"),
        (".word " + "-" * 5000 + "1", "asm-syntax", "too deep"),
        (".word 1" + " + 1" * 5000, "asm-syntax", "too long"),
        (".word 09", "asm-text", "'09' is not a number"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(source: str, code: str, why: str) -> None:
    message = error(source)
    assert f"error[{code}]" in message
    assert why in message
    assert "test.S:" in message


def test_mnemonics_may_be_in_capitals() -> None:
    for line in ("call f", "tail f", "jump f, t0", "li a0, 5", "jr ra"):
        word, _, rest = line.partition(" ")
        assert text(f"f:\n{word.upper()} {rest}") == text(f"f:\n{line}")


def test_sections_of_one_name_may_be_kept_apart() -> None:
    source = """
    .section .note.x, "aR", @note, unique, 1
    .byte 1
    .section .rodata.s, "aMS", @progbits, 1, unique, 2
    .asciz "a"
    .section .note.x, "aR", @note, unique, 3
    .byte 3
    .section .note.x, "aR", @note, unique, 1
    .byte 4
    """
    found = read_elf_object(obj(source))
    notes = [s for s in found.sections if s.name == ".note.x"]
    assert [bytes(found.contents(s)) for s in notes] == [b"\1\4", b"\3"]
    assert {s.header.flags for s in notes} == {SHF_ALLOC | SHF_GNU_RETAIN}
    (strings,) = (s for s in found.sections if s.name == ".rodata.s")
    assert strings.header.entsize == 1


def test_instructions_need_their_extension() -> None:
    assert "needs the extension Zbb" in error("andn a0, a1, a2", "rv64gc")
    assert "needs the extension C" in error("c.nop", "rv64g")
    assert text(".option arch, +zbb\nandn a0, a1, a2") == ["andn\ta0,a1,a2"]
    assert len(sections(obj("nop", "rv64g"))[".text"]) == 4


def test_all_errors_are_reported_at_once() -> None:
    assert error("bad1\nnop\nbad2\nj .Lx\n").count("error[") == 3


WORDS = (
    "add addi lw sw li la call .word .align .section .set .text a0 sp fa0 1 -5 0x10 f 1f 1b ( ) "
    ', : + - / % ~ %hi %pcrel_lo "s" \n ; . .L1 = $0 @x .option .fill .size rne '
    "vadd.vv vle8.v vmsge.vx vmsltu.vi vsetvli beqz unimp v0 v0.t v8 e32 m2 ta unique"
).split(" ")


@pytest.mark.slow
@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_text_ends_in_an_object_or_errors(words: list[str]) -> None:
    try:
        obj(" ".join(words))
    except CompileError:
        pass


# -- instructions that are ours alone -------------------------------------------------------------

DPU = {  # as written: the same as GNU's way to write any word
    "dpu.ldma a0,a1,a2": ".insn r4 CUSTOM_0,0,0,x0,a0,a1,a2",
    "dpu.sdma t6,s0,ra": ".insn r4 CUSTOM_0,1,0,x0,t6,s0,ra",
    "dpu.note zero,a1,s11": ".insn r4 CUSTOM_0,2,0,x0,zero,a1,s11",
    "dpu.tas t0,a7": ".insn i CUSTOM_1,0,t0,a7,0",
    "dpu.clear a7": ".insn i CUSTOM_1,1,x0,a7,0",
}


def test_dpu_instructions_are_words_of_the_custom_space(tmp_path: Path) -> None:
    mine = sections(obj("\n".join(DPU) + "\n", "rv64gc_zba_zbb_xdpu"))[".text"]
    theirs = sections(gnu("\n".join(DPU.values()) + "\n", tmp_path))[".text"]
    assert mine == theirs
    listing = [line.text for line in disassemble(mine, 0, {})]
    assert listing == [text.replace(" ", "\t") for text in DPU]


def test_dpu_instructions_need_their_extension() -> None:
    assert "'dpu.tas' needs the extension Xdpu" in error("dpu.tas a0,a1\n")
    assert "+xdpu" not in parse_target("rv64gc_zba_zbb_xdpu").features
