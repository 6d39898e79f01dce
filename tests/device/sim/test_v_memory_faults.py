"""V loads and stores where memory ends, is not RAM, or is not aligned: element by element."""

from __future__ import annotations

import ctypes
import mmap
from dataclasses import dataclass, field

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.machine import BusError, Reason, RunResult
from kcc.device.sim.watch import Action, Go, Stop, Why
from snippets import RET

BASE, DATA = 0x4000_0000, 0x4004_0000
EDGE, LENGTH = 0x5000_0000, 4096  # a region of its own
N = 16  # elements: two registers of 256 bits
VSTART = 0x008
# x11: address, x12: elements, x13: stride, x14: where the mask is, x15: indices, x16: v8 before.
SETUP = [
    e("vsetvli", rd=5, rs1=0, zimm11=0),
    e("vle8.v", vd=0, rs1=14),
    e("vl2re32.v", vd=16, rs1=15),
    e("vl2re32.v", vd=8, rs1=16),
    e("vsetvli", rd=5, rs1=12, zimm11=0b010_001),  # e32, m2
]
OLD = bytes(range(64))  # what v8, v9 and memory hold
INDICES = b"".join((4 * n).to_bytes(4, "little") for n in range(N))
LOADS = ("vle32.v", "vlse32.v", "vluxei32.v", "vloxei32.v")
STORES = ("vse32.v", "vsse32.v", "vsuxei32.v", "vsoxei32.v")


def access(name: str, vm: int = 1) -> int:
    operands = {"rs1": 11, "vm": vm, ("vd" if name[1] == "l" else "vs3"): 8}
    if "xei" in name or "xseg" in name:
        operands["vs2"] = 16
    elif name.startswith(("vlse3", "vsse3", "vlsseg", "vssseg")):
        operands["rs2"] = 13
    return e(name, **operands)


@dataclass
class Setting:
    """A machine with vectors; what it held at the trap that ended a run."""

    bench: object
    vstart: int = -1
    v: bytes = b""
    edge: bytearray = field(default_factory=lambda: bytearray(LENGTH))
    breakpoints: frozenset[int] = frozenset()

    def stopped(self, stop: Stop) -> Action:
        if stop.why is Why.FAULT:
            machine = self.bench.machine
            self.vstart = machine.read_csr(0, VSTART)
            self.v = machine.read_v(0, 8) + machine.read_v(0, 9)
        return Go()

    def run(
        self, word: int, addr: int, *, vl: int = N, stride: int = 4, mask: int = 0xFFFF,
        indices: bytes = INDICES, after: tuple[int, ...] = (),
    ) -> RunResult:  # fmt: skip
        memory = self.bench.memory
        at = DATA - BASE
        memory[at : at + 64] = OLD
        memory[at + 64 : at + 128] = mask.to_bytes(64, "little")
        memory[at + 128 : at + 192] = indices
        args = (addr, vl, stride, DATA + 64, DATA + 128, DATA)
        return self.bench.run([*SETUP, word, *after, RET], args=args)


@pytest.fixture
def setting(make_bench) -> Setting:
    made = Setting(make_bench(arch="rv64gcv_zvl256b"))
    made.bench.machine.map_ram(EDGE, LENGTH, memoryview(made.edge))
    made.bench.machine.watch(made)
    return made


@pytest.mark.parametrize("name", [*LOADS, *STORES])
def test_the_first_element_beyond_is_told(setting, name):
    stores = name in STORES
    word = access(name)
    top = EDGE + LENGTH
    assert setting.run(word, top - 4 * N).ok  # the region is known from now on
    for first in (0, 5, N - 1):
        setting.edge[:] = bytes(b ^ 0xFF for b in range(256)) * (LENGTH // 256)
        old = bytes(setting.edge[-4 * N :])
        result = setting.run(word, top - 4 * first)
        assert result.reason is Reason.FAULT
        assert (result.fault.cause, result.fault.tval) == (7 if stores else 5, top)
        assert result.fault.pc == BASE + 20
        assert setting.vstart == first
        done = 4 * first
        if stores:
            assert setting.edge[LENGTH - done :] == OLD[:done]
        else:
            assert setting.v == old[4 * N - done :] + OLD[done:]


@pytest.mark.parametrize("name", [*LOADS, *STORES])
def test_what_is_masked_off_is_not_touched(setting, name):
    setting.edge[-20:] = bytes(range(100, 120))
    result = setting.run(access(name, vm=0), EDGE + LENGTH - 20, mask=0b10101)
    assert result.ok
    result = setting.run(access(name, vm=0), EDGE + LENGTH - 20, mask=0b100101)
    assert (result.fault.cause, result.fault.tval) == (5 if name in LOADS else 7, EDGE + LENGTH)
    assert setting.vstart == 5


@pytest.mark.parametrize("name", [*LOADS, *STORES])
def test_misaligned_elements_trap(setting, name):
    cause = 4 if name in LOADS else 6
    result = setting.run(access(name), EDGE + 2)
    assert (result.fault.cause, result.fault.tval) == (cause, EDGE + 2)
    assert setting.vstart == 0


def test_only_some_elements_are_misaligned(setting):
    for stride, vl, first in ((6, 3, 1), (2, 3, 1), (-10, 5, 1)):
        result = setting.run(access("vlse32.v"), EDGE + 64, stride=stride, vl=vl)
        assert (result.fault.cause, result.fault.tval) == (4, EDGE + 64 + first * stride)
        assert setting.vstart == first
    odd = bytearray(INDICES)
    odd[28] += 1
    result = setting.run(access("vsuxei32.v"), EDGE, indices=bytes(odd))
    assert (result.fault.cause, result.fault.tval) == (6, EDGE + 29)
    assert setting.vstart == 7


@pytest.mark.parametrize("stride", [1 << 63, 1 << 62, -(1 << 62), (1 << 64) // 12, 1 << 32])
def test_strides_may_leave_and_come_back(setting, stride):
    stride = stride // 4 * 4
    for vl in (2, 3, 5, 13):
        result = setting.run(access("vlse32.v"), EDGE + 8, stride=stride % (1 << 64), vl=vl)
        assert (result.fault.cause, result.fault.tval) == (5, (EDGE + 8 + stride) % (1 << 64))
        assert setting.vstart == 1


def test_addresses_wrap_around(setting):
    setting.edge[:64] = bytes(range(64, 128))
    # Indices are unsigned and of 32 bits: a base above them reaches around.
    far = b"".join((0xFFFF_FFF0 + 4 * n & 0xFFFF_FFFF).to_bytes(4, "little") for n in range(N))
    result = setting.run(access("vluxei32.v"), EDGE - 0xFFFF_FFF0, vl=4, indices=far)
    assert result.ok
    result = setting.run(access("vluxei32.v"), EDGE - 0xFFFF_FFF0, vl=5, indices=far)
    assert result.fault.tval == EDGE - 0xFFFF_FFF0 & (1 << 64) - 1


def test_segments_fault_by_segment(setting):
    top = EDGE + LENGTH
    for name, cause in (("vlseg3e32.v", 5), ("vsseg3e32.v", 7), ("vlsseg2e32.v", 5),
                        ("vsoxseg2ei32.v", 7)):  # fmt: skip
        step = 12 if "3e32" in name else 4
        assert setting.run(access(name), EDGE).ok
        result = setting.run(access(name), top - 3 * step - 4)  # the second field of segment 3
        assert (result.fault.cause, result.fault.tval) == (cause, top)
        assert setting.vstart == 3


@pytest.mark.parametrize("name", ["vle32ff.v", "vlseg2e32ff.v"])
def test_only_the_first_element_of_fault_only_first_faults(setting, name):
    step = 8 if "seg2" in name else 4
    top = EDGE + LENGTH
    keep = (e("csrrs", rd=6, csr=0xC20, rs1=0), e("sd", rs2=6, rs1=14, store12=0))  # vl
    for rest in (1, 3, N):
        result = setting.run(access(name), top - rest * step, after=keep)
        assert result.ok
        assert setting.bench.word(DATA + 64) == rest
    result = setting.run(access(name), top, after=keep)
    assert (result.fault.cause, result.fault.tval) == (5, top)
    result = setting.run(access(name), EDGE + 1)
    assert result.fault.cause == 4
    # Element 0 is masked off, and so is not the one that may fault.
    assert setting.run(access(name, vm=0), top - step, mask=0b110, after=keep).ok
    assert setting.bench.word(DATA + 64) == 1


def test_stores_into_what_is_read_only_fault(setting):
    memory = memoryview(bytearray(LENGTH))
    setting.bench.machine.map_ram(EDGE + LENGTH, LENGTH, memory, writable=False)
    for name in LOADS:
        assert setting.run(access(name), EDGE + LENGTH).ok
    for name in STORES:
        result = setting.run(access(name), EDGE + LENGTH - 8)
        assert (result.fault.cause, result.fault.tval) == (7, EDGE + LENGTH)
        assert setting.vstart == 2
    assert not any(memory)


def test_narrow_gathers_read_nothing_beyond_a_region(setting):
    """Whatever lies there on the host: here it may not even be read."""
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 2 * page)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(start + page), ctypes.c_size_t(page), 0) == 0
    setting.bench.machine.map_ram(EDGE + LENGTH, page, memoryview(memory)[:page], executable=False)
    memory[page - 64 : page] = bytes(range(64))
    keep = e("vs2r.v", vs3=8, rs1=14)
    for size, word in (
        (1, e("vlse8.v", vd=8, rs1=11, rs2=13)),
        (2, e("vlse16.v", vd=8, rs1=11, rs2=13)),
        (1, e("vloxei8.v", vd=8, rs1=11, vs2=16)),
    ):
        narrow = e("vsetvli", rd=5, rs1=12, zimm11=size.bit_length() - 1 << 3)
        for last in range(page - 6 // size * size, page, size):
            first = last - 12
            options = {"vl": 4, "indices": bytes((0, 4, 8, 12)) * 16, "after": (word, keep)}
            assert setting.run(narrow, EDGE + LENGTH + first, **options).ok
            expected = b"".join(memory[at : at + size] for at in range(first, last + 1, 4))
            assert setting.bench.memory[DATA - BASE + 64 :][: 4 * size] == expected


@pytest.mark.parametrize("name", [*LOADS, *STORES])
def test_accesses_reach_over_regions_wherever_these_lie_on_the_host(setting, name):
    odd = bytearray(LENGTH + 1)
    setting.bench.machine.map_ram(EDGE + LENGTH, LENGTH, memoryview(odd)[1:])
    setting.edge[-16:], odd[1:49] = OLD[:16], bytes(range(116, 164))
    assert setting.run(access(name), EDGE + LENGTH - 16, after=(
        e("vs2r.v", vs3=8, rs1=14),
    )).ok  # fmt: skip
    if name in LOADS:
        expected = OLD[:16] + bytes(range(116, 164))
        assert bytes(setting.bench.memory[DATA - BASE + 64 :][:64]) == expected
    else:
        assert (bytes(setting.edge[-16:]), bytes(odd[1:49])) == (OLD[:16], OLD[16:])


class Registers:
    """A device that keeps a record, and refuses what comes after `most`."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int, int]] = []
        self.most = 100

    def load(self, offset: int, size: int, _hart: int) -> int:
        if len(self.made) == self.most:
            raise BusError
        self.made.append((offset, size, -1))
        return 0x1000 + offset

    def store(self, offset: int, size: int, value: int, _hart: int) -> None:
        if len(self.made) == self.most:
            raise BusError
        self.made.append((offset, size, value))


def test_devices_are_accessed_by_active_elements_in_order(setting):
    device = Registers()
    base = 0x6000_0000
    setting.bench.machine.map_io(base, 64, device)
    for name in (*LOADS, *STORES):
        device.made.clear()
        assert setting.run(access(name, vm=0), base, vl=9, mask=0b1_1010_0101).ok
        values = {n: int.from_bytes(OLD[4 * n : 4 * n + 4], "little") for n in (0, 2, 5, 7, 8)}
        assert device.made == [
            (4 * n, 4, value if name in STORES else -1) for n, value in values.items()
        ]


def test_a_device_may_refuse_an_element(setting):
    device = Registers()
    device.most = 3
    base = 0x6000_0000
    setting.bench.machine.map_io(base, 64, device)
    result = setting.run(access("vle32.v"), base)
    assert (result.fault.cause, result.fault.tval) == (5, base + 12)
    assert setting.vstart == 3
    assert (
        setting.v == b"".join((0x1000 + 4 * n).to_bytes(4, "little") for n in range(3)) + OLD[12:]
    )


def test_devices_are_not_read_ahead(setting):
    device = Registers()
    base = 0x6000_0000
    setting.bench.machine.map_io(base, 64, device)
    keep = (e("csrrs", rd=6, csr=0xC20, rs1=0), e("sd", rs2=6, rs1=14, store12=0))
    assert setting.run(access("vle32ff.v"), base, after=keep).ok
    assert setting.bench.word(DATA + 64) == 1
    assert device.made == [(0, 4, -1)]


@pytest.mark.parametrize("watched", [True, False])
def test_a_copying_loop_faults_at_the_element(setting, watched):
    """Where it runs without checks of its own, up to the last iteration in bounds."""
    if not watched:
        setting.bench.machine.watch(None)
    size = 32
    loop = [
        e("vsetvli", rd=5, rs1=0, zimm11=0),
        e("addi", rd=6, rs1=0, imm12=size),
        e("vle8.v", vd=8, rs1=11),
        e("vse8.v", vs3=8, rs1=12),
        e("add", rd=11, rs1=11, rs2=6),
        e("add", rd=12, rs1=12, rs2=6),
        e("addi", rd=13, rs1=13, imm12=-1),
        e("bne", rs1=13, rs2=0, branch13=-20),
        RET,
    ]
    memory = setting.bench.memory
    at = DATA - BASE
    memory[at : at + LENGTH] = bytes(n * 7 & 0xFF for n in range(LENGTH))
    assert setting.bench.run(loop, args=(DATA, EDGE, LENGTH // size)).ok
    assert setting.edge == memory[at : at + LENGTH]
    setting.edge[:] = bytes(LENGTH)
    result = setting.bench.run(loop, args=(DATA, EDGE + 40, LENGTH // size))
    whole = (LENGTH - 40) // size
    assert (result.fault.cause, result.fault.tval) == (7, EDGE + LENGTH)
    assert result.fault.pc == BASE + 12
    assert result.retired == (2 + 6 * whole + 1,)
    assert setting.vstart == ((LENGTH - 40) % size if watched else -1)
    assert setting.edge[40:] == memory[at : at + LENGTH - 40]
