"""F, D and Zfh, one instruction at a time, on our machine and on QEMU: results and flags alike."""

from __future__ import annotations

import mmap
import random
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from kcc.backend.encode import encode
from kcc.backend.isa import TABLE, Insn
from kcc.device.sim.machine import Done, HartStart, Machine, Resume
from values import DOUBLES, HALVES, SINGLES

BASE, SIZE = 0x4000_0000, 4 << 20
INPUT, OUTPUT = BASE + (1 << 20), BASE + (2 << 20)
ARCH = "rv64gc_zfh_zba_zbb_zbc_zbs"

INTEGERS = (
    0, 1, (1 << 64) - 1, 1 << 31, (1 << 31) - 1, 1 << 32, (1 << 32) - 1, 1 << 63, (1 << 63) - 1,
    (1 << 24) + 1, (1 << 53) + 1, (1 << 25) - 1, (1 << 54) + 3, 0xFFFF_FFFF_8000_0000,
)  # fmt: skip

# By format: values worth trying, the bits above it, its bits.
POOLS = {
    "h": (HALVES, 0xFFFF_FFFF_FFFF_0000, 16),
    "s": (SINGLES, 0xFFFF_FFFF_0000_0000, 32),
    "d": (DOUBLES, 0, 64),
    "x": (INTEGERS, 0, 64),
}

FLOAT = [row for row in TABLE.values() if row.ext in ("F", "D", "Zfh") and "imm12" not in row.syntax
         and "store12" not in row.syntax]  # fmt: skip


def forms(insn: Insn, modes: Sequence[int]) -> list[int]:
    """The instruction on registers 5, 6, 7 into 8, with each rounding mode if it has one."""
    registers = {"rd": 8, "rs1": 5, "rs2": 6, "rs3": 7}
    fixed = {o.key: registers[o.key] for o in insn.operands if o.file}
    if "rm" not in insn.syntax:
        return [encode(insn, **fixed)]
    return [encode(insn, **fixed, rm=mode) for mode in modes]


def sweep(words: Sequence[int], count: int, flags: str) -> bytes:
    """Code: for each instruction a loop over `count` inputs of three registers; stores x8, f8.

    flags: "read" clears fflags before each and stores them after, "kept" lets them gather and
    stores them, "unread" never looks.
    """
    code: list[int] = []

    def put(name: str, **operands: int) -> None:
        code.append(encode(name, **operands))

    def address(rd: int, value: int) -> None:
        put("lui", rd=rd, upper20=value)

    address(29, OUTPUT)
    for word in words:
        address(28, INPUT)
        put("addi", rd=30, rs1=0, imm12=count)
        start = len(code)
        put("addi", rd=8, rs1=0, imm12=0)
        put("fmv.d.x", rd=8, rs1=0)
        for n in range(3):
            put("fld", rd=5 + n, rs1=28, imm12=8 * n)
        put("ld", rd=5, rs1=28, imm12=0)
        if flags == "read":
            put("csrrwi", rd=0, csr=1, zimm5=0)
        code.append(word)
        put("sd", rs2=8, rs1=29, store12=0)
        put("fsd", rs2=8, rs1=29, store12=8)
        if flags == "unread":
            put("sd", rs2=0, rs1=29, store12=16)
        else:
            put("csrrs", rd=9, csr=1, rs1=0)
            put("sd", rs2=9, rs1=29, store12=16)
        put("addi", rd=28, rs1=28, imm12=24)
        put("addi", rd=29, rs1=29, imm12=24)
        put("addi", rd=30, rs1=30, imm12=-1)
        put("bne", rs1=30, rs2=0, branch13=4 * (start - len(code)))
    # write(1, OUTPUT, x29 - OUTPUT); exit(0)
    address(11, OUTPUT)
    put("sub", rd=12, rs1=29, rs2=11)
    put("addi", rd=10, rs1=0, imm12=1)
    put("addi", rd=17, rs1=0, imm12=64)
    put("ecall")
    put("addi", rd=10, rs1=0, imm12=0)
    put("addi", rd=17, rs1=0, imm12=93)
    put("ecall")
    return b"".join(word.to_bytes(4, "little") for word in code)


def elf(image: bytes) -> bytes:
    """A static program of one segment, entered at its start."""
    head = struct.pack(
        "<4sBBBBQHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 243, 1, BASE, 64, 0, 5, 64, 56, 1,
        64, 0, 0,
    )  # fmt: skip
    segment = struct.pack("<IIQQQQQQ", 1, 7, 0x1000, BASE, BASE, len(image), SIZE, 0x1000)
    return (head + segment).ljust(0x1000, b"\0") + image


def on_qemu(image: bytes, tmp_path: Path) -> bytes:
    program = tmp_path / "program"
    program.write_bytes(elf(image))
    program.chmod(0o755)
    cpu = "rv64,Zfh=true,zba=true,zbb=true,zbc=true,zbs=true"
    run = subprocess.run(["qemu-riscv64", "-cpu", cpu, str(program)], stdout=-1, check=True)
    return run.stdout


def on_machine(image: bytes) -> bytes:
    memory = mmap.mmap(-1, SIZE)
    memory[: len(image)] = image
    machine = Machine(1, arch=ARCH)
    machine.map_ram(BASE, SIZE, memoryview(memory))
    output = []

    def ecall(view):
        if view.x(17) != 64:
            return Done()
        output.append(view.read_memory(view.x(11), view.x(12)))
        return Resume()

    result = machine.begin_instances(
        [HartStart(BASE + SIZE - 64)], entry=BASE, return_addr=0, first=0, count=1,
        limit=None, ecall=ecall,
    ).result()  # fmt: skip
    assert result.ok, result
    return output[0]


def inputs(insn: Insn, rng: random.Random, count: int) -> list[tuple[int, int, int]]:
    """Operands of the instruction's format: extremes, random ones, some not boxed."""
    special, box, bits = POOLS[reads(insn)]

    def one() -> int:
        pick = rng.random()
        if pick < 0.05:
            return rng.getrandbits(64)
        if pick < 0.6:
            return box | rng.choice(special)
        if pick < 0.8:
            return box | rng.choice(special) ^ rng.getrandbits(bits // 4)
        return box | rng.getrandbits(bits)

    found = [(one(), one(), one()) for _ in range(count)]
    firsts = special if count > 50 else rng.sample(special, min(len(special), count))
    return found + [(box | first, one(), one()) for first in firsts]


def check(words: Sequence[int], rows: list[tuple[int, int, int]], flags: str, where: Path) -> None:
    code = sweep(words, len(rows), flags)
    assert len(code) <= INPUT - BASE
    data = b"".join(struct.pack("<3Q", *row) for row in rows)
    image = code.ljust(INPUT - BASE, b"\0") + data
    ours, theirs = on_machine(image), on_qemu(image, where)
    assert len(ours) == len(theirs) == 24 * len(rows) * len(words)
    if ours != theirs:
        for n in range(0, len(ours), 24):
            word, row = words[n // 24 // len(rows)], rows[n // 24 % len(rows)]
            mine, other = (struct.unpack("<3Q", o[n : n + 24]) for o in (ours, theirs))
            operands = [f"{v:#x}" for v in row]
            assert [f"{v:#x}" for v in mine] == [f"{v:#x}" for v in other], (hex(word), operands)


@pytest.mark.oracle("qemu-riscv64")
@pytest.mark.parametrize("flags", ["read", pytest.param("unread", marks=pytest.mark.slow)])
@pytest.mark.parametrize("letter", ["s", *(pytest.param(t, marks=pytest.mark.slow) for t in "hd")])
def test_each_instruction(letter: str, flags: str, tmp_path: Path) -> None:
    """All instructions that read one format, on one set of operands."""
    rng = random.Random(letter + flags)
    insns = [i for i in FLOAT if reads(i) == letter]
    assert len(insns) > 20
    words = [w for i in insns for w in forms(i, rng.sample(range(5), 2))]
    check(words, inputs(TABLE[f"fmadd.{letter}"], rng, 12), flags, tmp_path)


def reads(insn: Insn) -> str:
    """The format of its operands: h, s, d, or x."""
    if not any(o.file == "f" and o.key != "rd" for o in insn.operands):
        return "x"
    letter = insn.name.rpartition(".")[2]  # the source's; fmv.x.w moves a single
    return "s" if letter == "w" else letter


@pytest.mark.oracle("qemu-riscv64")
def test_from_integers(tmp_path: Path) -> None:
    rng = random.Random(1)
    insns = [i for i in FLOAT if reads(i) == "x"]
    words = [w for i in insns for w in forms(i, (0, 1, 3, 4))]
    check(words, inputs(TABLE["fcvt.s.l"], rng, 8), "read", tmp_path)


@pytest.mark.slow
@pytest.mark.oracle("qemu-riscv64")
@pytest.mark.parametrize("flags", ["read", "kept", "unread"])
@pytest.mark.parametrize("insn", FLOAT, ids=lambda insn: insn.name)
def test_every_form_of_each_instruction(insn: Insn, flags: str, tmp_path: Path) -> None:
    rng = random.Random(insn.name + flags)
    modes = range(5) if flags != "kept" else (0,)
    check(forms(insn, modes), inputs(insn, rng, 500), flags, tmp_path)


def test_flags_are_right_across_functions_once_cleared(bench) -> None:
    """The reader is translated only after the arithmetic has run."""
    add = encode("fdiv.d", rd=1, rs1=2, rs2=3)
    bench.put(
        [
            encode("csrrwi", rd=0, csr=1, zimm5=0),
            encode("jal", rd=5, jump21=16),
            encode("csrrs", rd=6, csr=1, rs1=0),
            encode("jalr", rd=0, rs1=1, imm12=0),
            encode("addi", rd=0, rs1=0, imm12=0),
            add,  # 0 / 0
            encode("jalr", rd=0, rs1=5, imm12=0),
        ]
    )
    assert bench.run().ok
    assert bench.machine.read_x(0, 6) == 16


@pytest.mark.parametrize("mode", range(8))
def test_the_dynamic_rounding_mode_is_used_or_illegal(bench, mode: int) -> None:
    bench.put(
        [
            encode("csrrwi", rd=0, csr=2, zimm5=mode),
            encode("addi", rd=5, rs1=0, imm12=-5),
            encode("addi", rd=6, rs1=0, imm12=2),
            encode("fcvt.d.l", rd=1, rs1=5, rm=0),
            encode("fcvt.d.l", rd=2, rs1=6, rm=0),
            encode("fdiv.d", rd=3, rs1=1, rs2=2, rm=0),
            encode("fcvt.l.d", rd=7, rs1=3),
            encode("jalr", rd=0, rs1=1, imm12=0),
        ]
    )
    result = bench.run()
    if mode > 4:
        assert result.fault is not None
        assert (result.fault.cause, result.fault.pc) == (2, 0x4000_0000 + 24)
        return
    assert result.ok
    assert bench.machine.read_x(0, 7) == (1 << 64) + (-2, -2, -3, -2, -3)[mode]


def test_a_rounding_mode_set_late_holds_in_code_that_has_run(bench) -> None:
    """The divider runs to nearest before the code that sets another mode is reached."""
    divide, setter = 0x100, 0x200
    bench.put(
        [
            encode("addi", rd=5, rs1=0, imm12=1),
            encode("addi", rd=6, rs1=0, imm12=3),
            encode("fcvt.d.l", rd=1, rs1=5, rm=0),
            encode("fcvt.d.l", rd=2, rs1=6, rm=0),
            encode("jal", rd=7, jump21=divide - 16),
            encode("fmv.x.d", rd=20, rs1=3),
            encode("jal", rd=7, jump21=setter - 24),
            encode("jal", rd=7, jump21=divide - 28),
            encode("fmv.x.d", rd=21, rs1=3),
            encode("jalr", rd=0, rs1=1, imm12=0),
        ]
    )
    bench.put(
        [encode("fdiv.d", rd=3, rs1=1, rs2=2, rm=7), encode("jalr", rd=0, rs1=7, imm12=0)],
        0x4000_0000 + divide,
    )
    bench.put(
        [encode("csrrwi", rd=0, csr=2, zimm5=3), encode("jalr", rd=0, rs1=7, imm12=0)],
        0x4000_0000 + setter,
    )
    assert bench.run().ok
    nearest = struct.unpack("<Q", struct.pack("<d", 1 / 3))[0]
    assert bench.machine.read_x(0, 20) == nearest  # which is below 1/3
    assert bench.machine.read_x(0, 21) == nearest + 1


def test_changing_between_rounding_modes_that_hosts_have_and_have_not(bench) -> None:
    """2.5 to nearest is 2, or 3 with ties away; over and over, by code that is kept."""
    half = 0x4020_0000
    loop = [
        encode("csrrwi", rd=0, csr=2, zimm5=4),
        encode("fcvt.w.s", rd=7, rs1=1),
        encode("add", rd=5, rs1=5, rs2=7),
        encode("csrrwi", rd=0, csr=2, zimm5=0),
        encode("fcvt.w.s", rd=7, rs1=1),
        encode("add", rd=5, rs1=5, rs2=7),
        encode("addi", rd=6, rs1=6, imm12=-1),
        encode("bne", rs1=6, rs2=0, branch13=-28),
    ]
    start = [
        encode("lui", rd=6, upper20=half),
        encode("fmv.w.x", rd=1, rs1=6),
        encode("addi", rd=5, rs1=0, imm12=0),
        encode("addi", rd=6, rs1=0, imm12=100),
    ]
    bench.put([*start, *loop, encode("jalr", rd=0, rs1=1, imm12=0)])
    for _ in range(2):
        assert bench.run().ok
        assert bench.machine.read_x(0, 5) == 500
