"""The M1's command processor: command words, its registers, what each command does.

Commands run in order until FINISH, the end of the buffer or the first error, which abandons
the rest of the buffer and is kept as a CommandError for whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ..sim.interface import BusError, HartStart, Launches, RunResult
from . import dma, m1
from .harts import Harts
from .memory import CMP, Bus, MemoryKind
from .traps import HostCalls, result_message
from .windows import COUNT as WINDOWS
from .windows import WindowError, Windows

MASK32 = (1 << 32) - 1


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
CACHE_SYNC_DCACHE, CACHE_SYNC_ICACHE = 1, 2


# -- command words ------------------------------------------------------------------------------


def encode_command(op: int, chunks: int, inline: int = 0) -> int:
    """The header of a command with `chunks` words of payload."""
    return inline << 32 | 3 << 30 | chunks * 2 << 16 | op << 8


def decode_command(header: int) -> tuple[int, int, int] | None:
    """(opcode, payload words, inline value), or None where the fixed bits are wrong."""
    if header >> 30 & 3 != 3 or header & 0xFF:
        return None
    return header >> 8 & 0xFF, header >> 17 & 0x1FFF, header >> 32 & MASK32


def command(op: int, *payload: int, inline: int = 0) -> list[int]:
    """A whole command, as words."""
    return [encode_command(op, len(payload), inline), *payload]


def run_instances(count: int, max_harts: int, *args: int) -> list[int]:
    return command(Op.RUN_INSTANCES, count, *args, inline=len(args) << 8 | max_harts)


def register_name(reg: int) -> str:
    if Reg.WINDOW_BASE0 <= reg < NUM_REGS:
        group, index = divmod(reg, WINDOWS)
        return f"{Reg(group * WINDOWS).name[:-1]}{index}"
    return Reg(reg).name if reg in list(Reg) else f"REG{reg}"


def address_name(addr: int) -> str:
    """A device address for the trace: DMA registers by name."""
    base, size = m1.RANGES[MemoryKind.KERNEL_DMA_PRIVATE]
    if addr % 8 == 0 and base <= addr < base + size and (addr - base) // 8 in list(dma.Reg):
        return f"DMA_{dma.Reg((addr - base) // 8).name}"
    counters = m1.RANGES[MemoryKind.PERF_COUNTERS][0]
    return "PERF_COUNTERS" if addr == counters else f"{addr:#x}"


# -- execution ------------------------------------------------------------------------------------


class CommandError(Exception):
    """Why a command failed; `result` is the run's, where one was going on."""

    def __init__(self, message: str, result: RunResult | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.result = result


@dataclass(frozen=True)
class BufferStatus:
    """What became of a command buffer.

    error:    why it was abandoned; None when it ran to its end.
    offset:   of the command it stopped at, bytes from the start of the buffer.
    retired:  instructions per hart, over all its commands.
    result:   of the run that failed, if it was one.
    """

    addr: int
    error: str | None
    offset: int
    retired: tuple[int, ...]
    result: RunResult | None = None


@dataclass
class _Progress:
    """Of the buffer being executed."""

    retired: list[int]
    remaining: int | None  # instructions
    words: memoryview  # the buffer
    at: int = 0  # the command, an index of `words`


class CommandProcessor:
    def __init__(
        self,
        bus: Bus,
        harts: Harts,
        calls: HostCalls,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self.registers = [0] * NUM_REGS
        self.windows = Windows(bus, harts)
        self.cancelled = False  # set from another thread: abandon the buffer
        self._bus = bus
        self._harts = harts
        self._calls = calls
        self._trace = trace
        self._progress = _Progress([0] * harts.harts, None, memoryview(b""))

    def execute(self, addr: int, size: int, limit: int | None = None) -> BufferStatus:
        """Run the commands in [addr, addr + size); never raises for what they hold.

        limit: instructions that all harts may retire together.
        """
        if self._trace:
            self._trace(f"[CMP] Starting to execute command buffer at {addr:#x}")
        error: CommandError | None = None
        progress = self._progress = _Progress([0] * self._harts.harts, limit, memoryview(b""))
        try:
            progress.words = self._words(addr, size)
            self._commands(progress)
        except CommandError as e:
            error = e
        except (BusError, WindowError) as e:
            error = CommandError(str(e))
        if self._trace:
            self._trace(f"[CMP] {error.message if error else 'Finished executing command buffer'}")
        return BufferStatus(
            addr,
            error.message if error else None,
            8 * progress.at,
            tuple(progress.retired),
            error.result if error else None,
        )

    def _commands(self, progress: _Progress) -> None:
        words = progress.words
        while progress.at < len(words):
            self._check_cancelled()
            header = decode_command(words[progress.at])
            if header is None:
                raise CommandError(f"{words[progress.at]:#018x} is not a command")
            op, count, inline = header
            if op == Op.FINISH:
                if self._trace:
                    self._trace("[CMP] CMP_FINISH")
                break
            start = progress.at + 1
            if start + count > len(words):
                raise CommandError(f"{count} words of payload leave the buffer")
            self._command(op, inline, words[start : start + count])
            progress.at += 1 + count

    def _words(self, addr: int, size: int) -> memoryview:
        """The buffer, live: commands may write to later ones. It may be cut by the memory's end."""
        place = self._bus.find(addr)
        size = min(size, place.end - addr) & ~7 if place else 0
        view = self._bus.view(addr, size, CMP)
        if view is None:
            raise CommandError(f"there is no command buffer at {addr:#x}")
        return view.cast("Q")

    def _command(self, op: int, inline: int, payload: memoryview) -> None:
        row = _COMMANDS.get(op)
        if row is None:
            raise CommandError(f"{op} is not a command")
        name, count, act, describe = row
        wanted = inline >> 8 & 7 if op == Op.RUN_INSTANCES else 0
        if count is not None and len(payload) != count + wanted:
            raise CommandError(f"{name} with {len(payload)} words, not {count + wanted}")
        if self._trace:
            self._trace(f"[CMP] CMP_{name}{describe(inline, payload)}")
        act(self, inline, payload)

    # -- the commands: each gets its inline value and its payload

    def _nop(self, _inline: int, _payload: memoryview) -> None:
        pass

    def _write_reg(self, reg: int, payload: memoryview) -> None:
        self._check_register(reg)
        value = payload[0]
        if reg >= Reg.WINDOW_BASE0:
            group, index = divmod(reg - Reg.WINDOW_BASE0, WINDOWS)
            self.windows.write(group, index, value)
        self.registers[reg] = value

    def _load_reg(self, reg: int, payload: memoryview) -> None:
        self._check_register(reg)
        self.registers[reg] = self._bus.read64(payload[0], CMP)

    def _store_reg(self, reg: int, payload: memoryview) -> None:
        self._check_register(reg)
        self._bus.write64(payload[0], self.registers[reg], CMP)

    def _store_imm(self, addr: int, payload: memoryview) -> None:
        self._bus.write64(addr, payload[0], CMP)

    def _copy_mem(self, count: int, payload: memoryview) -> None:
        src, dst, unit = payload
        if src % 8:
            raise CommandError(f"COPY_MEM64 from {src:#x}, which is not 8-aligned")
        for addr in (src, dst):
            place = self._bus.find(addr)
            if place is None or addr + 8 * count > place.end:
                raise CommandError(f"COPY_MEM64: {8 * count} bytes at {addr:#x} are not in memory")
        source = self._bus.view(src, 8 * count, unit)
        target = self._bus.view(dst, 8 * count, CMP)
        # Words move one by one, upwards: ahead of itself a copy repeats what it has written.
        if source is not None and target is not None and not src < dst < src + 8 * count:
            target[:] = source
            return
        for at in range(0, 8 * count, 8):
            self._check_cancelled()
            self._bus.write64(dst + at, self._bus.read64(src + at, unit), CMP)

    def _sync_cache(self, _flags: int, _payload: memoryview) -> None:
        self._harts.flush_code()

    def _run_instances(self, inline: int, payload: memoryview) -> None:
        count, *args = payload
        harts = self._hart_count(inline)
        start = HartStart(self.registers[Reg.STACK_TOP], tuple(args))
        # Commands that follow and differ in arguments only are run without coming back here,
        # unless someone wants to read of each.
        words = self._progress.words[self._progress.at :]
        row = None if self._trace else Launches(words, 1 + len(payload))
        self._run([start] * harts, count, row)

    def _run_kernel_slice(self, inline: int, payload: memoryview) -> None:
        count, slice_id = payload
        harts = self._hart_count(inline)
        kub = self.registers[Reg.KUB_DESC] & (1 << 48) - 1
        args = kub + (self.registers[Reg.KARGS_INFO] >> 16 & 0xFF_FFFF)
        info = self.registers[Reg.TSD_INFO]
        offset, size = info >> 16 & 0xFF_FFFF, info >> 40
        area = m1.HART_AREA_SIZE // harts
        if size > area:
            raise CommandError(f"{size} bytes of thread-specific data, but {area} per hart")
        data = self._bus.read(kub + offset, size, CMP) if size else b""
        starts = []
        for hart in range(harts):
            base = m1.HART_AREA_BASE + hart * area
            if size:
                self._bus.write(base, data, CMP)
            stack = self.registers[Reg.STACK_TOP] or base + area
            starts.append(HartStart(stack, (slice_id, args, base if size else 0)))
        self._run(starts, count)

    def _run(self, starts: Sequence[HartStart], count: int, row: Launches | None = None) -> None:
        progress = self._progress
        if not count:
            return
        result = self._harts.machine.run_instances(
            starts[:count],
            entry=self.registers[Reg.ENTRY_PT_FN] & MASK32,
            return_addr=self.registers[Reg.RETURN_ADDR],
            first=0,
            count=count,
            limit=progress.remaining,
            ecall=self._calls,
            launches=row,
        )
        if row is not None:
            progress.at += (result.launches - 1) * row.size
        for hart, retired in enumerate(result.retired):
            progress.retired[hart] += retired
        if progress.remaining is not None:
            progress.remaining = max(0, progress.remaining - sum(result.retired))
        if self._calls.failed is not None:
            reason = self._calls.failed
            self._calls.failed = None
            raise CommandError(f"error: the program's output cannot be written: {reason}", result)
        if not result.ok:
            raise CommandError(result_message(result), result)

    def _hart_count(self, inline: int) -> int:
        harts = inline & 0xFF or self._harts.harts
        if harts > self._harts.harts:
            raise CommandError(f"{harts} harts, but there are {self._harts.harts}")
        return harts

    def _check_cancelled(self) -> None:
        if self.cancelled:
            raise CommandError("error: the run was stopped")

    def _check_register(self, reg: int) -> None:
        if reg >= NUM_REGS:
            raise CommandError(f"there is no register {reg}")


# -- the table of commands -----------------------------------------------------------------------


def _bare(_inline: int, _payload: memoryview) -> str:
    return ""


def _register_and_value(reg: int, payload: memoryview) -> str:
    return f"({register_name(reg)}, {payload[0]:#x})"


def _register_and_address(reg: int, payload: memoryview) -> str:
    return f"({register_name(reg)}, {address_name(payload[0])})"


def _address_and_value(addr: int, payload: memoryview) -> str:
    return f"({address_name(addr)}, {payload[0]:#x})"


def _copy(count: int, payload: memoryview) -> str:
    src, dst, unit = payload
    return f"({address_name(src)}, {address_name(dst)}, count={count}, unit={unit:#x})"


def _slice(harts: int, payload: memoryview) -> str:
    return f"(n={payload[0]}, slice_id={payload[1]}, max_harts={harts & 0xFF})"


def _instances(inline: int, payload: memoryview) -> str:
    args = "".join(f", {arg:#x}" for arg in payload[1:])
    return f"(n={payload[0]}, max_harts={inline & 0xFF}{args})"


def _flags(flags: int, _payload: memoryview) -> str:
    return f"({flags:#x})"


# opcode -> (name, words of payload or None for any, action, what the trace says after the
# name). RUN_INSTANCES has its arguments on top, as many as its inline value says; FINISH
# ends the loop that looks here.
_Action = Callable[[CommandProcessor, int, memoryview], None]
_Describe = Callable[[int, memoryview], str]
_C = CommandProcessor
# fmt: off
_COMMANDS: dict[int, tuple[str, int | None, _Action, _Describe]] = {
    Op.NOP:              ("NOP",              None, _C._nop,              _bare),
    Op.WRITE_REG64:      ("WRITE_REG64",      1,    _C._write_reg,        _register_and_value),
    Op.LOAD_REG64:       ("LOAD_REG64",       1,    _C._load_reg,         _register_and_address),
    Op.STORE_REG64:      ("STORE_REG64",      1,    _C._store_reg,        _register_and_address),
    Op.STORE_IMM64:      ("STORE_IMM64",      1,    _C._store_imm,        _address_and_value),
    Op.COPY_MEM64:       ("COPY_MEM64",       3,    _C._copy_mem,         _copy),
    Op.RUN_KERNEL_SLICE: ("RUN_KERNEL_SLICE", 2,    _C._run_kernel_slice, _slice),
    Op.RUN_INSTANCES:    ("RUN_INSTANCES",    1,    _C._run_instances,    _instances),
    Op.SYNC_CACHE:       ("SYNC_CACHE",       0,    _C._sync_cache,       _flags),
}
# fmt: on
