"""The memory that generated code and Python share, laid out once.

Each layout is a table of fields; it becomes a ctypes structure for Python and byte offsets
for generated code. Every field is 64 bits wide or an array of such, so nothing is padded.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

from . import csr

VLEN_MAX = 1024  # bits of the widest vector registers
CACHE_LINE = 64
GUESSES = 256  # remembered regions per hart, shared by all units by hashing; half writable
GUESS_SIZE = 32

LOCKS = 256  # lock bits that the harts of a machine may share


@dataclass(frozen=True)
class Layout:
    """A structure of 64-bit fields: name -> count of elements, in order."""

    fields: dict[str, int]

    def offset(self, name: str, index: int = 0) -> int:
        """Bytes from the start to element `index` of a field."""
        total = 0
        for field, count in self.fields.items():
            if field == name:
                assert 0 <= index < count
                return total + 8 * index
            total += 8 * count
        raise KeyError(name)

    @property
    def size(self) -> int:
        return 8 * sum(self.fields.values())

    def structure(self, name: str) -> type[ctypes.Structure]:
        u64 = ctypes.c_uint64
        fields = [(field, u64 * n if n > 1 else u64) for field, n in self.fields.items()]
        return type(name, (ctypes.Structure,), {"_fields_": fields})


# fmt: off
HART = Layout({
    "x": 32,              # x[0] is never written
    "f": 32,              # bits as the guest sees them, boxed
    "pc": 1,              # where to continue; exact at every event
    "budget": 1,          # instructions left in this turn; signed
    "retired_end": 1,     # instructions retired = retired_end - budget
    "return_addr": 1,     # reaching it ends the instance
    "stack": 1,           # where the hart's own host stack begins: its highest address
    "host_sp": 1,         # where it is there while others run, 0: nowhere, it is to begin
    "main_sp": 1,         # the scheduler's, while the hart runs
    "reason": 1,          # why the hart stopped: see EVENTS
    "status": 1,          # see STATUS
    "instance": 1,
    "awaits": 1,          # asleep: host address of a byte; the hart is ready when it is 0
    "cause": 1, "tval": 1,
    "io_addr": 1, "io_size": 1, "io_value": 1, "io_store": 1,
    "table": 1,           # hash table of translated addresses, see ENTRY
    "table_mask": 1,      # entries - 1
    "regions": 1,         # sorted array of REGION
    "region_count": 1,
    "load_miss": 1, "store_miss": 1, "locate": 1, "yield_turn": 1, "trap": 1, "event": 1,
    "call": 1,
    "stack_limit": 1,     # host address: calls nest no deeper
    "stale": 1,           # 1: translations were dropped; frames of old ones are to end
    "vector": 1,
    "float_install": 1, "float_collect": 1,
    "reserved_addr": 1,   # of the last lr; all ones: none
    "reserved_value": 1,  # what it loaded
    "fflags": 1, "frm": 1,
    "vl": 1, "vtype": 1, "vstart": 1, "vxrm": 1, "vxsat": 1,
    "vlenb": 1,           # bytes of a vector register, 0 without
    "soft_word": 1,       # for softfloat: the instruction, and the rounding mode above it
    "soft_operands": 3,   # their bits; the result comes back in the first
    "counts": csr.EVENTS, # of events, see counting.py; those below 3 stay 0
    "mcycle_offset": 1, "minstret_offset": 1,
    "csr": csr.SLOTS,
    "transfer": 1, "tell": 1,
    # The two memories that DMA joins: that which harts load from, and the one behind it.
    "near_base": 1, "near_size": 1, "near_host": 1,
    "far_base": 1, "far_size": 1, "far_host": 1,
    "locks": 1,           # host address of LOCKS bytes, each 0 or 1
    "own_locks": LOCKS // 8,  # these, as long as harts share no others
    # For observers, see told.py:
    "told": 4,            # what is about to happen, and its operands
    "stack_floor": 1,     # the stack pointer is not to fall below
    "shadow": 1,          # host address of a byte of marks for each of the near memory, and 8 more
    "start_sp": 1, "start_args": 7, "start_count": 1,
    "guesses": GUESSES * GUESS_SIZE // 8,  # {base, size, host - guest address, -}
    "v": 32 * VLEN_MAX // 64,  # registers of vlenb bytes without gaps, from the start
    "v_end": 8 * VLEN_MAX // 64,  # read by slides, and not looked at
})
CONTROL = Layout({
    "harts": 1,           # array of pointers to HART
    "hart_count": 1,
    "quantum": 1,
    "entry": 1,
    "return_addr": 1,
    "first": 1,           # instance of a launch
    "next": 1, "end": 1,  # instances not started yet
    "record": 1,          # address of the current launch's, see interface.Launches
    "record_size": 1,     # bytes
    "records": 1,         # that follow the current one
    "remaining": 1,       # instructions left of the limit; signed
    "current": 1,         # whose turn is next, or who reported an event
    "resume": 1,          # 1: the current hart goes on with its turn after an event
    "patience": 1,        # effort until the scheduler looks into Python, for signals; signed
    "seed": 1,            # of the lengths of turns, 0: all are of `quantum` instructions
    "stop": 1,            # 1: come back to Python at the end of a turn
    "group_size": 1,      # instances of a group, some of them on harts of other lanes
    "lane_first": 1,      # that on the first hart of this lane, within its group
    "lanes": 1,           # from there to that on the next
    "watched": 1,         # 1: come back when a group has been started
    "single": 1,          # 1: come back after each turn, which does not end the hart's turn
    # Ecalls that the scheduler sees to, by a7, if `calls` is 1. See interface.NativeCalls.
    "calls": 1, "exit_call": 1, "stop_call": 1, "resume_call": 1, "wait_call": 1,
    "stopped": 8,         # bytes, one for each hart of the lane: 1 while it sleeps
    "resumed": 8,         # 1: its next stop returns at once
    "exited": 8,          # 1: it has, with its element of
    "exits": 64,
})
REGION = Layout({"base": 1, "size": 1, "host": 1, "flags": 1})
ENTRY = Layout({
    "pc": 1,              # with TAGGED if the state is to match too
    "function": 1, "index": 1,
    "state": 1,           # VState.key, 0 where none is to match
})
# fmt: on


def v_offset(vlen: int, reg: int) -> int:
    """Bytes from the start of a hart's state to a vector register, of `vlen` bits."""
    return HART.offset("v") + reg * vlen // 8


Hart = HART.structure("Hart")
Control = CONTROL.structure("Control")
Region = REGION.structure("Region")
Entry = ENTRY.structure("Entry")

NO_PC = (1 << 64) - 1  # where no instruction fits: an empty entry of the table
NOT_RESERVED = (1 << 64) - 1

# A target with this bit asks for a unit that knows vtype. It is looked up by VState.key as well:
# the low bits of vtype, and these, by bit number.
TAGGED = 1
KEY_FULL, KEY_VILL, KEY_VSTART = 8, 9, 16

# Flags of a region.
READ, WRITE, EXEC, IO = 1, 2, 4, 8
INLINE = 16  # bases are aligned alike for guest and host: unit code may access it by itself

# Statuses of a hart within its group.
IDLE, READY, ASLEEP = 0, 1, 2

# Why the scheduler returns to Python, or a hart to the scheduler.
(
    TURN,  # only between hart and scheduler: the budget is used up
    DONE,  # only between hart and scheduler: the instance reached the return address
    FINISHED,
    LIMIT,
    STOPPED,
    PAUSE,
    NONE_READY,
    MISS,
    IO_ACCESS,
    FAULT,
    ECALL,
    MODE,  # a CSR on which translations depend was written
    FENCE_I,
    SOFT_FLOAT,  # arithmetic that the host does not do alike
    STARTED,  # if watched: a group of instances
    STEPPED,  # if single: the current hart has had its instruction
    TOLD,  # an observer is to be told
) = range(17)

# Marks of a byte in the shadow of a memory.
UNWRITTEN = 1  # loads are told; a store takes the mark away
CLOSED = 2  # loads and stores are told

# A turn's effort is 1, and 1 more for so many instructions, as a power of two.
EFFORT_SHIFT = 8

# Site of an access, for the slow path: log2 of the size, whether a remembered region must be
# writable, and the guess to update.
SITE_WRITABLE = 8
SITE_GUESS_SHIFT = 4
