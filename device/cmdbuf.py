"""Command buffers, made and read: a builder with a method per command, and a disassembler.

buffer = CommandBuffer()
buffer.write_reg64(Reg.ENTRY_PT_FN, entry)
buffer.run_instances(8, arguments, max_harts=4)
buffer.finish()
host = REFSI_UNIT_ID(REFSI_UNIT_KIND_EXTERNAL, 0)
refsiWriteDeviceMemory(device, addr, bytes(buffer), buffer.size, host)
refsiExecuteCommandBuffer(device, addr, buffer.size)
"""

from __future__ import annotations

import re
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..ir.abi import KERNEL_DMA
from .profile import MemoryMap
from .soc import dma
from .soc.commands import (
    CACHE_SYNC_DCACHE,
    CACHE_SYNC_ICACHE,
    KUB_UNIT,
    MASK32,
    MAX_ARGS,
    MAX_CHUNKS,
    NUM_REGS,
    CommandError,
    Names,
    Op,
    Reg,
    address_name,
    command,
    command_at,
    describe,
    kub_addr,
    kub_size,
    part_offset,
    part_size,
)
from .soc.memory import UnitKind, unit_index, unit_kind
from .soc.windows import (
    COUNT,
    PER_HART,
    SHARED,
    decode_scale,
    encode_mode,
    encode_scale,
    is_active,
    mode_of,
    size_of,
)

SYNC_ALL = CACHE_SYNC_DCACHE | CACHE_SYNC_ICACHE


class CommandBuffer:
    """Commands in the order in which they will be executed.

    The methods are the commands, with their operands. All raise ValueError for one that does
    not fit its field; whether the device can do what is asked for, it says when it executes.
    """

    def __init__(self, dma_registers: int = KERNEL_DMA) -> None:
        """dma_registers: their address on the device."""
        self.words = array("Q")
        self._dma = dma_registers

    @property
    def size(self) -> int:
        """In bytes."""
        return 8 * len(self.words)

    def __bytes__(self) -> bytes:
        words = self.words
        if sys.byteorder == "big":
            words = array("Q", words)
            words.byteswap()
        return words.tobytes()

    # -- the commands

    def nop(self, *payload: int) -> None:
        self._add(Op.NOP, 0, *payload)

    def finish(self) -> None:
        """The end; what follows is not executed."""
        self._add(Op.FINISH, 0)

    def write_reg64(self, reg: int, value: int) -> None:
        self._add(Op.WRITE_REG64, _register(reg), value)

    def load_reg64(self, reg: int, src_addr: int) -> None:
        self._add(Op.LOAD_REG64, _register(reg), src_addr)

    def store_reg64(self, reg: int, dst_addr: int) -> None:
        self._add(Op.STORE_REG64, _register(reg), dst_addr)

    def store_imm64(self, dst_addr: int, value: int) -> None:
        """dst_addr: of 32 bits."""
        self._add(Op.STORE_IMM64, dst_addr, value)

    def copy_mem64(self, src_addr: int, dst_addr: int, count: int, unit: int) -> None:
        """Copy `count` 64-bit words, as `unit` sees the source."""
        self._add(Op.COPY_MEM64, count, src_addr, dst_addr, unit)

    def run_kernel_slice(self, instances: int, slice_id: int, *, max_harts: int = 0) -> None:
        """max_harts: 0 for all."""
        self._add(Op.RUN_KERNEL_SLICE, _field("max_harts", max_harts, 0xFF), instances, slice_id)

    def run_instances(self, instances: int, *args: int, max_harts: int = 0) -> None:
        """args: at most seven, which each instance gets besides its number."""
        count = _field("the number of arguments", len(args), MAX_ARGS)
        inline = count << 8 | _field("max_harts", max_harts, 0xFF)
        self._add(Op.RUN_INSTANCES, inline, instances, *args)

    def sync_cache(self, flags: int = SYNC_ALL) -> None:
        self._add(Op.SYNC_CACHE, flags)

    # -- what takes several

    def window(
        self, index: int, base: int, target: int, size: int, *, per_hart: int | None = None
    ) -> None:
        """Map window `index`, which is not mapped now: `size` bytes at `base` show `target`.

        per_hart: bytes from one hart's part of the target to the next; None shows all the same.
        """
        _field("the window", index, COUNT - 1)
        _field("a window's size, less one,", size - 1, MASK32)
        _field("a window's scale", per_hart or 0, MASK32 + 1)
        self.write_reg64(Reg.WINDOW_BASE0 + index, base)
        self.write_reg64(Reg.WINDOW_TARGET0 + index, target)
        self.write_reg64(Reg.WINDOW_SCALE0 + index, encode_scale(per_hart or 0))
        mode = SHARED if per_hart is None else PER_HART
        self.write_reg64(Reg.WINDOW_MODE0 + index, encode_mode(size, mode))

    def dma(self, **registers: int) -> None:
        """Set DMA registers, named as in soc.dma.Reg, and wait for the transfer's end.

        The last one is CTRL, with the bit that starts.
        """
        for name, value in registers.items():
            self.store_imm64(self._dma + 8 * dma.Reg[name], value)
        self.load_reg64(Reg.SCRATCH, self._dma + 8 * dma.Reg.START_SEQ)
        self.store_reg64(Reg.SCRATCH, self._dma + 8 * dma.Reg.DONE_SEQ)

    def _add(self, op: Op, inline: int, *payload: int) -> None:
        if not 0 <= inline <= MASK32:
            raise ValueError(f"{op.name}: {inline:#x} does not fit 32 bits")
        if len(payload) > MAX_CHUNKS:
            raise ValueError(f"{op.name}: {len(payload)} words of payload, at most {MAX_CHUNKS}")
        try:
            words = array("Q", command(op, *payload, inline=inline))
        except OverflowError:
            bad = next(value for value in payload if not 0 <= value < 1 << 64)
            raise ValueError(f"{op.name}: {bad:#x} does not fit 64 bits") from None
        self.words.extend(words)


def _field(what: str, value: int, limit: int) -> int:
    if not 0 <= value <= limit:
        raise ValueError(f"{what} is {value}, not from 0 to {limit}")
    return value


def _register(reg: int) -> int:
    return _field("the register", reg, NUM_REGS - 1)


# -- reading --------------------------------------------------------------------------------------


def parse_words(data: bytes) -> array[int]:
    """The words of a file: as the device has them, or as text, in hexadecimal.

    In text, words stand between blanks or commas; a word with a colon behind it is a place,
    and skipped; # and ; begin comments. Bytes of a last word that is not whole are dropped.
    raises: ValueError for text that is something else.
    """
    words = array("Q")
    if re.search(rb"[^\t-\r -~]", data):  # as every header does
        words.frombytes(data[: len(data) & ~7])
        if sys.byteorder == "big":
            words.byteswap()
        return words
    for number, line in enumerate(data.decode("ascii").splitlines(), 1):
        for word in re.split(r"[\s,]+", re.split("[#;]", line)[0].strip()):
            if not word or word.endswith(":"):
                continue
            if not re.fullmatch("(0[xX])?[0-9a-fA-F]{1,16}", word):
                raise ValueError(f"line {number}: '{word}' is not a 64-bit hexadecimal word")
            words.append(int(word, 16))
    return words


def disassemble(words: Sequence[int], memory: MemoryMap | None = None) -> Iterator[str]:
    """A line for each command: its offset in bytes, its name and operands, what they mean.

    memory: of the device, an M; by default the M1.
    raises: CommandError at what is no command, in the words of the command processor.
    """
    names = partial(address_name, memory=memory)
    at = 0
    while at < len(words):
        try:
            op, inline, payload = command_at(words, at)
        except CommandError as e:
            raise CommandError(f"offset {8 * at:#x}: {e.message}") from None
        line = f"{8 * at:#06x}  {describe(op, inline, payload, memory)}"
        note = _NOTES[op](inline, payload, names) if op in _NOTES else ""
        yield f"{line:<60} ; {note}" if note else line
        at += 1 + len(payload)
        if op == Op.FINISH:
            break
    if at < len(words):
        yield f"; words behind the end: {len(words) - at}"


def _write_note(reg: int, payload: Sequence[int], _names: Names) -> str:
    """The fields of a register's value."""
    value = payload[0]
    if reg >= NUM_REGS:
        return "no such register"
    if reg > Reg.WINDOW_BASE0:
        reg -= (reg - Reg.WINDOW_BASE0) % COUNT  # the first of its group
    match reg:
        case Reg.KUB_DESC:
            return f"at {kub_addr(value):#x}, {KUB_UNIT * kub_size(value):#x} bytes"
        case Reg.KARGS_INFO | Reg.TSD_INFO:
            return f"at {part_offset(value):#x} of the KUB, {part_size(value):#x} bytes"
        case Reg.WINDOW_MODE0:
            modes = {SHARED: "shared", PER_HART: "per hart"}
            mode = modes.get(mode_of(value), f"mode {mode_of(value) >> 1}")
            active = "active" if is_active(value) else "inactive"
            return f"{active}, {mode}, {size_of(value):#x} bytes"
        case Reg.WINDOW_SCALE0:
            return f"{decode_scale(value):#x} bytes per hart"
    return ""


def _load_store_note(reg: int, _payload: Sequence[int], _names: Names) -> str:
    return "no such register" if reg >= NUM_REGS else ""


def _store_imm_note(addr: int, payload: Sequence[int], names: Names) -> str:
    value = payload[0]
    if names(addr) != f"DMA_{dma.Reg.CTRL.name}":
        return ""
    parts = [f"{value >> 4 & 3}D"]
    parts += ["target strides"] if value & dma.STRIDE_DST else []
    parts += ["source strides"] if value & dma.STRIDE_SRC else []
    return ", ".join([*parts, "start"] if value & dma.START else parts)


def _copy_note(_count: int, payload: Sequence[int], _names: Names) -> str:
    unit = payload[2]
    kind = unit_kind(unit)
    return f"read as hart {unit_index(unit)}" if kind == UnitKind.ACC_HART else ""


def _sync_note(flags: int, _payload: Sequence[int], _names: Names) -> str:
    names = ((CACHE_SYNC_DCACHE, "data"), (CACHE_SYNC_ICACHE, "instructions"))
    return ", ".join(name for flag, name in names if flags & flag)


_NOTES: dict[int, Callable[[int, Sequence[int], Names], str]] = {
    Op.WRITE_REG64: _write_note,
    Op.LOAD_REG64: _load_store_note,
    Op.STORE_REG64: _load_store_note,
    Op.STORE_IMM64: _store_imm_note,
    Op.COPY_MEM64: _copy_note,
    Op.SYNC_CACHE: _sync_note,
}
