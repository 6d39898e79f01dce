"""What the dispatcher and the harts tell each other: group information, status, its own code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from ...backend.encode import encode
from ...ir.abi import FORMOSA_INFO, FORMOSA_INFO_SIZE, Slot, pack_record, unpack_record

A0, A1, A2, A3, T0, T1 = 10, 11, 12, 13, 5, 6
MSCRATCH = 0x340


class Status(IntEnum):
    """How a launch ended; the hardware has the first three."""

    OK = 0
    BAD_DIMENSION = 1
    EXCEPTION = 2
    EXIT = 3  # the kernel stopped itself: mcause is its code
    STOPPED = 4  # from outside, or at the limit of instructions


# fmt: off
STATUS = {  # of a launch: that of the first failure
    "code":     Slot(0, "Q"),
    "mcause":   Slot(8, "Q"),
    "mepc":     Slot(16, "Q"),
    "mtval":    Slot(24, "Q"),
    "hart":     Slot(32, "Q"),
    "group_id": Slot(40, "Q", 3),
}
STATUS_SIZE = 64
# fmt: on
# Before the argument block, where kernels may print.
PRINTF_META = {"buffer": Slot(0, "Q"), "position": Slot(8, "Q"), "capacity": Slot(16, "I")}
PRINTF_META_SIZE = 24


@dataclass(frozen=True)
class LaunchInfo:
    """A launch as the device takes it; unused dimensions have size 1 and offset 0.

    kernel_entry:      address of `_start`. kernel_trampoline: of what that calls.
    kernarg_address:   of the argument block, or of PRINTF_META before it if has_printf_meta.
    kernel_status:     where to write how it ended.
    limit:             instructions that all harts may retire together.
    by_items:          each work-item of a group is a thread, on a hart of its own; else the
                       group is one thread.
    """

    dimensions: int
    local_size: tuple[int, int, int]
    num_groups: tuple[int, int, int]
    global_offset: tuple[int, int, int]
    local_mem_size: int
    has_printf_meta: bool
    kernel_entry: int
    kernarg_address: int
    kernel_trampoline: int
    kernel_status: int
    limit: int | None = None
    by_items: bool = False

    @property
    def threads(self) -> int:
        """Of a group."""
        return self.items if self.by_items else 1

    @property
    def groups(self) -> int:
        return math.prod(self.num_groups)

    @property
    def items(self) -> int:
        return math.prod(self.local_size)

    @property
    def is_sound(self) -> bool:
        """What the dispatcher asks for: 1 to 3 dimensions, all sizes there, all in their fields."""
        return (
            1 <= self.dimensions <= 3
            and all(0 < n < 1 << 32 for n in (*self.local_size, *self.num_groups))
            and all(0 <= n < 1 << 32 for n in self.global_offset)
            and self.items < 1 << 32
            and self.groups < 1 << 63
        )


@dataclass(frozen=True)
class StatusRecord:
    """What a launch left: the first failure, or none. group_id: of the group that failed."""

    code: int
    mcause: int
    mepc: int
    mtval: int
    hart: int
    group_id: tuple[int, ...]

    @classmethod
    def read(cls, data: bytes) -> StatusRecord:
        """raises: struct.error for too few bytes."""
        fields = unpack_record(STATUS, data)
        code, mcause, mepc, mtval, hart = (fields[name][0] for name in list(STATUS)[:5])
        return cls(code, mcause, mepc, mtval, hart, fields["group_id"])


def status_record(code: Status, **fields: int | tuple[int, ...]) -> bytes:
    return pack_record(STATUS, STATUS_SIZE, code=code, **fields)


def group_record(info: LaunchInfo, **more: int) -> bytes:
    """A work-group's information, but for its id, which the dispatcher sets."""
    return pack_record(
        FORMOSA_INFO,
        FORMOSA_INFO_SIZE,
        num_dim=info.dimensions,
        local_size=info.local_size,
        num_groups=info.num_groups,
        global_offset=info.global_offset,
        num_threads=info.items,
        trampoline=info.kernel_trampoline,
        local_memory_size=info.local_mem_size,
        **more,
    )


def group_at(number: int, counts: tuple[int, int, int]) -> tuple[int, int, int]:
    """The id of a work-group by its number in the order of dispatch: z first, then y, then x."""
    _nx, ny, nz = counts
    return number // (ny * nz), number // nz % ny, number % nz


def dispatcher_code() -> bytes:
    """The code that a hart begins a work-group with.

    a0: the number of the instance; a1: the hart's group record; a2: the program's start;
    a3: instances of a group. It writes the group's id, and has mscratch point to the record.
    """
    ids, counts = FORMOSA_INFO["group_id"].offset, FORMOSA_INFO["num_groups"].offset

    def field(op: Literal["lwu", "sw"], reg: int, offset: int) -> int:
        if op == "lwu":
            return encode(op, rd=reg, rs1=A1, imm12=offset)
        return encode(op, rs2=reg, rs1=A1, store12=offset)

    words = [encode("divu", rd=A0, rs1=A0, rs2=A3)]
    for dim in (2, 1):
        words += [
            field("lwu", T0, counts + 4 * dim),
            encode("remu", rd=T1, rs1=A0, rs2=T0),
            field("sw", T1, ids + 4 * dim),
            encode("divu", rd=A0, rs1=A0, rs2=T0),
        ]
    words += [
        field("sw", A0, ids),
        encode("csrrw", rd=0, csr=MSCRATCH, rs1=A1),
        encode("jalr", rd=0, rs1=A2, imm12=0),
    ]
    return b"".join(word.to_bytes(4, "little") for word in words)
