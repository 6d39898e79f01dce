"""The disassembler's text: aliases, symbols, and agreement with objdump."""

from __future__ import annotations

import random
import re
import subprocess
from itertools import product
from pathlib import Path

import pytest

from kcc.backend.disasm import disassemble, render
from kcc.backend.encode import decode, encode, is_hint
from kcc.backend.isa import TABLE
from kcc.backend.regs import CSR_NAMES

# objdump calls these by the name of the form without an immediate; we keep the instruction's own.
SHORT = {
    "addi": "add", "xori": "xor", "ori": "or", "andi": "and", "slli": "sll", "srli": "srl",
    "srai": "sra", "addiw": "addw", "slliw": "sllw", "srliw": "srlw", "sraiw": "sraw",
    "csrrwi": "csrrw", "csrrsi": "csrrs", "csrrci": "csrrc",
    "rori": "ror", "roriw": "rorw", "bclri": "bclr", "bexti": "bext", "binvi": "binv",
    "bseti": "bset", "csrwi": "csrw", "csrsi": "csrs", "csrci": "csrc",
}  # fmt: skip


def listing(code: bytes, addr: int = 0, **symbols: int) -> list[str]:
    names = {value: name for name, value in symbols.items()}
    return [line.text for line in disassemble(code, addr, names)]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        (0x0000_0013, "nop"),
        (0x0000_8067, "ret"),
        (0x0000_8082, "ret"),
        (0x0000_4501, "li\ta0,0"),
        (0x0000_852E, "mv\ta0,a1"),
        (0x0005_A503, "lw\ta0,0(a1)"),
        (0x8000_0537, "lui\ta0,0x80000"),
        (0x0000_7579, "lui\ta0,0xffffe"),
        (0xFEB5_1EE3, "bne\ta0,a1,0xffc"),
        (0x0220_81D3, "fadd.d\tft3,ft1,ft2,rne"),
        (0x0220_F1D3, "fadd.d\tft3,ft1,ft2"),
        (0xC205_1553, "fcvt.w.d\ta0,fa0,rtz"),
        (0xD205_0553, "fcvt.d.w\tfa0,a0"),
        (0x1005_252F, "lr.w\ta0,(a0)"),
        (0x1EB6_252F, "sc.w.aqrl\ta0,a1,(a2)"),
        (0xF140_2573, "csrr\ta0,mhartid"),
        (0x7C05_1073, "csrw\t0x7c0,a0"),
        (0x0FF0_000F, "fence"),
        (0x8330_000F, "fence.tso"),
        (0x0310_000F, "fence\trw,w"),
        (0x0100_000F, "pause"),
        (0xA731_098F, ".4byte\t0xa731098f"),
        (0xC000_1073, "unimp"),
        (0x22B5_8553, "fmv.d\tfa0,fa1"),
        (0x0D15_F557, "vsetvli\ta0,a1,e32,m2,ta,ma"),
        (0x0045_F557, "vsetvli\ta0,a1,4"),
        (0x0028_30D7, "vadd.vi\tv1,v2,-16,v0.t"),
        (0x0E20_40D7, "vneg.v\tv1,v2"),
        (0x4021_80D7, "vadc.vvm\tv1,v2,v3,v0"),
        (0x0285_0407, "vl1r.v\tv8,(a0)"),
        (0x0EB5_5533, "czero.eqz\ta0,a0,a1"),
    ],
)
def test_one_instruction(word: int, text: str) -> None:
    (line,) = disassemble(word.to_bytes(4 if word & 3 == 3 else 2, "little"), 0x1000, {})
    assert line.text == text


def test_symbols_name_targets_and_label_lines() -> None:
    code = encode("jal", rd=1, jump21=8).to_bytes(4, "little")
    code += encode("c.nop").to_bytes(2, "little") * 2 + encode("jal", rd=0, jump21=-4).to_bytes(
        4, "little"
    )
    lines = list(disassemble(code, 0x8000_0000, {0x8000_0000: "main", 0x8000_0008: "f"}))
    assert [line.text for line in lines] == [
        "jal\t80000008 <f>", "nop", "nop", "j\t80000004 <main+0x4>",
    ]  # fmt: skip
    assert str(lines[0]).startswith("\n0000000080000000 <main>:\n80000000:\t008000ef")
    assert lines[3].label == "f"


def test_data_and_torn_ends_are_listed() -> None:
    assert listing(b"\xff\xff\xff\xff" + b"\0\0" + b"\x13") == [
        ".4byte\t0xffffffff",
        "unimp",
        ".1byte\t0x13",
    ]
    assert listing(b"\x13\0") == [".2byte\t0x13"]


def test_own_names_of_compressed_instructions_on_request() -> None:
    hit = decode(0x0141)
    assert hit is not None
    assert render(hit, 0, alias=False) == "c.addi\tsp,16"
    hit = decode(0x6141)
    assert hit is not None
    assert render(hit, 0, alias=False) == "c.addi16sp\tsp,16"
    assert render(hit, 0) == "addi\tsp,sp,16"


def random_code(seed: int, count: int) -> bytes:
    """Every row, `count` times, with operands that favour zero."""
    rng = random.Random(seed)
    code = bytearray()
    for row in TABLE.values():
        if row.ext in ("Zicond", "Xdpu"):
            continue  # binutils does not know them
        for _ in range(count):
            word = row.match | rng.getrandbits(32) & ~row.mask & ((1 << 8 * row.size) - 1)
            for _, field in row.fields:
                if rng.random() < 0.2:
                    word &= ~field.mask
            hit = decode(word)
            if hit is None or hit.operands.get("csr", 1) not in CSR_NAMES:
                continue
            # Exact conversions with a rounding mode: binutils 2.40 knows them with 0 only.
            if any(o.default == 0 and o.key == "rm" and hit.operands["rm"] for o in row.operands):
                continue
            if is_hint(hit):
                continue  # objdump gives hints names of their own; we show what they amount to
            code += word.to_bytes(hit.insn.size, "little")
    return bytes(code)


def objdump(code: bytes, tmp_path: Path) -> dict[int, str]:
    """Text by address, without the names of targets; an object tells objdump the extensions."""
    (tmp_path / "code").write_bytes(code)
    (tmp_path / "code.s").write_text(f'.incbin "{tmp_path}/code"')
    subprocess.run(
        ["riscv64-unknown-elf-as", "-march=rv64gcv_zba_zbb_zbc_zbs_zfh", "-o",
         str(tmp_path / "code.o"), str(tmp_path / "code.s")], check=True,
    )  # fmt: skip
    run = subprocess.run(
        ["riscv64-unknown-elf-objdump", "-D", "-j", ".text", str(tmp_path / "code.o")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows = [line.split("\t", 2) for line in run.stdout.splitlines() if line.count("\t") >= 2]
    return {
        int(addr.strip(" :"), 16): re.split(" [#<]", text)[0].strip()
        for addr, _, text in rows
        if addr.endswith(":")
    }


@pytest.mark.oracle("riscv64-unknown-elf-as", "riscv64-unknown-elf-objdump")
@pytest.mark.parametrize(
    "seed", [0, *[pytest.param(n, marks=pytest.mark.slow) for n in range(1, 30)]]
)
def test_agrees_with_objdump(seed: int, tmp_path: Path) -> None:
    code = random_code(seed, 10)
    theirs = objdump(code, tmp_path)
    ours = list(disassemble(code, 0, {}))
    assert [line.addr for line in ours] == sorted(theirs)
    for line in ours:
        mnemonic, tab, operands = line.text.partition("\t")
        text = SHORT.get(mnemonic, mnemonic) + tab + operands
        # objdump shows only the compressed form of "add rd,zero,rs" as a move.
        moved = re.sub(r"^mv\t(\w+),", r"add\t\1,zero,", text)
        # It writes the destination although nothing is read.
        flags = re.sub(r"^(fsflagsi|fsrmi)\t(\d+)$", r"\1\tzero,\2", text)
        expected = {re.sub(r"\b0x([0-9a-f]+)$", r"\1", t) for t in (text, moved, flags)}
        shown = re.sub(r"\b0x([0-9a-f]+)$", r"\1", theirs[line.addr])
        assert shown in expected, hex(line.word)


@pytest.mark.slow
@pytest.mark.oracle("riscv64-unknown-elf-as", "riscv64-unknown-elf-objdump")
def test_the_vector_opcodes_are_known_where_objdump_knows_them(tmp_path: Path) -> None:
    """Every code that names an instruction, among them all the reserved ones."""
    words = [
        funct6 << 26 | vm << 25 | vs2 << 20 | vs1 << 15 | funct3 << 12 | 3 << 7 | 0x57
        for funct6, vm, funct3, vs2, vs1 in product(
            range(64), range(2), range(8), (0, 1, 16), range(32)
        )
    ]
    words += [
        nf_mop_vm << 25 | lumop << 20 | 5 << 15 | width << 12 | 4 << 7 | opcode
        for opcode, nf_mop_vm, width, lumop in product(
            (0x07, 0x27), range(128), range(8), range(32)
        )
    ]
    code = b"".join(word.to_bytes(4, "little") for word in words)
    theirs = objdump(code, tmp_path)
    for line in disassemble(code, 0, {}):
        assert line.text == theirs[line.addr], hex(line.word)
