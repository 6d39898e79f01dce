"""Watched runs: steps, breakpoints, and what a watcher finds in registers when it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim.interface import Resume, Sleep
from kcc.device.sim.machine import BusError, Reason
from kcc.device.sim.watch import Action, Go, Quit, Step, Stop, Turn, Why
from snippets import LOOP_1000, RET

BASE, RETURN, DATA = 0x4000_0000, 0x8000, 0x4004_0000


@dataclass
class Script:
    """Answers by a function; keeps what it was told."""

    answer: Callable[[Stop], Action]
    breakpoints: set[int] = field(default_factory=set)
    stops: list[Stop] = field(default_factory=list)

    def stopped(self, stop: Stop) -> Action:
        self.stops.append(stop)
        return self.answer(stop)

    @property
    def whys(self) -> list[Why]:
        return [stop.why for stop in self.stops]


def test_a_step_is_one_instruction(bench):
    seen = []

    def look(_stop: Stop) -> Action:
        seen.append((bench.machine.read_pc(0), bench.machine.read_x(0, 5)))
        return Step()

    bench.machine.watch(Script(look))
    result = bench.run(LOOP_1000)
    assert result.retired == (2002,)
    assert len(seen) == 2003  # before the first one, too
    assert seen[:5] == [
        (BASE, 0), (BASE + 4, 1000), (BASE + 8, 999), (BASE + 4, 999), (BASE + 8, 998),
    ]  # fmt: skip
    assert seen[-1] == (RETURN, 0)


def test_a_jump_to_itself_is_stepped(bench):
    script = Script(lambda _: Step() if len(script.stops) < 50 else Quit())
    bench.machine.watch(script)
    result = bench.run([e("jal", rd=0, jump21=0)])
    assert (result.reason, result.retired) == (Reason.STOPPED, (49,))


def test_breakpoints_in_a_loop(bench):
    counts = []

    def look(stop: Stop) -> Action:
        if stop.why is Why.BREAK:
            counts.append(bench.machine.read_x(0, 5))
        return Go()

    bench.machine.watch(Script(look, {BASE + 4}))
    assert bench.run(LOOP_1000).retired == (2002,)
    assert counts == list(range(1000, 0, -1))


def test_breakpoints_come_and_go(bench):
    script = Script(lambda _: Go())

    def answer(stop: Stop) -> Action:
        if stop.why is Why.START:
            script.breakpoints = {BASE + 8}
        elif len(script.stops) == 4:
            script.breakpoints = set()
        return Go()

    script.answer = answer
    bench.machine.watch(script)
    assert bench.run(LOOP_1000).retired == (2002,)
    assert script.whys == [Why.START, Why.BREAK, Why.BREAK, Why.BREAK]


def test_a_breakpoint_at_the_entry_is_met_once_per_instance(bench):
    script = Script(lambda _: Go(), {BASE})
    bench.machine.watch(script)
    bench.run(LOOP_1000, count=2)
    assert script.whys == [Why.START, Why.BREAK] * 2


def test_stepping_onto_a_breakpoint_then_going_on_passes_it(bench):
    def answer(stop: Stop) -> Action:
        return Step() if stop.why is Why.START else Go()

    script = Script(answer, {BASE + 4})
    bench.machine.watch(script)
    bench.run([e("addi", rd=5, rs1=0, imm12=1), e("addi", rd=6, rs1=5, imm12=1), RET])
    assert script.whys == [Why.START, Why.STEP]
    assert bench.machine.read_x(0, 6) == 2


def test_what_a_watcher_writes_is_what_runs(bench):
    machine = bench.machine

    def answer(stop: Stop) -> Action:
        if stop.why is Why.BREAK:
            machine.write_x(0, 5, 40)
            machine.write_f(0, 1, 0x3FF0_0000_0000_0000)
            machine.write_pc(0, BASE + 8)  # over the second addition
            machine.write_memory(0, BASE + 8, e("addi", rd=5, rs1=5, imm12=2).to_bytes(4, "little"))
        return Go()

    machine.watch(Script(answer, {BASE + 4}))
    bench.run([e("addi", rd=5, rs1=0, imm12=1)] * 3 + [e("fmv.x.d", rd=6, rs1=1), RET])
    assert (machine.read_x(0, 5), machine.read_x(0, 6)) == (42, 0x3FF0_0000_0000_0000)
    with pytest.raises(BusError):
        machine.write_memory(0, 0x10, b"x")
    with pytest.raises(ValueError, match="no instruction"):
        machine.write_pc(0, 1)


def test_a_fault_is_told_with_its_registers(bench):
    """Those that the unit computed before, at full speed."""
    found = []

    def answer(stop: Stop) -> Action:
        if stop.why is Why.FAULT:
            found.extend(bench.machine.read_x(0, r) for r in (5, 6, 7))
        return Go()

    script = Script(answer)
    bench.machine.watch(script)
    result = bench.run(
        [
            e("addi", rd=5, rs1=0, imm12=5),
            e("addi", rd=6, rs1=5, imm12=6),
            e("lw", rd=7, rs1=5, imm12=3),
            e("addi", rd=7, rs1=0, imm12=7),
            RET,
        ]
    )
    assert result.reason is Reason.FAULT
    assert script.stops[-1] == Stop(Why.FAULT, 0, result.fault)
    assert found == [5, 11, 0]


def test_all_harts_are_exact_at_a_breakpoint_of_one(make_bench):
    b = make_bench(2, quantum=100)
    found = []

    def answer(stop: Stop) -> Action:
        if stop.why is Why.BREAK and stop.hart == 0:
            found.append((b.machine.retired(1), b.machine.read_x(1, 5)))
        return Go()

    b.machine.watch(Script(answer, {BASE + 16}))
    short = [e("addi", rd=5, rs1=0, imm12=300), *LOOP_1000[1:3]]
    b.run([e("bne", rs1=10, rs2=0, branch13=16), *short, *LOOP_1000], harts=2, count=2)
    ((retired, count),) = found
    assert 500 < retired < 700  # in the midst of its loop: after bne, li, and rounds of two
    assert count == 1000 - (retired - 1) // 2


def test_a_step_of_one_hart_leaves_the_others_alone(make_bench):
    b = make_bench(3)
    script = Script(lambda _: Step(1) if len(script.stops) <= 10 else Quit())
    b.machine.watch(script)
    assert b.run(LOOP_1000, harts=3, count=3).retired == (0, 10, 0)


def test_a_turn_of_one_hart_leaves_the_others_alone(make_bench):
    b = make_bench(3, quantum=100)
    seen = []

    def answer(_stop: Stop) -> Action:
        seen.append(tuple(b.machine.retired(h) for h in range(3)))
        return Turn(1) if len(seen) <= 5 else Quit()

    b.machine.watch(Script(answer))
    b.run(LOOP_1000, harts=3, count=3)
    assert [(first, last) for first, _, last in seen] == [(0, 0)] * 6
    assert [99 <= after[1] - before[1] <= 101 for before, after in pairwise(seen)] == [True] * 5


def test_a_turn_ends_at_the_next_breakpoint_and_with_the_instance(bench):
    script = Script(lambda _: Turn(0) if bench.machine.is_ready(0) else Go(), {BASE, BASE + 8})
    bench.machine.watch(script)
    words = [e("addi", rd=5, rs1=0, imm12=1)] * 4 + [RET]
    assert bench.run(words, count=2).retired == (10,)
    assert script.whys == [Why.START, Why.BREAK, Why.STEP] * 2


def test_a_turn_ends_at_an_ecall_behind_a_breakpoint(make_bench):
    b = make_bench(2)
    script = Script(lambda stop: Turn(0) if stop.why is Why.START else Quit(), {BASE})
    b.machine.watch(script)
    b.run([e("ecall"), RET], harts=2, count=2, ecall=lambda _: Sleep(1))
    assert (script.whys, b.machine.retired(1)) == ([Why.START, Why.STEP], 0)


def test_a_hart_that_waits_comes_to_its_breakpoint(make_bench):
    """It is told of although it has been told of as a step before."""
    b = make_bench(2)
    script = Script(
        lambda _: Step(len(script.stops) - 1) if len(script.stops) < 3 else Go(), {BASE + 4}
    )
    b.machine.watch(script)
    b.run([e("ecall"), RET], harts=2, count=2, ecall=lambda _: Sleep(1))
    assert [(s.why, s.hart) for s in script.stops[1:]] == [
        (Why.STEP, 0), (Why.STEP, 1), (Why.BREAK, 0), (Why.BREAK, 1),
    ]  # fmt: skip


def test_steps_follow_the_turns(make_bench):
    """As in a run that nobody watches, but for the exact ends of turns."""
    b = make_bench(2, quantum=5)
    script = Script(lambda _: Step())
    b.machine.watch(script)
    b.run([e("addi", rd=5, rs1=0, imm12=1)] * 9 + [RET], harts=2, count=2)
    assert [s.hart for s in script.stops[1:]] == [0] * 5 + [1] * 5 + [0] * 5 + [1] * 5


def test_reserved_stores_succeed_in_steps(bench):
    bench.machine.watch(Script(lambda _: Step()))
    result = bench.run(
        [
            e("lui", rd=5, upper20=DATA),
            e("lr.w", rd=6, rs1=5, aq=0, rl=0),
            e("addi", rd=6, rs1=6, imm12=1),
            e("sc.w", rd=7, rs1=5, rs2=6, aq=0, rl=0),
            e("bne", rs1=7, rs2=0, branch13=-12),
            RET,
        ]
    )
    assert (result.retired, bench.word(DATA, 4)) == ((6,), 1)


def test_barriers_open_in_steps(make_bench):
    b = make_bench(3)
    b.machine.watch(Script(lambda _: Step()))
    result = b.run(
        [e("ecall"), e("addi", rd=5, rs1=0, imm12=1), RET],
        harts=3,
        count=3,
        ecall=lambda _: Sleep(7),
    )
    assert (result.reason, result.retired) == (Reason.FINISHED, (2, 2, 2))


def test_an_ecall_is_a_step(bench):
    script = Script(lambda _: Step())
    bench.machine.watch(script)
    assert bench.run([e("ecall"), RET], ecall=lambda _: Resume()).retired == (1,)
    assert script.whys == [Why.START, Why.STEP, Why.STEP]


def test_pause_tells_the_watcher(bench):
    def answer(stop: Stop) -> Action:
        if stop.why is Why.START:
            bench.machine.pause()
            return Go()
        return Quit()

    script = Script(answer)
    bench.machine.watch(script)
    result = bench.run([e("jal", rd=0, jump21=0)])
    assert result.reason is Reason.STOPPED
    assert script.whys == [Why.START, Why.PAUSE]


def test_unwatched_again(bench):
    bench.machine.watch(Script(lambda _: Step()))
    first = bench.run(LOOP_1000).retired
    bench.machine.watch(None)
    assert bench.run().retired == first
