"""Command buffers as words: headers, the shape of each command, names for what they hold.

A command is a header and so many words of payload. Whoever executes commands, prints them or
makes them reads their shape here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ..profile import MemoryMap, named_profile
from . import dma
from .memory import MemoryKind
from .windows import COUNT as WINDOWS

if TYPE_CHECKING:
    from ..sim.interface import RunResult

MASK32 = (1 << 32) - 1
MAX_CHUNKS = (1 << 13) - 1  # words of payload that a header can count


class Op(IntEnum):
    NOP = 0
    FINISH = 1
    WRITE_REG64 = 2
    LOAD_REG64 = 3
    STORE_REG64 = 4
    STORE_IMM64 = 5
    COPY_MEM64 = 6
    RUN_KERNEL_SLICE = 7
    RUN_INSTANCES = 8
    SYNC_CACHE = 9


class Reg(IntEnum):
    """Registers; of each WINDOW group there are eight in a row."""

    SCRATCH = 0
    ENTRY_PT_FN = 1
    KUB_DESC = 2
    KARGS_INFO = 3
    TSD_INFO = 4
    STACK_TOP = 5
    RETURN_ADDR = 6
    WINDOW_BASE0 = 8
    WINDOW_TARGET0 = 16
    WINDOW_MODE0 = 24
    WINDOW_SCALE0 = 32


NUM_REGS = 40
KUB_UNIT = 256  # bytes
MAX_ARGS = 7  # of RUN_INSTANCES, besides the instance
CACHE_SYNC_DCACHE, CACHE_SYNC_ICACHE = 1, 2


class CommandError(Exception):
    """Why a command failed; `result` is the run's, where one was going on."""

    def __init__(self, message: str, result: RunResult | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


# -- headers --------------------------------------------------------------------------------------


def encode_command(op: int, chunks: int, inline: int = 0) -> int:
    """The header of a command with `chunks` words of payload."""
    return inline << 32 | 3 << 30 | chunks * 2 << 16 | op << 8


def decode_command(header: int) -> tuple[int, int, int] | None:
    """(opcode, payload words, inline value), or None where the fixed bits are wrong."""
    if header >> 30 & 3 != 3 or header & 0xFF:
        return None
    return header >> 8 & 0xFF, header >> 17 & MAX_CHUNKS, header >> 32 & MASK32


def command(op: int, *payload: int, inline: int = 0) -> list[int]:
    """A whole command, as words."""
    return [encode_command(op, len(payload), inline), *payload]


def command_at(words: Sequence[int], at: int) -> tuple[int, int, Sequence[int]]:
    """The command whose header is word `at`: opcode, inline value, payload.

    raises: CommandError where there is none, or one of another shape.
    """
    header = decode_command(words[at])
    if header is None:
        raise CommandError(f"{words[at]:#018x} is not a command")
    op, count, inline = header
    payload = words[at + 1 : at + 1 + count]
    if op == Op.FINISH:  # nobody looks behind it
        return op, inline, payload
    if len(payload) < count:
        raise CommandError(f"a payload of {8 * count} bytes leaves the buffer")
    shape = SHAPES.get(op)
    if shape is None:
        raise CommandError(f"{op} is not a command")
    if shape.words is not None:
        wanted = shape.words + (inline >> 8 & 7 if op == Op.RUN_INSTANCES else 0)
        if count != wanted:
            raise CommandError(f"{shape.name} with {8 * count} bytes of payload, not {8 * wanted}")
    return op, inline, payload


# -- fields of registers --------------------------------------------------------------------------


def entry_point(value: int) -> int:
    """Of ENTRY_PT_FN: an address."""
    return value & MASK32


def kub_addr(value: int) -> int:
    """Of KUB_DESC."""
    return value & (1 << 48) - 1


def kub_size(value: int) -> int:
    """Of KUB_DESC, in units of KUB_UNIT bytes."""
    return value >> 48


def part_offset(value: int) -> int:
    """Of KARGS_INFO or TSD_INFO: bytes from the start of the KUB."""
    return value >> 16 & 0xFF_FFFF


def part_size(value: int) -> int:
    """Of KARGS_INFO or TSD_INFO, in bytes."""
    return value >> 40


# -- names ----------------------------------------------------------------------------------------


def register_name(reg: int) -> str:
    if Reg.WINDOW_BASE0 <= reg < NUM_REGS:
        group, index = divmod(reg, WINDOWS)
        return f"{Reg(group * WINDOWS).name[:-1]}{index}"
    return Reg(reg).name if reg in list(Reg) else f"REG{reg}"


def address_name(addr: int, memory: MemoryMap | None = None) -> str:
    """A device address for the trace: DMA registers by name. memory: by default the M1's."""
    memory = memory or named_profile("m1").memory
    registers = memory[MemoryKind.KERNEL_DMA_PRIVATE]
    if addr in registers and addr % 8 == 0 and (addr - registers.base) // 8 in list(dma.Reg):
        return f"DMA_{dma.Reg((addr - registers.base) // 8).name}"
    counters = memory[MemoryKind.PERF_COUNTERS].base
    return "PERF_COUNTERS" if addr == counters else f"{addr:#x}"


def describe(op: int, inline: int, payload: Sequence[int], memory: MemoryMap | None = None) -> str:
    """A command as traces show it: CMP_WRITE_REG64(ENTRY_PT_FN, 0x1001c). memory: as above."""
    shape = SHAPES[op]
    names = partial(address_name, memory=memory)
    return f"CMP_{shape.name}{shape.operands(inline, payload, names)}"


# -- the table of commands ------------------------------------------------------------------------


Names: TypeAlias = Callable[[int], str]  # of addresses


@dataclass(frozen=True)
class Shape:
    """words: of payload, None for any. operands: what a trace says after the name."""

    name: str
    words: int | None
    operands: Callable[[int, Sequence[int], Names], str]


def _bare(_inline: int, _payload: Sequence[int], _names: Names) -> str:
    return ""


def _register_and_value(reg: int, payload: Sequence[int], _names: Names) -> str:
    return f"({register_name(reg)}, {payload[0]:#x})"


def _register_and_address(reg: int, payload: Sequence[int], names: Names) -> str:
    return f"({register_name(reg)}, {names(payload[0])})"


def _address_and_value(addr: int, payload: Sequence[int], names: Names) -> str:
    return f"({names(addr)}, {payload[0]:#x})"


def _copy(count: int, payload: Sequence[int], names: Names) -> str:
    src, dst, unit = payload
    return f"({names(src)}, {names(dst)}, count={count}, unit={unit:#x})"


def _slice(harts: int, payload: Sequence[int], _names: Names) -> str:
    return f"(n={payload[0]}, slice_id={payload[1]}, max_harts={harts & 0xFF})"


def _instances(inline: int, payload: Sequence[int], _names: Names) -> str:
    args = "".join(f", {arg:#x}" for arg in payload[1:])
    return f"(n={payload[0]}, max_harts={inline & 0xFF}{args})"


def _flags(flags: int, _payload: Sequence[int], _names: Names) -> str:
    return f"({flags:#x})"


# RUN_INSTANCES has its arguments on top, as many as its inline value says.
# fmt: off
SHAPES: dict[int, Shape] = {
    Op.NOP:              Shape("NOP",              None, _bare),
    Op.FINISH:           Shape("FINISH",           None, _bare),
    Op.WRITE_REG64:      Shape("WRITE_REG64",      1,    _register_and_value),
    Op.LOAD_REG64:       Shape("LOAD_REG64",       1,    _register_and_address),
    Op.STORE_REG64:      Shape("STORE_REG64",      1,    _register_and_address),
    Op.STORE_IMM64:      Shape("STORE_IMM64",      1,    _address_and_value),
    Op.COPY_MEM64:       Shape("COPY_MEM64",       3,    _copy),
    Op.RUN_KERNEL_SLICE: Shape("RUN_KERNEL_SLICE", 2,    _slice),
    Op.RUN_INSTANCES:    Shape("RUN_INSTANCES",    1,    _instances),
    Op.SYNC_CACHE:       Shape("SYNC_CACHE",       0,    _flags),
}
# fmt: on
