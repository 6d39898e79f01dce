"""Machine: harts, their memory maps, and launches of kernel instances on them.

Here is what stays between runs; what happens in one is in run.py.
"""

from __future__ import annotations

import bisect
import ctypes
import threading
from collections.abc import Sequence
from pathlib import Path

from . import csr, csraccess, flow, state
from .begun import Begun, Ended, enter_calls, enter_row, prepare
from .effects import Registers
from .engine import Engine
from .hart import Hart, Mapped
from .interface import (
    Abort,
    Await,
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
    NativeCalls,
    Observer,
    Pacer,
    Reason,
    Resume,
    RunResult,
    Sleep,
    Translated,
)
from .isa_string import extensions_of, misa_of, vlen_of
from .lane import Lane
from .marks import MASK64
from .run import Run
from .translations import Translations
from .watch import Watcher

__all__ = [
    "Abort",
    "Await",
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

# Instructions in a hart's turn, unless an ecall ends it. Long enough that switching harts does
# not show (at 5000 it costs 2.5 % of a busy kernel), short enough for one to wait for another.
TURN = 50_000
GOLDEN = 0x9E37_79B9_7F4A_7C15  # 2**64 over the golden ratio


def shared_translations(arch: str, cache_dir: Path | None, *, told: bool = False) -> Translations:
    """What several machines with harts of this kind may share; see Machine.

    told: have the observers of runs told what happens; see told.py.
    """
    engine = Engine(cache_dir)
    return Translations(engine, extensions_of(arch), vlen_of(arch), counters=False, told=told)


class Machine:
    """A set of harts that share memory. One run at a time; stop() may come from any thread."""

    def __init__(
        self,
        harts: int,
        *,
        arch: str = "rv64gc",
        quantum: int = TURN,
        seed: int | None = None,
        threads: int = 1,
        counters: bool = False,
        cache_dir: Path | None = None,
        translations: Translations | None = None,
    ) -> None:
        """harts: their number. arch: an ISA string. quantum: instructions per turn.

        seed:    make turns shorter than that, at random, to have harts meet in other ways; the
                 same in every run with this seed.
        threads: of the host, that the harts of a run are dealt out to. With one, runs repeat to
                 the instruction; with more, they differ as far as what harts do depends on each
                 other's speed, and a hart may be ahead of others by whole instances.
        counters: have the harts count events, see counting.py; without, these counters are 0.
        translations: of other machines that run the same, to share them; nothing of these
                 machines may be watched. By default the machine has its own.
        raises:  ValueError for an ISA string that is not supported, or no harts.
        """
        if harts < 1 or quantum < 1 or threads < 1:
            raise ValueError("a machine needs a hart, turns an instruction, and harts a thread")
        self.arch = arch
        self.extensions = extensions_of(arch)
        self.vlen = vlen_of(arch)
        self._quantum = quantum
        self._threads = threads
        # Scattered, and never 0; so near seeds have nothing in common.
        self._seed = 0 if seed is None else (2 * seed + 1) * GOLDEN & MASK64
        self._translations = translations or Translations(
            Engine(cache_dir), self.extensions, self.vlen, counters=counters
        )
        self._engine = self._translations.engine
        self._counters = counters
        self._harts: list[Hart] = []
        for _ in range(harts):
            self.add_hart()
        self._lanes: dict[tuple[int, int], list[Lane]] = {}  # by harts in a run, number of lanes
        self._marks: ctypes.c_char | None = None
        self._joined: list[ctypes.c_char] = []  # keep what harts know addresses in alive
        self._watcher: Watcher | None = None
        self._lock = threading.Lock()
        self._run: Run | None = None  # that is going on

    def add_hart(self) -> None:
        """One hart more, as after power-on, which sees no memory yet."""
        hart = Hart(len(self._harts), self._engine, misa_of(self.extensions), self.vlen)
        self._harts.append(hart)

    # -- memory -------------------------------------------------------------------------------

    def map_ram(
        self,
        base: int,
        size: int,
        memory: memoryview,
        offset: int = 0,
        *,
        hart: int | None = None,
        readable: bool = True,
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
        flags = state.READ if readable else 0
        flags |= state.WRITE if writable else 0
        flags |= state.EXEC if executable else 0
        flags |= state.INLINE if base % 8 == host % 8 == 0 else 0
        self._map(Mapped(base, size, flags, host, part, None, anchor), hart)

    def map_io(self, base: int, size: int, device: IoDevice, *, hart: int | None = None) -> None:
        """Route accesses in [base, base + size) to a device; raises ValueError on overlap."""
        flags = state.READ | state.WRITE | state.IO
        self._map(Mapped(base, size, flags, device=device), hart)

    def join_memories(self, near: tuple[int, memoryview], far: tuple[int, memoryview]) -> None:
        """Let dpu.ldma and dpu.sdma move bytes between two memories, each with its guest address.

        From then on the harts have their lock bits in common, too.
        """
        self._joined = [ctypes.c_char.from_buffer(memory) for _, memory in (near, far)]
        hosts = [ctypes.addressof(anchor) for anchor in self._joined]
        for h in self._harts:
            s = h.state
            s.near_base, s.near_size, s.near_host = near[0], len(near[1]), hosts[0]
            s.far_base, s.far_size, s.far_host = far[0], len(far[1]), hosts[1]
            s.locks = self._harts[0].state.locks

    def shadow(self, marks: memoryview, floors: Sequence[int]) -> None:
        """What accesses are told by, and how far each hart's stack may grow down.

        marks: a byte for each of the near memory and 8 of zero, see state.py.
        """
        self._marks = ctypes.c_char.from_buffer(marks)
        for h, floor in zip(self._harts, floors, strict=True):
            h.state.shadow = ctypes.addressof(self._marks)
            h.state.stack_floor = floor

    @property
    def locks(self) -> ctypes.Array[ctypes.c_ubyte]:
        """The lock bits that harts share, a byte each."""
        return (ctypes.c_ubyte * state.LOCKS).from_address(self._harts[0].state.locks)

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
        """Look at the code bytes again: SYNC_CACHE. Translations of equal bytes are reused.

        While harts run, they do so from their next event on.
        """
        if self._run is not None or any(h.code_has_changed() for h in self._harts):
            self._translations.epoch += 1

    # -- registers ----------------------------------------------------------------------------

    def reset(self) -> None:
        """All harts as after power-on; counters run on."""
        with self._idle():
            for h in self._harts:
                h.restart()

    def check_idle(self) -> None:
        """raises: RuntimeError while harts run."""
        with self._idle():
            pass

    def number_harts(self, numbers: Sequence[int]) -> None:
        """What mhartid reads on each hart; by default its place among the harts."""
        with self._idle():
            for h, number in zip(self._harts, numbers, strict=True):
                h.number = h.state.csr[csr.BY_NAME["mhartid"].slot] = number

    def power_on(self, harts: int) -> None:
        """The first `harts` harts as after power-on, counters at 0; they look at code again."""
        with self._idle():
            chosen = self._harts[:harts]
            for h in chosen:
                h.power_on()
            if any(h.code_has_changed() for h in chosen):
                self._translations.epoch += 1

    @property
    def harts(self) -> int:
        return len(self._harts)

    @property
    def translated(self) -> Translated:
        """What it took so far to come by host code."""
        return self._engine.translated

    def retired(self, hart: int) -> int:
        """Instructions this hart has retired since the machine was made."""
        return self._harts[hart].retired

    def read_csr(self, hart: int, number: int) -> int:
        """A CSR as the hart would read it; 0 if it has none of that number."""
        return csraccess.read(self._harts[hart], number)

    def write_csr(self, hart: int, number: int, value: int) -> None:
        """Write a counter or plain CSR from outside; one it does not have is ignored."""
        csraccess.write(self._harts[hart], number, value, counters=self._counters)

    def read_x(self, hart: int, number: int) -> int:
        return self._harts[hart].x(number)

    def read_f(self, hart: int, number: int) -> int:
        """The bits of a float register."""
        return int(self._harts[hart].state.f[number])

    def write_x(self, hart: int, number: int, value: int) -> None:
        """Write an integer register; x0 stays 0."""
        self._harts[hart].set_x(number, value)

    def write_f(self, hart: int, number: int, bits: int) -> None:
        """Write all 64 bits of a float register."""
        self._harts[hart].state.f[number] = bits & MASK64

    def read_pc(self, hart: int) -> int:
        """The address of the instruction that is next."""
        return self._harts[hart].pc

    def write_pc(self, hart: int, addr: int) -> None:
        """Have the hart go on somewhere else. raises: ValueError for an odd address."""
        if addr & 1:
            raise ValueError(f"no instruction is at {addr:#x}")
        self._harts[hart].state.pc = addr & MASK64

    def is_ready(self, hart: int) -> bool:
        """True if the hart has an instruction to execute: it is neither done nor asleep."""
        return bool(self._harts[hart].state.status == state.READY)

    def instance(self, hart: int) -> int:
        """The id of the instance that the hart executes, or has executed last."""
        return self._harts[hart].instance

    def registers(self, hart: int) -> Registers:
        """A copy of all registers; right where a watched run stands still."""
        return self._harts[hart].registers()

    def instruction(self, hart: int, addr: int) -> flow.CodeWord:
        """The instruction at an address; raises BusError where there is no code."""
        code = flow.read_word(self._harts[hart].fetch, addr)
        if code is None:
            raise BusError(f"no code at {addr:#x}")
        return code

    def read_memory(self, hart: int, addr: int, size: int) -> bytes:
        """RAM as the hart sees it; raises BusError where the range is not all readable RAM."""
        return self._harts[hart].read_memory(addr, size)

    def write_memory(self, hart: int, addr: int, data: bytes) -> None:
        """Write RAM as the hart sees it, code as well; raises BusError before anything is."""
        if self._harts[hart].write_memory(addr, data):
            self._translations.epoch += 1

    def read_v(self, hart: int, number: int) -> bytes:
        """A vector register; no bytes where there are none."""
        return self._harts[hart].v(number)

    def write_v(self, hart: int, number: int, value: bytes) -> None:
        """Write a vector register; raises ValueError for a value of another size."""
        self._harts[hart].set_v(number, value)

    # -- running ------------------------------------------------------------------------------

    def begin_instances(
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
        observer: Observer | None = None,
        pacer: Pacer | None = None,
        calls: NativeCalls | None = None,
    ) -> Begun | Ended:
        """Begin to run `count` instances, ids from `first`, in groups of one per entry of `starts`.

        The machine is in use until the run has its result, which tells how it ended. After anything
        but FINISHED the harts are reset.

        starts:  for harts 0, 1, ..; at most as many as the machine has.
        limit:   instructions all harts may retire together; checked at backward jumps and
                 between units, so a run may end a few blocks beyond it.
        launches: go on with these, as if called for each; harts all start with the same
                 arguments then, as many as a record has.
        observer: is told what translations tell of; see Translations.
        calls:   that never come to the handler.
        pacer:   says in which order; for harts of one group, on one thread, that tell.
        raises:  ValueError for bad starts; with the result, what `ecall` or a device raises, other
                 than BusError.
        """
        if not 1 <= len(starts) <= len(self._harts):
            raise ValueError(f"{len(starts)} harts of {len(self._harts)}")
        if any(len(s.args) > 7 for s in starts):
            raise ValueError("an instance takes at most 7 arguments besides its id")
        entry, return_addr = entry & MASK64, return_addr & MASK64
        with self._idle() as idle:
            if entry & 1 and entry != return_addr and count:
                # Jumps never lead to odd addresses; the table of entries relies on that.
                fault = Fault(Cause.FETCH_FAULT.value, entry, entry, 0, first)
                none = (0,) * len(starts)
                return Ended(RunResult(Reason.FAULT, none, fault, pcs=(entry,) * len(starts)))
            harts = self._harts[: len(starts)]
            lanes = self._lanes_of(len(harts))
            prepare(harts, starts, return_addr)
            self._translations.configure(frozenset((return_addr,)), False, self._harts)
            for c in (lane.control for lane in lanes):
                c.entry, c.return_addr = entry, return_addr
                c.first = c.next = first
                c.end = first + count
                c.current = c.resume = c.records = 0
                c.seed = self._seed
                enter_calls(c, calls)
            records = enter_row(lanes[0].control, launches) if len(lanes) == 1 else 0
            run = Run(
                lanes,
                self._translations,
                ecall,
                limit=limit,
                launches=launches,
                watcher=self._watcher,
                observer=observer,
                pacer=pacer,
            )
            self._run = run
            idle.keep()
            return Begun(run, harts, lanes[0], records, self._ended)

    def _ended(self) -> None:
        self._run = None
        self._lock.release()

    def _lanes_of(self, harts: int) -> list[Lane]:
        """Lanes for runs on so many harts."""
        count = 1 if self._watcher is not None else min(self._threads, harts)
        lanes = self._lanes.get((harts, count))
        if lanes is None:
            chosen = self._harts[:harts]
            lanes = self._lanes[harts, count] = [
                Lane(chosen, i, count, self._quantum, self._engine.runtime) for i in range(count)
            ]
        return lanes

    def stop(self) -> None:
        """Make the current run return STOPPED at the end of a turn. From any thread."""
        run = self._run
        if run is not None:
            run.stop()

    def watch(self, watcher: Watcher | None) -> None:
        """Have runs from now on watched; None: no longer. A watched run has one thread.

        While the watcher is told something, the machine's registers and memory are what they
        are to it, and may be written.
        """
        with self._idle():
            self._watcher = watcher

    def pause(self) -> None:
        """Have the watcher of the current run told, at the end of a turn. From any thread."""
        run = self._run
        if run is not None:
            run.pause()


class _Idle:
    """Holds a machine's lock; nothing may wait for a run to end but to be told so."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._kept = False

    def __enter__(self) -> _Idle:
        if not self._lock.acquire(blocking=False):
            raise RuntimeError("the machine is running")
        return self

    def keep(self) -> None:
        """Somebody else is to let go of it."""
        self._kept = True

    def __exit__(self, *_: object) -> None:
        if not self._kept:
            self._lock.release()
