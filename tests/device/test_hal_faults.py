"""What goes wrong in a launch, and how the HAL tells: faults, guarding, limits, interrupts."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from hand_kernels import A0, RET, T0, T1, T2, increment, line, read, spin, zeros
from kcc.device.args import buffer_arg, value_arg
from kcc.device.hal import Hal
from kcc.device.launch import NDRange
from kcc.device.profile import named_profile
from kcc.device.sim.interface import Reason
from kcc.device.soc.harts import Harts


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


@pytest.mark.parametrize("device", ["hal", "g1"])
@pytest.mark.usefixtures("no_collections")
def test_an_interrupt_stops_the_kernel(request, load, e, device):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, spin(e))
    timer = threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT))

    def run():
        timer.start()
        hal.kernel_exec(program, kernel, line(1), [], 1)

    with pytest.raises(KeyboardInterrupt):
        run()
    timer.join()
    assert hal.kernel_exec(*load(hal, [RET]), line(1), [], 1)


@pytest.mark.parametrize("name", ["m1", "g1"])
def test_close_stops_a_kernel(load, e, name):
    hal = Hal.open(named_profile(name))
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


@pytest.mark.parametrize("device", ["guarded", "g1_guarded"])
def test_a_launch_like_the_last_one_shows_harts_nothing_new(request, load, e, monkeypatch, device):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, increment(e))
    out = zeros(hal, 4)
    launch = (program, kernel, line(1), [buffer_arg(out)], 1)
    assert hal.kernel_exec(*launch)
    shown = []
    monkeypatch.setattr(Harts, "map", lambda _harts, mapping: shown.append(mapping))
    assert hal.kernel_exec(*launch)
    assert not shown
    assert read(hal, out, 1) == [2]


@pytest.mark.parametrize("device", ["guarded", "g1_guarded"])
def test_what_launches_keep_is_given_back_for_large_buffers(request, load, e, device):
    hal = request.getfixturevalue(device)
    program, kernel = load(hal, increment(e))
    large = next(n for n in range(1 << 31, 0, -(1 << 22)) if free_again(hal, n))
    half = hal.mem_alloc(large // 2, 8)
    launch = (program, kernel, line(1), [buffer_arg(half)], 1)
    assert hal.kernel_exec(*launch)  # keeps memory below
    assert hal.mem_free(half)
    assert free_again(hal, large)
    out = zeros(hal, 4)
    assert hal.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)


def free_again(hal, size):
    addr = hal.mem_alloc(size, 8)
    return bool(addr) and hal.mem_free(addr)
