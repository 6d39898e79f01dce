"""Commands that run code: what instances get, how runs end, what happens to the rest."""

from __future__ import annotations

import pytest

from hand_kernels import run_instances
from kcc.device.sim.interface import Reason
from kcc.device.soc.commands import Op, Reg, command

DATA = 0x4200_0000
RET = 0x8067


def write_reg(reg: int, value: int) -> list[int]:
    return command(Op.WRITE_REG64, value, inline=reg)


def store_all(e, *registers: int) -> list[int]:
    """Code: out[16 * instance + i] = register i; x5, x6 are used."""
    return [
        e("lui", rd=5, upper20=DATA),
        e("slli", rd=6, rs1=10, shamt6=7),
        e("add", rd=5, rs1=5, rs2=6),
        *(e("sd", rs2=r, rs1=5, store12=8 * i) for i, r in enumerate(registers)),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]


def rows(commands, count: int, width: int) -> list[list[int]]:
    return [[commands.word(DATA + 128 * i + 8 * j) for j in range(width)] for i in range(count)]


def test_run_instances_passes_arguments(commands, e):
    commands.code(*store_all(e, 1, 2, *range(10, 18)))
    words = run_instances(3, 2, *range(101, 108))
    assert commands.run(*commands.setup(STACK_TOP=0x1234_5670), *words).error is None
    common = [0x4000_0000, 0x1234_5670]
    assert rows(commands, 3, 10) == [[*common, i, *range(101, 108)] for i in range(3)]


def log_arguments(e) -> list[int]:
    """Code: append a1 to the words after DATA, whose first holds their size; load from a2."""
    return [
        e("lui", rd=5, upper20=DATA),
        e("ld", rd=6, rs1=5, imm12=0),
        e("addi", rd=7, rs1=6, imm12=8),
        e("sd", rs2=7, rs1=5, store12=0),
        e("add", rd=6, rs1=6, rs2=5),
        e("sd", rs2=11, rs1=6, store12=8),
        e("ld", rd=7, rs1=12, imm12=0),
        e("jalr", rd=0, rs1=1, imm12=0),
    ]


def logged(commands) -> list[int]:
    count = commands.word(DATA) // 8
    values = [commands.word(DATA + 8 + 8 * i) for i in range(count)]
    commands.device.write(DATA, bytes(8))
    return values


ROWS = {
    "alike": ([(2, 1, 7, DATA), (2, 1, 8, DATA), (2, 1, 9, DATA)], [7, 7, 8, 8, 9, 9]),
    "another count": ([(1, 1, 7, DATA), (2, 1, 8, DATA), (0, 1, 9, DATA)], [7, 8, 8]),
    "more arguments": ([(1, 1, 7, DATA), (1, 1, 8, DATA, 0), (1, 1, 9, DATA)], [7, 8, 9]),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("traced", [False, True])
def test_a_row_of_runs(make_commands, e, name, traced):
    launches, wanted = ROWS[name]
    commands = make_commands(trace=(lambda _: None) if traced else None)
    commands.code(*log_arguments(e))
    words = [w for launch in launches for w in run_instances(*launch)]
    status = commands.run(*commands.setup(), *words, *write_reg(0, 5))
    assert status.error is None
    assert logged(commands) == wanted
    assert status.retired[0] == 8 * len(wanted)
    assert commands.device.processor.registers[0] == 5


def test_a_fault_in_a_row_says_where(commands, e):
    commands.code(*log_arguments(e))
    before = commands.setup()
    words = [w for a2 in (DATA, DATA, 0, DATA) for w in run_instances(1, 1, 7, a2)]
    status = commands.run(*before, *words)
    assert status.result.fault.tval == 0
    assert status.offset == 8 * (len(before) + 2 * 4)
    assert logged(commands) == [7, 7, 7]


def test_a_row_may_be_cut_by_the_end(commands, e):
    commands.code(*log_arguments(e))
    words = [w for a1 in (1, 2, 3) for w in run_instances(1, 1, a1, DATA)]
    status = commands.run(*commands.setup(), *words[:-1])
    assert status.error == "a payload of 24 bytes leaves the buffer"
    assert logged(commands) == [1, 2]


def test_a_run_may_write_the_next_of_its_row(commands, e):
    before = commands.setup()
    words = [w for a1 in (1, 2) for w in run_instances(1, 1, a1, DATA)]
    argument = 0x4100_0000 + 8 * (len(before) + 4 + 2)  # a1 of the second
    commands.code(
        e("lui", rd=5, upper20=argument + 0x800 & ~0xFFF),
        e("addi", rd=6, rs1=0, imm12=77),
        e("sd", rs2=6, rs1=5, store12=argument - (argument + 0x800 & ~0xFFF)),
        *log_arguments(e),
    )
    assert commands.run(*before, *words).error is None
    assert logged(commands) == [1, 77]


def test_the_instruction_limit_covers_a_row(commands, e):
    commands.code(*log_arguments(e))
    words = [w for a1 in range(1000) for w in run_instances(1, 1, a1, DATA)]
    words = [*commands.setup(), *words]
    commands.device.write(0x4100_0000, b"".join(w.to_bytes(8, "little") for w in words))
    status = commands.device.run(0x4100_0000, 8 * len(words), limit=800)
    assert status.result.reason is Reason.LIMIT
    assert logged(commands) == list(range(100))


def test_no_instances_run_nothing(commands):
    assert commands.run(*write_reg(Reg.ENTRY_PT_FN, 0), *run_instances(0, 4)).error is None
    assert commands.device.last.retired == (0, 0, 0, 0)


def test_upper_half_of_the_entry_is_ignored(commands, e):
    commands.code(*store_all(e, 10))
    words = commands.setup(ENTRY_PT_FN=0xFF << 32 | 0x4000_1000)
    assert commands.run(*words, *run_instances(1, 0)).error is None


@pytest.mark.parametrize(
    ("harts", "ktbs", "stacks"),
    [
        (
            4,
            [0x10200000, 0x10280000, 0x10300000, 0x10380000],
            [0x10280000, 0x10300000, 0x10380000, 0x10400000],
        ),
        (2, [0x10200000, 0x10300000], [0x10300000, 0x10400000]),
    ],
)
def test_run_kernel_slice(commands, e, harts, ktbs, stacks):
    """Each instance also increments the first word of its hart's data."""
    commands.code(
        e("ld", rd=7, rs1=13, imm12=0),
        e("addi", rd=7, rs1=7, imm12=1),
        e("sd", rs2=7, rs1=13, store12=0),
        *store_all(e, 10, 11, 12, 13, 2, 7),
    )
    kub = 0x4300_0000
    commands.device.write(kub + 0x40, (500).to_bytes(16, "little"))
    setup = commands.setup(
        STACK_TOP=0, KUB_DESC=1 << 48 | kub, KARGS_INFO=0, TSD_INFO=0x40 << 16 | 16 << 40
    )
    words = command(Op.RUN_KERNEL_SLICE, harts + 1, 77, inline=harts)
    assert commands.run(*setup, *words).error is None
    expected = [[i, 77, kub, ktbs[i], stacks[i], 501] for i in range(harts)]
    # The next instance of a hart finds what the one before left.
    expected.append([harts, 77, kub, ktbs[0], stacks[0], 502])
    assert rows(commands, harts + 1, 6) == expected


def test_run_kernel_slice_without_thread_data(commands, e):
    commands.code(*store_all(e, 12, 13, 2))
    setup = commands.setup(STACK_TOP=0x1100, KUB_DESC=DATA, KARGS_INFO=0x20 << 16, TSD_INFO=0)
    assert commands.run(*setup, *command(Op.RUN_KERNEL_SLICE, 1, 0)).error is None
    assert rows(commands, 1, 3) == [[DATA + 0x20, 0, 0x1100]]


def test_thread_data_must_fit(commands):
    setup = commands.setup(KUB_DESC=DATA, TSD_INFO=0x20_0000 << 40)
    status = commands.run(*setup, *command(Op.RUN_KERNEL_SLICE, 1, 0, inline=2))
    assert "thread-specific data" in status.error


def test_a_fault_ends_the_buffer_but_not_the_device(commands, e):
    commands.code(0)  # an illegal instruction
    status = commands.run(*commands.setup(), *run_instances(8, 4), *write_reg(0, 1))
    assert status.result.reason is Reason.FAULT
    assert status.error == "error: 'Illegal Instruction' exception was raised @ 0x40001000"
    assert commands.device.processor.registers[0] == 0
    commands.code(*store_all(e, 10))
    assert commands.run(*commands.setup(), *run_instances(8, 4)).error is None


FAULTS = {
    "load": (("ld", {"rd": 5, "rs1": 0, "imm12": 8}), 5, "Load Access Fault", "(badaddr = 0x8)"),
    "store": (("sd", {"rs2": 5, "rs1": 0, "store12": 0}), 7, "Store/AMO Access Fault", "= 0x0)"),
    "misaligned": (("ld", {"rd": 5, "rs1": 2, "imm12": 1}), 4, "Misaligned Load", "badaddr"),
    "fetch": (("jalr", {"rd": 0, "rs1": 0, "imm12": 4}), 1, "Instruction Access Fault", "@ 0x4"),
    "break": (("ebreak", {}), 3, "unknown exception", "(cause = 3)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(commands, e, name):
    (insn, operands), cause, text, where = FAULTS[name]
    commands.code(e(insn, **operands))
    status = commands.run(*commands.setup(STACK_TOP=DATA), *run_instances(1, 1))
    assert status.result.fault.cause == cause
    assert text in status.error
    assert where in status.error


def host_call(e, number: int, argument: int) -> list[int]:
    return [
        e("addi", rd=17, rs1=0, imm12=number),
        e("lui", rd=10, upper20=argument & ~0xFFF),
        e("addi", rd=10, rs1=10, imm12=argument & 0xFFF),
        e("ecall"),
    ]


@pytest.fixture
def printing(make_commands, printed):
    return make_commands(output=printed.append)


def test_print_and_exit(printing, printed, e):
    printing.device.write(DATA, b"hello\n\0rest")
    printing.code(*host_call(e, 1, DATA), *host_call(e, 0, 0), 0)
    assert printing.run(*printing.setup(), *run_instances(3, 2)).error is None
    assert printed == [b"hello\n"] * 3


@pytest.mark.parametrize("argument", [0, 0x7FFF_F000])
def test_print_of_what_cannot_be_read_is_fatal(printing, e, argument):
    printing.code(*host_call(e, 1, argument), RET)
    status = printing.run(*printing.setup(), *run_instances(1, 1))
    if argument:  # DRAM that was never written holds an empty string
        assert status.error is None
    else:
        assert "unknown exception was raised @ 0x4000100c (cause = b)" in status.error


def test_an_unknown_call_is_fatal(printing, e):
    printing.code(*host_call(e, 3, 0))
    assert "(cause = b)" in printing.run(*printing.setup(), *run_instances(1, 1)).error


def test_exit_with_a_code_fails_the_run(printing, e):
    printing.code(*host_call(e, 0, 42))
    status = printing.run(*printing.setup(), *run_instances(4, 4))
    assert (status.result.reason, status.result.code) == (Reason.ABORT, 42)
    assert "code 42" in status.error


def test_barriers_meet_or_fail(printing, printed, e):
    code = [
        *host_call(e, 1, DATA),
        *host_call(e, 2, 0x1000),
        *host_call(e, 1, DATA + 8),
        RET,
    ]
    printing.device.write(DATA, b"A\0")
    printing.device.write(DATA + 8, b"B\0")
    printing.code(*code)
    assert printing.run(*printing.setup(), *run_instances(4, 4)).error is None
    assert b"".join(printed) == b"AAAABBBB"
    # Only instance 0 waits: the others' exit can never be met.
    printing.code(e("bne", rs1=10, rs2=0, branch13=20), *host_call(e, 2, 0), RET)
    status = printing.run(*printing.setup(), *run_instances(4, 4))
    assert status.result.reason is Reason.BARRIER
    assert "same barrier" in status.error


def test_output_that_cannot_be_written_fails_the_run(make_commands, e):
    def broken(_data: bytes) -> None:
        raise BrokenPipeError("gone")

    c = make_commands(output=broken)
    c.code(*host_call(e, 1, DATA), RET)
    status = c.run(*c.setup(), *run_instances(1, 1))
    assert "output cannot be written: gone" in status.error
    c.code(RET)
    assert c.run(*c.setup(), *run_instances(1, 1)).error is None


def test_sync_cache_shows_new_code(commands, e):
    commands.code(*store_all(e, 11))
    run = run_instances(1, 1, 1)
    assert commands.run(*commands.setup(), *run).error is None
    commands.code(*store_all(e, 0))
    assert commands.run(*command(Op.SYNC_CACHE, inline=2), *run).error is None
    assert commands.word(DATA) == 0


def test_instruction_limit_covers_the_buffer(commands, e):
    commands.code(e("jal", rd=0, jump21=0))
    device = commands.device
    words = [*commands.setup(), *run_instances(1, 1)]
    commands.device.write(0x4100_0000, b"".join(w.to_bytes(8, "little") for w in words))
    status = device.run(0x4100_0000, 8 * len(words), limit=10_000)
    assert status.result.reason is Reason.LIMIT
    assert status.error == "error: the instruction limit was reached"


def test_output_to_a_closed_stream_fails_the_run(make_commands, e):
    def closed(_data: bytes) -> None:
        raise ValueError("I/O operation on closed file")

    commands = make_commands(output=closed)
    commands.code(
        e("addi", rd=17, rs1=0, imm12=1), e("lui", rd=10, upper20=DATA), e("ecall"), 0x8067
    )
    status = commands.run(*commands.setup(), *run_instances(1, 1))
    assert "cannot be written: I/O operation on closed file" in status.error
