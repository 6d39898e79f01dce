"""Hart: one hart's state, host stack, memory map and table of translations."""

from __future__ import annotations

import bisect
import ctypes
import mmap
import struct
from dataclasses import dataclass, field
from functools import cache
from operator import is_
from typing import Any

from . import csr, flagreaders, softfloat, state, vstate
from .effects import Registers
from .engine import Engine, Function
from .flow import Node
from .interface import BusError, IoDevice
from .marks import MASK64
from .mode import HOST, INVALID_RM, RMM, RNE, Mode

HOST_STACK = 4 << 20  # bytes of address space per hart; only pages in use take memory
STACK_RESERVE = 1 << 20  # of it, for one more unit and what it calls

# Where reset() writes: x and f; units' registers, those of the last lr first; CSRs.
_X, _UNITS, _CSRS = (state.HART.offset(name) for name in ("x", "reserved_addr", "csr"))
_UNITS_AT_RESET = struct.pack(
    "<9Q", state.NOT_RESERVED, 0, 0, 0, 0, vstate.VTYPE_VILL, 0, 0, 0
)  # to vxsat
_OWN_LOCKS = state.HART.offset("own_locks")
_STATE_AT = -state.v_offset(0, 0) % state.CACHE_LINE
_MHARTID, _MSTATUS = (csr.BY_NAME[name].slot for name in ("mhartid", "mstatus"))
assert state.HART.offset("f") == _X + 32 * 8
assert state.HART.offset("vxsat") == _UNITS + len(_UNITS_AT_RESET) - 8


@dataclass(frozen=True)
class Mapped:
    """One entry of a hart's memory map."""

    base: int
    size: int
    flags: int
    host: int = 0
    memory: memoryview | None = None  # of exactly `size` bytes
    device: IoDevice | None = None
    keep: object = field(default=None, repr=False)  # what keeps the host address valid


def _new_state() -> Any:
    """A state in pages of its own, with vector registers where host vectors are loaded best."""
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS  # not that of the process it was forked from
    memory = mmap.mmap(-1, state.HART.size + state.CACHE_LINE, flags=private)
    return state.Hart.from_buffer(memory, _STATE_AT)


@cache
def _csrs_at_reset(misa: int, vlen: int) -> bytes:
    values = [0] * csr.SLOTS
    for row in csr.TABLE.values():
        values[row.slot] = row.reset
    values[csr.BY_NAME["misa"].slot] = misa
    if not vlen:
        values[csr.BY_NAME["mstatus"].slot] &= ~csr.MSTATUS_VS
    return bytes((ctypes.c_uint64 * csr.SLOTS)(*values))


class Hart:
    """A hart's state, host stack, memory map and table of translations; also its HartView."""

    def __init__(self, index: int, engine: Engine, misa: int, vlen: int) -> None:
        """vlen: bits of a vector register; 0: the hart has none."""
        self.hart = index
        self.number = index  # as code on it sees it, in mhartid
        self.state = _new_state()
        self.addr = ctypes.addressof(self.state)
        self.map: list[Mapped] = []  # sorted by base
        self.map_changed = True  # since generated code was told
        self.barrier: int | None = None
        self._epoch = 0  # of what is in the table
        self._used: list[tuple[int, bytearray]] | None = None  # see _code_in_use
        self.functions: dict[Node, tuple[Function, int]] = {}  # by entry: unit, its index there
        self.blocks: dict[Node, Function] = {}  # by block: a unit that has it
        self.rebuilds: dict[Node, int] = {}
        # The same three of modes that the hart was in before, in this run.
        self._apart: dict[
            tuple[int, bool, bool],
            tuple[dict[Node, tuple[Function, int]], dict[Node, Function], dict[Node, int]],
        ] = {}
        self.vlen = vlen
        self._searched: dict[int, set[int]] = {}  # for readers of flags, by region
        self._engine = engine
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
            ("call", "kcc_call"),
            ("vector", "kcc_vector"),
            ("transfer", "kcc_transfer"),
            ("tell", "kcc_tell"),
            ("float_install", "kcc_float_install"),
            ("float_collect", "kcc_float_collect"),
        ):
            setattr(self.state, name, engine.runtime[function])
        self.state.vlenb = vlen // 8
        self.state.locks = self.addr + _OWN_LOCKS
        self.state.stack = self._stack_addr + HOST_STACK
        self.state.stack_limit = self._stack_addr + STACK_RESERVE
        self._csrs = _csrs_at_reset(misa, vlen)
        self.clear_table()
        self.reset()
        self._units_at_reset = self._units()

    # -- state

    def reset(self) -> None:
        """Registers and CSRs as after power-on; counters, memory and code stay."""
        # In few calls: there are harts by the thousand.
        s, at = self.state, self.addr
        ctypes.memset(at + _X, 0, 2 * 32 * 8)
        if self.vlen:  # the largest part of the state
            ctypes.memset(ctypes.addressof(s.v), 0, ctypes.sizeof(s.v))
        s.cause = s.tval = 0
        ctypes.memmove(at + _UNITS, _UNITS_AT_RESET, len(_UNITS_AT_RESET))
        ctypes.memmove(at + _CSRS, self._csrs, len(self._csrs))
        s.csr[_MHARTID] = self.number
        self.reset_stack()

    def restart(self) -> None:
        """reset(); translations stay, those for another mode do not."""
        changed = self._units() != self._units_at_reset
        mode = self._mode_key() if changed else None
        self.reset()
        if changed and self._mode_key() != mode:
            self.clear_table()

    def power_on(self) -> None:
        """restart(), and counters as well."""
        self.restart()
        self.state.mcycle_offset = self.state.minstret_offset = -self.retired & MASK64
        ctypes.memset(ctypes.addressof(self.state.counts), 0, ctypes.sizeof(self.state.counts))

    def _units(self) -> tuple[int, int]:
        """The registers that the mode depends on."""
        return self.state.frm, self.state.csr[_MSTATUS]

    def _mode_key(self) -> tuple[int, bool, bool]:
        """What registers say of the mode."""
        mode = self.mode(
            track_flags=True, sets_rounding=True, exact=True, counters=False, told=False
        )
        return mode.rounding, mode.float_on, mode.vector_on

    def reset_stack(self) -> None:
        """Forget what the hart was doing; next it enters the dispatcher anew."""
        self.state.host_sp = 0
        self.state.status = state.IDLE
        self.state.awaits = 0
        self.barrier = None

    @property
    def retired(self) -> int:
        return int(self.state.retired_end - self.state.budget) & MASK64

    def mode(
        self,
        *,
        track_flags: bool,
        sets_rounding: bool,
        exact: bool,
        counters: bool,
        told: bool,
    ) -> Mode:
        """What translations for the hart in its present state are made for.

        track_flags: code was seen that reads fflags. sets_rounding: or that writes frm.
        exact, counters, told: as in Mode.
        """
        mstatus = self.state.csr[csr.BY_NAME["mstatus"].slot]
        float_on, vector_on = (bool(mstatus & f) for f in (csr.MSTATUS_FS, csr.MSTATUS_VS))
        frm = self.state.frm
        rounding = HOST if frm < RMM else RMM if frm == RMM else INVALID_RM
        if frm == RNE and not track_flags and not sets_rounding:
            rounding = RNE
        return Mode(rounding, float_on, track_flags, self.vlen, vector_on, exact, counters, told)

    @property
    def node(self) -> Node:
        """Where the hart is to go on, and what the code there is to know."""
        s = self.state
        if not s.pc & state.TAGGED:
            return Node(self.pc)
        return Node(self.pc, vstate.of_hart(s.vtype, s.vl, s.vstart, self.vlen))

    def v(self, number: int) -> bytes:
        """A vector register."""
        size = self.vlen // 8
        return bytes(self.state.v)[number * size : (number + 1) * size]

    def set_v(self, number: int, value: bytes) -> None:
        """Write a vector register; raises ValueError for a value of another size."""
        size = self.vlen // 8
        if len(value) != size:
            raise ValueError(f"{len(value)} bytes for a vector register of {size}")
        ctypes.memmove(ctypes.addressof(self.state.v) + number * size, value, size)

    # -- what an ecall handler sees

    @property
    def instance(self) -> int:
        return int(self.state.instance)

    @property
    def pc(self) -> int:
        return int(self.state.pc) & ~state.TAGGED

    def x(self, number: int) -> int:
        return int(self.state.x[number])

    def set_x(self, number: int, value: int) -> None:
        if number:
            self.state.x[number] = value & MASK64

    def registers(self) -> Registers:
        """A copy of all of them; right where a watched run stands still."""
        s = self.state
        x, f = (memoryview(bytes(part)).cast("Q") for part in (s.x, s.f))
        v = bytes(s.v)[: 4 * self.vlen]
        return Registers(self.pc, x, f, v, int(s.vl), int(s.vtype), int(s.fflags))

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

    def write_memory(self, addr: int, data: bytes) -> bool:
        """Write RAM, writable by the guest or not; True if there may be code in it.

        raises: BusError where the range is not all RAM; then nothing was written.
        """
        self.read_memory(addr, len(data))
        executable = False
        while data:
            region = self.find(addr)
            assert region is not None
            assert region.memory is not None
            offset = addr - region.base
            size = min(len(data), region.size - offset)
            region.memory[offset : offset + size] = data[:size]
            executable = executable or bool(region.flags & state.EXEC)
            addr, data = addr + size, data[size:]
        return executable

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

    def find(self, addr: int) -> Mapped | None:
        index = bisect.bisect_right(self.map, addr, key=lambda r: r.base) - 1
        if index < 0 or addr - self.map[index].base >= self.map[index].size:
            return None
        return self.map[index]

    def overlaps(self, region: Mapped) -> Mapped | None:
        index = bisect.bisect_left(self.map, region.base, key=lambda r: r.base)
        for other in self.map[max(index - 1, 0) : index + 1]:
            if other.base < region.base + region.size and region.base < other.base + other.size:
                return other
        return None

    def publish_map(self, beside: Hart | None) -> None:
        """Give generated code the map, and take back what it remembers of the old one.

        beside: a hart that has been given its map, which may be the same.
        """
        regions = beside._regions if beside is not None and self._sees_as(beside) else None
        if regions is None:
            regions = (state.Region * max(len(self.map), 1))(
                *(state.Region(r.base, r.size, r.host, r.flags) for r in self.map)
            )
        self._regions = regions
        self.state.regions = ctypes.addressof(regions)
        self.state.region_count = len(self.map)
        guesses = self.state.guesses
        ctypes.memset(ctypes.addressof(guesses), 0, ctypes.sizeof(guesses))
        self._searched.clear()
        self.map_changed = False

    def _sees_as(self, other: Hart) -> bool:
        return len(self.map) == len(other.map) and all(map(is_, self.map, other.map))

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

    def reads_flags_near(self, pc: int) -> bool:
        """True if code around an executable address reads fflags."""
        region = self.find(pc)
        assert region is not None
        assert region.memory is not None
        seen = self._searched.setdefault(region.base, set())
        return flagreaders.near(region.memory, pc - region.base, seen)

    # -- translations

    def clear_table(self) -> None:
        self._searched.clear()
        self._apart.clear()
        self._forget()

    def change_mode(self) -> None:
        """Take up translations for the mode that a write to a CSR has led to, if there are any.

        Those for the mode before are kept: programs change it to and fro. Not beyond a run.
        """
        if self.functions:
            mode = next(iter(self.functions.values()))[0].mode
            key = (mode.rounding, mode.float_on, mode.vector_on)
            self._apart[key] = self.functions, self.blocks, self.rebuilds
        self._forget()
        kept = self._apart.pop(self._mode_key(), None)
        if kept is not None:
            self.functions, self.blocks, self.rebuilds = kept
            self._used = None
            size = 64
            while 2 * len(self.functions) > size:
                size *= 4
            self._publish_table(size)

    def forget_other_modes(self) -> None:
        """For a new run: what is kept apart is not seen when code changes between runs."""
        self._apart.clear()

    def _forget(self) -> None:
        self._used = None
        self.functions = {}
        self.blocks = {}
        self.rebuilds = {}
        self.state.stale = 1
        self._publish_table(64)

    def refresh(self, epoch: int) -> None:
        """Forget what was entered in the table in an earlier epoch."""
        if self._epoch != epoch:
            self.clear_table()
            self._epoch = epoch

    def has_code_in(self, region: Mapped) -> bool:
        """True if a translation was made from bytes of the region."""
        return any(
            at < region.base + region.size and region.base < at + len(data)
            for at, data in self._code_in_use()
        )

    def code_has_changed(self) -> bool:
        """Whether bytes that are in use as translations are not there any more."""
        self._searched.clear()  # of code that is not translated nothing is known
        return any(self.code(at, len(data)) != data for at, data in self._code_in_use())

    def _code_in_use(self) -> list[tuple[int, bytearray]]:
        """Bytes that there are translations of, by address; those next to each other as one."""
        used = self._used
        if used is None:
            units = {id(f): f.unit for f, _ in self.functions.values()}
            joined: list[tuple[int, bytearray]] = []
            for at, data in sorted({piece for unit in units.values() for piece in unit.code}):
                start, before = joined[-1] if joined else (-1, bytearray())
                offset = at - start
                shared = len(before) - offset  # bytes, if so many
                if shared < 0 or before[offset : offset + len(data)] != data[:shared]:
                    joined.append((at, bytearray(data)))  # apart, or it was other code for a while
                else:
                    before += data[shared:]
            self._used = used = joined
        return used

    def add_function(self, function: Function) -> None:
        """Enter a unit's entries; those that another unit has already stay with that one."""
        self._used = None
        first = function.unit.entries[0]
        for node in function.unit.blocks:
            old = self.blocks.get(node)
            if old is None or old.unit.entries[0] == first:  # new, or the same unit grown
                self.blocks[node] = function
        size = len(self._table)
        for index, node in enumerate(function.unit.entries):
            entry = self.functions.get(node)
            if index == 0 or entry is None or entry[0].unit.entries[0] == first:
                self.functions[node] = (function, index)
                if 2 * len(self.functions) <= size:
                    self._publish_entry(node, function, index)
        if 2 * len(self.functions) > size:
            while 2 * len(self.functions) > size:
                size *= 4
            self._publish_table(size)

    def take_over(self, peer: Hart, mode: Mode, *, compared: bool = False) -> bool:
        """Have the units of a hart of this or another machine; False if they do not fit.

        mode:     that they are to be for. Another thread may be running the other hart.
        compared: the other hart's memory has been found to hold the code of its units.
        """
        functions, table = peer.functions, peer._table
        if peer._epoch != self._epoch or not functions:
            return False
        used = peer._code_in_use()
        fits = next(iter(functions.values()))[0].mode == mode and functions is peer.functions
        if not fits or not ((compared and self._sees_as(peer)) or self._has(used)):
            return False
        self._used = used
        self.functions, self.blocks = dict(functions), dict(peer.blocks)
        self.rebuilds = dict(peer.rebuilds)
        self._set_table(type(table).from_buffer_copy(table))
        return True

    def _has(self, code: list[tuple[int, bytearray]]) -> bool:
        return all(self.code(at, len(data)) == data for at, data in code)

    def _publish_table(self, size: int) -> None:
        table = (state.Entry * size).from_buffer_copy(bytes(state.Entry(pc=state.NO_PC)) * size)
        self._set_table(table)
        for node, (function, index) in self.functions.items():
            self._publish_entry(node, function, index)

    def _set_table(self, table: ctypes.Array[ctypes.Structure]) -> None:
        self._table = table
        self.state.table = ctypes.addressof(table)
        self.state.table_mask = len(table) - 1

    def _publish_entry(self, node: Node, function: Function, index: int) -> None:
        pc, key = node.pc, 0
        if node.state is not None:
            pc, key = pc | state.TAGGED, node.state.key(self.vlen)
        table, mask = self._table, len(self._table) - 1
        slot = pc >> 1 & mask
        while table[slot].pc != state.NO_PC and (table[slot].pc, table[slot].state) != (pc, key):
            slot = slot + 1 & mask
        entry = table[slot]
        entry.pc, entry.function, entry.index, entry.state = pc, function.address, index, key
