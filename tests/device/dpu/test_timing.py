"""The model of time: issue spacing, one engine for transfers, and order by it."""

from __future__ import annotations

import pytest

from dpu_by_hand import program
from kcc.device.dpu.device import Dpu, Outcome
from kcc.device.dpu.timing import transfer_cycles
from kcc.device.sim.interface import Told

LOOP = "li s0, 3000; 1: addi s0, s0, -1; bnez s0, 1b; exit 0"
# Cycles of a read and of a write, by bytes; measured on real ones (arXiv 2105.03814).
TRANSFERS = {
    8: (81, 65), 128: (141, 125), 256: (205, 189), 512: (333, 317), 1024: (589, 573),
    2048: (1101, 1085),
}  # fmt: skip


def run(body: str, tasklets: int = 1, *, limit: int | None = 10_000_000) -> Outcome:
    dpu = Dpu(timing=True)
    dpu.load(program(body, tasklets))
    return dpu.launch(limit)


@pytest.mark.parametrize("tasklets", [1, 2, 11, 16, 24])
def test_eleven_tasklets_saturate_the_pipeline(tasklets: int) -> None:
    outcome = run(LOOP, tasklets)
    assert outcome.fault is None
    assert outcome.retired == 6004 * tasklets
    assert outcome.cycles == 6004 * max(11, tasklets)


def test_transfers_take_what_they_take_on_real_ones() -> None:
    for size, expected in TRANSFERS.items():
        got = (transfer_cycles(Told.LDMA, size), transfer_cycles(Told.SDMA, size))
        assert got == expected
    assert transfer_cycles(Told.LDMA, 0) == 1101  # sizes as the engine takes them
    body = """lui s1, 0x8000; li s0, 8; li s2, 512; counter 1; mv s3, a0
        dpu.ldma s0, s1, s2; dpu.sdma s0, s1, s2
        counter 1; sub a0, a0, s3; li a7, 0; ecall"""
    # Besides the transfers: mv, the two of them, and two li.
    assert run(body).status == (333 + 317 + 5 * 11,)


@pytest.mark.parametrize("tasklets", [1, 2, 8])
def test_one_engine_serves_all_tasklets(tasklets: int) -> None:
    """Two keep it busy: one issues while the other's bytes move."""
    body = """lui s1, 0x8000; li s0, 8; li s2, 1024; li s3, 40
        1: dpu.ldma s0, s1, s2; addi s3, s3, -1; bnez s3, 1b; exit 0"""
    outcome = run(body, tasklets)
    assert outcome.cycles is not None
    if tasklets == 1:
        assert outcome.cycles == 40 * 589 + 11 * outcome.retired
    else:
        assert 40 * 589 * tasklets < outcome.cycles < 40 * 589 * tasklets + 200


def test_others_compute_while_one_transfers() -> None:
    body = """me t0; bnez t0, 2f; lui s1, 0x8000; li s0, 8; li s2, 2048; li s3, 20
        1: dpu.ldma s0, s1, s2; addi s3, s3, -1; bnez s3, 1b; exit 0
        2: li s0, 900; 3: addi s0, s0, -1; bnez s0, 3b; exit 0"""
    assert run(body, 2).cycles == run(body, 1).cycles


def test_locks_and_resumes_are_in_the_order_of_time() -> None:
    """The tasklet that comes to the lock first has it, though it is not the first to run."""
    body = """.data; a: .word 0; .text
        me t0; li t1, 3; sub t1, t1, t0; slli t1, t1, 7
        1: addi t1, t1, -1; bgez t1, 1b
        li s1, 7; 2: dpu.tas t2, s1; beqz t2, 3f; wait 7; j 2b
        3: lw a0, 8(zero); addi t3, a0, 1; sw t3, 8(zero)
        li t1, 500; 4: addi t1, t1, -1; bgez t1, 4b
        dpu.clear s1; li a7, 0; ecall"""
    assert run(body, 4).status == (3, 2, 1, 0)


def test_runs_that_do_not_finish_say_so() -> None:
    fault = run("me t0; bnez t0, 1f; stop; 1: exit 0", 3).fault
    assert fault is not None
    assert fault.message.startswith("deadlock\n  tasklet 0 waits to be resumed in _start+")
    fault = run("1: j 1b", 3, limit=50_000).fault
    assert fault is not None
    assert fault.kind == "limit"
    spins = ".data; a: .word 0; .text; me t0; bnez t0, 1f; 2: lw t1, 8(zero); beqz t1, 2b; exit 5\n"
    outcome = run(spins + "1: li t1, 1; sw t1, 8(zero); exit 6", 2)
    assert outcome.status == (5, 6)


def test_runs_repeat() -> None:
    body = """lui s1, 0x8000; li s0, 8; li s2, 64; li s3, 20; me s5; slli s5, s5, 4; li s6, 9
        1: dpu.ldma s0, s1, s2; dpu.tas t0, s6; mv t1, s5; 2: addi t1, t1, -1; bgez t1, 2b
        dpu.clear s6; addi s3, s3, -1; bnez s3, 1b; counter 1; li a7, 0; ecall"""
    assert run(body, 11) == run(body, 11)
