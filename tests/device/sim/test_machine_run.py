"""Launches: instances, groups, turns, limits, and what harts carry over."""

from __future__ import annotations

import threading
import time

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.isa_string import extensions_of, vlen_of
from kcc.device.sim.machine import TURN, HartStart, Machine, Reason
from snippets import LOOP_1000, NOTE_HART, RET, SPIN

BASE, RETURN, DATA = 0x4000_0000, 0x8000, 0x4004_0000


def lui(rd: int, value: int) -> int:
    return e("lui", rd=rd, upper20=value)


def test_loop_of_1000_retires_2002(bench):
    result = bench.run(LOOP_1000)
    assert result.reason is Reason.FINISHED
    assert result.retired == (2002,)
    assert bench.machine.read_csr(0, 0xB00) == bench.machine.read_csr(0, 0xB02) == 2002


def test_a_seed_draws_turns_that_repeat(make_bench):
    """Harts note who had the turn before them; another seed gives another order."""
    code = [
        lui(5, DATA),
        e("csrrs", rd=6, csr=0xF14, rs1=0),
        e("addi", rd=7, rs1=0, imm12=200),
        e("lw", rd=8, rs1=5, imm12=0),
        e("sw", rs2=6, rs1=5, store12=0),
        e("slli", rd=9, rs1=9, shamt6=1),
        e("add", rd=9, rs1=9, rs2=8),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-20),
        RET,
    ]

    def order(seed):
        b = make_bench(2, quantum=40, seed=seed)
        assert b.run(code, harts=2, count=2).ok
        return b.machine.read_x(0, 9), b.machine.read_x(1, 9)

    orders = [order(seed) for seed in (None, None, 1, 1, 2, 2)]
    assert orders[::2] == orders[1::2]
    assert len(set(orders)) == 3


def test_a_jump_to_the_next_instruction_counts_once(bench):
    """And so does what follows it in its block."""
    nop = e("addi", rd=5, rs1=5, imm12=1)
    jump = e("jal", rd=0, jump21=4)
    assert bench.run([nop, jump, nop, nop, jump, 0xA009, nop, RET]).retired == (8,)
    assert bench.machine.read_x(0, 5) == 4


@pytest.mark.parametrize("quantum", [1, 7, 100, 5000])
def test_turn_length_does_not_change_counts(make_bench, quantum):
    b = make_bench(2, quantum=quantum)
    assert b.run(LOOP_1000, harts=2, count=5).retired == (6006, 4004)


def test_start_values_and_carried_registers(bench):
    bench.run(
        [
            lui(5, DATA),
            *(e("sd", rs2=r, rs1=5, store12=8 * r) for r in (1, 2, 10, 11, 12, 17, 20)),
            e("addi", rd=20, rs1=20, imm12=1),
            RET,
        ],
        args=tuple(range(101, 108)),
        first=7,
        count=3,
    )
    saved = {r: bench.word(DATA + 8 * r) for r in (1, 2, 10, 11, 12, 17, 20)}
    top = BASE + (1 << 20)
    assert saved == {1: RETURN, 2: top, 10: 9, 11: 101, 12: 102, 17: 107, 20: 2}
    assert bench.machine.read_x(0, 20) == 3


def test_instances_go_to_harts_in_groups(make_bench):
    b = make_bench(4)
    result = b.run(NOTE_HART, harts=4, count=10)
    assert result.retired == (21, 21, 14, 14)
    assert [b.word(DATA + 8 * i) for i in range(11)] == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 0]


def test_harts_may_have_numbers_of_another_kind(make_bench):
    b = make_bench(4)
    b.machine.number_harts((0, 0, 7, 7))
    b.machine.reset()  # which they survive
    assert b.run(NOTE_HART, harts=4, count=4).ok
    assert [b.word(DATA + 8 * i) for i in range(4)] == [1, 1, 8, 8]


def test_a_million_instances_stay_on_the_host(bench):
    assert bench.run([RET], count=1_000_000).retired == (1_000_000,)


def test_no_instances_is_a_finished_run(bench):
    result = bench.run([RET], count=0)
    assert result.ok
    assert result.retired == (0,)


def test_spinning_hart_lets_the_other_run(make_bench):
    b = make_bench(2)
    # Instance 0 waits for a flag that instance 1 sets.
    result = b.run(
        [
            lui(5, DATA),
            e("bne", rs1=10, rs2=0, branch13=16),
            e("lw", rd=6, rs1=5, imm12=0),
            e("beq", rs1=6, rs2=0, branch13=-4),
            RET,
            e("addi", rd=6, rs1=0, imm12=1),
            e("sw", rs2=6, rs1=5, store12=0),
            RET,
        ],
        harts=2,
        count=2,
        limit=1_000_000,
    )
    assert result.ok
    assert result.retired[1] == 5
    assert TURN <= result.retired[0] <= TURN + 10


def test_interleaving_is_the_same_cold_warm_and_again(make_bench, tmp_path):
    # Two harts increment one cell without atomics and log what they read: any other
    # interleaving gives another log.
    code = [
        lui(5, DATA),
        e("slli", rd=6, rs1=10, shamt6=13),
        e("add", rd=6, rs1=6, rs2=5),
        e("addi", rd=7, rs1=0, imm12=500),
        e("lw", rd=8, rs1=5, imm12=0),
        e("addi", rd=8, rs1=8, imm12=1),
        e("sw", rs2=8, rs1=5, store12=0),
        e("sw", rs2=8, rs1=6, store12=8),
        e("addi", rd=6, rs1=6, imm12=4),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-24),
        RET,
    ]
    logs = set()
    for _ in range(2):
        b = make_bench(3, quantum=23, cache_dir=tmp_path)
        for _ in range(2):
            b.memory[0x4_0000:0x5_0000] = bytes(0x1_0000)
            assert b.run(code, harts=3, count=3).ok
            logs.add(b.memory[0x4_0000:0x5_0000])
    assert len(logs) == 1


@pytest.mark.parametrize("code", [[SPIN], [0x0001, e("jal", rd=0, jump21=-2)]])
def test_limit_ends_an_endless_loop(bench, code):
    result = bench.run(code, limit=100_000)
    assert result.reason is Reason.LIMIT
    assert 100_000 <= result.retired[0] <= 100_010
    assert BASE <= result.pcs[0] <= BASE + 2


def test_limit_that_suffices_is_not_reached(bench):
    assert bench.run(LOOP_1000, limit=2002).ok
    assert bench.run(LOOP_1000, limit=1900).reason is Reason.LIMIT
    assert bench.run(LOOP_1000, limit=0).reason is Reason.LIMIT


def test_stop_from_another_thread(bench):
    timer = threading.Timer(0.05, bench.machine.stop)
    timer.start()
    assert bench.run([SPIN]).reason is Reason.STOPPED
    timer.join()
    assert bench.run(LOOP_1000).ok  # the machine is as good as new


@pytest.mark.usefixtures("no_collections")
def test_interrupt_reaches_the_main_thread(bench):
    def interrupt() -> None:
        time.sleep(0.05)
        import signal

        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)

    def run() -> None:
        thread.start()
        bench.run([SPIN])

    with pytest.raises(KeyboardInterrupt):
        run()
    thread.join()
    assert bench.run(LOOP_1000).ok


def test_one_run_at_a_time(bench):
    def meddle(view):
        with pytest.raises(RuntimeError):
            bench.machine.map_ram(0x1000, 8, memoryview(bytearray(8)))
        with pytest.raises(RuntimeError):
            bench.run([RET])
        raise ZeroDivisionError  # what a handler raises comes out

    with pytest.raises(ZeroDivisionError):
        bench.run([e("ecall")], ecall=meddle)
    assert bench.run(LOOP_1000).ok


def test_bad_starts():
    machine = Machine(1)
    rest = {"entry": 0, "return_addr": 0, "first": 0, "count": 1, "limit": None, "ecall": None}
    with pytest.raises(ValueError):
        machine.begin_instances([], **rest).result()
    with pytest.raises(ValueError):
        machine.begin_instances([HartStart(0)] * 2, **rest).result()
    with pytest.raises(ValueError):
        machine.begin_instances([HartStart(0, (0,) * 8)], **rest).result()
    with pytest.raises(ValueError):
        Machine(0)


@pytest.mark.parametrize("arch", ["rv32i", "rv64x", "rv64gch", "rv64gc_zvkb", "", "x86"])
def test_unknown_isa_strings(arch):
    with pytest.raises(ValueError, match=r"ISA string|extension"):
        Machine(1, arch=arch)


@pytest.mark.parametrize("arch", ["rv64gc_zvl256b", "rv64gcv_zvl2048b", "rv64gcv_zvl192b"])
def test_vector_lengths_there_are_not(arch):
    with pytest.raises(ValueError, match="vector"):
        Machine(1, arch=arch)


def test_what_an_isa_string_implies():
    assert extensions_of("rv64ic_zvfh") >= {"V", "D", "F", "Zfh", "Zvfh"}
    assert [vlen_of(f"rv64{s}") for s in ("gc", "gcv", "gcv_zvl64b", "imv_zvl512b_zba")] == [
        0, 128, 128, 512,
    ]  # fmt: skip


def test_return_address_inside_a_known_unit(bench):
    bench.put([e("addi", rd=20, rs1=20, imm12=1)] * 4 + [RET])
    assert bench.run().retired == (5,)
    assert bench.run(return_addr=BASE + 8).retired == (2,)
    assert bench.run().retired == (5,)


def test_stop_without_a_run_does_not_stop_the_next(bench):
    bench.machine.stop()
    with bench.machine._idle():  # as while another thread maps memory
        bench.machine.stop()
    assert bench.run(LOOP_1000).ok


FLAGS, MODE, DYNAMIC = 1, 2, 7  # fflags and frm; rounding as frm says


def third(rd: int, numerator: int, rm: int) -> list[int]:
    """f[rd] = x[numerator] / 3."""
    return [
        e("addi", rd=6, rs1=0, imm12=3),
        e("fcvt.s.w", rd=1, rs1=numerator, rm=rm),
        e("fcvt.s.w", rd=2, rs1=6, rm=rm),
        e("fdiv.s", rd=rd, rs1=1, rs2=2, rm=rm),
    ]


def test_flags_stay_with_the_hart_that_raised_them(make_bench):
    """Instances take turns on the host, whose flags are sticky as well."""
    b = make_bench(2)
    divide = [e("andi", rd=5, rs1=10, imm12=1), *third(3, 5, 0)]  # only 1 / 3 is inexact
    assert b.run([*divide, e("csrrs", rd=7, csr=FLAGS, rs1=0), RET], harts=2, count=6).ok
    assert [b.machine.read_x(h, 7) for h in range(2)] == [0, 1]
    # Hart 1 clears its own before it looks at what comes after.
    code = [e("csrrw", rd=0, csr=FLAGS, rs1=0), e("csrrs", rd=7, csr=FLAGS, rs1=0), *divide, RET]
    assert b.run(code, harts=2, count=6).ok
    assert [b.machine.read_x(h, 7) for h in range(2)] == [0, 0]
    assert [b.machine.read_csr(h, FLAGS) for h in range(2)] == [0, 1]


def test_rounding_stays_with_the_hart_that_set_it(make_bench):
    b = make_bench(2)
    mode = [e("andi", rd=5, rs1=10, imm12=1), e("csrrw", rd=0, csr=MODE, rs1=5)]  # RNE, RTZ
    assert b.run([*mode, e("addi", rd=7, rs1=0, imm12=1), RET], harts=2, count=2).ok
    one = e("addi", rd=7, rs1=0, imm12=1)
    assert b.run([one, *third(3, 7, DYNAMIC), RET], harts=2, count=6).ok
    assert [b.machine.read_f(h, 3) & 0xFFFF_FFFF for h in range(2)] == [0x3EAA_AAAB, 0x3EAA_AAAA]
