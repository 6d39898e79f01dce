"""Loops run without checks must not differ from the same loops with them, in anything."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim import csr, fastloops, translate
from kcc.device.sim.machine import Fault, HartStart, Machine, Reason
from snippets import RET

BASE, SIZE, RETURN = 0x4000_0000, 1 << 14, 0x8000
HIGH = BASE + SIZE + 0x1000  # a second region


@pytest.fixture
def made(monkeypatch) -> list[bool]:
    """For each block translated from now on, whether it got a fast copy."""
    add, seen = fastloops.add, []

    def watch(b, *rest) -> None:
        add(b, *rest)
        seen.append(b.blocks[-1].fast is not None)

    monkeypatch.setattr(translate.fastloops, "add", watch)
    return seen


def run(
    code, args, *, harts=1, quantum=5000, limit=None, fast=True, count=1, regions=1, arch="rv64gc"
):
    """All that can be observed of a run: its result, registers, memory."""
    data = bytearray(2 * SIZE)
    for i, word in enumerate(code):
        data[4 * i : 4 * i + 4] = word.to_bytes(4, "little")
    noise = random.Random(7)
    data[0x1000:] = noise.randbytes(len(data) - 0x1000)
    machine = Machine(harts, quantum=quantum, arch=arch)
    machine.map_ram(BASE, SIZE, memoryview(data))
    if regions > 1:
        machine.map_ram(HIGH, SIZE, memoryview(data), SIZE)
    before = translate.fastloops.add
    if not fast:
        translate.fastloops.add = lambda *_: None
    try:
        results = []
        for _ in range(2):  # the second time, the regions are remembered
            result = machine.begin_instances(
                [HartStart(BASE + 0x1000, args)] * harts,
                entry=BASE, return_addr=RETURN, first=0, count=count, limit=limit, ecall=None,
            ).result()  # fmt: skip
            x = [[machine.read_x(h, r) for r in range(1, 32)] for h in range(harts)]
            f = [[machine.read_f(h, r) for r in range(32)] for h in range(harts)]
            v = [machine.read_v(h, r) for h in range(harts) for r in range(32)]
            v += [machine.read_csr(h, number) for h in range(harts) for number in csr.VECTOR_CSRS]
            results.append((result, x, f, bytes(data), v))
    finally:
        translate.fastloops.add = before
    return results


def same(code, args, **options) -> list:
    fast, slow = run(code, args, **options), run(code, args, fast=False, **options)
    for a, b in zip(fast, slow, strict=True):
        assert a == b
    return fast


def copy(load="lw", store="sw", step=4, left=0, end="bne") -> list[int]:
    """Copy from x11 to x12, x13 elements, `step` bytes apart; x14: the end of the source."""
    head = [e("addi", rd=5, rs1=0, imm12=left)]
    body = [
        e(load, rd=6, rs1=11, imm12=left),
        e("addi", rd=11, rs1=11, imm12=step),
        e("add", rd=6, rs1=6, rs2=13),
        e("addi", rd=13, rs1=13, imm12=-1),
        e(store, rs2=6, rs1=12, store12=0),
        e("addi", rd=12, rs1=12, imm12=step),
    ]
    branch = {
        "bne": e("bne", rs1=13, rs2=0, branch13=-24),
        "blt": e("blt", rs1=0, rs2=13, branch13=-24),
        "bge": e("bge", rs1=13, rs2=5, branch13=-24),
        "pointer": e("bne", rs1=11, rs2=14, branch13=-24),
        "bltu": e("bltu", rs1=11, rs2=14, branch13=-24),
        "bgeu": e("bgeu", rs1=14, rs2=11, branch13=-24),
    }[end]
    return [*head, *body, branch, RET]


def cases(number: int) -> Iterator[tuple[list[int], tuple[int, ...], dict[str, int]]]:
    rng = random.Random(number)
    for _ in range(number):
        load, store, size = rng.choice(
            [("lw", "sw", 4), ("ld", "sd", 8), ("lbu", "sb", 1), ("lh", "sh", 2), ("lw", "sd", 8)]
        )
        end = rng.choice(["bne", "blt", "bge", "pointer", "bltu", "bgeu"])
        step = size * rng.choice([1, 1, 2, 3, -1, 0])
        count = rng.choice([1, 2, 3, 4, 5, 9, 64, 65, 200])
        source = BASE + 0x1400 + 8 * rng.randrange(4)
        target = source + size * rng.choice([0, 1, -1, 2, -3, 64, 300])
        if rng.random() < 0.3:  # off the end, or from one region to where there is none
            source = rng.choice([BASE + SIZE - size * 40, BASE + SIZE, HIGH + SIZE - 64])
        if rng.random() < 0.1:
            target += 1
        options = {
            "quantum": rng.choice([1, 37, 64, 5000]),
            "harts": rng.choice([1, 1, 2]),
            "regions": rng.choice([1, 2]),
            "count": rng.choice([1, 3]),
            "limit": rng.choice([None, 20_000, rng.randrange(1, 900)]),
        }
        if end in ("pointer", "bltu", "bgeu") and options["limit"] is None:
            options["limit"] = 30_000  # the end may never be met
        code = copy(load, store, step, 0 if end != "bge" else rng.choice([0, 1]), end)
        yield code, (source, target, count, source + step * count), options


def test_random_copies_do_not_differ(made):
    reasons = {same(*case[:2], **case[2])[1][0].reason for case in cases(18)}
    assert reasons == {Reason.FINISHED, Reason.FAULT, Reason.LIMIT}
    assert made.count(True) > 12


@pytest.mark.slow
def test_many_random_copies_do_not_differ():
    for case in cases(800):
        same(*case[:2], **case[2])


@pytest.mark.parametrize("count", [4, 5, 63, 64, 65])
def test_a_loop_off_the_end_faults_where_it_should(made, count):
    top = BASE + SIZE
    first, second = same(copy(), (top - 4 * count + 4, BASE + 0x2000, count, 0))
    assert any(made)
    for result in (first[0], second[0]):
        assert result.reason is Reason.FAULT
        assert result.fault == Fault(5, BASE + 4, top, 0, 0, copy()[1])
        assert result.retired == (1 + 7 * (count - 1),)


def floats(stride: list[int]) -> list[int]:
    """x13 times: y += a * b, b far apart; c = y."""
    body = [
        e("flw", rd=1, rs1=11, imm12=0),
        *stride,
        e("flw", rd=2, rs1=12, imm12=4),
        e("fmadd.s", rd=3, rs1=1, rs2=2, rs3=3, rm=7),
        e("fsw", rs2=3, rs1=14, store12=8),
        e("addi", rd=11, rs1=11, imm12=4),
        e("addi", rd=14, rs1=14, imm12=4),
        e("addi", rd=13, rs1=13, imm12=-1),
    ]
    return [*body, e("bne", rs1=13, rs2=0, branch13=-4 * len(body)), RET]


@pytest.mark.parametrize("step", [0, 4, 64, 6, -16, 1 << 31, -(1 << 40)])
def test_steps_in_registers(made, step):
    code = floats([e("add", rd=12, rs1=12, rs2=15)])
    middle = BASE + SIZE // 2
    same(code, (BASE + 0x1000, middle, 50, BASE + 0x1200, step))
    assert any(made)


@pytest.mark.parametrize("start", [0, 7, 2**31 - 20, 2**32 - 20, 2**32 - 4, -3])
def test_indices_of_32_bits(made, start):
    """An index that wraps at 32 bits is not linear there."""
    signed = [
        e("addiw", rd=15, rs1=15, imm12=1),
        e("slli", rd=9, rs1=15, shamt6=2),
        e("add", rd=12, rs1=16, rs2=9),
    ]
    unsigned = [
        e("addi", rd=15, rs1=15, imm12=1),
        e("slli", rd=9, rs1=15, shamt6=32),
        e("srli", rd=9, rs1=9, shamt6=30),
        e("add", rd=12, rs1=16, rs2=9),
    ]
    for form in (signed, unsigned):
        for base in (BASE + 0x1800, BASE + 0x1800 - 4 * start):
            args = (BASE + 0x1000, base, 40, BASE + 0x1200, start, base)
            same(floats(form), tuple(a % 2**64 for a in args))
    assert any(made)


def test_a_bound_in_memory_may_change():
    """The loop stores over the bound that it compares with."""
    code = [
        e("sw", rs2=13, rs1=11, store12=0),
        e("addi", rd=11, rs1=11, imm12=4),
        e("lw", rd=14, rs1=12, imm12=0),
        e("bltu", rs1=11, rs2=14, branch13=-12),
        RET,
    ]
    at = BASE + 0x1000
    same(code, (at, at + 0x100, 0, 0), limit=5000)


def test_a_turn_ends_inside_and_stop_is_heard(made):
    code = [
        e("lw", rd=6, rs1=11, imm12=0),
        e("addi", rd=13, rs1=13, imm12=-1),
        e("bne", rs1=13, rs2=0, branch13=-8),
        RET,
    ]
    endless = (BASE + 0x1000, 0, 1 << 60)
    limited = same(code, endless, limit=100_000, harts=2, count=2)
    assert limited[1][0].reason is Reason.LIMIT
    assert 100_000 <= sum(limited[1][0].retired) < 100_000 + 2 * len(code)
    data = bytearray(SIZE)
    for i, word in enumerate(code):
        data[4 * i : 4 * i + 4] = word.to_bytes(4, "little")
    machine = Machine(1)
    machine.map_ram(BASE, SIZE, memoryview(data))
    timer = threading.Timer(0.05, machine.stop)
    timer.start()
    result = machine.begin_instances(
        [HartStart(BASE + 0x1000, endless)],
        entry=BASE, return_addr=RETURN, first=0, count=1, limit=None, ecall=None,
    ).result()  # fmt: skip
    timer.join()
    assert result.reason is Reason.STOPPED
    assert any(made)


@pytest.mark.parametrize("counts", ["down", "up"])
@pytest.mark.parametrize("step", [8, 1, 3, 0, -8, 1 << 33, 1 << 63])
def test_a_step_in_a_register(made, counts, step):
    """As in loops over vectors: x15 elements at a time, which are x16 bytes."""
    size = {8: 64, 1: 8}.get(step, 16)
    end = {
        "down": [e("sub", rd=13, rs1=13, rs2=15), e("bne", rs1=13, rs2=0, branch13=-16)],
        "up": [e("add", rd=13, rs1=13, rs2=15), e("bne", rs1=14, rs2=13, branch13=-16)],
    }[counts]
    code = [
        e("ld", rd=6, rs1=11, imm12=0),
        e("sd", rs2=6, rs1=12, store12=0),
        e("add", rd=11, rs1=11, rs2=16),
        *end,
        RET,
    ]
    source, many = BASE + 0x1400, 8 * 40
    start, stop = (many, 0) if counts == "down" else (0, many)
    args = (source, source + 0x1000, start, stop, step & (1 << 64) - 1, size)
    results = same(code, args, limit=5000)
    assert any(made)
    if step in (1, 8):
        assert results[1][0].ok


def strip(vtype: int, bits: int) -> list[int]:
    """Copy x13 elements from x11 to x12, as many at a time as a group of registers holds."""
    return [
        e("vsetvli", rd=5, rs1=13, zimm11=vtype),
        e(f"vle{bits}.v", vd=8, rs1=11),
        e("slli", rd=6, rs1=5, shamt6=bits.bit_length() - 4),
        e("sub", rd=13, rs1=13, rs2=5),
        e("add", rd=11, rs1=11, rs2=6),
        e(f"vse{bits}.v", vs3=8, rs1=12),
        e("add", rd=12, rs1=12, rs2=6),
        e("bne", rs1=13, rs2=0, branch13=-28),
        RET,
    ]


@pytest.mark.parametrize("seed", range(3))
def test_strip_mined_loops(made, seed):
    rng = random.Random(seed)
    for _ in range(6):
        bits = rng.choice([8, 16, 32, 64])
        vtype = (bits.bit_length() - 4) << 3 | rng.choice([0, 1, 7])
        source, target = BASE + 0x1400, rng.choice([BASE + 0x1400, BASE + 0x3000, HIGH + 0x2000])
        count = rng.choice([0, 3, 4, 100, 253, 256, 600, -1])
        options = {
            "quantum": rng.choice([1, 37, 5000]), "harts": rng.choice([1, 2]),
            "limit": rng.choice([None, rng.randrange(1, 900)]) if count >= 0 else 3000,
            "arch": rng.choice(["rv64gcv", "rv64gcv_zvl512b"]), "regions": 2,
        }  # fmt: skip
        before = len(made)
        same(strip(vtype, bits), (source, target, count & (1 << 64) - 1), **options)
        assert any(made[before:])


# -- accesses that stay checked -------------------------------------------------------------------


def count_bytes(spread: int, size: int = 2) -> list[int]:
    """table[byte >> 1]++ for x13 bytes at x11; odd bytes go to another table, `spread` off."""
    load, store = {2: ("lw", "sw"), 3: ("ld", "sd")}[size]
    body = [
        e("lbu", rd=6, rs1=11, imm12=0),
        e("andi", rd=7, rs1=6, imm12=1),
        e("sub", rd=7, rs1=0, rs2=7),
        e("and", rd=7, rs1=7, rs2=15),
        e("srli", rd=6, rs1=6, shamt6=1),
        e("slli", rd=6, rs1=6, shamt6=size),
        e("add", rd=6, rs1=6, rs2=7),
        e("add", rd=6, rs1=6, rs2=12),
        e(load, rd=8, rs1=6, imm12=0),
        e("addi", rd=11, rs1=11, imm12=1),
        e("addi", rd=8, rs1=8, imm12=1),
        e(store, rs2=8, rs1=6, store12=0),
        e("addi", rd=13, rs1=13, imm12=-1),
    ]
    head = [e("lui", rd=15, upper20=spread & 0xFFFF_F000)]
    if spread & 0xFFF:
        head.append(e("addi", rd=15, rs1=15, imm12=spread & 0xFFF))
    return [*head, *body, e("bne", rs1=13, rs2=0, branch13=-4 * len(body)), RET]


@pytest.mark.parametrize("quantum", [1, 137, 5000])
@pytest.mark.parametrize("spread", [0, 0x1000, 0x5000])  # the same region, or the other
def test_a_table_that_data_points_into(made, spread, quantum):
    args = (BASE + 0x1000, BASE + 0x2000, 1500)
    _, second = same(count_bytes(spread), args, quantum=quantum, regions=2)
    assert second[0].ok
    assert any(made)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("spread", [2, 0x3000, 0x4000])  # misaligned, beside what is mapped
def test_a_table_that_is_left_at_some_byte(made, spread, size):
    first, second = same(count_bytes(spread, size), (BASE + 0x1000, BASE + 0x2000, 400))
    assert any(made)
    for result in (first[0], second[0]):
        assert result.reason is Reason.FAULT
        assert result.fault.pc in (BASE + 4 * 9, BASE + 4 * 10)


def gather(second: int) -> list[int]:
    """Sums of a[i] * b[i], a and b by bytes at x11; b from x12 + second * (byte & 1)."""
    body = [
        e("lbu", rd=6, rs1=11, imm12=0),
        e("slli", rd=7, rs1=6, shamt6=2),
        e("add", rd=7, rs1=7, rs2=12),
        e("flw", rd=1, rs1=7, imm12=0),
        e("fmadd.s", rd=3, rs1=1, rs2=1, rs3=3, rm=7),
        e("add", rd=9, rs1=9, rs2=6),  # in the register where the next iteration finds it
        e("andi", rd=6, rs1=6, imm12=1),
        e("sub", rd=6, rs1=0, rs2=6),
        e("and", rd=6, rs1=6, rs2=15),
        e("add", rd=7, rs1=7, rs2=6),
        e("flw", rd=2, rs1=7, imm12=4),
        e("fadd.s", rd=4, rs1=4, rs2=2, rm=7),
        e("addi", rd=11, rs1=11, imm12=1),
        e("addi", rd=13, rs1=13, imm12=-1),
    ]
    head = [e("lui", rd=15, upper20=second)]
    return [*head, *body, e("bne", rs1=13, rs2=0, branch13=-4 * len(body)), RET]


@pytest.mark.parametrize("second", [0, 0x5000])
def test_a_gather_that_fails_in_the_midst_of_an_iteration(made, second):
    args = (BASE + 0x1000, BASE + 0x2000, 2000)
    _, after = same(gather(second), args, regions=2, quantum=150)
    assert after[0].ok
    assert any(made)


# x11 = mix(x11 + x12) while x12, of 32 bits, is not x13.
MIX = [
    e("add", rd=11, rs1=11, rs2=12),
    e("srliw", rd=5, rs1=11, shamt5=15),
    e("xor", rd=11, rs1=11, rs2=5),
    e("mul", rd=11, rs1=11, rs2=14),
    e("addiw", rd=12, rs1=12, imm12=1),
    e("bne", rs1=12, rs2=13, branch13=-20),
    RET,
]


def test_loops_without_memory(made):
    """Their registers and counts, in turns and limits that cut them anywhere."""
    rng = random.Random(3)
    top = 1 << 31
    reasons = set()
    for start, end in [(0, 64), (-9, 90), (0, 15), (top - 40, 30 - top), (1 << 40, 1 << 20)]:
        args = (rng.getrandbits(64), start, end, rng.getrandbits(32) | 1)
        quantum, limit = rng.choice([1, 37, 100]), rng.choice([150, 3000])
        harts = rng.choice([1, 2])
        found = same(MIX, args, quantum=quantum, harts=harts, limit=limit, count=harts)
        reasons.add(found[0][0].reason)
    assert made.count(True) == 5
    assert reasons == {Reason.FINISHED, Reason.LIMIT}


def test_a_loop_that_only_counts_ends_in_time():
    """Two thousand million instructions: nothing is left of the copy."""
    delay = [e("addi", rd=11, rs1=11, imm12=-1), e("bne", rs1=11, rs2=0, branch13=-4), RET]
    result = run(delay, (1 << 30,), quantum=1 << 40)[1][0]
    assert result.reason is Reason.FINISHED
    assert result.retired == (2 * (1 << 30) + 1,)
