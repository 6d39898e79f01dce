"""Halts and steps by the protocol: breakpoints, ranges, barriers, watched memory, faults."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from kcc.backend.encode import encode as e
from kcc.device.gdb.pilot import FAULT_SIGNALS, Halt, Pilot, Resume
from kcc.device.sim.interface import Cause, Reason, Sleep
from kcc.device.sim.interface import Resume as ResumeAfterEcall
from kcc.device.sim.machine import Machine
from kcc.device.sim.watch import Stop, Why
from snippets import COUNT, LOOP_1000, NOP, RET, SPIN

if TYPE_CHECKING:
    from conftest import Debugged

BASE, DATA = 0x4000_0000, 0x4004_0000
T0 = 5


def test_a_breakpoint_in_a_loop(debugged: Debugged) -> None:
    client = debugged.start(LOOP_1000)
    assert client.ask(f"Z0,{BASE + 8:x},4") == "OK"
    for left in (999, 998, 997):
        assert client.thread("vCont;c") == 1
        assert (client.pc, client.register(T0)) == (BASE + 8, left)
    assert client.ask(f"z0,{BASE + 8:x},4") == "OK"
    client.send("vCont;c")
    result = debugged.finish()
    assert (result.reason, result.retired) == (Reason.FINISHED, (2002,))
    assert client.answer() == "W00"


def test_writing_registers_at_a_breakpoint(debugged: Debugged) -> None:
    """It is passed; unless the hart is sent back there."""
    client = debugged.start([NOP, COUNT, NOP, RET])
    client.ask(f"Z0,{BASE + 4:x},4")
    client.thread("c")
    assert client.ask(f"P{T0:x}={(7).to_bytes(8, 'little').hex()}") == "OK"
    client.thread("s")
    assert client.register(T0) == 8
    client.ask(f"P{32:x}={(BASE + 4).to_bytes(8, 'little').hex()}")
    client.thread("c")
    assert (client.pc, client.register(T0)) == (BASE + 4, 8)
    client.ask(f"P{T0:x}={(20).to_bytes(8, 'little').hex()}")
    client.send("c")
    assert debugged.finish().ok
    assert debugged.machine.read_x(0, T0) == 21


def test_a_range_is_stepped_through(debugged: Debugged) -> None:
    client = debugged.start(LOOP_1000)
    client.thread(f"vCont;r{BASE:x},{BASE + 12:x}:1")
    assert (client.pc, client.register(T0), debugged.machine.retired(0)) == (BASE + 12, 0, 2001)


def test_a_breakpoint_halts_a_range(debugged: Debugged) -> None:
    client = debugged.start(LOOP_1000)
    client.ask(f"Z1,{BASE + 8:x},4")
    client.thread(f"vCont;r{BASE:x},{BASE + 12:x}:1;c")
    assert client.pc == BASE + 8


def test_going_on_somewhere_else(debugged: Debugged) -> None:
    client = debugged.start([COUNT, COUNT, COUNT, RET])
    client.thread(f"s{BASE + 8:x}")
    assert (client.pc, client.register(T0)) == (BASE + 12, 1)
    client.send(f"c{BASE + 4:x}")
    assert debugged.finish().retired == (4,)


def test_one_hart_steps_and_the_others_stand(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(3)
    client = debugged.start(LOOP_1000, harts=3)
    for packet in ("vCont;s:2", "vCont;s:2;c", "vCont;S05:2;C05"):
        assert client.thread(packet) == 2
    assert [debugged.machine.retired(h) for h in range(3)] == [0, 3, 0]
    assert client.ask("Hg3") == "OK"
    assert client.register(T0) == 0
    assert client.ask("Hg2") == "OK"
    assert client.register(T0) == 999


def test_one_hart_runs_and_the_others_stand(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(2)
    client = debugged.start(LOOP_1000, harts=2)
    client.ask(f"Z0,{BASE + 12:x},4")
    assert client.thread("vCont;c:2") == 2
    assert [debugged.machine.retired(h) for h in range(2)] == [0, 2001]
    client.ask("Hc2")
    assert client.thread("s") == 2
    assert client.thread("vCont;c:2", signal=0) == 2  # its instance is over
    assert client.thread("c") == 1
    assert debugged.machine.retired(0) == 2001


def test_every_hart_halts_at_a_breakpoint(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(4)
    client = debugged.start([NOP, COUNT, RET], harts=4, count=6)
    client.ask(f"Z0,{BASE + 4:x},4")
    assert [client.thread("c") for _ in range(6)] == [1, 2, 3, 4, 1, 2]
    client.send("c")
    assert sum(debugged.finish().retired) == 18


def test_a_hart_told_of_is_not_told_of_again(make_debugged: Callable[..., Debugged]) -> None:
    """It still stands at its breakpoint while another one is stepped."""
    debugged = make_debugged(2)
    client = debugged.start([NOP, COUNT, NOP, NOP, RET], harts=2)
    client.ask(f"Z0,{BASE + 4:x},4")
    assert client.thread("c") == 1
    assert client.thread("vCont;s:2") == 2
    assert client.pc == BASE + 4  # the debugger sees that it is at a breakpoint, too
    client.send("c")
    assert debugged.finish().retired == (5, 5)


WAIT = [  # hart 0 waits for what hart 1 writes
    e("lui", rd=6, upper20=DATA),
    e("bne", rs1=10, rs2=0, branch13=16),
    e("lw", rd=5, rs1=6, imm12=0),
    e("beq", rs1=5, rs2=0, branch13=-4),
    RET,
    e("addi", rd=5, rs1=0, imm12=7),
    e("sw", rs2=5, rs1=6, store12=0),
    RET,
]


def test_others_get_turns_while_one_waits_in_a_range(
    make_debugged: Callable[..., Debugged],
) -> None:
    debugged = make_debugged(2)
    client = debugged.start(WAIT, harts=2)
    assert client.thread(f"vCont;r{BASE:x},{BASE + 16:x}:1;c") == 1
    assert (client.pc, client.register(T0)) == (BASE + 16, 7)


def test_others_in_the_same_loop_have_their_turns(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(4, quantum=100)
    client = debugged.start(LOOP_1000, harts=4)
    assert client.thread(f"vCont;r{BASE:x},{BASE + 12:x}:3;c") == 3
    assert debugged.machine.retired(2) == 2001
    assert all(150 < debugged.machine.retired(hart) < 250 for hart in (0, 1, 3))  # two turns


def test_others_halt_at_breakpoints_while_one_waits(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(2)
    client = debugged.start(WAIT, harts=2)
    client.ask(f"Z0,{BASE + 24:x},4")
    assert client.thread(f"vCont;r{BASE:x},{BASE + 16:x}:1;c") == 2
    assert client.pc == BASE + 24


def test_a_step_goes_over_a_barrier(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(3)
    words = [NOP, e("ecall"), COUNT, RET]
    client = debugged.start(words, harts=3, ecall=lambda _: Sleep(1))
    for retired, pc in ((1, 4), (1, 8), (2, 12)):  # an ecall that is resumed does not count
        assert client.thread("vCont;s:3;c") == 3
        assert client.pc == BASE + pc
        assert debugged.machine.retired(2) == retired
    client.send("c")
    assert debugged.finish().ok


def test_the_last_to_reach_a_barrier_halts_behind_it(
    make_debugged: Callable[..., Debugged],
) -> None:
    debugged = make_debugged(2)
    client = debugged.start([e("ecall"), COUNT, RET], harts=2, ecall=lambda _: Sleep(1))
    for hart in (1, 2, 1, 2):
        assert client.thread(f"vCont;s:{hart}") == hart
    assert [debugged.machine.read_x(h, T0) for h in range(2)] == [1, 1]


def test_a_step_goes_on_to_the_next_instance(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(2)
    client = debugged.start([COUNT, RET], harts=2, count=4)
    assert [client.thread("vCont;s:2;c") for _ in range(3)] == [2, 2, 2]
    assert (client.pc, client.register(10)) == (BASE, 3)  # its second instance
    assert [debugged.machine.retired(h) for h in range(2)] == [2, 2]


def test_changes_of_memory_halt(debugged: Debugged) -> None:
    words = [
        e("lui", rd=6, upper20=DATA),
        e("addi", rd=5, rs1=0, imm12=100),
        e("sb", rs2=5, rs1=6, store12=8),
        e("sb", rs2=0, rs1=6, store12=3),  # nothing new
        e("addi", rd=5, rs1=5, imm12=-1),
        e("bne", rs1=5, rs2=0, branch13=-12),
        e("sd", rs2=6, rs1=6, store12=0),
        RET,
    ]
    client = debugged.start(words)
    assert client.ask(f"Z2,{DATA:x},4") == "OK"
    assert client.ask("Z2,0,4") == "E0e"
    assert client.ask(f"Z3,{DATA:x},4") == ""
    assert f"watch:{DATA:x};" in client.ask("c")
    assert client.pc == BASE + 28
    assert client.ask(f"z2,{DATA:x},4") == "OK"
    client.send("c")
    assert debugged.finish().ok


def test_watched_memory_may_go_away() -> None:
    machine = Machine(1)
    machine.map_ram(DATA, 4096, memoryview(mmap.mmap(-1, 4096)))
    pilot = Pilot(machine)
    pilot.watch(0, DATA, 4)
    pilot.resume(Resume(frozenset((0,))), 0)
    machine.unmap(DATA)
    assert pilot.stopped(Stop(Why.STEP, 0)) == Halt(0, 5, DATA)
    assert not isinstance(pilot.stopped(Stop(Why.STEP, 0)), Halt)


def test_breakpoints_halt_while_memory_is_watched(make_debugged: Callable[..., Debugged]) -> None:
    debugged = make_debugged(2)
    client = debugged.start([COUNT, e("ecall"), COUNT, RET], harts=2, ecall=lambda _: Sleep(1))
    client.ask(f"Z2,{DATA:x},4")
    for at in (0, 8):
        client.ask(f"Z0,{BASE + at:x},4")
    assert [client.thread("c") for _ in range(4)] == [1, 2, 1, 2]
    client.send("c")
    assert debugged.finish().retired == (3, 3)


def test_reserved_stores_succeed_while_memory_is_watched(
    make_debugged: Callable[..., Debugged],
) -> None:
    debugged = make_debugged(2)
    words = [
        e("lui", rd=5, upper20=DATA),
        e("lr.d", rd=6, rs1=5, aq=0, rl=0),
        e("addi", rd=6, rs1=6, imm12=1),
        e("sc.d", rd=7, rs1=5, rs2=6, aq=0, rl=0),
        e("bne", rs1=7, rs2=0, branch13=-12),
        RET,
    ]
    client = debugged.start(words, harts=2)
    client.ask(f"Z2,{DATA + 64:x},4")
    client.send("c")
    assert debugged.finish().ok
    assert debugged.memory[DATA - BASE] == 2


@pytest.mark.parametrize("how", ["c", "vCont;c:1", f"vCont;r{BASE:x},{BASE + 4:x}:1"])
def test_an_interrupt_halts(debugged: Debugged, how: str) -> None:
    client = debugged.start([SPIN])
    for _ in range(3):
        client.send(how)
        client.interrupt()
        assert client.answer().startswith("T02thread:1;")
        assert client.pc == BASE
    client.interrupt()  # it stands still already
    client.thread("s")


def test_an_interrupt_tells_of_a_hart_that_runs(make_debugged: Callable[..., Debugged]) -> None:
    client = make_debugged(2).start([e("bne", rs1=10, rs2=0, branch13=8), RET, SPIN], harts=2)
    client.thread("vCont;s:2;c")
    assert [client.thread("vCont;s:1;c") for _ in range(2)] == [1, 1]  # its instance is over
    client.send("c")
    client.interrupt()
    assert client.answer().startswith("T02thread:2;")


@pytest.mark.parametrize(
    ("word", "signal", "cause"),
    [
        (e("lw", rd=5, rs1=0, imm12=0), 11, Cause.LOAD_FAULT),
        (e("lw", rd=5, rs1=2, imm12=-3), 10, Cause.LOAD_MISALIGNED),
        (e("ebreak"), 5, Cause.BREAKPOINT),
        (0, 4, Cause.ILLEGAL),
        (e("jalr", rd=0, rs1=0, imm12=16), 11, Cause.FETCH_FAULT),
        (e("ecall"), 12, Cause.ECALL_M),
    ],
)
def test_a_fault_is_told_before_the_run_ends(
    debugged: Debugged, word: int, signal: int, cause: Cause
) -> None:
    client = debugged.start([COUNT, word])
    assert client.thread("c", signal) == 1
    assert client.register(T0) == 1
    assert client.pc == (16 if cause is Cause.FETCH_FAULT else BASE + 4)
    client.send("c")
    result = debugged.finish()
    assert result.fault is not None
    assert result.fault.cause == cause.value
    assert client.answer() == f"X{signal:02x}"


def test_a_fault_comes_before_an_interrupt(debugged: Debugged) -> None:
    client = debugged.start([e("addi", rd=5, rs1=0, imm12=1000), *LOOP_1000[1:3], 0])
    client.send("c")
    client.interrupt()
    answer = client.answer()
    if answer.startswith("T02"):  # it was faster
        answer = client.ask("c")
    assert answer.startswith("T04")


def test_every_fault_has_a_signal() -> None:
    assert set(FAULT_SIGNALS) == set(Cause)


def test_an_ecall_is_stepped_over(debugged: Debugged) -> None:
    client = debugged.start([e("ecall"), RET], ecall=lambda _: ResumeAfterEcall())
    client.thread("s")
    assert client.pc == BASE + 4
