"""Ecalls, barriers, illegal instructions, CSRs, code that changes."""

from __future__ import annotations

import pytest

from kcc.backend.encode import encode as e
from kcc.device.sim import csr
from kcc.device.sim.machine import Abort, BusError, Done, Fatal, Fault, Reason, Resume, Sleep
from snippets import RET

BASE, RETURN, DATA = 0x4000_0000, 0x8000, 0x4004_0000
ECALL = e("ecall")


def li(rd: int, value: int) -> int:
    return e("addi", rd=rd, rs1=0, imm12=value)


# -- ecalls --------------------------------------------------------------------------------------


def test_handler_sees_the_hart(bench):
    bench.memory[0x4_0000:0x4_0006] = b"hello\0"
    seen = []

    def ecall(view):
        text = view.read_string(view.x(11))
        seen.append((view.hart, view.instance, view.pc, view.x(0), view.x(17), text))
        with pytest.raises(BusError):
            view.read_memory(0, 1)
        with pytest.raises(BusError):
            view.read_memory(BASE + (1 << 20) - 1, 2)
        view.set_x(20, 2**64 - 1)
        view.set_x(0, 1)
        return Resume()

    code = [li(17, 1), ECALL, e("addi", rd=21, rs1=20, imm12=0), RET]
    result = bench.run(code, args=(DATA,), count=2, ecall=ecall)
    assert seen == [(0, i, BASE + 4, 0, 1, b"hello") for i in range(2)]
    assert bench.machine.read_x(0, 21) == 2**64 - 1
    assert result.retired == (6,)  # an ecall does not retire


def test_string_may_not_run_out_of_memory(bench):
    bench.memory[-8:] = b"x" * 8
    with pytest.raises(BusError):
        bench.run([ECALL], ecall=lambda v: v.read_string(BASE + (1 << 20) - 8) and Done())


def test_done_ends_the_instance(bench):
    seen = []

    def ecall(view):
        seen.append(view.instance)
        return Done()

    assert bench.run([li(5, 1), ECALL, li(6, 1)], count=3, ecall=ecall).ok
    assert seen == [0, 1, 2]
    assert bench.machine.read_x(0, 6) == 0


def test_abort_and_fatal_end_the_run(make_bench):
    b = make_bench(2)
    result = b.run([ECALL], harts=2, count=8, ecall=lambda _: Abort(7))
    assert (result.reason, result.code) == (Reason.ABORT, 7)
    result = b.run([ECALL], harts=2, count=8, ecall=lambda _: Fatal())
    assert result.fault == Fault(11, BASE, 0, 0, 0, ECALL)


def test_turns_end_at_ecalls(make_bench):
    b = make_bench(4)
    seen = []

    def ecall(view):
        seen.append((view.x(17), view.hart))
        return Resume()

    b.run([li(17, 1), ECALL, li(17, 2), ECALL, RET], harts=4, count=4, ecall=ecall)
    assert seen == [(part, hart) for part in (1, 2) for hart in range(4)]


def barrier(view):
    return Sleep(view.x(10)) if view.x(17) == 2 else Resume()


def test_barrier_holds_all_harts(make_bench):
    b = make_bench(4)
    log = []

    def ecall(view):
        if view.x(17) == 2:
            return Sleep(99)
        log.append((view.x(17), view.hart))
        return Resume()

    code = [li(17, 1), ECALL, li(17, 2), ECALL, li(17, 3), ECALL, RET]
    assert b.run(code, harts=4, count=6, ecall=ecall).ok  # the last group has two harts
    assert log == [
        *((1, h) for h in range(4)),
        *((3, h) for h in range(4)),
        (1, 0),
        (1, 1),
        (3, 0),
        (3, 1),
    ]


def test_different_barriers_end_the_run(make_bench):
    b = make_bench(2)
    result = b.run([li(17, 2), ECALL, RET], harts=2, count=2, ecall=barrier)  # id = instance
    assert result.reason is Reason.BARRIER
    assert result.pcs == (BASE + 8, BASE + 8)


@pytest.mark.parametrize("leaves_by", ["return", "exit"])
def test_missing_hart_at_a_barrier_ends_the_run(make_bench, leaves_by):
    b = make_bench(2)
    out = RET if leaves_by == "return" else ECALL
    code = [li(17, 0), e("bne", rs1=10, rs2=0, branch13=12), out, RET, li(17, 2), ECALL, RET]

    def ecall(view):
        return Sleep(1) if view.x(17) == 2 else Done()

    for _ in range(2):  # also when the harts ran before
        result = b.run(code, harts=2, count=2, ecall=ecall)
        assert result.reason is Reason.BARRIER


# -- traps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    [
        0x0000_0000,
        0xFFFF_FFFF,
        0x0000_007F,
        e("csrrs", rd=5, csr=0x7C0, rs1=0),  # no such CSR
        e("csrrw", rd=5, csr=0xF14, rs1=5),  # read-only
        e("csrrs", rd=5, csr=0xC00, rs1=5),
    ],
)
def test_illegal_instructions(bench, word):
    size = 4 if word & 3 == 3 else 2
    bench.put([li(5, 1), word, RET])
    fault = bench.run().fault
    assert fault == Fault(2, BASE + 4, word & (1 << 8 * size) - 1, 0, 0, word)


def test_extensions_the_hart_lacks_are_illegal(make_bench):
    for arch, word in (
        ("rv64i", e("mul", rd=5, rs1=5, rs2=5)),
        ("rv64im", 0x0001),
        ("rv64gc", e("andn", rd=5, rs1=5, rs2=5)),
        ("rv64imc", e("fadd.s", rd=1, rs1=1, rs2=1)),
    ):
        fault = make_bench(1, arch=arch).run([word, RET]).fault
        assert fault is not None
        assert (fault.cause, fault.pc) == (2, BASE)


@pytest.mark.parametrize("name", ["ebreak", "c.ebreak"])
def test_breakpoint(bench, name):
    assert bench.run([e(name)]).fault == Fault(3, BASE, BASE, 0, 0, e(name))


def test_waiting_for_interrupts_that_never_come_is_no_wait(bench):
    assert bench.run([e("wfi"), li(6, 1), RET]).ok
    assert bench.machine.read_x(0, 6) == 1


def test_a_fault_names_hart_and_instance_and_leaves_harts_fresh(make_bench):
    b = make_bench(4)
    code = [
        li(20, 5),
        li(5, 6),
        e("beq", rs1=10, rs2=5, branch13=8),
        RET,
        e("ld", rd=6, rs1=0, imm12=0),
    ]
    result = b.run(code, harts=4, count=100)
    assert result.fault == Fault(5, BASE + 16, 0, 2, 6, code[4])
    assert [b.machine.read_x(h, 20) for h in range(4)] == [0] * 4
    assert b.run([RET], harts=4, count=4).ok


def test_division_by_zero_is_no_trap(bench):
    assert bench.run([li(5, 7), e("div", rd=6, rs1=5, rs2=0), RET]).ok
    assert bench.machine.read_x(0, 6) == 2**64 - 1


# -- CSRs ----------------------------------------------------------------------------------------


def test_counters_are_exact(bench):
    read = [e("csrrs", rd=20 + i, csr=n, rs1=0) for i, n in enumerate((0xB02, 0xC02, 0xB00, 0xC01))]
    assert bench.run([li(5, 1), *read, RET]).ok
    assert [bench.machine.read_x(0, 20 + i) for i in range(4)] == [1, 2, 3, 4]
    bench.run([li(5, 100), e("csrrw", rd=6, csr=0xB02, rs1=5), read[0], read[2], RET])
    # A written counter does not count the write itself.
    assert [bench.machine.read_x(0, n) for n in (6, 20, 22)] == [7, 100, 9]
    assert bench.machine.read_csr(0, 0xB02) == 103
    assert bench.machine.read_csr(0, 0xB00) == 11


def test_counters_are_exact_inside_loops(make_bench):
    b = make_bench(2, quantum=50)
    code = [
        li(7, 200),
        e("csrrs", rd=20, csr=0xB02, rs1=0),
        e("addi", rd=7, rs1=7, imm12=-1),
        e("bne", rs1=7, rs2=0, branch13=-8),
        RET,
    ]
    assert b.run(code, harts=2, count=2).ok
    assert [b.machine.read_x(h, 20) for h in range(2)] == [1 + 199 * 3] * 2


def test_set_clear_and_masks(bench):
    m = csr.BY_NAME
    code = [
        li(5, -1),
        e("csrrw", rd=6, csr=m["mscratch"].number, rs1=5),
        e("csrrci", rd=7, csr=m["mscratch"].number, zimm5=5),
        e("csrrsi", rd=8, csr=m["mscratch"].number, zimm5=1),
        e("csrrs", rd=9, csr=m["mscratch"].number, rs1=0),
        e("csrrw", rd=0, csr=m["mepc"].number, rs1=5),
        e("csrrs", rd=10, csr=m["mepc"].number, rs1=0),
        e("csrrw", rd=0, csr=m["satp"].number, rs1=5),
        e("csrrs", rd=11, csr=m["satp"].number, rs1=0),
        e("csrrs", rd=12, csr=m["misa"].number, rs1=0),
        e("csrrw", rd=0, csr=m["mstatus"].number, rs1=0),
        e("csrrs", rd=13, csr=m["mstatus"].number, rs1=0),
        RET,
    ]
    assert bench.run(code).ok
    x = [bench.machine.read_x(0, i) for i in range(14)]
    ones = 2**64 - 1
    assert x[6:12] == [0, ones, ones - 5, ones - 4, ones - 1, 0]
    assert x[12] == 2 << 62 | sum(1 << ord(c) - ord("A") for c in "IMAFDC")
    assert x[13] == csr.MSTATUS_MPP


@pytest.mark.parametrize(("arch", "vs"), [("rv64gc", 0), ("rv64gcv", csr.MSTATUS_VS)])
def test_vector_status_is_there_with_vectors(make_bench, arch, vs):
    bench = make_bench(arch=arch)
    code = [
        e("csrrs", rd=5, csr=0x300, rs1=0),
        e("addi", rd=6, rs1=0, imm12=-1),
        e("csrrw", rd=0, csr=0x300, rs1=6),
        e("csrrs", rd=7, csr=0x300, rs1=0),
        RET,
    ]
    assert bench.run(code).ok
    assert [bench.machine.read_x(0, n) & csr.MSTATUS_VS for n in (5, 7)] == [vs, vs]


def test_units_are_off_or_dirty(make_bench):
    bench = make_bench(arch="rv64gcv")
    for vs, fs in ((1, 0), (0, 2), (2, 1), (0, 0)):
        code = [
            e("addi", rd=5, rs1=0, imm12=vs),
            e("slli", rd=5, rs1=5, shamt6=9),
            e("lui", rd=6, upper20=fs << 13),
            e("or", rd=5, rs1=5, rs2=6),
            e("csrrw", rd=0, csr=0x300, rs1=5),
            e("csrrs", rd=7, csr=0x300, rs1=0),
            RET,
        ]
        assert bench.run(code).ok
        expected = csr.MSTATUS_MPP | (csr.MSTATUS_VS if vs else 0) | (csr.MSTATUS_FS if fs else 0)
        expected |= csr.MSTATUS_SD if vs or fs else 0
        assert bench.machine.read_x(0, 7) == bench.machine.read_csr(0, 0x300) == expected


def test_every_csr_can_be_read(make_bench):
    bench = make_bench(arch="rv64gcv")
    for number in csr.TABLE:
        assert bench.run([e("csrrs", rd=5, csr=number, rs1=0), RET]).ok, hex(number)
        assert bench.machine.read_csr(0, number) is not None


def test_float_is_illegal_while_it_is_off(bench):
    off = [e("csrrw", rd=5, csr=0x300, rs1=0)]
    on = [e("csrrw", rd=0, csr=0x300, rs1=5)]
    read = [e("csrrs", rd=6, csr=0x003, rs1=0)]
    assert bench.run([*read, *off, *on, *read, RET]).ok
    fault = bench.run([*off, *read, RET]).fault
    assert fault is not None
    assert (fault.cause, fault.pc) == (2, BASE + 4)
    assert bench.run([*read, RET]).ok  # a fault resets the hart


@pytest.mark.parametrize("arch", ["rv64gc", "rv64gcv"])
def test_vectors_are_illegal_where_there_are_none_and_while_they_are_off(make_bench, arch):
    bench = make_bench(arch=arch)
    off = [e("csrrw", rd=5, csr=0x300, rs1=0)]
    for word in (e("vsetvli", rd=6, rs1=0, zimm11=0), e("csrrs", rd=6, csr=0xC21, rs1=0)):
        assert bench.run([word, RET]).ok is (arch == "rv64gcv")
        fault = bench.run([*off, word, RET]).fault
        assert fault is not None
        assert (fault.cause, fault.pc) == (2, BASE + 4)


def test_rounding_mode_survives_its_change(bench):
    code = [
        e("csrrwi", rd=0, csr=0x002, zimm5=3),
        e("csrrs", rd=20, csr=0x003, rs1=0),
        e("csrrwi", rd=21, csr=0x003, zimm5=0x1F),
        e("csrrs", rd=22, csr=0x002, rs1=0),
        RET,
    ]
    assert bench.run(code).retired == (5,)
    assert [bench.machine.read_x(0, r) for r in (20, 21, 22)] == [3 << 5, 3 << 5, 0]


# -- code that changes -----------------------------------------------------------------------------


def test_new_code_is_seen_after_a_flush_and_equal_code_is_kept(bench):
    bench.put([li(20, 1), RET])
    assert bench.run().ok
    bench.memory[:4] = li(20, 2).to_bytes(4, "little")
    assert bench.run().ok
    assert bench.machine.read_x(0, 20) == 1  # stale, as on the device
    bench.machine.flush_code()
    assert bench.run().ok
    assert bench.machine.read_x(0, 20) == 2
    units = bench.machine.translated
    bench.machine.flush_code()
    bench.put([li(20, 1), RET])
    assert bench.run().ok
    assert bench.machine.read_x(0, 20) == 1
    assert bench.machine.translated == units


def test_guest_changes_its_own_code(bench):
    code = [
        e("auipc", rd=5, upper20=0),
        e("lw", rd=6, rs1=5, imm12=0x100),
        e("sw", rs2=6, rs1=5, store12=16),
        e("fence.i"),
        li(20, 1),
        RET,
    ]
    bench.put([li(20, 9)], BASE + 0x100)
    assert bench.run(code).retired == (6,)
    assert bench.machine.read_x(0, 20) == 9


def test_jumps_through_registers_into_a_known_unit(bench):
    # Ten landing places in a row, each adding its power of two, entered by instance.
    code = [
        e("auipc", rd=5, upper20=0),
        e("slli", rd=6, rs1=10, shamt6=2),
        e("add", rd=5, rs1=5, rs2=6),
        e("jalr", rd=0, rs1=5, imm12=16),
        *(e("addi", rd=20, rs1=20, imm12=1 << i) for i in range(10)),
        RET,
    ]
    assert bench.run(code, count=10).ok
    expected = sum(sum(1 << i for i in range(k, 10)) for k in range(10))
    assert bench.machine.read_x(0, 20) == expected


def test_mret_jumps_to_mepc(bench):
    code = [
        e("auipc", rd=5, upper20=0),
        e("addi", rd=5, rs1=5, imm12=20),
        e("csrrw", rd=0, csr=0x341, rs1=5),
        e("mret"),
        e("ebreak"),
        RET,
    ]
    assert bench.run(code).retired == (5,)


@pytest.mark.parametrize("entry", [1, BASE + 1, 2**64 - 1])
def test_odd_entry_is_a_fetch_fault(bench, entry):
    result = bench.run([RET], entry=entry, harts=1)
    assert result.reason is Reason.FAULT
    assert (result.fault.cause, result.fault.pc) == (1, entry)
    assert bench.run([RET], entry=entry, return_addr=entry).ok  # there already
