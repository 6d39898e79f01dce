"""The same program on our machine and on QEMU: identical output, byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from guest import CLANG, PROGRAMS, compare, link
from kcc.backend.encode import encode
from kcc.backend.isa import FIELDS, TABLE, Insn
from kcc.device.sim.semantics import SEMANTICS

MASK = (1 << 64) - 1
ORACLES = pytest.mark.oracle("qemu-riscv64", "clang-19", "ld.lld-19")


@ORACLES
@pytest.mark.parametrize(
    "flags",
    [
        "-O0 -march=rv64im",
        "-O2 -march=rv64imc",
        pytest.param("-Os -march=rv64imc", marks=pytest.mark.slow),
    ],
)
def test_integer_program(tmp_path, flags):
    elf = link(CLANG, PROGRAMS / "integer.c", tmp_path / "a.elf", *flags.split(), "-mabi=lp64")
    compare(elf, least=1000)


# -- one instruction at a time ---------------------------------------------------------------------

EXTREMES = (0, 1, -1, 2, 63, 64, 1 << 31, -(1 << 31), (1 << 31) - 1, 1 << 63, (1 << 63) - 1)
REGISTERS = ((7, 5, 6), (5, 5, 6), (6, 5, 6), (0, 5, 6), (7, 5, 5))  # rd, rs1, rs2
# QEMU 7.2 counts on into the upper half for ctzw, and has no Zicond; see test_semantics_bits.py.
NOT_HERE = {"jal", "jalr", "auipc", "mret", "ctzw", "czero.eqz", "czero.nez"}


def computes(insn: Insn) -> bool:
    """From integer registers and immediates to an integer register, nothing else."""
    keys = {o.key for o in insn.operands}
    files = {o.file for o in insn.operands if o.file}
    return (
        insn.name in SEMANTICS
        and insn.name not in NOT_HERE
        and insn.ext not in ("V", "Xdpu")  # test_vset.py, test_semantics_dpu.py
        and files == {"x"}
        and "rd" in keys
        and keys <= {"rd", "rs1", "rs2", "imm12", "shamt5", "shamt6", "upper20"}
        and not insn.name.startswith("l")
    )


COMPUTING = [insn for insn in TABLE.values() if computes(insn)]


def immediates(insn: Insn) -> list[dict[str, int]]:
    """Operands that are not registers: the least, the greatest, some between."""
    keys = [o.key for o in insn.operands if not o.file]
    if not keys:
        return [{}]
    field = FIELDS[keys[0]]
    least, greatest = field.bounds
    values = {least, greatest, 0, field.scale, 31 if "shamt" in keys[0] else -field.scale}
    return [{keys[0]: v} for v in sorted(values) if field.fits(v)]


def forms(insn: Insn) -> list[int]:
    """The instruction with each choice of registers and of immediates, as words."""
    words = []
    for rd, rs1, rs2 in REGISTERS:
        for others in immediates(insn):
            operands = {"rd": rd, "rs1": rs1, "rs2": rs2} | others
            words.append(encode(insn, **{o.key: operands[o.key] for o in insn.operands}))
    return list(dict.fromkeys(words))


def sweep(words: list[int], pairs: list[tuple[int, int]]) -> str:
    """Assembly: for each instruction, a loop over pairs of x5 and x6 that stores x5..x7."""
    lines = [".globl _start", "_start:", "la x29, out"]
    for word in words:
        lines += ["la x28, pairs", f"li x30, {len(pairs)}", "1:", "li x7, 77"]
        lines += ["ld x5, 0(x28)", "ld x6, 8(x28)", f".word {word:#x}"]
        lines += [f"sd x{r}, {8 * i}(x29)" for i, r in enumerate((5, 6, 7))]
        lines += ["addi x28, x28, 16", "addi x29, x29, 24", "addi x30, x30, -1", "bnez x30, 1b"]
    size = 24 * len(pairs) * len(words)
    lines += ["li a0, 1", "la a1, out", f"li a2, {size}", "li a7, 64", "ecall"]
    lines += ["li a0, 0", "li a7, 93", "ecall", ".data", ".balign 8", "pairs:"]
    lines += [f".dword {a & MASK:#x}, {b & MASK:#x}" for a, b in pairs]
    lines += [".bss", ".balign 8", f"out: .space {size}"]
    return "\n".join(lines) + "\n"


def check(tmp_path: Path, words: list[int], random_pairs: int) -> None:
    rng = random.Random(len(words))
    pairs = [(a, rng.choice(EXTREMES)) for a in EXTREMES]
    pairs += [(rng.choice(EXTREMES), b) for b in EXTREMES]
    pairs += [(-1 << 63, -1), (-1 << 31, -1)]
    for _ in range(random_pairs):
        pairs.append((rng.getrandbits(64), rng.getrandbits(rng.choice((6, 32, 64)))))
    source = tmp_path / "sweep.s"
    source.write_text(sweep(words, pairs))
    elf = link(CLANG, source, tmp_path / "sweep.elf", "-march=rv64gc", "-mabi=lp64d")
    compare(elf, least=1000)


@ORACLES
def test_each_computing_instruction(tmp_path):
    rng = random.Random(1)
    insns = [insn for insn in COMPUTING if insn.ext in ("I", "M", "Zba", "Zbb", "Zbc", "Zbs")]
    assert len(insns) > 35
    check(tmp_path, [rng.choice(forms(insn)) for insn in insns], 10)


@pytest.mark.slow
@ORACLES
@pytest.mark.parametrize("insn", COMPUTING, ids=lambda insn: insn.name)
def test_every_form_of_each_computing_instruction(tmp_path, insn):
    check(tmp_path, forms(insn), 200)
