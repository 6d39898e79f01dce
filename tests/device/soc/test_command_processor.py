"""Command words, every command, every way to fail."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hand_kernels import run_instances
from kcc.device import refsi
from kcc.device.soc.commands import (
    Op,
    Reg,
    command,
    decode_command,
    encode_command,
    register_name,
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
    "too few words":        (command_of(Op.WRITE_REG64, 0),                "payload, not 8"),
    "too many words":       (command_of(Op.STORE_IMM64, 2),                "payload, not 8"),
    "copy with two":        (command_of(Op.COPY_MEM64, 2),                 "payload, not 24"),
    "sync with one":        (command_of(Op.SYNC_CACHE, 1),                 "payload, not 0"),
    "slice with one":       (command_of(Op.RUN_KERNEL_SLICE, 1),           "payload, not 16"),
    "args missing":         (command(Op.RUN_INSTANCES, 1, inline=0x104),     "payload, not 16"),
    "args too many":        (command(Op.RUN_INSTANCES, 1, 2, inline=4),      "payload, not 8"),
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
    assert "leaves the buffer" in status.error


def test_a_buffer_must_be_in_memory(m1_device):
    assert "nothing to execute" in m1_device.run(0x3000_0000, 64).error
    assert "nothing to execute" in m1_device.run(0x2000_2000, 64).error
    # One that claims more than there is ends where the memory ends.
    m1_device.write(0xC000_0000 - 8, encode_command(Op.NOP, 0).to_bytes(8, "little"))
    assert m1_device.run(0xC000_0000 - 8, 1 << 40).error is None


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
    assert re.fullmatch(r"\[CMP\] Finished executing command buffer in \d+\.\d{3} s", lines.pop())
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


@pytest.mark.parametrize("ahead", [1, 4, 7, 8, 9, 12, 16, 23, 100, 1000])
def test_copy_ahead_of_itself_is_word_by_word(commands, ahead):
    count = 40
    plain = bytearray(i * 7 % 251 for i in range(1400))
    commands.device.write(DATA, bytes(plain))
    assert (
        commands.run(*command(Op.COPY_MEM64, DATA, DATA + ahead, HOST, inline=count)).error is None
    )
    for at in range(0, 8 * count, 8):
        plain[ahead + at : ahead + at + 8] = plain[at : at + 8]
    got = bytearray(len(plain))
    assert commands.device.read_into(memoryview(got), DATA)
    assert got == plain


def test_copy_ahead_of_itself_reaches_far(commands):
    commands.device.write(DATA, b"12345678")
    status = commands.run(*command(Op.COPY_MEM64, DATA, DATA + 8, HOST, inline=1 << 20))
    assert status.error is None
    assert commands.device.view(DATA + (8 << 20), 8) == b"12345678"
