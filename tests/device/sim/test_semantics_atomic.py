"""Atomics: results, reservations, faults, and harts that compete."""

from __future__ import annotations

import random

import pytest

from kcc.backend.asm import assemble
from kcc.backend.isa import TABLE
from kcc.device.sim.interface import Reason
from kcc.frontend.diag import Diagnostics

BASE = 0x4000_0000
DATA = BASE + 0x4_0000
M64 = (1 << 64) - 1


def words(text: str) -> list[int]:
    """The instructions of a text without relocations."""
    data = assemble(".option norvc\n" + text, "test.s", Diagnostics())
    at = data.index(b"\x7fELF") + 64
    table, count = int.from_bytes(data[40:48], "little"), int.from_bytes(data[60:62], "little")
    for n in range(count):
        head = data[table + 64 * n : table + 64 * (n + 1)]
        if int.from_bytes(head[8:16], "little") & 4:
            at, size = (int.from_bytes(head[k : k + 8], "little") for k in (24, 32))
            code = data[at : at + size]
    return [int.from_bytes(code[i : i + 4], "little") for i in range(0, len(code), 4)]


def signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (value >> bits - 1 << bits)


# New memory from old memory and register, both sign-extended from the operation's width.
EXPECTED = {
    "amoswap": lambda _, r: r,
    "amoadd": lambda m, r: m + r,
    "amoxor": lambda m, r: m ^ r,
    "amoand": lambda m, r: m & r,
    "amoor": lambda m, r: m | r,
    "amomin": min,
    "amomax": max,
    "amominu": lambda m, r: min(m & M64, r & M64),
    "amomaxu": lambda m, r: max(m & M64, r & M64),
}
EDGES = (0, 1, M64, 1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1, 0xFFFF_FFFF)


@pytest.mark.parametrize("name", [n for n in TABLE if n.startswith("amo")])
def test_amo(bench, name):
    rng = random.Random(name)
    bits = 32 if name.endswith(".w") else 64
    mask = (1 << bits) - 1
    rows = [(rng.choice(EDGES), rng.choice(EDGES)) for _ in range(12)]
    rows += [(rng.getrandbits(64), rng.getrandbits(64)) for _ in range(4)]
    for n, (memory, register) in enumerate(rows):
        at = DATA - BASE + 16 * n
        bench.memory[at : at + 16] = memory.to_bytes(8, "little") + register.to_bytes(8, "little")
    bench.put(words(f"""
        lui a1, {DATA >> 12}
        li a2, {len(rows)}
    1:  ld a3, 8(a1)
        {name} a4, a3, (a1)
        sd a4, 8(a1)
        addi a1, a1, 16
        addi a2, a2, -1
        bnez a2, 1b
        ret
    """))  # fmt: skip
    assert bench.run().ok
    for n, (memory, register) in enumerate(rows):
        compute = EXPECTED[name.split(".", maxsplit=1)[0]]
        new = compute(signed(memory, bits), signed(register, bits)) & mask
        assert bench.word(DATA + 16 * n) == memory & ~mask & M64 | new
        assert bench.word(DATA + 16 * n + 8) == signed(memory, bits) & M64


@pytest.mark.parametrize("width", ["w", "d"])
def test_a_reserved_store_succeeds_once(bench, width):
    bench.put(words(f"""
        lui a1, {DATA >> 12}
        li a2, -5
        lr.{width} a3, (a1)
        sc.{width} a4, a2, (a1)
        sc.{width} a5, a2, (a1)
        lr.{width} a6, (a1)
        ret
    """))  # fmt: skip
    assert bench.run().ok
    assert [bench.machine.read_x(0, n) for n in (13, 14, 15)] == [0, 0, 1]
    assert signed(bench.machine.read_x(0, 16), 64) == -5


def test_a_store_conditional_elsewhere_fails_and_ends_the_reservation(bench):
    bench.put(words(f"""
        lui a1, {DATA >> 12}
        addi a2, a1, 8
        li a3, 7
        lr.d a4, (a1)
        sc.d a5, a3, (a2)
        sc.d a6, a3, (a1)
        ret
    """))  # fmt: skip
    assert bench.run().ok
    assert [bench.machine.read_x(0, n) for n in (15, 16)] == [1, 1]
    assert bench.word(DATA) == bench.word(DATA + 8) == 0


def test_a_changed_value_makes_the_store_conditional_fail(bench):
    bench.put(words(f"""
        lui a1, {DATA >> 12}
        li a3, 7
        lr.w a4, (a1)
        sw a3, 0(a1)
        li a3, 9
        sc.w a5, a3, (a1)
        ret
    """))  # fmt: skip
    assert bench.run().ok
    assert bench.machine.read_x(0, 15) == 1
    assert bench.word(DATA) == 7


@pytest.mark.parametrize("quantum", [7, 100])
@pytest.mark.parametrize(
    "body",
    [
        "amoadd.w a3, a4, (a1)",
        "2: lr.w a3, (a1)\n add a3, a3, a4\n sc.w a5, a3, (a1)\n bnez a5, 2b",
    ],
)
def test_harts_do_not_lose_each_others_updates(make_bench, quantum, body):
    bench = make_bench(4, quantum=quantum)
    bench.put(words(f"""
        lui a1, {DATA >> 12}
        li a2, 100
        li a4, 1
    1:  {body}
        addi a2, a2, -1
        bnez a2, 1b
        ret
    """))  # fmt: skip
    assert bench.run(harts=4, count=8).ok
    assert bench.word(DATA) == 800


@pytest.mark.parametrize(
    ("insn", "offset", "cause"),
    [
        ("amoadd.w a3, a4, (a1)", 2, 6),
        ("amoadd.d a3, a4, (a1)", 4, 6),
        ("lr.d a3, (a1)", 4, 4),
        ("sc.w a3, a4, (a1)", 1, 6),
        ("amoswap.w a3, a4, (x0)", 0, 7),
        ("lr.w a3, (x0)", 0, 5),
        ("sc.d a3, a4, (x0)", 0, 7),
    ],
)
def test_bad_addresses_trap(bench, insn, offset, cause):
    bench.put(words(f"lui a1, {DATA >> 12}\naddi a1, a1, {offset}\n{insn}\nret"))
    result = bench.run()
    assert result.reason is Reason.FAULT
    assert result.fault is not None
    assert (result.fault.cause, result.fault.pc) == (cause, BASE + 8)
