"""Memory maps: bounds, faults, windows, devices."""

from __future__ import annotations

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.machine import BusError, Fault, Reason
from snippets import RET

BASE, SIZE, RETURN, DATA = 0x4000_0000, 1 << 20, 0x8000, 0x4004_0000
LOADS = {"lb": 1, "lh": 2, "lw": 4, "ld": 8, "lbu": 1, "lhu": 2, "lwu": 4}
STORES = {"sb": 1, "sh": 2, "sw": 4, "sd": 8}


def access(name: str, offset: int = 0) -> int:
    if name in STORES:
        return e(name, rs2=6, rs1=11, store12=offset)
    return e(name, rd=6, rs1=11, imm12=offset)


def causes(name: str) -> tuple[int, int]:
    """Misaligned, access fault."""
    return (6, 7) if name in STORES else (4, 5)


@pytest.mark.parametrize("name", [*LOADS, *STORES])
def test_faults_are_exact(bench, name):
    size = (LOADS | STORES)[name]
    misaligned, denied = causes(name)
    words = [e("addi", rd=7, rs1=0, imm12=3), access(name), RET]
    bench.put(words)
    top = BASE + SIZE
    cases = [(0, denied), (8, denied), (top, denied), (BASE - size, denied), (2**64 - size, denied)]
    if size > 1:
        cases += [(DATA + 1, misaligned), (top - 1, misaligned), (1, misaligned)]
    for addr, cause in cases:
        for warm in (False, True):
            if warm:  # remember the region, then miss it
                assert bench.run(args=(DATA,)).ok
            result = bench.run(args=(addr,))
            assert result.reason is Reason.FAULT
            assert result.fault == Fault(cause, BASE + 4, addr, 0, 0, words[1])
            assert result.retired == (1,)
    assert bench.run(args=(top - size,)).ok


@pytest.mark.parametrize("size", [1, 7, 8, 4000, 4001, 4004])
def test_bounds_are_exact_to_the_byte(bench, size):
    base = 0x5000_0000
    bench.machine.map_ram(base, size, memoryview(bytearray(8192)))
    for name, width in LOADS.items() | STORES.items():
        bench.put([access(name), RET])
        last = (size - width) // width * width
        if last >= 0:
            assert bench.run(args=(base,)).ok
            assert bench.run(args=(base + last,)).ok
            beyond = bench.run(args=(base + last + width,))
        else:
            beyond = bench.run(args=(base,))
        assert beyond.fault is not None
        assert beyond.fault.cause == causes(name)[1]


def test_a_loop_may_walk_many_regions(bench):
    # 300 regions of 64 bytes with gaps; one loop sums a word of each.
    step = 0x1000
    start = 0x5000_0000
    for i in range(300):
        data = bytearray(64)
        data[8:16] = (i + 1).to_bytes(8, "little")
        bench.machine.map_ram(start + i * step, 64, memoryview(data))
    code = [
        e("addi", rd=7, rs1=0, imm12=300),
        e("lui", rd=9, upper20=step),
        e("ld", rd=6, rs1=11, imm12=8),
        e("add", rd=8, rs1=8, rs2=6),
        e("add", rd=11, rs1=11, rs2=9),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-16),
        RET,
    ]
    assert bench.run(code, args=(start,)).ok
    assert bench.machine.read_x(0, 8) == 300 * 301 // 2
    over = bench.run(code, args=(start + step,))
    assert over.fault is not None
    assert over.fault.tval == start + 300 * step + 8


def test_read_only_memory(bench):
    rom = bytearray(range(64))
    bench.machine.map_ram(0x1000, 64, memoryview(rom), writable=False)
    assert bench.run([access("ld"), RET], args=(0x1008,)).ok
    for _ in range(2):
        result = bench.run([access("ld"), access("sd"), RET], args=(0x1008,))
        assert result.fault is not None
        assert (result.fault.cause, result.fault.tval) == (7, 0x1008)
    assert rom == bytearray(range(64))


def test_memory_at_odd_places_works_too(bench):
    data = bytearray(range(64))
    bench.machine.map_ram(0x5000_0003, 40, memoryview(data), 5)
    assert bench.run([access("lbu"), RET], args=(0x5000_0003,)).ok
    assert bench.machine.read_x(0, 6) == 5
    assert bench.run([access("ld"), RET], args=(0x5000_0008,)).ok
    assert bench.machine.read_x(0, 6) == int.from_bytes(data[10:18], "little")
    assert bench.run([access("sd"), RET], args=(0x5000_0022,)).fault is not None


def test_windows_show_the_same_bytes_and_each_hart_its_own(make_bench):
    b = make_bench(2)
    b.machine.map_ram(0x1000_0000, 4096, memoryview(b.memory), 0x4_0000)
    for hart in range(2):
        offset = 0x5_0000 + hart * 0x1000
        b.machine.map_ram(0x2000_0000, 4096, memoryview(b.memory), offset, hart=hart)
    code = [
        e("lui", rd=5, upper20=0x1000_0000),
        e("lui", rd=6, upper20=0x2000_0000),
        e("ld", rd=7, rs1=5, imm12=0),
        e("addi", rd=7, rs1=7, imm12=1),
        e("sd", rs2=7, rs1=5, store12=0),
        e("sd", rs2=7, rs1=6, store12=0),
        RET,
    ]
    assert b.run(code, harts=2, count=2).ok
    assert (b.word(DATA), b.word(BASE + 0x5_0000), b.word(BASE + 0x5_1000)) == (2, 1, 2)


def test_harts_may_see_different_code_at_one_address(make_bench):
    b = make_bench(2)
    for hart in range(2):
        at = BASE + 0x1_0000 + 0x1000 * hart
        b.put([e("addi", rd=20, rs1=0, imm12=hart + 5), RET], at)
        b.machine.map_ram(0x2000_0000, 4096, memoryview(b.memory), at - BASE, hart=hart)
    assert b.run(entry=0x2000_0000, harts=2, count=2).ok
    assert [b.machine.read_x(h, 20) for h in range(2)] == [5, 6]


def test_unmapped_memory_is_gone_at_once(bench):
    bench.machine.map_ram(0x5000_0000, 64, memoryview(bytearray(64)))
    bench.put([access("ld"), RET])
    assert bench.run(args=(0x5000_0000,)).ok
    bench.machine.unmap(0x5000_0000)
    result = bench.run(args=(0x5000_0000,))
    assert result.fault is not None
    assert result.fault.cause == 5
    with pytest.raises(ValueError):
        bench.machine.unmap(0x5000_0000)


@pytest.mark.parametrize(
    ("base", "size"), [(BASE, 8), (BASE - 4, 8), (BASE + SIZE - 1, 1), (0, 2**63)]
)
def test_overlaps_are_refused(bench, base, size):
    with pytest.raises(ValueError):
        bench.machine.map_io(base, size, Counter())


def test_ram_must_lie_in_its_memory(bench):
    for size, offset in ((9, 0), (8, 1), (0, 0), (8, -1)):
        with pytest.raises(ValueError):
            bench.machine.map_ram(0x1000, size, memoryview(bytearray(8)), offset)


# -- fetching ------------------------------------------------------------------------------------


def test_fetch_faults(bench):
    bench.machine.map_ram(0x1000, 6, memoryview(bytearray(64)), executable=True)
    bench.machine.map_ram(0x2000, 64, memoryview(bytearray(64)), executable=False)
    for entry, tval in ((0x3000, 0x3000), (0x2000, 0x2000), (0, 0), (BASE + SIZE, BASE + SIZE)):
        fault = bench.run(entry=entry).fault
        assert fault == Fault(1, entry, tval, 0, 0, 0)


def test_code_may_end_where_memory_ends(bench):
    last = BASE + SIZE - 4
    bench.put([RET], last)
    assert bench.run(entry=last).ok
    bench.memory[SIZE - 4 :] = b"\x01\x00\x93\x82"  # a nop, half an addi
    bench.machine.flush_code()
    fault = bench.run(entry=last).fault
    assert fault is not None
    assert (fault.cause, fault.pc) == (1, last + 2)


@pytest.mark.parametrize(("word", "changed", "result"), [(0, 2, 4), (2, 99, 3), (3, 7, 8)])
def test_code_is_looked_at_all_over(bench, word, changed, result):
    """Blocks with a hole between them: each word counts but that in the hole."""
    values = {0: 1, 2: 50, 3: 2}

    def put():
        adds = {i: e("addi", rd=10, rs1=10 if i else 0, imm12=v) for i, v in values.items()}
        bench.put([adds[0], e("jal", rd=0, jump21=8), adds[2], adds[3], RET])

    put()
    assert bench.run().ok
    assert bench.machine.read_x(0, 10) == 3
    values[word] = changed
    put()
    assert bench.run().ok
    assert bench.machine.read_x(0, 10) == result


def test_jump_out_of_memory_faults_at_its_target(bench):
    fault = bench.run([e("jalr", rd=0, rs1=0, imm12=0x100)]).fault
    assert fault == Fault(1, 0x100, 0x100, 0, 0, 0)


# -- devices ---------------------------------------------------------------------------------------


class Counter:
    """Loads count up; stores are kept; offset 0x80 and up is refused."""

    def __init__(self) -> None:
        self.value = 0
        self.stores: list[tuple[int, int, int, int]] = []

    def load(self, offset: int, _size: int, hart: int) -> int:
        if offset >= 0x80:
            raise BusError
        self.value += 1
        return self.value | hart << 32

    def store(self, offset: int, size: int, value: int, hart: int) -> None:
        if offset >= 0x80:
            raise BusError
        self.stores.append((offset, size, value, hart))


def test_devices_are_asked_in_order(make_bench):
    b = make_bench(2)
    device = Counter()
    b.machine.map_io(0x2000_0000, 0x100, device)
    code = [
        e("addi", rd=7, rs1=0, imm12=100),
        e("ld", rd=6, rs1=11, imm12=0),
        e("sh", rs2=6, rs1=11, store12=6),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-12),
        RET,
    ]
    result = b.run(code, harts=2, count=2, args=(0x2000_0000,))
    assert result.retired == (402, 402)
    assert device.stores == [(6, 2, i, (i - 1) // 100) for i in range(1, 201)]
    assert b.machine.read_x(1, 6) == 200 | 1 << 32


@pytest.mark.parametrize("name", ["lw", "sw"])
def test_a_device_may_refuse(bench, name):
    bench.machine.map_io(0x2000_0000, 0x100, Counter())
    result = bench.run([access(name), RET], args=(0x2000_0080,))
    assert result.fault is not None
    assert (result.fault.cause, result.fault.pc) == (causes(name)[1], BASE)
    assert result.fault.tval == 0x2000_0080
    misaligned = bench.run([access(name), RET], args=(0x2000_0082,)).fault
    assert misaligned is not None
    assert misaligned.cause == causes(name)[0]


def test_a_device_sees_the_exact_count(bench):
    class Probe(Counter):
        def load(self, _offset: int, _size: int, hart: int) -> int:
            return bench.machine.retired(hart)

    bench.machine.map_io(0x2000_0000, 0x100, Probe())
    nop = e("addi", rd=0, rs1=0, imm12=0)
    assert bench.run([nop] * 5 + [access("ld")] + [nop] * 3 + [RET], args=(0x2000_0000,)).ok
    assert bench.machine.read_x(0, 6) == 5
