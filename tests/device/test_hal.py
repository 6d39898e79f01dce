"""The HAL over the M1: golden launches, memory, faults, counters, guarding."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time

import numpy as np
import pytest

from kcc.device.args import buffer_arg, local_arg, value_arg
from kcc.device.hal import SLICES_PER_BUFFER, Hal, NDRange, rom_words
from kcc.device.sim.interface import Reason
from kcc.device.soc.command_processor import Op, Reg, command
from kcc.ir.abi import EXEC_STATE, EXEC_STATE_MAGIC, WG_INFO

RET = 0x8067
A0, A1, T0, T1, T2, T3 = 10, 11, 5, 6, 7, 28


# -- kernels, by hand: a0 = arguments, a1 = work-group info ----------------------------------------


def group_linear(e) -> list[int]:
    """t0 = linear group id, x fastest; uses t1."""
    groups, counts = WG_INFO["group_id"].offset, WG_INFO["num_groups"].offset
    return [
        e("ld", rd=T0, rs1=A1, imm12=groups + 16),
        e("ld", rd=T1, rs1=A1, imm12=counts + 8),
        e("mul", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=groups + 8),
        e("add", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=counts),
        e("mul", rd=T0, rs1=T0, rs2=T1),
        e("ld", rd=T1, rs1=A1, imm12=groups),
        e("add", rd=T0, rs1=T0, rs2=T1),
    ]


def increment(e) -> list[int]:
    """kernel(global int *p): p[group] += 1"""
    return [
        *group_linear(e),
        e("ld", rd=T1, rs1=A0, imm12=0),
        e("slli", rd=T0, rs1=T0, shamt6=2),
        e("add", rd=T0, rs1=T0, rs2=T1),
        e("lw", rd=T2, rs1=T0, imm12=0),
        e("addi", rd=T2, rs1=T2, imm12=1),
        e("sw", rs2=T2, rs1=T0, store12=0),
        RET,
    ]


def spin(e) -> list[int]:
    return [e("jal", rd=0, jump21=0)]


@pytest.fixture
def load(build_elf):
    """load(hal, words) -> (program, kernel) of one kernel called "k"."""

    def make(hal: Hal, words: list[int], **options) -> tuple[int, int]:
        program = hal.program_load(build_elf(words, {"k": 0x1_0000}, **options))
        assert program, hal.last_error
        return program, hal.program_find_kernel(program, "k")

    return make


def read(hal: Hal, addr: int, count: int) -> list[int]:
    data = bytearray(4 * count)
    assert hal.mem_read(data, addr, len(data))
    return list(struct.unpack(f"<{count}I", data))


def zeros(hal: Hal, size: int) -> int:
    """A buffer of zeros: memory comes with whatever was there."""
    addr = hal.mem_alloc(size, 64)
    assert hal.mem_fill(addr, b"\0", size)
    return addr


def line(n: int, local: int = 1) -> NDRange:
    return NDRange((n, 1, 1), (local, 1, 1))


# -- golden values ---------------------------------------------------------------------------------


def test_rom():
    words, stubs = rom_words()
    text = """00000513 00000893 00000073
      00a6a023 00060513 00068593 0986a303 00030067
      00a6a023 0206a303 0265f3b3 0076a423 00060513 00068593 0986a303 00030067
      00a6a023 0206a303 0265f3b3 0076a423 0265d3b3 0076a823 00060513 00068593 0986a303 00030067"""
    assert words == [int(w, 16) for w in text.split()]
    assert stubs == [12, 32, 64]


class Spy:
    """Notes every command buffer: (address, words)."""

    def __init__(self, hal: Hal, monkeypatch) -> None:
        self.buffers: list[tuple[int, list[int]]] = []
        run = hal.device.run

        def note(addr: int, size: int, limit: int | None = None):
            words = list(hal.device.view(addr, size).cast("Q"))
            self.buffers.append((addr, words))
            return run(addr, size, limit)

        monkeypatch.setattr(hal.device, "run", note)


def test_vector_add_launch(hal, load, e, monkeypatch):
    spy = Spy(hal, monkeypatch)
    program, kernel = load(hal, [RET])
    buffers = [hal.mem_alloc(256, 4096) for _ in range(3)]
    assert buffers == [0xB800F000, 0xB800E000, 0xB800D000]
    args = [buffer_arg(b) for b in buffers]
    assert hal.kernel_exec(program, kernel, line(64, 16), args, 1)

    def imm(addr: int, value: int) -> list[int]:
        return command(Op.STORE_IMM64, value, inline=addr)

    ((addr, words),) = spy.buffers
    assert addr == 0xB800CE00
    assert len(words) == 32
    assert words == [
        *imm(0x20002018, 0xB800CF18), *imm(0x20002020, 0x10200000),
        *imm(0x20002028, 0xC0), *imm(0x20002030, 4),
        *imm(0x20002040, 0), *imm(0x20002050, 0x80000),
        *imm(0x20002000, 0xE1),
        *command(Op.LOAD_REG64, 0x20002008, inline=Reg.SCRATCH),
        *command(Op.STORE_REG64, 0x20002010, inline=Reg.SCRATCH),
        *command(Op.SYNC_CACHE, inline=3),
        *command(Op.WRITE_REG64, 0xB800FFA4, inline=Reg.ENTRY_PT_FN),
        *command(Op.WRITE_REG64, 0x14080000, inline=Reg.STACK_TOP),
        *command(Op.WRITE_REG64, 0xB800FF98, inline=Reg.RETURN_ADDR),
        0x00000304C0080800, 4, 0, 0xB800CF00, 0x14000000,
        *command(Op.SYNC_CACHE, inline=3),
        *command(Op.FINISH),
    ]  # fmt: skip


def test_windows_are_made_with_one_buffer(monkeypatch):
    seen = []

    def note(device, addr, size, limit=None):
        seen.append((addr, list(device.view(addr, size).cast("Q"))))
        return original(device, addr, size, limit)

    from kcc.device.soc.device import M1Device

    original = M1Device.run
    monkeypatch.setattr(M1Device, "run", note)
    Hal.open().close()
    ((addr, words),) = seen
    assert (addr, 8 * len(words)) == (0xB800FF78, 136)
    values = {
        Reg.WINDOW_BASE0: 0x10000, Reg.WINDOW_TARGET0: 0xB8010000,
        Reg.WINDOW_SCALE0: 0, Reg.WINDOW_MODE0: 0x07FEFFFF00000001,
        Reg.WINDOW_BASE0 + 1: 0x14000000, Reg.WINDOW_TARGET0 + 1: 0x10200000,
        Reg.WINDOW_SCALE0 + 1: 0x0007FFFF00000001, Reg.WINDOW_MODE0 + 1: 0x0007FFFF00000003,
    }  # fmt: skip
    written = [w for reg, value in values.items() for w in command(2, value, inline=reg)]
    assert words == [*written, *command(Op.FINISH)]


def test_execution_state(hal, load, e):
    """The kernel copies its work-group info and the rest of the state out."""
    copy = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for at in range(0, 192, 8):
        copy += [e("ld", rd=T1, rs1=A1, imm12=at), e("sd", rs2=T1, rs1=T0, store12=at)]
    program, kernel = load(hal, [*copy, RET])
    out = hal.mem_alloc(192, 8)
    ndrange = NDRange((6, 1, 1), (6, 1, 1), (5, 0, 0))
    assert hal.kernel_exec(program, kernel, ndrange, [buffer_arg(out)], 1)
    data = bytearray(192)
    hal.mem_read(data, out, 192)

    def field(name: str):
        slot = EXEC_STATE[name]
        got = struct.unpack_from(f"<{slot.count}{slot.format}", data, slot.offset)
        return got if slot.count > 1 else got[0]

    assert field("group_id") == (0, 0, 0)
    assert field("num_groups") == (1, 1, 1)
    assert field("global_offset") == (5, 0, 0)
    assert field("local_size") == (6, 1, 1)
    assert field("num_dim") == 1
    assert field("num_groups_per_call") == (0, 0, 0)
    assert field("hal_extra") == 0x14000000
    assert field("kernel_entry") == kernel
    assert (field("magic"), field("state_size"), field("flags")) == (EXEC_STATE_MAGIC, 192, 0)
    assert (field("thread_id"), field("packed_args")) == (0, 0)


def test_device_info(hal):
    info = hal.info
    assert (info.name, info.global_memory_avail) == ("RefSi M1", 0x7F000000)
    assert (info.shared_local_memory_size, info.vlen, info.num_counters) == (0x10000, 512, 4)
    assert (info.abi, info.word_size, info.max_workgroup_size) == (4, 64, 1024)
    assert info.supports_doubles
    assert info.should_vectorize
    assert not info.supports_fp16


# -- launches --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ndrange", "dims"),
    [
        (line(1), 1),
        (line(37), 1),
        (NDRange((24, 6, 1), (8, 2, 1)), 2),
        (NDRange((5, 7, 1)), 2),
        (NDRange((6, 4, 10), (2, 2, 5)), 3),
        (NDRange((1, 1, 9)), 3),
    ],
)
@pytest.mark.parametrize("device", ["hal", "guarded"])
def test_every_group_runs_once(request, load, e, device, ndrange, dims):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, increment(e))
    nx, ny, nz = ndrange.groups
    count = nx * ny * nz
    out = zeros(hal, 4 * count)
    assert hal.kernel_exec(program, kernel, ndrange, [buffer_arg(out)], dims)
    assert read(hal, out, count) == [1] * count
    assert sum(hal.retired) >= 16 * count


def test_many_slices_take_several_buffers(hal, load, e, monkeypatch):
    monkeypatch.setattr("kcc.device.hal.SLICES_PER_BUFFER", 10)
    spy = Spy(hal, monkeypatch)
    program, kernel = load(hal, increment(e))
    out = zeros(hal, 4 * 50)
    hal.counter_set_enabled(True)
    assert hal.kernel_exec(program, kernel, NDRange((2, 25, 1)), [buffer_arg(out)], 2)
    assert read(hal, out, 50) == [1] * 50
    assert len(spy.buffers) == 3
    assert [hal.counter_read(2, h) for h in range(4)] == list(hal.retired)
    assert SLICES_PER_BUFFER >= 4096


@pytest.mark.parametrize("size", [(0, 1, 1), (4, 0, 1), (0, 0, 0)])
def test_an_empty_range_runs_nothing(hal, load, e, size):
    program, kernel = load(hal, [0])
    assert hal.kernel_exec(program, kernel, NDRange(size), [], 3)
    assert hal.retired == (0, 0, 0, 0)


def test_arguments_arrive(hal, load, e):
    """kernel(p, char, local, double): copies 32 bytes of its arguments to p."""
    copy = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for at in range(0, 32, 8):
        copy += [e("ld", rd=T1, rs1=A0, imm12=at), e("sd", rs2=T1, rs1=T0, store12=at)]
    program, kernel = load(hal, [*copy, RET])
    out = hal.mem_alloc(32, 8)
    args = [buffer_arg(out), value_arg(b"\x7f"), local_arg(100), value_arg(struct.pack("<d", 2.5))]
    assert hal.kernel_exec(program, kernel, line(1), args, 1)
    data = bytearray(32)
    hal.mem_read(data, out, 32)
    assert struct.unpack("<QB7xQd", data) == (out, 0x7F, 100, 2.5)


def test_data_and_bss_live_as_long_as_the_program(hal, load, e):
    """kernel(p): p[0] = data++; p[1] = bss++"""
    words = [e("ld", rd=T0, rs1=A0, imm12=0)]
    for i in range(2):
        at = 0x1_0100 + 4 * i
        words += [
            e("lui", rd=T1, upper20=0x1_0000),
            e("lw", rd=T2, rs1=T1, imm12=at - 0x1_0000),
            e("sw", rs2=T2, rs1=T0, store12=4 * i),
            e("addi", rd=T2, rs1=T2, imm12=1),
            e("sw", rs2=T2, rs1=T1, store12=at - 0x1_0000),
        ]
    words.append(RET)
    size = sum(4 if w & 3 == 3 else 2 for w in words)
    data = bytes(0x100 - size) + (41).to_bytes(4, "little")
    program, kernel = load(hal, words, data=data, bss=64)
    out = hal.mem_alloc(8, 8)
    for launch in range(2):
        assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)
        assert read(hal, out, 2) == [41 + launch, launch]


def test_programs_take_turns(hal, load, e):
    """Two programs at the same address: code of the one before is never run."""
    one = load(hal, increment(e))
    two = load(hal, [RET])
    out = zeros(hal, 4)
    for program, kernel in (one, two, one, two):
        assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)
    assert read(hal, out, 1) == [2]


def test_printing(hal, printed, load, e):
    text = b"hello from the device\n"
    words = [
        e("addi", rd=17, rs1=0, imm12=1),
        e("lui", rd=A0, upper20=0x1_0000),
        e("addi", rd=A0, rs1=A0, imm12=20),
        e("ecall"),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]
    program, kernel = load(hal, words, data=text + b"\0")
    assert hal.kernel_exec(program, kernel, line(3), [], 1)
    assert printed == [text] * 3


@pytest.mark.parametrize(
    ("ndrange", "dims", "message"),
    [
        (line(10, 3), 1, "not a multiple"),
        (NDRange((4, 5, 1), (2, 2, 1)), 2, "not a multiple"),
        (line(4, 0), 1, "local size"),
        (line(4), 0, "0 dimensions"),
        (line(4), 4, "4 dimensions"),
        (NDRange((4, 4, 1)), 1, "dimension 1"),
        (NDRange((4, 1, 1), offset=(0, 0, 1)), 2, "dimension 2"),
        (NDRange((-4, 1, 1)), 1, "negative"),
        (line(1 << 32), 1, "work-groups"),
        (NDRange((1 << 64, 1, 1), (1 << 40, 1, 1)), 1, "64 bits"),
    ],
)
def test_launches_that_cannot_be(hal, load, ndrange, dims, message):
    program, kernel = load(hal, [RET])
    assert not hal.kernel_exec(program, kernel, ndrange, [], dims)
    assert message in hal.last_error


def test_bad_handles_and_arguments(hal, load, build_elf):
    program, kernel = load(hal, [RET])
    assert not hal.kernel_exec(99, kernel, line(1), [], 1)
    assert not hal.kernel_exec(program, 0, line(1), [], 1)
    assert not hal.kernel_exec(program, kernel, line(1), [value_arg(b"")], 1)
    assert "value" in hal.last_error
    assert hal.program_find_kernel(program, "nobody") == 0
    assert "'nobody'" in hal.last_error
    assert hal.program_find_kernel(99, "k") == 0
    assert hal.program_load(b"\x7fELF") == 0
    assert hal.program_load(build_elf([RET], {"k": 0}, base=0x9_0000_0000)) == 0
    assert "outside" in hal.last_error
    assert hal.program_free(program)
    assert not hal.program_free(program)
    assert not hal.kernel_exec(program, kernel, line(1), [], 1)


# -- faults ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "address"), [(400, 400), (399, 396), (4096, 4096)])
def test_an_overrun_faults_at_the_first_byte_outside(guarded, load, e, size, address):
    program, kernel = load(guarded, increment(e))
    below, out, above = (zeros(guarded, n) for n in (64, size, 64))
    launch = (program, kernel, line(2000), [buffer_arg(out)], 1)
    assert not guarded.kernel_exec(*launch)
    fault = guarded.last_fault
    # Four groups run at a time; the hart that faults first is whose turn comes first.
    assert out + address <= fault.address < out + address + 16
    assert fault.address % 4 == 0
    assert (fault.reason, fault.cause, fault.symbol) == (Reason.FAULT, 5, "k+0x30")
    assert fault.pc == 0x1_0030
    assert f"{size}-byte buffer at {out:#x}" in fault.near
    assert fault.message.startswith("kernel 'k': load access fault in k+0x30 (pc 0x10030), hart ")
    assert guarded.last_error == fault.message
    for other in (below, above):
        assert read(guarded, other, 16) == [0] * 16
    # The device goes on.
    assert guarded.kernel_exec(program, kernel, line(1), [buffer_arg(above)], 1)
    assert guarded.last_fault is None


def test_freed_memory_is_out_of_reach(guarded, load, e):
    program, kernel = load(guarded, increment(e))
    out = guarded.mem_alloc(64, 8)
    launch = (program, kernel, line(1), [buffer_arg(out)], 1)
    assert guarded.kernel_exec(*launch)
    assert guarded.mem_free(out)
    assert not guarded.kernel_exec(*launch)
    assert guarded.last_fault.address == out
    assert guarded.last_fault.near == "outside of every buffer"


def test_a_null_pointer_is_called_that(hal, load, e):
    program, kernel = load(hal, increment(e))
    assert not hal.kernel_exec(program, kernel, line(1), [buffer_arg(0)], 1)
    assert hal.last_error.endswith("address 0x0, a null pointer")


def test_dma_keeps_to_live_buffers_too(guarded, load, e):
    """kernel(src): a DMA of 64 bytes from src; src has 32."""
    words = [
        e("ld", rd=T0, rs1=A0, imm12=0),
        e("lui", rd=T1, upper20=0x2000_2000),
        e("sd", rs2=T0, rs1=T1, store12=0x18),
        e("lui", rd=T2, upper20=0x1000_0000),
        e("sd", rs2=T2, rs1=T1, store12=0x20),
        e("ld", rd=T2, rs1=A0, imm12=8),
        e("sd", rs2=T2, rs1=T1, store12=0x28),
        e("addi", rd=T2, rs1=0, imm12=0x11),
        e("sd", rs2=T2, rs1=T1, store12=0),
        RET,
    ]
    program, kernel = load(guarded, words)
    src = guarded.mem_alloc(32, 8)
    for size, works in ((32, True), (33, False)):
        args = [buffer_arg(src), value_arg(size.to_bytes(8, "little"))]
        assert guarded.kernel_exec(program, kernel, line(1), args, 1) == works
    assert guarded.last_fault.cause == 7
    assert f"DMA of 0x21 bytes at {src:#x}: no memory" in guarded.last_error


def test_small_numbers_are_no_pointers(hal, guarded, load, e):
    """Behind the program there is nothing; programs of other sizes come and go."""
    code = increment(e)
    for bss in (0, 400, 100):
        program, kernel = load(guarded, code, bss=bss)
        assert guarded.kernel_exec(program, kernel, line(1), [buffer_arg(zeros(guarded, 4))], 1)
        end = 0x1_0000 + 4 * len(code) + bss
        assert not guarded.kernel_exec(program, kernel, line(1), [buffer_arg(end)], 1)
        assert guarded.last_fault.address == end
    # Without guarding, the window is all there.
    program, kernel = load(hal, code)
    assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(0x2_0000)], 1)


def test_unguarded_memory_is_all_there(hal, load, e):
    program, kernel = load(hal, increment(e))
    out = hal.mem_alloc(4, 4096)
    assert hal.kernel_exec(program, kernel, line(1000), [buffer_arg(out)], 1)


@pytest.mark.parametrize(
    ("offset", "text"),
    [(-3, "3 bytes before"), (-1, "1 byte before"), (0, "0 bytes into"), (99, "99 bytes into"),
     (100, "just past the end of"), (116, "16 bytes past the end of")],
)  # fmt: skip
def test_addresses_are_described(guarded, offset, text):
    addr = guarded.mem_alloc(100, 64)
    guarded.mem_alloc(50, 64)
    text += f" the 100-byte buffer at {addr:#x}"
    assert guarded.describe_address(addr + offset) == text


def test_other_addresses_are_described(guarded):
    assert guarded.describe_address(0x5000_0000) == "outside of every buffer"
    assert guarded.describe_address(12) == "12 bytes past a null pointer"
    assert "stack" in guarded.describe_address(0x13FF_FFF8)


def test_guard_gives_way_when_memory_is_short(guarded):
    free = guarded.mem_alloc(0x7000_0000, 4096)
    assert free
    left = [guarded.mem_alloc(16 << 20, 4096) for _ in range(8)]
    assert not all(left)  # the ELF window and the gaps are in there as well
    assert guarded.mem_alloc(4096, 4096)
    assert guarded.mem_alloc(1 << 31, 8) == 0
    assert "cannot be allocated" in guarded.last_error


def test_the_instruction_limit_names_the_place(hal, load, e):
    program, kernel = load(hal, spin(e))
    hal.max_instructions = 50_000
    assert not hal.kernel_exec(program, kernel, line(1), [], 1)
    assert hal.last_fault.reason is Reason.LIMIT
    assert hal.last_fault.symbol == "k"
    assert "kernel 'k': the instruction limit" in hal.last_error


def test_the_instruction_limit_covers_all_slices(hal, load, e):
    program, kernel = load(hal, increment(e))
    out = hal.mem_alloc(400, 8)
    hal.max_instructions = 1000
    launch = (program, kernel, NDRange((1, 100, 1)), [buffer_arg(out)], 2)
    assert not hal.kernel_exec(*launch)
    assert 1000 <= sum(hal.retired) < 1100
    hal.max_instructions = 10_000
    assert hal.kernel_exec(*launch)


def test_an_interrupt_stops_the_kernel(hal, load, e):
    program, kernel = load(hal, spin(e))
    timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))

    def run():
        timer.start()
        hal.kernel_exec(program, kernel, line(1), [], 1)

    with pytest.raises(KeyboardInterrupt):
        run()
    timer.join()
    assert hal.kernel_exec(*load(hal, [RET]), line(1), [], 1)


def test_close_stops_a_kernel(load, e):
    hal = Hal.open()
    program, kernel = load(hal, spin(e))
    results = []
    thread = threading.Thread(
        target=lambda: results.append(hal.kernel_exec(program, kernel, line(1), [], 1))
    )
    thread.start()
    time.sleep(0.05)
    hal.close()
    thread.join()
    assert results == [False]
    hal.close()
    assert hal.mem_alloc(8, 8) == 0
    assert not hal.mem_write(0x4000_0000, b"x")
    assert hal.last_error == "the device has been closed"


# -- memory ----------------------------------------------------------------------------------------


def test_read_and_write(hal):
    addr = hal.mem_alloc(1000, 64)
    data = np.arange(250, dtype=np.uint32)
    assert hal.mem_write(addr, memoryview(data).cast("B"))
    got = np.zeros(250, np.uint32)
    assert hal.mem_read(memoryview(got).cast("B"), addr)
    assert np.array_equal(got, data)
    assert not hal.mem_write(0x3000_0000, b"x")
    assert not hal.mem_read(bytearray(1), 0)
    assert not hal.mem_free(addr + 8)
    assert hal.mem_free(addr)


def test_copy_within_the_device(hal):
    src, dst = hal.mem_alloc(1000, 8), hal.mem_alloc(1000, 8)
    hal.mem_write(src, bytes(range(250)) * 4)
    assert hal.mem_copy(dst, src, 999)
    got = bytearray(1000)
    hal.mem_read(got, dst)
    assert got == (bytes(range(250)) * 4)[:999] + b"\0"
    assert hal.mem_copy(dst, src, 0)
    assert not hal.mem_copy(dst, 0x3000_0000, 8)
    assert "0x30000000" in hal.last_error


@pytest.mark.parametrize(("pattern", "size"), [(1, 9), (3, 10), (4, 9999), (128, 5000), (5, 4)])
def test_fill_with_whole_patterns(hal, pattern, size):
    addr = zeros(hal, 10_100)
    data = bytes(range(1, pattern + 1))
    assert hal.mem_fill(addr, data, size)
    got = bytearray(size + 4)
    hal.mem_read(got, addr)
    whole = size // pattern * pattern
    assert got == data * (whole // pattern) + bytes(size + 4 - whole)
    assert not hal.mem_fill(addr, b"", 8)
    assert not hal.mem_fill(0x3000_0000, b"x", 8)


# -- counters --------------------------------------------------------------------------------------


def test_counters(hal, load, e):
    program, kernel = load(hal, increment(e))
    out = hal.mem_alloc(400, 8)
    launch = (program, kernel, line(100), [buffer_arg(out)], 1)
    assert hal.kernel_exec(*launch)
    assert hal.counter_read(2, 0) is None  # not enabled
    hal.counter_set_enabled(True)
    for _ in range(2):
        assert hal.kernel_exec(*launch)
        # 16 instructions of the kernel and 5 of the launch stub, 25 groups a hart.
        assert [hal.counter_read(2, h) for h in range(4)] == [21 * 25] * 4
        assert hal.counter_read(2, 0) is None  # reading takes it
        assert hal.counter_read(0, 1) == 21 * 25
        assert hal.counter_read(3, 0) == 0
        assert hal.counter_read(2, 4) is None
    hal.mem_write(out, bytes(40))
    assert (hal.counter_read(64), hal.counter_read(64)) == (40, None)
    hal.mem_read(bytearray(8), out)
    assert hal.counter_read(65) == 8
    hal.mem_fill(out, b"abc", 100)
    assert hal.counter_read(64) == 99


def test_eight_host_threads(hal, load, e):
    program, kernel = load(hal, increment(e))
    out = [zeros(hal, 40) for _ in range(8)]

    def work(n: int) -> None:
        for _ in range(5):
            assert hal.kernel_exec(program, kernel, line(10), [buffer_arg(out[n])], 1)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [read(hal, o, 10) for o in out] == [[5] * 10] * 8


def test_devices_do_not_share_memory(hal, guarded):
    a, b = hal.mem_alloc(8, 8), guarded.mem_alloc(8, 8)
    hal.mem_write(a, b"one 1234")
    guarded.mem_write(b, b"two 5678")
    got = bytearray(8)
    hal.mem_read(got, a)
    assert got == b"one 1234"


def test_numbers_out_of_range_are_refused(hal, load, e):
    program, kernel = load(hal, increment(e))
    for bad in (-1, 1 << 64):
        assert not hal.mem_copy(0x5000_0000, 0x5100_0000, bad)
        assert not hal.mem_copy(bad, 0x5100_0000, 8)
        assert not hal.kernel_exec(program, bad, NDRange((1, 1, 1)), b"", 1)
        assert not hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [buffer_arg(bad)], 1)
        assert not hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [local_arg(bad)], 1)
    assert not hal.kernel_exec(program, kernel, NDRange((0, 1, 1), (1 << 64, 1, 1)), b"", 1)
    assert not hal.mem_fill(0x5000_0000, b"ab", -5)


def test_a_forked_process_has_a_device_of_its_own(hal, load, e):
    program, kernel = load(hal, increment(e))
    buffer = hal.mem_alloc(4, 4)

    def launch() -> int:
        assert hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), [buffer_arg(buffer)], 1)
        data = bytearray(4)
        assert hal.mem_read(data, buffer)
        return int.from_bytes(data, "little")

    hal.mem_write(buffer, bytes(4))
    assert launch() == 1
    child = os.fork()
    if not child:
        signal.alarm(20)  # ends a child that waits for a thread it does not have
        os._exit(launch() + launch() if launch() == 2 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3 + 4
    assert launch() == 2


def test_a_closed_device_says_so(hal, load, e):
    program, kernel = load(hal, increment(e))
    hal.close()
    for attempt in (
        lambda: hal.mem_alloc(8, 8),
        lambda: hal.mem_free(0x5000_0000),
        lambda: hal.mem_copy(0x5000_0000, 0x5100_0000, 8),
        lambda: hal.kernel_exec(program, kernel, NDRange((1, 1, 1)), b"", 1),
    ):
        hal.last_error = ""
        assert not attempt()
        assert hal.last_error == "the device has been closed"
