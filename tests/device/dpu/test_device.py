"""The device alone: memories, calls of the environment, faults, programs that do not fit."""

from __future__ import annotations

import re
import struct
import threading
import time

import pytest

from dpu_by_hand import IRAM, MRAM, WRAM, program
from kcc.backend.encode import encode
from kcc.device.dpu.device import Checks, Dpu, Outcome
from kcc.device.sim.interface import BusError
from kcc.linker.elf import PHDR, ElfError, read_elf

WORDS = ".data; .globl a; a: .zero 256; .text\n"  # at WRAM 8


def run(
    body: str, tasklets: int = 1, limit: int | None = 1_000_000, checks: Checks = "off"
) -> tuple[Dpu, Outcome]:
    dpu = Dpu(checks)
    dpu.load(program(body, tasklets))
    return dpu, dpu.launch(limit)


def words(dpu: Dpu, addr: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", dpu.read(addr, 4 * count))


def test_each_tasklet_ends_with_its_value() -> None:
    _, outcome = run("me a0; addi a0, a0, -2; li a7, 0; ecall", 24)
    assert outcome.fault is None
    assert outcome.status == tuple(range(-2, 22))
    assert outcome.retired == 24 * 3


def test_mram_is_reached_by_dma_alone() -> None:
    body = (
        WORDS
        + """
        .section .mram, "aw"; m: .word 1, 2, 3, 4; .text
        lui s0, %hi(a); addi s0, s0, %lo(a); lui s1, 0x8000; li s2, 16
        dpu.ldma s0, s1, s2
        lw t0, 12(s0); addi t0, t0, 1; sw t0, 12(s0); addi s1, s1, 8; li s2, 8; addi s0, s0, 8
        dpu.sdma s0, s1, s2
        exit 0"""
    )
    dpu, outcome = run(body)
    assert outcome.status == (0,)
    assert words(dpu, 8, 4) == words(dpu, MRAM, 4) == (1, 2, 3, 5)
    assert dpu.launch().status == (0,)
    assert words(dpu, MRAM, 4) == (1, 2, 3, 6)  # memory stays between launches
    dpu.load(program(body))
    assert words(dpu, MRAM, 4) == (1, 2, 3, 4)
    assert words(dpu, 8, 4) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("body", "kind", "address", "message"),
    [
        (
            "lui t0, 0x8000; lw t1, 0(t0)",
            "memory",
            MRAM,
            r"load outside of WRAM at 0x8000000 \(MRAM",
        ),
        ("lui t0, 0x10; sb t1, 0(t0)", "memory", 0x10000, "store outside of WRAM at 0x10000 in"),
        ("lui t0, 0x80000; lw t1, 0(t0)", "memory", (1 << 64) - IRAM, "load outside"),
        ("li t0, 1; slli t0, t0, 31; lw t1, 0(t0)", "memory", IRAM, r"load outside .* \(IRAM\)"),
        ("li t0, 1; slli t0, t0, 31; sw t1, 0(t0)", "memory", IRAM, "store outside"),
        ("li t0, 6; lw t1, 0(t0)", "memory", 6, r"misaligned load at 0x6 \(WRAM\)"),
        ("li t0, 4; sd t1, 0(t0)", "memory", 4, "misaligned store"),
        ("li t0, 4; amoadd.d t1, t1, (t0)", "memory", 4, "misaligned store"),
        ("li t0, 8; jr t0", "memory", 8, "no code at 0x8"),
        ("ret", "memory", 0, "no code at 0x0"),
        ("li t0, 65532; li t2, 8; dpu.ldma t0, t1, t2", "dma", 0, "DMA fault: the range from 0x0"),
        ("lui t1, 0xbfff; li t2, 4096; add t1, t1, t2; dpu.ldma t0, t1, t2", "dma", 0xC000000, ""),
        (".word 0", "illegal", None, "illegal instruction"),
        ("ebreak", "illegal", None, "a breakpoint"),
        ("li a7, 6; ecall", "illegal", None, "a call that a DPU does not know"),
        ("resume 24", "illegal", None, "does not know"),
        ("counter 3", "illegal", None, "does not know"),
    ],
)
def test_what_hardware_refuses(body, kind, address, message) -> None:
    _, outcome = run(f"me t6; bnez t6, 1f; nop; {body}; 1: exit 3", 2)
    fault = outcome.fault
    assert (fault.kind, fault.address, fault.tasklet) == (kind, address, 0)
    assert fault.message.endswith("tasklet 0")
    if address != fault.pc and fault.pc >= IRAM:
        assert "in _start+" in fault.message
        assert fault.symbol.startswith("_start+")
    assert re.search(message, fault.message)


def test_a_fault_of_the_program_stops_all_tasklets() -> None:
    _, outcome = run("me t0; li t1, 2; beq t0, t1, 1f; 2: j 2b; 1: fault 4", 3)
    assert (outcome.fault.kind, outcome.fault.code, outcome.fault.tasklet) == ("program", 4, 2)
    assert "fault 4, halt() was called, in _start+" in outcome.fault.message
    assert outcome.status == (None, None, None)
    _, outcome = run("fault 77")
    assert "of no known meaning" in outcome.fault.message


@pytest.mark.parametrize("checks", ["off", "warn"])
def test_resumed_tasklets_go_on_and_early_resumes_count_once(checks: Checks) -> None:
    """Tasklet 1 resumes 0 twice before it stops; its second stop lasts until the third."""
    body = (
        WORDS
        + """
        me t0; bnez t0, 1f
        2: lw t1, 8(zero); beqz t1, 2b
        stop; li t1, 2; sw t1, 8(zero)
        stop; lw a0, 12(zero); li a7, 0; ecall
        1: resume 0; resume 0; li t1, 1; sw t1, 8(zero)
        3: lw t1, 8(zero); li t2, 2; bne t1, t2, 3b
        li t3, 30000; 4: addi t3, t3, -1; bnez t3, 4b
        li t1, 55; sw t1, 12(zero); resume 0; exit 1"""
    )
    assert run(body, 2, checks=checks)[1].status == (55, 1)


@pytest.mark.parametrize("checks", ["off", "warn"])
def test_waiting_for_a_lock_ends_when_it_is_clear(checks: Checks) -> None:
    """Counting under a lock, which every tasklet takes a hundred times."""
    body = (
        WORDS
        + """
        li s0, 100; li s1, 201
        1: dpu.tas t0, s1; beqz t0, 2f; mv a0, s1; li a7, 4; ecall; j 1b
        2: lw t1, 8(zero); li t2, 50; 3: addi t2, t2, -1; bnez t2, 3b
        addi t1, t1, 1; sw t1, 8(zero); dpu.clear s1; addi s0, s0, -1; bnez s0, 1b
        exit 0"""
    )
    for tasklets in (2, 24):
        dpu, outcome = run(body, tasklets, None, checks)
        assert outcome.fault is None
        assert words(dpu, 8, 1) == (100 * tasklets,)


@pytest.mark.parametrize("checks", ["off", "warn"])
def test_one_that_waits_goes_on_while_others_spin(checks: Checks) -> None:
    body = (
        WORDS
        + """
        me t0; li s1, 7; bnez t0, 1f
        dpu.tas t1, s1; li t1, 1; sw t1, 8(zero)
        li t3, 200000; 4: addi t3, t3, -1; bnez t3, 4b
        dpu.clear s1; 2: lw t1, 12(zero); beqz t1, 2b; exit 0
        1: lw t1, 8(zero); beqz t1, 1b; wait 7; li t1, 1; sw t1, 12(zero); exit 0"""
    )
    assert run(body, 2, checks=checks)[1].status == (0, 0)


@pytest.mark.parametrize("checks", ["off", "warn"])
def test_a_deadlock_names_each_tasklet_and_what_it_waits_for(checks: Checks) -> None:
    body = "me t0; li s1, 9; dpu.tas t1, s1; li t1, 2; beq t0, t1, 1f; bltu t0, t1, 2f; exit 0\n"
    _, outcome = run(body + "1: wait 9; j 1b; 2: stop; j 2b", 4, checks=checks)
    assert outcome.fault.kind == "deadlock"
    lines = outcome.fault.message.splitlines()
    assert lines[0] == "deadlock"
    assert [line.split(" in _start")[0] for line in lines[1:]] == [
        "  tasklet 0 waits to be resumed",
        "  tasklet 1 waits to be resumed",
        "  tasklet 2 waits for lock bit 9",
    ]
    assert outcome.status == (None, None, None, 0)


def test_counters_count_the_whole_device() -> None:
    _, outcome = run("counter 2; mv s0, a0; nop; nop; counter 1; sub a0, a0, s0; li a7, 0; ecall")
    assert outcome.status == (5,)  # mv, two nops, and the two of li


def test_a_run_ends_at_its_limit_and_says_where_it_was() -> None:
    dpu, outcome = run("1: j 1b", 2, limit=300_000)
    assert outcome.fault.kind == "limit"
    assert "tasklet 1 in _start (pc 0x80000000)" in outcome.fault.message
    assert 300_000 <= outcome.retired < 310_000
    timer = threading.Timer(0.05, dpu.stop)
    timer.start()
    assert dpu.launch().fault.kind == "stopped"


def test_a_launch_begins_with_clear_lock_bits_and_zeros_where_asked() -> None:
    body = (
        WORDS
        + """
        .globl __sys_launch_zero, __sys_launch_zero_end
        .set __sys_launch_zero, 12; .set __sys_launch_zero_end, 16
        li s1, 77; dpu.tas a0, s1; lw t0, 8(zero); lw t1, 12(zero); add a0, a0, t1
        addi t0, t0, 1; sw t0, 8(zero); sw t0, 12(zero); li a7, 0; ecall"""
    )
    dpu, outcome = run(body)
    assert [outcome.status, dpu.launch().status] == [(0,), (0,)]
    assert words(dpu, 8, 2) == (2, 2)


def test_a_launch_begins_with_registers_as_after_power_on() -> None:
    """Whatever the one before has left, the rounding mode included."""
    dpu, outcome = run(
        "fcvt.s.w ft0, s1; frrm a0; or a0, a0, s1; fsrmi 1; li s1, 4; li a7, 0; ecall"
    )
    assert [outcome.status, dpu.launch().status, dpu.launch().status] == [(0,)] * 3


def test_nothing_changes_under_a_program_that_runs() -> None:
    dpu = Dpu()
    dpu.load(program("li t0, 1; sw t0, 12(zero); 1: lw t0, 8(zero); beqz t0, 1b; exit 7"))
    ended: list[Outcome] = []
    thread = threading.Thread(target=lambda: ended.append(dpu.launch()))
    thread.start()
    while not any(dpu.read(12, 4)):
        time.sleep(0.001)
    with pytest.raises(RuntimeError, match="running"):
        dpu.load(program("exit 3"))
    with pytest.raises(RuntimeError, match="running"):
        dpu.launch()
    dpu.write(8, b"\1")
    thread.join()
    assert ended[0].status == (7,)


def test_ranges_of_memory_lie_in_one() -> None:
    dpu = Dpu()
    dpu.write(WRAM + 65532, b"abcd")
    assert dpu.read(65532, 4) == b"abcd"
    dpu.write(MRAM + (64 << 20) - 8, bytes(range(8)))
    assert dpu.read(MRAM + (64 << 20) - 8, 8) == bytes(range(8))
    for addr, size in (
        (65532, 8),
        (65536, 0),
        (MRAM - 1, 1),
        (IRAM + 32768 - 4, 8),
        (-4, 4),
        (8, -1),
    ):
        with pytest.raises(BusError):
            dpu.read(addr, size)
    with pytest.raises(RuntimeError, match="no program"):
        dpu.launch()


def test_code_that_the_host_writes_is_run() -> None:
    dpu = Dpu()
    dpu.load(program("exit 3"))
    assert dpu.launch().status == (3,)
    assert dpu.read(IRAM, 2) == encode("c.li", cd=10, ci6=3).to_bytes(2, "little")
    dpu.write(IRAM, encode("c.li", cd=10, ci6=4).to_bytes(2, "little"))
    assert dpu.launch().status == (4,)


def test_dpus_share_what_is_translated_but_not_what_is_not_theirs() -> None:
    """Of three that have loaded the same, one has other code, and one another rounding mode."""
    body = """lw t0, 8(zero); fsrm t0; li t1, 3; fcvt.s.w ft0, t1; li t1, 2; fcvt.s.w ft1, t1
        fdiv.s ft0, ft0, ft1; fcvt.w.s a0, ft0; call 1f; addi a0, a0, 1; li a7, 0; ecall
        1: addi a0, a0, 16; ret"""
    dpus = [Dpu() for _ in range(3)]
    for dpu in dpus:
        dpu.load(program(body, 4))
    assert dpus[0].launch().status == (19,) * 4  # 1.5, to even: 2
    old, new = (encode("c.addi", cd_n0=10, ci6=n).to_bytes(2, "little") for n in (16, 8))
    dpus[1].write(IRAM, dpus[1].read(IRAM, 256).replace(old, new))
    dpus[2].write(8, (1).to_bytes(4, "little"))  # towards zero
    assert [dpu.launch().status[0] for dpu in dpus] == [19, 11, 18]
    assert [dpu.launch().status[3] for dpu in reversed(dpus)] == [18, 11, 19]


def changed(data: bytes, **fields: int) -> bytes:
    """With fields of the first segment changed."""
    at = read_elf(data).header.phoff
    raw = PHDR.pack(PHDR.read(data, at)._replace(**fields))
    return data[:at] + raw + data[at + len(raw) :]


def test_programs_that_do_not_fit_are_refused() -> None:
    good = program(WORDS + "exit 0")
    head = bytearray(good)
    head[24:32] = (8).to_bytes(8, "little")  # the entry
    bad = {
        "in none of a DPU's": changed(good, vaddr=65536 - 8, paddr=65536 - 8),
        "none of a DPU's": changed(good, memsz=1 << 20),
        "no place for code": bytes(head),
        "NR_TASKLETS is 25": program("exit 0", 25),
        "NR_TASKLETS is 0": program("exit 0", 0),
        "not an ELF": b"hello",
    }
    dpu = Dpu()
    dpu.load(good)
    for message, data in bad.items():
        with pytest.raises(ElfError, match=message):
            dpu.load(data)
    assert dpu.launch().status == (0,)
