"""Command words, every command, every way to fail."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kcc.device import refsi
from kcc.device.sim.interface import Reason
from kcc.device.soc.commands import (
    Op,
    Reg,
    command,
    decode_command,
    encode_command,
    register_name,
    run_instances,
)
from kcc.device.soc.memory import HOST, hart_unit

DATA = 0x4200_0000
TCDM = 0x1000_0000


def write_reg(reg: int, value: int) -> list[int]:
    return command(Op.WRITE_REG64, value, inline=reg)


# fmt: off
HEADERS = [
    (Op.FINISH,           0, 0,              0x00000000C0000100),
    (Op.WRITE_REG64,      1, 1,              0x00000001C0020200),
    (Op.WRITE_REG64,      1, 24,             0x00000018C0020200),
    (Op.LOAD_REG64,       1, 0,              0x00000000C0020300),
    (Op.STORE_REG64,      1, 0,              0x00000000C0020400),
    (Op.STORE_IMM64,      1, 0x20002018,     0x20002018C0020500),
    (Op.COPY_MEM64,       3, 32,             0x00000020C0060600),
    (Op.RUN_KERNEL_SLICE, 2, 4,              0x00000004C0040700),
    (Op.RUN_INSTANCES,    4, 0x304,          0x00000304C0080800),
    (Op.SYNC_CACHE,       0, 3,              0x00000003C0000900),
]
# fmt: on


@pytest.mark.parametrize(("op", "chunks", "inline", "word"), HEADERS)
def test_headers(op, chunks, inline, word):
    assert encode_command(op, chunks, inline) == word
    assert decode_command(word) == (op, chunks, inline)


@given(op=st.integers(0, 255), n=st.integers(0, 8191), inline=st.integers(0, 2**32 - 1))
def test_encode_then_decode_is_identity(op, n, inline):
    assert decode_command(encode_command(op, n, inline)) == (op, n, inline)


@pytest.mark.parametrize("word", [0, 0x80000100, 0x40000100, 0xC0000101, 0x100])
def test_fixed_bits_are_checked(word):
    assert decode_command(word) is None


def test_an_odd_half_count_is_dropped():
    assert decode_command(0xC003_0200) == (2, 1, 0)


def test_a_tutorial_buffer_has_107_words():
    words = [w for r in range(5) for w in write_reg(r, 0)]
    for i in range(32):
        words += command(Op.RUN_KERNEL_SLICE, 2, i)
    assert len([*words, *command(Op.FINISH)]) == 107


def test_register_names():
    assert register_name(1) == "ENTRY_PT_FN"
    assert [register_name(r) for r in (8, 23, 24, 39)] == [
        "WINDOW_BASE0", "WINDOW_TARGET7", "WINDOW_MODE0", "WINDOW_SCALE7",
    ]  # fmt: skip
    assert register_name(7) == "REG7"
    assert register_name(40) == "REG40"


# -- commands --------------------------------------------------------------------------------------


def test_registers_hold_values_between_buffers(commands):
    assert commands.run(*write_reg(0, 5), *write_reg(7, 1 << 63)).error is None
    assert commands.run(*command(Op.STORE_REG64, DATA, inline=7)).error is None
    assert commands.word(DATA) == 1 << 63
    assert commands.device.processor.registers[0] == 5


def test_load_store_and_immediate(commands):
    status = commands.run(
        *command(Op.STORE_IMM64, 0x1122_3344_5566_7788, inline=DATA),
        *command(Op.LOAD_REG64, DATA, inline=Reg.SCRATCH),
        *command(Op.STORE_REG64, TCDM, inline=Reg.SCRATCH),
    )
    assert status.error is None
    assert commands.word(TCDM) == 0x1122_3344_5566_7788


def test_loading_a_window_register_does_not_map(commands):
    commands.run(
        *write_reg(Reg.WINDOW_BASE0, 0x5000),
        *write_reg(Reg.WINDOW_TARGET0, DATA),
        *command(Op.STORE_IMM64, 0xFFF << 32 | 1, inline=DATA),
        *command(Op.LOAD_REG64, DATA, inline=Reg.WINDOW_MODE0),
    )
    assert commands.device.processor.registers[Reg.WINDOW_MODE0] == 0xFFF << 32 | 1
    assert commands.device.view(0x5000, 1) is None


def test_finish_ends_the_buffer_and_is_optional(commands):
    finish = command(Op.FINISH)
    assert commands.run(*finish, 0).error is None
    assert commands.run(*command(Op.NOP, 1, 2, 3), *write_reg(0, 9)).error is None
    assert commands.run(*write_reg(0, 8), *finish, *write_reg(0, 7)).error is None
    assert commands.device.processor.registers[0] == 8
    assert commands.run(*command_of(Op.FINISH, 3)).error is None


def command_of(op: int, count: int) -> list[int]:
    return command(op, *range(count))


def test_trailing_bytes_are_ignored(commands):
    assert commands.run(*write_reg(0, 3), 0, size=16 + 7).error is None
    assert commands.device.processor.registers[0] == 3


def test_commands_may_write_later_ones(commands):
    words = command(Op.STORE_IMM64, encode_command(Op.FINISH, 0), inline=0x4100_0010)
    assert commands.run(*words, 0, 0).error is None


def test_copy_mem(commands):
    commands.device.write(DATA, bytes(range(64)))
    assert commands.run(*command(Op.COPY_MEM64, DATA, TCDM + 3, HOST, inline=8)).error is None
    got = bytearray(64)
    commands.device.read_into(memoryview(got), TCDM + 3)
    assert got == bytes(range(64))
    assert commands.run(*command(Op.COPY_MEM64, DATA, TCDM, HOST, inline=0)).error is None


RET = 0x8067


# fmt: off
FAILURES = {
    "not a command":        ([0],                                            "not a command"),
    "unknown opcode":       (command(10),                                    "not a command"),
    "too few words":        (command_of(Op.WRITE_REG64, 0),                "words, not 1"),
    "too many words":       (command_of(Op.STORE_IMM64, 2),                "words, not 1"),
    "copy with two":        (command_of(Op.COPY_MEM64, 2),                 "words, not 3"),
    "sync with one":        (command_of(Op.SYNC_CACHE, 1),                 "words, not 0"),
    "slice with one":       (command_of(Op.RUN_KERNEL_SLICE, 1),           "words, not 2"),
    "args missing":         (command(Op.RUN_INSTANCES, 1, inline=0x104),     "words, not 2"),
    "args too many":        (command(Op.RUN_INSTANCES, 1, 2, inline=4),      "words, not 1"),
    "write of register 40": (write_reg(40, 0),                               "no register 40"),
    "load of register 40":  (command(Op.LOAD_REG64, DATA, inline=40),        "no register 40"),
    "store of register 99": (command(Op.STORE_REG64, DATA, inline=99),       "no register 99"),
    "load from nowhere":    (command(Op.LOAD_REG64, 0x3000_0000, inline=0),  "0x30000000"),
    "store to nowhere":     (command(Op.STORE_REG64, 0x3000_0000, inline=0), "0x30000000"),
    "store over the end":   (command(Op.STORE_IMM64, 1, inline=0xBFFF_FFFC), "no memory"),
    "immediate to nowhere": (command(Op.STORE_IMM64, 1, inline=4),           "0x4"),
    "copy unaligned":       (command(Op.COPY_MEM64, DATA + 4, DATA, 0, inline=1), "8-aligned"),
    "copy too much":        (command(Op.COPY_MEM64, TCDM, DATA, 0, inline=1 << 20), "in memory"),
    "copy to nowhere":      (command(Op.COPY_MEM64, TCDM, 0, 0, inline=1),   "in memory"),
    "copy of hart's from host": (command(Op.COPY_MEM64, 0x2010_0000, DATA, HOST, inline=1),
                                                                             "only harts"),
    "bad DMA":              (command(Op.STORE_IMM64, 1, inline=0x2000_2000), "dimension"),
    "five harts":           (run_instances(1, 5),                            "5 harts"),
    "255 harts":            (command(Op.RUN_KERNEL_SLICE, 1, 0, inline=255), "255 harts"),
}
# fmt: on


@pytest.mark.parametrize("name", FAILURES)
def test_errors_abandon_the_rest(commands, name):
    words, message = FAILURES[name]
    status = commands.run(*write_reg(0, 1), *words, *write_reg(0, 2))
    assert message in status.error
    assert status.offset == 16
    assert commands.device.processor.registers[0] == 1
    assert refsi.last_error(commands.device) == status
    assert commands.run(*write_reg(0, 3)).error is None  # usable


def test_payload_behind_the_end_is_an_error(commands):
    status = commands.run(*write_reg(0, 1), size=8)
    assert "leave the buffer" in status.error


def test_a_buffer_must_be_in_memory(m1_device):
    assert "no command buffer" in m1_device.run(0x3000_0000, 64).error
    assert "no command buffer" in m1_device.run(0x2000_2000, 64).error
    # One that claims more than there is ends where the memory ends.
    m1_device.write(0xC000_0000 - 8, encode_command(Op.NOP, 0).to_bytes(8, "little"))
    assert m1_device.run(0xC000_0000 - 8, 1 << 40).error is None


# -- runs ----------------------------------------------------------------------------------------


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
    assert status.error == "3 words of payload leave the buffer"
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


def test_trace(make_commands):
    lines: list[str] = []
    c = make_commands(trace=lines.append)
    c.code(RET)
    c.run(
        *write_reg(1, 0x4000_1000), *write_reg(6, 0),
        *command(Op.STORE_IMM64, 5, inline=0x2000_2018),
        *command(Op.LOAD_REG64, 0x2000_2008, inline=0),
        *command(Op.COPY_MEM64, 0x2010_0000, DATA, hart_unit(1), inline=2),
        *run_instances(8, 1, 3), *command(Op.RUN_KERNEL_SLICE, 8, 0, inline=1),
        *command(Op.SYNC_CACHE, inline=3), *command(Op.FINISH),
    )  # fmt: skip
    assert lines.pop().startswith("[CMP] Finished executing command buffer in 0.")
    assert lines == [
        "[CMP] Starting.",
        "[CMP] Starting to execute command buffer at 0x41000000.",
        "[CMP] CMP_WRITE_REG64(ENTRY_PT_FN, 0x40001000)",
        "[CMP] CMP_WRITE_REG64(RETURN_ADDR, 0x0)",
        "[CMP] CMP_STORE_IMM64(DMA_SRC_ADDR, 0x5)",
        "dma_device_t::write_dma_reg() Set source address to 0x5",
        "[CMP] CMP_LOAD_REG64(SCRATCH, DMA_START_SEQ)",
        "dma_device_t::read_dma_reg() Most recent transfer ID: 0",
        "[CMP] CMP_COPY_MEM64(PERF_COUNTERS, 0x42000000, count=2, unit=0x3000001)",
        "[CMP] CMP_RUN_INSTANCES(n=8, max_harts=1, 0x3)",
        "[CMP] CMP_RUN_KERNEL_SLICE(n=8, slice_id=0, max_harts=1)",
        "[CMP] CMP_SYNC_CACHE(0x3)",
        "[CMP] CMP_FINISH",
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(words=st.lists(st.integers(0, 2**64 - 1), max_size=6), ops=st.lists(st.integers(0, 12)))
def test_any_words_end_in_a_status(commands, words, ops):
    """Commands of random contents, but no runs: those may rightly never end."""
    safe = [op for op in ops if op not in (Op.RUN_KERNEL_SLICE, Op.RUN_INSTANCES)]
    words = [w for w in words if decode_command(w) is None]
    buffer = [*(encode_command(op, len(words), sum(words) & 0x3F) for op in safe), *words]
    status = commands.run(*buffer)
    assert status.error is None or status.offset < 8 * max(len(buffer), 1)


def test_copy_ahead_of_itself_repeats_what_it_wrote(commands):
    commands.device.write(DATA, b"".join(n.to_bytes(8, "little") for n in range(1, 9)))
    status = commands.run(*command(Op.COPY_MEM64, DATA, DATA + 16, HOST, inline=6))
    assert status.error is None
    assert [commands.word(DATA + 8 * i) for i in range(8)] == [1, 2] * 4
    status = commands.run(*command(Op.COPY_MEM64, DATA + 8, DATA, HOST, inline=7))
    assert status.error is None
    assert [commands.word(DATA + 8 * i) for i in range(8)] == [2, 1] * 3 + [2, 2]


def test_output_to_a_closed_stream_fails_the_run(make_commands, e):
    def closed(_data: bytes) -> None:
        raise ValueError("I/O operation on closed file")

    commands = make_commands(output=closed)
    commands.code(
        e("addi", rd=17, rs1=0, imm12=1), e("lui", rd=10, upper20=DATA), e("ecall"), 0x8067
    )
    status = commands.run(*commands.setup(), *run_instances(1, 1))
    assert "cannot be written: I/O operation on closed file" in status.error
