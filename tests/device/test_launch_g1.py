"""Launches on the G1: what its harts find, which groups they run, and what can go wrong."""

from __future__ import annotations

import random
import struct

import pytest

from hand_kernels import (
    A0,
    A1,
    RET,
    T0,
    T1,
    copies_within,
    found_state,
    group_linear,
    increment,
    line,
    read,
    spin,
    zeros,
)
from kcc.device import refsi
from kcc.device.args import buffer_arg, local_arg
from kcc.device.launch import NDRange
from kcc.device.sim.interface import Reason
from kcc.device.soc.memory import hart_unit
from kcc.ir.abi import EXEC_STATE, EXEC_STATE_MAGIC, EXEC_STATE_SIZE, pack_record

STATE = 0x2080_0000


def test_device_info(g1):
    info = g1.info
    assert (info.name, info.global_memory_avail) == ("RefSi G1 RV64", 0x7F00_0000)
    assert (info.shared_local_memory_size, info.vlen, info.num_counters) == (0x4_0000, 128, 4)
    assert (info.abi, info.word_size, info.max_workgroup_size) == (4, 64, 1024)


def test_execution_state(g1, load, e):
    fields, kernel = found_state(g1, load, e, NDRange((6, 4, 1), (6, 2, 1), (5, 6, 0)), 2)
    wanted = {
        "group_id": (0, 1, 0), "num_groups": (1, 2, 1), "global_offset": (5, 6, 0),
        "local_size": (6, 2, 1), "num_dim": (2,), "last_size": (0, 0, 0),
        "hal_extra": (STATE,), "local_id": (0, 0, 0), "kernel_entry": (kernel,),
        "magic": (0x6953_6552,), "state_size": (192,), "flags": (1,), "next_xfer_id": (0,),
        "thread_id": (1,), "num_threads": (2,),
    }  # fmt: skip
    assert {name: fields[name] for name in wanted} == wanted
    assert fields["packed_args"][0] % 128 == 0


@pytest.mark.parametrize(
    ("groups", "by_hart_1"),
    [(1, []), (2, [1]), (7, [3, 4, 5]), (8, [4, 5, 6, 7])],
)
def test_groups_are_dealt_out(g1, load, e, groups, by_hart_1):
    """kernel(p): p[group] = thread_id + 1"""
    words = [
        *group_linear(e),
        e("ld", rd=T1, rs1=A0, imm12=0),
        e("slli", rd=T0, rs1=T0, shamt6=2),
        e("add", rd=T0, rs1=T0, rs2=T1),
        e("lw", rd=T1, rs1=A1, imm12=EXEC_STATE["thread_id"].offset),
        e("addi", rd=T1, rs1=T1, imm12=1),
        e("sw", rs2=T1, rs1=T0, store12=0),
        RET,
    ]
    program, kernel = load(g1, words)
    out = zeros(g1, 4 * groups)
    assert g1.kernel_exec(program, kernel, line(groups), [buffer_arg(out)], 1)
    assert read(g1, out, groups) == [2 if i in by_hart_1 else 1 for i in range(groups)]
    assert len(g1.retired) == 2


def test_kernels_print_in_turns(g1, printed, load, e):
    """Each group prints a letter of its own; a call ends its hart's turn."""
    text = b"".join(bytes([c, 0]) for c in b"abcdefgh")
    words = [
        *group_linear(e),
        e("slli", rd=T0, rs1=T0, shamt6=1),
        e("addi", rd=17, rs1=0, imm12=1),
        e("lui", rd=A0, upper20=0x1_0000),
        e("add", rd=A0, rs1=A0, rs2=T0),
        e("addi", rd=A0, rs1=A0, imm12=0x100),
        e("ecall"),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]
    program, kernel = load(g1, words, data=bytes(0x100 - 4 * len(words)) + text)
    assert g1.kernel_exec(program, kernel, line(8), [], 1)
    assert b"".join(printed) == b"aebfcgdh"


def test_a_fault_names_kernel_pc_hart_and_address(g1_guarded, load, e):
    program, kernel = load(g1_guarded, increment(e))
    out, above = (zeros(g1_guarded, 400) for _ in range(2))
    assert not g1_guarded.kernel_exec(program, kernel, line(300), [buffer_arg(out)], 1)
    fault = g1_guarded.last_fault
    assert (fault.reason, fault.cause, fault.symbol) == (Reason.FAULT, 5, "k+0x30")
    assert (fault.hart, fault.address) == (0, out + 400)
    assert fault.message == (
        "kernel 'k': load access fault in k+0x30 (pc 0x10030), hart 0: "
        f"address {out + 400:#x}, just past the end of the 400-byte buffer at {out:#x}"
    )
    assert g1_guarded.work_group(0).group_id == (100, 0, 0)
    assert read(g1_guarded, above, 10) == [0] * 10
    assert g1_guarded.kernel_exec(program, kernel, line(100), [buffer_arg(above)], 1)
    assert g1_guarded.last_fault is None
    assert "stack" in g1_guarded.describe_address(STATE - 8)


def test_the_limit_covers_all_harts(g1, load, e):
    program, kernel = load(g1, spin(e))
    g1.max_instructions = 50_000
    assert not g1.kernel_exec(program, kernel, line(2), [], 1)
    assert g1.last_fault.reason is Reason.LIMIT
    assert 50_000 <= sum(g1.retired) < 60_000


def test_counters_are_raw(g1, load, e):
    program, kernel = load(g1, [RET])
    g1.counter_set_enabled(True)
    for _ in range(2):
        assert g1.kernel_exec(program, kernel, line(2), [], 1)
        assert [g1.counter_read(2, hart) for hart in range(2)] == list(g1.retired)
        assert g1.counter_read(0, 1) == g1.retired[1]
        assert g1.counter_read(2, 2) is None
    assert g1.kernel_exec(program, kernel, line(1), [], 1)
    assert 60 < g1.counter_read(2, 1) < 150  # a hart with nothing to do but boot


def test_an_empty_range_runs_nothing(g1, load):
    program, kernel = load(g1, [0])
    assert g1.kernel_exec(program, kernel, NDRange((4, 0, 1)), [], 3)


def test_copy_is_done_by_the_host(g1):
    copies_within(g1)


def test_the_rom_wants_an_execution_state(g1, printed):
    """Started by the driver, without one, or with one of another size."""
    device = g1.device
    assert refsi.refsiExecuteKernel(device, 0, 1) == refsi.refsi_failure
    state = struct.pack("<II", EXEC_STATE_MAGIC, 128)
    assert device.write(STATE + EXEC_STATE["magic"].offset, state, hart_unit(0))
    assert refsi.refsiExecuteKernel(device, 0, 1) == refsi.refsi_failure
    assert printed == [b"error: a hart has no execution state to start from\n"] * 2
    assert refsi.last_error(device).error == "error: the program exited with code -1"


def test_the_driver_alone_can_launch(g1, load, e):
    """An execution state by hand, as RefSi fills it: nothing is said of how many harts share."""
    program, kernel = load(g1, increment(e))
    out, args = zeros(g1, 4 * 5), g1.mem_alloc(8, 8)
    assert g1.kernel_exec(program, kernel, line(1), [buffer_arg(out)], 1)  # uploads the program
    g1.mem_write(args, out.to_bytes(8, "little"))
    for hart in range(2):
        state = pack_record(
            EXEC_STATE, EXEC_STATE_SIZE, num_groups=(5, 1, 1), local_size=(1, 1, 1), num_dim=1,
            kernel_entry=kernel, packed_args=args, magic=EXEC_STATE_MAGIC,
            state_size=EXEC_STATE_SIZE, flags=1, thread_id=hart,
        )  # fmt: skip
        assert g1.device.write(STATE, state, hart_unit(hart))
    assert refsi.refsiExecuteKernel(g1.device, kernel, 2) == refsi.refsi_success
    assert read(g1, out, 5) == [2, 1, 1, 1, 1]


def test_too_many_groups_to_count(g1, load):
    program, kernel = load(g1, [RET])
    most = (1 << 32) - 1
    assert not g1.kernel_exec(program, kernel, NDRange((most, most, 2)), [], 3)
    assert "work-groups" in g1.last_error


def test_no_execution_state_harms_the_host(g1_guarded, load, e):
    """Whatever is in it, a run ends with a status; then the next launch is as good as any."""
    program, kernel = load(g1_guarded, increment(e))
    out = zeros(g1_guarded, 4)
    launch = (program, kernel, line(1), [buffer_arg(out)], 1)
    assert g1_guarded.kernel_exec(*launch)
    rng = random.Random(5)
    words = [0, 1, 3, kernel, kernel + 2, 0x1000, STATE, out, (1 << 63) + 1, (1 << 64) - 1]
    seen = set()
    for _ in range(60):
        harts = rng.choice((1, 2, 3))
        for hart in range(harts):
            state = pack_record(
                EXEC_STATE, EXEC_STATE_SIZE,
                **{name: tuple(rng.choices(words, k=3)) for name in ("num_groups", "local_size")},
                **{name: rng.choice(words) for name in ("kernel_entry", "packed_args")},
                **{name: rng.choice((0, 1, 2, 7, 1 << 31)) for name in ("flags", "thread_id")},
                num_threads=rng.choice((0, 1, 3, (1 << 32) - 1)),
                magic=EXEC_STATE_MAGIC, state_size=EXEC_STATE_SIZE,
            )  # fmt: skip
            assert g1_guarded.device.write(STATE, state, hart_unit(hart))
        status = g1_guarded.device.execute(harts, 2000)
        seen.add(status.result.reason)
    assert {Reason.FAULT, Reason.LIMIT, Reason.FINISHED} <= seen
    before = read(g1_guarded, out, 1)[0]
    assert g1_guarded.kernel_exec(*launch)
    assert read(g1_guarded, out, 1) == [before + 1]


def test_kernels_that_nothing_describes_run_by_items_when_told(g1, hal, load, e):
    """kernel(p, local a, local b): p[2 * thread] = a, p[2 * thread + 1] = b"""
    words = [
        e("lw", rd=T1, rs1=A1, imm12=EXEC_STATE["thread_id"].offset),
        e("slli", rd=T1, rs1=T1, shamt6=3),
        e("ld", rd=T0, rs1=A0, imm12=0),
        e("add", rd=T0, rs1=T0, rs2=T1),
    ]
    for i in range(2):
        words += [e("ld", rd=T1, rs1=A0, imm12=8 + 8 * i), e("sw", rs2=T1, rs1=T0, store12=4 * i)]
    program, kernel = load(g1, [*words, RET])
    out = zeros(g1, 64)
    args = [buffer_arg(out), local_arg(100), local_arg(4)]
    assert g1.kernel_exec(program, kernel, line(18, 6), args, 1, by_items=True)
    assert len(g1.retired) == 6
    assert read(g1, out, 14) == [0x1000_0000, 0x1000_0080] * 6 + [0, 0]
    assert not g1.kernel_exec(program, kernel, line(65, 65), args, 1, by_items=True)
    assert g1.last_error == "a work-group of 65 work-items; at most 64"
    too_much = [buffer_arg(out), local_arg(1), local_arg(2 << 20)]
    assert not g1.kernel_exec(program, kernel, line(2, 2), too_much, 1, by_items=True)
    assert g1.last_error.endswith("2097152 bytes of local memory, 2097024 free")
    program, kernel = load(hal, [RET])
    assert not hal.kernel_exec(program, kernel, line(1), [], 1, by_items=True)
    assert hal.last_error == "this device's harts run work-groups"
