"""Machine: harts, their memory maps, and launches of kernel instances on them.

The loop over instances, groups and turns runs in host code (runtime.py). It comes back here
for what it cannot do: translate, talk to a device, decide an ecall, end with a fault.
"""

from __future__ import annotations

import bisect
import ctypes
import mmap
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import csr, flow, softfloat, state
from .build import MASK64, Mode
from .engine import Engine, Function
from .interface import (
    Abort,
    BusError,
    Cause,
    Done,
    EcallHandler,
    EcallResult,
    Fatal,
    Fault,
    HartStart,
    HartView,
    IoDevice,
    Reason,
    Resume,
    RunResult,
    Sleep,
)
from .isa_string import extensions_of, misa_of
from .runtime import first_frame

__all__ = [
    "Abort",
    "BusError",
    "Cause",
    "Done",
    "EcallHandler",
    "EcallResult",
    "Fatal",
    "Fault",
    "HartStart",
    "HartView",
    "IoDevice",
    "Machine",
    "Reason",
    "Resume",
    "RunResult",
    "Sleep",
]

HOST_STACK = 4 << 20  # bytes of address space per hart; only pages in use take memory
TURNS_BETWEEN_SIGNALS = 4000
MAX_REBUILDS = 3  # a unit grows entries for indirect jumps this often, then they get their own
NO_LIMIT = (1 << 62) - 1
# Instructions in a hart's turn, unless an ecall ends it. Long enough that switching harts does
# not show (at 5000 it costs 2.5 % of a busy kernel), short enough for one to wait for another.
TURN = 50_000


@dataclass(frozen=True)
class _Mapped:
    """One entry of a hart's memory map."""

    base: int
    size: int
    flags: int
    host: int = 0
    memory: memoryview | None = None  # of exactly `size` bytes
    device: IoDevice | None = None
    keep: object = field(default=None, repr=False)  # what keeps the host address valid


class _Hart:
    """A hart's state, host stack, memory map and table of translations; also its HartView."""

    def __init__(self, index: int, engine: Engine, misa: int) -> None:
        self.hart = index
        self.state = state.Hart()
        self.addr = ctypes.addressof(self.state)
        self.map: list[_Mapped] = []  # sorted by base
        self.map_changed = True  # since generated code was told
        self.barrier: int | None = None
        self.functions: dict[int, tuple[Function, int]] = {}  # by entry: unit, its index there
        self.blocks: dict[int, Function] = {}  # by block: a unit that has it
        self.rebuilds: dict[int, int] = {}
        self._engine = engine
        self._misa = misa
        # Deep enough for any frame: units are bounded, and nothing recurses.
        # Private, or a forked process would run on this one's stack.
        self._stack = mmap.mmap(-1, HOST_STACK, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self._stack_addr = ctypes.addressof(ctypes.c_char.from_buffer(self._stack))
        self._regions: ctypes.Array[ctypes.Structure] | None = None
        self._table: ctypes.Array[ctypes.Structure]
        for name, function in (
            ("load_miss", "kcc_load"),
            ("store_miss", "kcc_store"),
            ("locate", "kcc_locate"),
            ("yield_turn", "kcc_yield"),
            ("trap", "kcc_trap"),
            ("event", "kcc_event"),
        ):
            setattr(self.state, name, engine.runtime[function])
        self.clear_table()
        self.reset()

    # -- state

    def reset(self) -> None:
        """Registers and CSRs as after power-on; counters, memory and code stay."""
        s = self.state
        ctypes.memset(ctypes.addressof(s.x), 0, 32 * 8)
        ctypes.memset(ctypes.addressof(s.f), 0, 32 * 8)
        s.fflags = s.frm = s.cause = s.tval = 0
        s.reserved_addr = state.NOT_RESERVED
        for row in csr.TABLE.values():
            s.csr[row.slot] = row.reset
        s.csr[csr.BY_NAME["mhartid"].slot] = self.hart
        s.csr[csr.BY_NAME["misa"].slot] = self._misa
        self.reset_stack()

    def reset_stack(self) -> None:
        """Forget what the hart was doing; next it enters the dispatcher anew."""
        runtime = self._engine.runtime
        words = first_frame(self.addr, runtime["kcc_hart_main"], runtime["kcc_begin"])
        data = struct.pack(f"<{len(words)}Q", *words)
        at = len(self._stack) - 64 - len(data)
        self._stack[at : at + len(data)] = data
        self.state.host_sp = self._stack_addr + at
        self.state.status = state.IDLE
        self.barrier = None

    @property
    def retired(self) -> int:
        return int(self.state.retired_end - self.state.budget) & MASK64

    @property
    def mode(self) -> tuple[int, bool]:
        mstatus = self.state.csr[csr.BY_NAME["mstatus"].slot]
        return self.state.frm, bool(mstatus & csr.MSTATUS_FS)

    # -- what an ecall handler sees

    @property
    def instance(self) -> int:
        return int(self.state.instance)

    @property
    def pc(self) -> int:
        return int(self.state.pc)

    def x(self, number: int) -> int:
        return int(self.state.x[number])

    def set_x(self, number: int, value: int) -> None:
        if number:
            self.state.x[number] = value & MASK64

    def read_memory(self, addr: int, size: int) -> bytes:
        parts = []
        while size > 0:
            region = self.find(addr)
            if region is None or region.memory is None:
                raise BusError(f"no memory at {addr:#x}")
            offset = addr - region.base
            part = bytes(region.memory[offset : offset + size])
            parts.append(part)
            addr += len(part)
            size -= len(part)
        return b"".join(parts)

    def read_string(self, addr: int, limit: int = 1 << 20) -> bytes:
        parts = []
        while limit > 0:
            region = self.find(addr)
            if region is None or region.memory is None:
                raise BusError(f"no memory at {addr:#x}")
            offset = addr - region.base
            part = bytes(region.memory[offset : offset + min(limit, 4096)])
            text, nul, _ = part.partition(b"\0")
            parts.append(text)
            if nul:
                return b"".join(parts)
            addr += len(part)
            limit -= len(part)
        raise BusError("the string does not end")

    def compute(self) -> None:
        """Do the floating-point instruction that the hart waits for."""
        s = self.state
        word, mode = s.soft_word & 0xFFFF_FFFF, s.soft_word >> 32
        a, b, c = s.soft_operands
        s.soft_operands[0], flags = softfloat.compute(word, mode, (a, b, c))
        s.fflags |= flags

    # -- memory map

    def find(self, addr: int) -> _Mapped | None:
        index = bisect.bisect_right(self.map, addr, key=lambda r: r.base) - 1
        if index < 0 or addr - self.map[index].base >= self.map[index].size:
            return None
        return self.map[index]

    def overlaps(self, region: _Mapped) -> _Mapped | None:
        index = bisect.bisect_left(self.map, region.base, key=lambda r: r.base)
        for other in self.map[max(index - 1, 0) : index + 1]:
            if other.base < region.base + region.size and region.base < other.base + other.size:
                return other
        return None

    def publish_map(self) -> None:
        """Give generated code the map, and take back what it remembers of the old one."""
        self._regions = (state.Region * max(len(self.map), 1))(
            *(state.Region(r.base, r.size, r.host, r.flags) for r in self.map)
        )
        self.state.regions = ctypes.addressof(self._regions)
        self.state.region_count = len(self.map)
        guesses = self.state.guesses
        ctypes.memset(ctypes.addressof(guesses), 0, ctypes.sizeof(guesses))
        self.map_changed = False

    def code(self, pc: int, size: int) -> bytes:
        """Bytes of executable memory: all of them, or those up to the end of the region."""
        region = self.find(pc)
        if region is None or not region.flags & state.EXEC or region.memory is None:
            return b""
        offset = pc - region.base
        return bytes(region.memory[offset : offset + size])

    def fetch(self, pc: int) -> bytes:
        """Up to four bytes of executable memory."""
        return self.code(pc, 4)

    # -- translations

    def clear_table(self) -> None:
        self.functions = {}
        self.blocks = {}
        self.rebuilds = {}
        self._publish_table(64)

    def has_code_in(self, region: _Mapped) -> bool:
        """True if a translation was made from bytes of the region."""
        return any(
            at < region.base + region.size and region.base < at + len(data)
            for function, _ in self.functions.values()
            for at, data in function.unit.code
        )

    def add_function(self, function: Function) -> None:
        """Enter a unit's entries; those that another unit has already stay with that one."""
        first = function.unit.entries[0]
        for pc in function.unit.blocks:
            old = self.blocks.get(pc)
            if old is None or old.unit.entries[0] == first:  # new, or the same unit grown
                self.blocks[pc] = function
        size = len(self._table)
        for index, pc in enumerate(function.unit.entries):
            entry = self.functions.get(pc)
            if index == 0 or entry is None or entry[0].unit.entries[0] == first:
                self.functions[pc] = (function, index)
                if 2 * len(self.functions) <= size:
                    self._publish_entry(pc, function, index)
        if 2 * len(self.functions) > size:
            while 2 * len(self.functions) > size:
                size *= 4
            self._publish_table(size)

    def _publish_table(self, size: int) -> None:
        table = (state.Entry * size).from_buffer_copy(bytes(state.Entry(pc=state.NO_PC)) * size)
        self._table = table
        self.state.table = ctypes.addressof(table)
        self.state.table_mask = size - 1
        for pc, (function, index) in self.functions.items():
            self._publish_entry(pc, function, index)

    def _publish_entry(self, pc: int, function: Function, index: int) -> None:
        table, mask = self._table, len(self._table) - 1
        slot = pc >> 1 & mask
        while table[slot].pc not in (state.NO_PC, pc):
            slot = slot + 1 & mask
        entry = table[slot]
        entry.pc, entry.function, entry.index = pc, function.address, index


class Machine:
    """A set of harts that share memory. One run at a time; stop() may come from any thread."""

    def __init__(
        self,
        harts: int,
        *,
        arch: str = "rv64gc",
        quantum: int = TURN,
        cache_dir: Path | None = None,
    ) -> None:
        """harts: their number. arch: an ISA string. quantum: instructions per turn.

        raises:  ValueError for an ISA string that is not supported, or no harts.
        """
        if harts < 1 or quantum < 1:
            raise ValueError("a machine needs a hart, and turns an instruction")
        self.arch = arch
        self.extensions = extensions_of(arch)
        self.track_flags = False  # keep fflags; set by the first code that reads them
        self._engine = Engine(cache_dir)
        misa = misa_of(self.extensions)
        self._harts = [_Hart(i, self._engine, misa) for i in range(harts)]
        self._pointers = (ctypes.c_uint64 * harts)(*(h.addr for h in self._harts))
        self._control = state.Control(
            harts=ctypes.addressof(self._pointers), hart_count=harts, quantum=quantum
        )
        self._run = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(
            self._engine.runtime["kcc_run"]
        )
        self._lock = threading.Lock()
        # Reentrant: a signal handler may stop the run that its thread is just ending.
        self._stopping = threading.RLock()
        self._running = False
        self._stops: frozenset[int] = frozenset()
        self._units: dict[tuple[object, ...], flow.Unit] = {}

    # -- memory -------------------------------------------------------------------------------

    def map_ram(
        self,
        base: int,
        size: int,
        memory: memoryview,
        offset: int = 0,
        *,
        hart: int | None = None,
        writable: bool = True,
        executable: bool = True,
    ) -> None:
        """Show bytes [offset, offset + size) of `memory` to the guest at `base`.

        memory:  writable and contiguous; several addresses may show the same bytes.
        hart:    None for all harts.
        raises:  ValueError if the range overlaps a mapped one or leaves `memory`.
        """
        view = memory.cast("B") if memory.format != "B" else memory
        if offset < 0 or size < 1 or offset + size > len(view):
            raise ValueError(f"{size} bytes at offset {offset} are not in {len(view)} bytes")
        part = view[offset : offset + size]
        anchor = ctypes.c_char.from_buffer(part)
        host = ctypes.addressof(anchor)
        flags = state.READ
        flags |= state.WRITE if writable else 0
        flags |= state.EXEC if executable else 0
        flags |= state.INLINE if base % 8 == host % 8 == 0 else 0
        self._map(_Mapped(base, size, flags, host, part, None, anchor), hart)

    def map_io(self, base: int, size: int, device: IoDevice, *, hart: int | None = None) -> None:
        """Route accesses in [base, base + size) to a device; raises ValueError on overlap."""
        flags = state.READ | state.WRITE | state.IO
        self._map(_Mapped(base, size, flags, device=device), hart)

    def _map(self, region: _Mapped, hart: int | None) -> None:
        if region.base < 0 or region.base + region.size > MASK64:
            raise ValueError("the range leaves the address space")
        chosen = self._harts if hart is None else [self._harts[hart]]
        with self._idle():
            for h in chosen:
                other = h.overlaps(region)
                if other is not None:
                    raise ValueError(
                        f"{region.size} bytes at {region.base:#x} overlap the "
                        f"{other.size} at {other.base:#x}"
                    )
            for h in chosen:
                bisect.insort(h.map, region, key=lambda r: r.base)
                h.map_changed = True

    def unmap(self, base: int, *, hart: int | None = None) -> None:
        """Remove the range that was mapped at `base`; raises ValueError if there is none."""
        chosen = self._harts if hart is None else [self._harts[hart]]
        with self._idle():
            kept = [[r for r in h.map if r.base != base] for h in chosen]
            if all(len(k) == len(h.map) for k, h in zip(kept, chosen, strict=True)):
                raise ValueError(f"nothing is mapped at {base:#x}")
            for h, regions in zip(chosen, kept, strict=True):
                gone = next((r for r in h.map if r.base == base), None)
                if gone is not None and h.has_code_in(gone):
                    h.clear_table()
                h.map = regions
                h.map_changed = True

    def _idle(self) -> _Idle:
        return _Idle(self._lock)

    def flush_code(self) -> None:
        """Look at the code bytes again: SYNC_CACHE. Translations of equal bytes are reused."""
        for h in self._harts:
            h.clear_table()

    # -- registers ----------------------------------------------------------------------------

    def reset(self) -> None:
        """All harts as after power-on; counters run on."""
        with self._idle():
            for h in self._harts:
                h.reset()

    @property
    def harts(self) -> int:
        return len(self._harts)

    @property
    def translated(self) -> int:
        """Units compiled so far, not counting those found in the cache on disk."""
        return self._engine.translated

    def retired(self, hart: int) -> int:
        """Instructions this hart has retired since the machine was made."""
        return self._harts[hart].retired

    def read_csr(self, hart: int, number: int) -> int:
        """A CSR as the hart would read it; 0 if it has none of that number."""
        row = csr.TABLE.get(number)
        if row is None:
            return 0
        h = self._harts[hart]
        s = h.state
        match row.kind:
            case "fflags" | "frm":
                return int(getattr(s, row.kind))
            case "fcsr":
                return int(s.frm << 5 | s.fflags)
            case "mcycle" | "minstret":
                return (h.retired + int(getattr(s, f"{row.kind}_offset"))) & MASK64
            case "mstatus" | "plain":
                return int(s.csr[row.slot])

    def write_csr(self, hart: int, number: int, value: int) -> None:
        """Write a counter or plain CSR from outside; one it does not have is ignored."""
        row = csr.TABLE.get(number)
        if row is None or row.read_only:
            return
        h = self._harts[hart]
        match row.kind:
            case "mcycle" | "minstret":
                setattr(h.state, f"{row.kind}_offset", (value - h.retired) & MASK64)
            case "fflags" | "frm":
                setattr(h.state, row.kind, value & row.writable)
            case "fcsr":
                h.state.fflags, h.state.frm = value & 31, value >> 5 & 7
            case "mstatus" | "plain":
                old = h.state.csr[row.slot]
                h.state.csr[row.slot] = old & ~row.writable | value & row.writable
        if row.kind in ("frm", "fcsr", "mstatus"):
            h.clear_table()

    def read_x(self, hart: int, number: int) -> int:
        return self._harts[hart].x(number)

    def read_f(self, hart: int, number: int) -> int:
        """The bits of a float register."""
        return int(self._harts[hart].state.f[number])

    # -- running ------------------------------------------------------------------------------

    def run_instances(
        self,
        starts: Sequence[HartStart],
        *,
        entry: int,
        return_addr: int,
        first: int,
        count: int,
        limit: int | None,
        ecall: EcallHandler,
    ) -> RunResult:
        """Run `count` instances, ids from `first`, in groups of one per entry of `starts`.

        starts:  for harts 0, 1, ..; at most as many as the machine has.
        limit:   instructions all harts may retire together; checked at backward jumps and
                 between units, so a run may end a few blocks beyond it.
        returns: how it ended. After anything but FINISHED the harts are reset.
        raises:  what `ecall` or a device raises, other than BusError; ValueError for bad starts.
        """
        if not 1 <= len(starts) <= len(self._harts):
            raise ValueError(f"{len(starts)} harts of {len(self._harts)}")
        if any(len(s.args) > 7 for s in starts):
            raise ValueError("an instance takes at most 7 arguments besides its id")
        entry, return_addr = entry & MASK64, return_addr & MASK64
        with self._idle():
            if entry & 1 and entry != return_addr and count:
                # Jumps never lead to odd addresses; the table of entries relies on that.
                fault = Fault(Cause.FETCH_FAULT.value, entry, entry, 0, first)
                none = (0,) * len(starts)
                return RunResult(Reason.FAULT, none, fault, pcs=(entry,) * len(starts))
            harts = self._harts[: len(starts)]
            before = [h.retired for h in harts]
            self._prepare(harts, starts, return_addr)
            c = self._control
            c.hart_count = len(harts)
            c.entry, c.return_addr = entry, return_addr
            c.next, c.end = first, first + count
            c.remaining = NO_LIMIT if limit is None else min(max(limit, 0), NO_LIMIT)
            c.current = c.resume = 0
            finished = False
            try:
                self._running = True
                result = self._loop(harts, ecall, before)
                finished = result.ok
            finally:
                with self._stopping:  # a stop that comes now must not meet the next run
                    self._running = False
                    self._control.stop = 0
                if not finished:  # perhaps by an interrupt in the midst of anything
                    for h in harts:
                        h.reset()
                        h.clear_table()
                        h.map_changed = True
            return result

    def stop(self) -> None:
        """Make the current run return STOPPED at the end of a turn. From any thread."""
        with self._stopping:
            if self._running:
                self._control.stop = 1

    def _prepare(self, harts: list[_Hart], starts: Sequence[HartStart], return_addr: int) -> None:
        """Give each hart its start values, and forget units that run across return_addr."""
        stops = frozenset((return_addr & MASK64,))
        for h, start in zip(harts, starts, strict=True):
            h.state.return_addr = return_addr & MASK64
            h.state.start_sp = start.sp & MASK64
            h.state.start_count = len(start.args)
            for i, arg in enumerate(start.args):
                h.state.start_args[i] = arg & MASK64
            if h.map_changed:
                h.publish_map()
            h.state.status = state.IDLE
            h.state.instance = MASK64  # of no group yet
            if stops != self._stops and any(stops & f.inside for f, _ in h.functions.values()):
                h.clear_table()
        self._stops = stops

    def _loop(self, harts: list[_Hart], ecall: EcallHandler, before: list[int]) -> RunResult:
        """Alternate between host code and what it asks for, until the run is over."""
        c = self._control
        address = ctypes.addressof(c)
        while True:
            c.turns = TURNS_BETWEEN_SIGNALS
            event = self._run(address)
            hart = harts[c.current] if c.current < len(harts) else harts[0]
            fault: Fault | None = None
            code = 0
            match event:
                case state.FINISHED:
                    reason = Reason.FINISHED
                case state.LIMIT:
                    reason = Reason.LIMIT
                case state.STOPPED:
                    reason = Reason.STOPPED
                case state.PAUSE:  # signal handlers have run by the time we get here
                    continue
                case state.FAULT:
                    reason = Reason.FAULT
                    fault = self._fault(hart, int(hart.state.cause), int(hart.state.tval))
                case state.MISS:
                    fault = self._translate(hart)
                    c.resume = 1
                    if fault is None:
                        continue
                    reason = Reason.FAULT
                case state.IO_ACCESS:
                    fault = self._access(hart)
                    c.resume = 1
                    if fault is None:
                        continue
                    reason = Reason.FAULT
                case state.SOFT_FLOAT:
                    hart.compute()
                    c.resume = 1
                    continue
                case state.MODE | state.FENCE_I:
                    hart.clear_table()
                    c.resume = 1
                    continue
                case state.NONE_READY:
                    if self._wake(harts):
                        continue
                    reason = Reason.BARRIER
                case state.ECALL:
                    decision = ecall(hart)
                    if not isinstance(decision, Abort | Fatal):
                        self._decide(hart, decision)
                        c.current = (c.current + 1) % len(harts)
                        continue
                    if isinstance(decision, Abort):
                        reason, code = Reason.ABORT, decision.code
                    else:
                        reason = Reason.FAULT
                        fault = self._fault(hart, Cause.ECALL_M.value, 0)
                case _:
                    raise AssertionError(event)
            retired = tuple(h.retired - b for h, b in zip(harts, before, strict=True))
            return RunResult(reason, retired, fault, code, tuple(h.pc for h in harts))

    def _decide(self, hart: _Hart, decision: Done | Resume | Sleep) -> None:
        match decision:
            case Done():
                hart.reset_stack()  # leaves the hart idle: the group goes on without it
            case Resume():
                hart.state.pc += 4
            case Sleep(barrier):
                hart.state.pc += 4
                hart.state.status = state.ASLEEP
                hart.barrier = barrier
        hart.state.reserved_addr = state.NOT_RESERVED  # its turn is over

    def _wake(self, harts: list[_Hart]) -> bool:
        """Open the barrier if the whole group stands at the same one."""
        asleep = [h for h in harts if h.state.status == state.ASLEEP]
        group = [h for h in harts if h in asleep or h.instance in _ids(asleep, len(harts))]
        if len({h.barrier for h in asleep}) != 1 or len(group) != len(asleep):
            return False
        for h in asleep:
            h.barrier = None
            h.state.status = state.READY
        return True

    def _translate(self, hart: _Hart) -> Fault | None:
        """Make the code at the hart's pc executable; a fault if there is none."""
        pc = hart.pc
        if pc & 1 or flow.read_word(hart.fetch, pc) is None:
            half = pc if len(hart.fetch(pc)) < 2 else pc + 2
            return self._fault(hart, Cause.FETCH_FAULT.value, half)
        extra: tuple[int, ...] = ()
        start = pc
        known = hart.blocks.get(pc)
        if known is not None:
            first = known.unit.entries[0]
            if hart.rebuilds.get(first, 0) < MAX_REBUILDS:
                hart.rebuilds[first] = hart.rebuilds.get(first, 0) + 1
                start, extra = first, (*known.unit.entries[1:], pc)
        unit = self._unit(hart, start, extra)
        if not self.track_flags and flow.reads_flags(unit):
            self.track_flags = True
            for h in self._harts:
                h.clear_table()
        frm, float_on = hart.mode
        mode = Mode(frm, float_on, self.track_flags)
        function = self._engine.function(unit, mode, self.extensions)
        hart.add_function(function)
        return None

    def _unit(self, hart: _Hart, start: int, extra: tuple[int, ...]) -> flow.Unit:
        """Discover a unit, or take the one found there before if its bytes are the same."""
        key = (start, extra, self._stops)
        unit = self._units.get(key)
        if unit is None or any(hart.code(at, len(data)) != data for at, data in unit.code):
            unit = self._units[key] = flow.discover(
                start, hart.fetch, extra=extra, stops=self._stops
            )
        return unit

    def _access(self, hart: _Hart) -> Fault | None:
        """A device access on behalf of a hart that waits for it."""
        s = hart.state
        addr, size = int(s.io_addr), int(s.io_size)
        region = hart.find(addr)
        assert region is not None
        assert region.device is not None
        try:
            if s.io_store:
                value = s.io_value & (1 << 8 * size) - 1
                region.device.store(addr - region.base, size, value, hart.hart)
            else:
                value = region.device.load(addr - region.base, size, hart.hart)
                s.io_value = value & (1 << 8 * size) - 1
        except BusError:
            cause = Cause.STORE_FAULT if s.io_store else Cause.LOAD_FAULT
            return self._fault(hart, cause.value, addr)
        return None

    def _fault(self, hart: _Hart, cause: int, tval: int) -> Fault:
        code = flow.read_word(hart.fetch, hart.pc)
        return Fault(cause, hart.pc, tval, hart.hart, hart.instance, code.word if code else 0)


def _ids(asleep: list[_Hart], count: int) -> range:
    """Instances of the group that the sleeping harts belong to."""
    first = min(h.instance - h.hart for h in asleep)
    return range(first, first + count)


class _Idle:
    """Holds a machine's lock; nothing may wait for a run to end but to be told so."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the machine is running")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
