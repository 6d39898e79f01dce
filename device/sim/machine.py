"""Machine: harts, their memory maps, and launches of kernel instances on them.

The loop over instances, groups and turns runs in host code (runtime.py). It comes back here
for what it cannot do: translate, talk to a device, decide an ecall, end with a fault.
"""

from __future__ import annotations

import bisect
import ctypes
import threading
from collections.abc import Sequence
from pathlib import Path

from . import csr, flow, state
from .build import MASK64
from .engine import Engine
from .hart import Hart, Mapped
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
    Launches,
    Reason,
    Resume,
    RunResult,
    Sleep,
)
from .isa_string import extensions_of, misa_of, vlen_of

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
    "Launches",
    "Machine",
    "Reason",
    "Resume",
    "RunResult",
    "Sleep",
]

TURNS_BETWEEN_SIGNALS = 4000
MAX_REBUILDS = 3  # a unit grows entries for indirect jumps this often, then they get their own
NO_LIMIT = (1 << 62) - 1
# Instructions in a hart's turn, unless an ecall ends it. Long enough that switching harts does
# not show (at 5000 it costs 2.5 % of a busy kernel), short enough for one to wait for another.
TURN = 50_000


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
        self.track_flags = False  # as in Mode
        self.sets_rounding = False  # some code has written frm, or is about to
        self._engine = Engine(cache_dir)
        misa = misa_of(self.extensions)
        self.vlen = vlen_of(arch)
        self._harts = [Hart(i, self._engine, misa, self.vlen) for i in range(harts)]
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
        self._map(Mapped(base, size, flags, host, part, None, anchor), hart)

    def map_io(self, base: int, size: int, device: IoDevice, *, hart: int | None = None) -> None:
        """Route accesses in [base, base + size) to a device; raises ValueError on overlap."""
        flags = state.READ | state.WRITE | state.IO
        self._map(Mapped(base, size, flags, device=device), hart)

    def _map(self, region: Mapped, hart: int | None) -> None:
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
            case "fflags" | "frm" | "vl" | "vtype" | "vstart" | "vxrm" | "vxsat" | "vlenb":
                return int(getattr(s, row.kind))
            case "vcsr":
                return int(s.vxrm << 1 | s.vxsat)
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
            case "fflags" | "frm" | "vxrm" | "vxsat":
                setattr(h.state, row.kind, value & row.writable)
            case "vcsr":
                h.state.vxrm, h.state.vxsat = value >> 1 & 3, value & 1
            case "vstart":
                h.state.vstart = value & max(self.vlen - 1, 0)
            case "fcsr":
                h.state.fflags, h.state.frm = value & 31, value >> 5 & 7
            case "mstatus" | "plain":
                old, writable = h.state.csr[row.slot], row.writable_on(self.vlen)
                h.state.csr[row.slot] = old & ~writable | value & writable
        if row.kind in ("frm", "fcsr", "mstatus"):
            h.clear_table()

    def read_x(self, hart: int, number: int) -> int:
        return self._harts[hart].x(number)

    def read_f(self, hart: int, number: int) -> int:
        """The bits of a float register."""
        return int(self._harts[hart].state.f[number])

    def read_v(self, hart: int, number: int) -> bytes:
        """A vector register; no bytes where there are none."""
        return self._harts[hart].v(number)

    def write_v(self, hart: int, number: int, value: bytes) -> None:
        """Write a vector register; raises ValueError for a value of another size."""
        self._harts[hart].set_v(number, value)

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
        launches: Launches | None = None,
    ) -> RunResult:
        """Run `count` instances, ids from `first`, in groups of one per entry of `starts`.

        starts:  for harts 0, 1, ..; at most as many as the machine has.
        limit:   instructions all harts may retire together; checked at backward jumps and
                 between units, so a run may end a few blocks beyond it.
        launches: go on with these, as if called for each; harts all start with the same
                 arguments then, as many as a record has.
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
            c.first = c.next = first
            c.end = first + count
            records = self._enter(launches)
            c.remaining = NO_LIMIT if limit is None else min(max(limit, 0), NO_LIMIT)
            c.current = c.resume = 0
            finished = False
            try:
                self._running = True
                result = self._loop(harts, ecall, before, records)
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

    def _enter(self, launches: Launches | None) -> int:
        """Tell generated code of a row of launches; returns how many may follow the first."""
        c = self._control
        c.records = 0
        if launches is not None:
            c.record = ctypes.addressof(ctypes.c_char.from_buffer(launches.words))
            c.record_size = 8 * launches.size
            c.records = len(launches.words) // launches.size - 1
        return int(c.records)

    def stop(self) -> None:
        """Make the current run return STOPPED at the end of a turn. From any thread."""
        with self._stopping:
            if self._running:
                self._control.stop = 1

    def _prepare(self, harts: list[Hart], starts: Sequence[HartStart], return_addr: int) -> None:
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

    def _loop(
        self, harts: list[Hart], ecall: EcallHandler, before: list[int], records: int
    ) -> RunResult:
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
            pcs = tuple(h.pc for h in harts)
            return RunResult(reason, retired, fault, code, pcs, 1 + records - c.records)

    def _decide(self, hart: Hart, decision: Done | Resume | Sleep) -> None:
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

    def _wake(self, harts: list[Hart]) -> bool:
        """Open the barrier if the whole group stands at the same one."""
        asleep = [h for h in harts if h.state.status == state.ASLEEP]
        group = [h for h in harts if h in asleep or h.instance in _ids(asleep, len(harts))]
        if len({h.barrier for h in asleep}) != 1 or len(group) != len(asleep):
            return False
        for h in asleep:
            h.barrier = None
            h.state.status = state.READY
        return True

    def _translate(self, hart: Hart) -> Fault | None:
        """Make the code at the hart's pc executable; a fault if there is none."""
        pc = hart.pc
        if flow.read_word(hart.fetch, pc) is None:
            half = pc if len(hart.fetch(pc)) < 2 else pc + 2
            return self._fault(hart, Cause.FETCH_FAULT.value, half)
        extra: tuple[flow.Node, ...] = ()
        start = node = hart.node
        known = hart.blocks.get(node)
        if known is not None:
            first = known.unit.entries[0]
            if hart.rebuilds.get(first, 0) < MAX_REBUILDS:
                hart.rebuilds[first] = hart.rebuilds.get(first, 0) + 1
                start, extra = first, (*known.unit.entries[1:], node)
        unit = self._unit(hart, start, extra)
        if not self.track_flags and hart.reads_flags_near(pc):
            self.track_flags = True
            for h in self._harts:
                h.clear_table()
        if not self.sets_rounding and flow.sets_rounding(unit):
            self.sets_rounding = True
            for h in self._harts:
                h.clear_table()
        mode = hart.mode(track_flags=self.track_flags, sets_rounding=self.sets_rounding)
        function = self._engine.function(unit, mode, self.extensions)
        hart.add_function(function)
        return None

    def _unit(self, hart: Hart, start: flow.Node, extra: tuple[flow.Node, ...]) -> flow.Unit:
        """Discover a unit, or take the one found there before if its bytes are the same."""
        key = (start, extra, self._stops)
        unit = self._units.get(key)
        if unit is None or any(hart.code(at, len(data)) != data for at, data in unit.code):
            unit = self._units[key] = flow.discover(
                start, hart.fetch, extra=extra, stops=self._stops, vlen=self.vlen
            )
        return unit

    def _access(self, hart: Hart) -> Fault | None:
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

    def _fault(self, hart: Hart, cause: int, tval: int) -> Fault:
        code = flow.read_word(hart.fetch, hart.pc)
        return Fault(cause, hart.pc, tval, hart.hart, hart.instance, code.word if code else 0)


def _ids(asleep: list[Hart], count: int) -> range:
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
