"""Harts in parallel: the same results as in turns, whoever is faster."""

from __future__ import annotations

import signal
import threading
import time
from array import array

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.machine import Cause, Launches, Machine, Reason, Resume, Sleep
from snippets import NOTE_HART, RET, SPIN

BASE, DATA = 0x4000_0000, 0x4004_0000
LI_DATA = e("lui", rd=5, upper20=DATA)
THREADS = [1, 2, 3]


def ordered(name: str, **operands: int) -> int:
    return e(name, aq=1, rl=1, **operands)


def add_forever(rounds: int) -> list[int]:
    """counter += 1, `rounds` times, by amoadd."""
    return [
        LI_DATA,
        e("addi", rd=6, rs1=0, imm12=1),
        e("addi", rd=7, rs1=0, imm12=rounds),
        ordered("amoadd.d", rd=0, rs1=5, rs2=6),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-8),
        RET,
    ]


# counter += 1 with plain accesses, under a lock taken by lr and sc.
LOCKED = [
    LI_DATA,
    e("addi", rd=6, rs1=0, imm12=1),
    e("addi", rd=7, rs1=0, imm12=500),
    # take it
    e("lr.w", rd=8, rs1=5, aq=1, rl=0),
    e("bne", rs1=8, rs2=0, branch13=-4),
    e("sc.w", rd=8, rs1=5, rs2=6, aq=0, rl=0),
    e("bne", rs1=8, rs2=0, branch13=-12),
    e("ld", rd=9, rs1=5, imm12=8),
    e("addi", rd=9, rs1=9, imm12=1),
    e("sd", rs2=9, rs1=5, store12=8),
    # give it back
    ordered("amoswap.w", rd=0, rs1=5, rs2=0),
    e("addi", rd=7, rs1=7, imm12=-1),
    e("bne", rs1=7, rs2=0, branch13=-36),
    RET,
]


@pytest.mark.parametrize("harts", [4, 64])
@pytest.mark.parametrize("threads", THREADS)
def test_atomic_additions_are_not_lost(make_bench, harts, threads):
    b = make_bench(harts, threads=threads)
    result = b.run(add_forever(1000), harts=harts, count=harts)
    assert b.word(DATA) == 1000 * harts
    assert result.retired == (3 + 3 * 1000 + 1,) * harts


@pytest.mark.parametrize("threads", THREADS)
def test_a_lock_keeps_others_out(make_bench, threads):
    b = make_bench(4, threads=threads, quantum=1000)
    assert b.run(LOCKED, harts=4, count=4).ok
    assert b.word(DATA + 8) == 4 * 500


@pytest.mark.parametrize("threads", THREADS)
def test_messages_arrive_whole(make_bench, threads):
    """Hart 0 sends 100 values, each after the last was taken; hart 1 adds them up."""
    b = make_bench(2, threads=threads, quantum=1000)
    fence = e("fence", fm=0, pred=15, succ=15)
    result = b.run(
        [
            LI_DATA,
            e("addi", rd=7, rs1=0, imm12=100),
            e("addi", rd=9, rs1=0, imm12=0),
            e("bne", rs1=10, rs2=0, branch13=40),
            # hart 0: wait until the flag is clear, write the value, set the flag
            e("ld", rd=6, rs1=5, imm12=0),
            e("bne", rs1=6, rs2=0, branch13=-4),
            fence,
            e("sd", rs2=7, rs1=5, store12=64),
            fence,
            e("sd", rs2=1, rs1=5, store12=0),
            e("addi", rd=7, rs1=7, imm12=-1),
            e("bne", rs1=7, rs2=0, branch13=-28),
            RET,
            # hart 1
            e("ld", rd=6, rs1=5, imm12=0),
            e("beq", rs1=6, rs2=0, branch13=-4),
            fence,
            e("ld", rd=6, rs1=5, imm12=64),
            e("add", rd=9, rs1=9, rs2=6),
            fence,
            e("sd", rs2=0, rs1=5, store12=0),
            e("addi", rd=7, rs1=7, imm12=-1),
            e("bne", rs1=7, rs2=0, branch13=-32),
            e("sd", rs2=9, rs1=5, store12=128),
            RET,
        ],
        harts=2,
        count=2,
    )
    assert result.ok
    assert b.word(DATA + 128) == 100 * 101 // 2


@pytest.mark.parametrize("threads", THREADS)
@pytest.mark.parametrize("harts", [4, 64])
def test_barriers_hold_harts_of_all_threads(make_bench, harts, threads):
    """Each adds 1, then all see the sum; twice, for two groups."""
    b = make_bench(harts, threads=threads)
    result = b.run(
        [
            LI_DATA,
            e("addi", rd=6, rs1=0, imm12=1),
            ordered("amoadd.d", rd=0, rs1=5, rs2=6),
            e("ecall"),
            e("ld", rd=7, rs1=5, imm12=0),
            e("slli", rd=8, rs1=10, shamt6=3),
            e("add", rd=8, rs1=8, rs2=5),
            e("sd", rs2=7, rs1=8, store12=8),
            e("ecall"),
            RET,
        ],
        harts=harts,
        count=2 * harts,
        ecall=lambda _: Sleep(1),
    )
    assert result.ok
    sums = [b.word(DATA + 8 + 8 * i) for i in range(2 * harts)]
    assert sums == [harts] * harts + [2 * harts] * harts


@pytest.mark.parametrize("threads", [2, 4])
def test_a_barrier_that_one_never_reaches(make_bench, threads):
    b = make_bench(4, threads=threads)
    # The last one of four returns.
    code = [e("addi", rd=5, rs1=0, imm12=3), e("beq", rs1=10, rs2=5, branch13=8), e("ecall"), RET]
    result = b.run(code, harts=4, count=4, ecall=lambda _: Sleep(1))
    assert result.reason is Reason.BARRIER


@pytest.mark.parametrize("threads", [2, 4])
def test_instances_go_to_the_same_harts_as_in_turns(make_bench, threads):
    b = make_bench(4, threads=threads)
    result = b.run(NOTE_HART, harts=4, count=10)
    assert result.retired == (21, 21, 14, 14)
    assert [b.word(DATA + 8 * i) for i in range(11)] == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 0]


def test_a_launch_begins_after_the_one_before(make_bench):
    """In a row of launches, each instance adds what the last launch left to its own sum."""
    b = make_bench(2, threads=2)
    rows = 50
    # total += (launch number) if total of the launch before is complete: 2 * (1 + 2 + ..).
    code = [
        LI_DATA,
        ordered("amoadd.d", rd=6, rs1=5, rs2=11),
        e("add", rd=7, rs1=12, rs2=11),  # at most, with the other hart's of this launch
        e("bltu", rs1=6, rs2=12, branch13=12),
        e("bltu", rs1=7, rs2=6, branch13=8),
        RET,
        e("ebreak"),
    ]
    words = array("Q")
    before = 0
    for number in range(1, rows + 1):
        words.extend((7, number, before))
        before += 2 * number
    args = (1, 0)
    row = Launches(memoryview(words), 3)
    result = b.run(code, harts=2, count=2, args=args, launches=row)
    assert (result.reason, result.launches) == (Reason.FINISHED, rows)
    assert b.word(DATA) == before


def test_the_limit_is_for_all_harts_together(make_bench):
    b = make_bench(4, threads=2)
    result = b.run([SPIN], harts=4, count=4, limit=1_000_000)
    assert result.reason is Reason.LIMIT
    assert 1_000_000 <= sum(result.retired) < 1_000_100


def test_what_one_thread_does_not_need_the_other_may_use(make_bench):
    b = make_bench(2, threads=2)
    # Hart 0 returns at once.
    code = [e("beq", rs1=10, rs2=0, branch13=8), SPIN, RET]
    result = b.run(code, harts=2, count=2, limit=1_000_000)
    assert (result.reason, result.retired[0]) == (Reason.LIMIT, 2)
    assert 999_990 <= result.retired[1] < 1_000_100


def test_a_fault_of_one_ends_all(make_bench):
    b = make_bench(4, threads=2)
    code = [e("addi", rd=5, rs1=0, imm12=2), e("bne", rs1=10, rs2=5, branch13=8), 0, SPIN]
    code[2] = e("ebreak")
    result = b.run(code, harts=4, count=4)
    assert result.reason is Reason.FAULT
    assert result.fault is not None
    assert (result.fault.cause, result.fault.hart) == (Cause.BREAKPOINT.value, 2)
    assert b.run([RET], harts=4, count=4).ok  # and it is as good as new


@pytest.mark.parametrize("hart", [0, 1])
def test_what_a_handler_raises_is_raised(make_bench, hart):
    b = make_bench(2, threads=2)

    def ecall(view):
        raise KeyError(view.hart)

    code = [e("addi", rd=5, rs1=0, imm12=hart), e("bne", rs1=10, rs2=5, branch13=8)]
    with pytest.raises(KeyError) as error:
        b.run([*code, e("ecall"), SPIN], harts=2, count=2, ecall=ecall)
    assert error.value.args == (hart,)
    assert b.run([RET], harts=2, count=2).ok


def test_interrupts_wait_for_the_other_thread(make_bench):
    """One while the harts run, and one while the run waits for a handler of hart 1 to end."""
    b = make_bench(2, threads=2)
    called, may_return = threading.Event(), threading.Event()

    def ecall(_view):
        called.set()
        may_return.wait(10)
        return Resume()

    def interrupt():
        called.wait(10)
        main = threading.main_thread().ident
        assert main is not None
        for _ in range(3):
            signal.pthread_kill(main, signal.SIGINT)
            time.sleep(0.05)
        may_return.set()

    def handler(_number, _frame):
        if not over:  # one that comes too late is none of the test's
            raise KeyboardInterrupt

    over: list[bool] = []
    old = signal.signal(signal.SIGINT, handler)
    helper = threading.Thread(target=interrupt)
    helper.start()
    code = [e("beq", rs1=10, rs2=0, branch13=8), e("ecall"), SPIN]

    def run():
        try:
            b.run(code, harts=2, count=2, ecall=ecall)
        finally:
            over.append(True)

    try:
        with pytest.raises(KeyboardInterrupt):
            run()
    finally:
        helper.join()
        signal.signal(signal.SIGINT, old)
    assert b.run([RET], harts=2, count=2).ok


def test_stop_ends_all_threads(make_bench):
    b = make_bench(4, threads=4)
    called = threading.Event()

    def ecall(_view):
        called.set()
        return Resume()

    threading.Thread(target=lambda: (called.wait(), b.machine.stop())).start()
    result = b.run([e("ecall"), SPIN], harts=4, count=4, ecall=ecall)
    assert result.reason is Reason.STOPPED


def test_handlers_run_one_at_a_time(make_bench):
    b = make_bench(8, threads=4)
    inside = []

    def ecall(view):
        inside.append(view.hart)
        assert len(inside) == 1
        inside.pop()
        return Resume()

    assert b.run([e("ecall"), e("ecall"), RET], harts=8, count=64, ecall=ecall).ok


def test_flags_asked_for_by_one_hart_while_others_run(make_bench):
    """Translations of all harts change while some of them run."""
    b = make_bench(4, threads=4)
    code = [
        LI_DATA,
        e("addi", rd=6, rs1=0, imm12=3),
        e("fcvt.d.l", rd=1, rs1=6, rm=0),
        e("addi", rd=7, rs1=0, imm12=2000),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-4),
        e("fdiv.d", rd=2, rs1=1, rs2=1, rm=0),
        e("csrrw", rd=0, csr=1, rs1=0),
        e("fcvt.d.l", rd=3, rs1=6, rm=0),
        e("addi", rd=8, rs1=0, imm12=1),
        e("fcvt.d.l", rd=4, rs1=8, rm=0),
        e("fdiv.d", rd=2, rs1=4, rs2=3, rm=0),
        e("csrrs", rd=9, csr=1, rs1=0),
        e("slli", rd=11, rs1=10, shamt6=3),
        e("add", rd=11, rs1=11, rs2=5),
        e("sd", rs2=9, rs1=11, store12=0),
        RET,
    ]
    assert b.run(code, harts=4, count=400).ok
    assert [b.word(DATA + 8 * i) for i in range(400)] == [1] * 400  # inexact


def test_a_machine_needs_a_thread():
    with pytest.raises(ValueError, match="thread"):
        Machine(1, threads=0)
