"""What a kernel and its launcher agree on: argument block, work-group info, metadata note.

The one description of these layouts. The trampoline pass, the driver, the HAL and `kcc info`
all read it from here. Standard library only: the device side imports it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, Literal

from ..frontend.diag import InternalError
from ..frontend.record import asdict, record

MAX_ARG_ALIGN = 128  # bytes; a longer by-value argument is aligned to this (refsi 8.1)
MAX_GROUP_ITEMS = 1024  # of a work-group
NOTE_OWNER = "kcc"
NOTE_TYPE = 1
NOTE_SECTION = ".note.kcc"
METADATA_VERSION = 1
# What programs are for. Those in TARGETS start kernels: each has its own entry, argument block and
# work-group information; the DPU runs C programs.
Target = Literal["refsi", "formosa", "dpu"]
TARGETS = ("refsi", "formosa")
# Before the name of a function that no other object can call, in the symbol that says so.
IN_PLACE = "__kcc_in_place."


# What there is of each, for who reads a description that somebody else may have spoilt.
_KINDS = ("value", "buffer", "local")
_SPACES = ("private", "global", "constant", "local")
_WIDTHS = {
    "int": (1, 2, 4, 8), "uint": (1, 2, 4, 8), "float": (2, 4, 8), "bool": (1,), "struct": (),
    "void": (),
}  # fmt: skip
_LANES = (1, 2, 3, 4, 8, 16)


@record
class ElementType:
    """What one element of a buffer, or one by-value argument, is made of."""

    kind: Literal["int", "uint", "float", "bool", "struct", "void"]
    size: int  # bytes of one scalar; of the whole for a struct
    lanes: int = 1  # 3-vectors have 3 lanes and the room of 4


@record
class ArgInfo:
    """What clGetKernelArgInfo tells of a parameter; there with -cl-kernel-arg-info only.

    type_name: without address spaces, qualifiers and spaces: "float4*". qualifiers: of
    const, restrict and volatile those of what a pointer points to, or of the pointer.
    """

    address: Literal["private", "global", "constant", "local"]
    access: Literal["none"]  # of images, and there are none
    type_name: str
    qualifiers: tuple[str, ...] = ()


@record
class KernelArg:
    """One parameter, with its place in the argument block; sizes and offsets in bytes.

    kind "buffer": the block holds a device address; "local": the *size* of the local
    allocation, which the kernel's trampoline makes, or its address for a kernel `by_items`;
    "value": the bytes themselves.
    size is what the argument takes in the block.
    """

    name: str
    type: str  # as written in OpenCL C, e.g. "global float *"
    kind: Literal["value", "buffer", "local"]
    space: Literal["private", "global", "constant", "local"]
    element: ElementType
    size: int
    align: int
    offset: int
    const: bool = False  # the pointee is const: the kernel only reads it
    info: ArgInfo | None = None


@record
class KernelInfo:
    """A kernel as its launchers know it; sizes in bytes.

    name:           also the ELF symbol of the entry on a RefSi device: name(packed_args,
                    wg_info *); on Formosa that is trampoline_name(name).
    local_size:     of function-scope __local variables; on Formosa they are the first of the
                    group's local memory, and arguments follow by local_offsets().
    sub_group_size: work-items of a sub-group; 0 in a program that asks for no sub-groups.
    by_items:       a hart is to run one work-item of every group, not groups.
    uniform:        all work-groups of a launch must be of one size.
    item_room, group_room: what the stack of a work-group's hart holds besides local memory, for
                    what is alive across barriers: so much for each work-item, and once.
    blocking:       groups wait for each other: each is to have a hart.
    device:         for whose launches its entry and its argument block are made.
    """

    name: str
    args: tuple[KernelArg, ...]
    block_size: int  # bytes of the argument block, a multiple of 8
    local_size: int = 0
    reqd_work_group_size: tuple[int, int, int] | None = None
    work_group_size_hint: tuple[int, int, int] | None = None
    vec_type_hint: str | None = None
    sub_group_size: int = 0
    uniform: bool = True
    item_room: int = 0
    group_room: int = 0
    by_items: bool = False
    device: Target = "refsi"
    blocking: bool = False


def arg_align(size: int) -> int:
    """Alignment of an argument of `size` bytes in the block: the next power of two, capped."""
    if size <= 0:
        raise InternalError(f"argument of {size} bytes")
    return min(MAX_ARG_ALIGN, 1 << (size - 1).bit_length())


# Bytes before the first argument. Formosa's block begins with the size of the group's local
# memory, 64 bits.
BLOCK_START = {"refsi": 0, "formosa": 8}


def block_offsets(sizes: Iterable[int], start: int = 0) -> tuple[tuple[int, ...], int]:
    """Lay out a kernel's argument block.

    sizes:    of the arguments in declaration order, bytes; 8 for buffers and local memory.
    start:    see BLOCK_START.
    returns:  (offset of each argument, size of the whole block), in bytes; the size is
              rounded up to 8 so that blocks can follow one another.
              The block itself starts at a multiple of MAX_ARG_ALIGN: kernels rely on it.
    raises:   InternalError for a size that is not positive.
    source:   the RefSi HAL's packing, with one alignment rule on both sides.
    """
    offsets: list[int] = []
    end = start
    for size in sizes:
        align = arg_align(size)
        start = -(-end // align) * align
        offsets.append(start)
        end = start + size
    return tuple(offsets), -(-end // 8) * 8


# -- work-group info and execution state, RV64 (RefSi device_if.h) -----------------------------
# last_size, of the last group in each dimension, is 0 where that is a group like the others. Its
# place is that of RefSi's num_groups_per_call, which RefSi always leaves 0.


@record
class Slot:
    """A field of a guest structure: byte offset, struct format character, count."""

    offset: int
    format: Literal["Q", "I"]
    count: int = 1


# fmt: off
WG_INFO = {
    "group_id":            Slot(0,   "Q", 3),
    "num_groups":          Slot(24,  "Q", 3),
    "global_offset":       Slot(48,  "Q", 3),
    "local_size":          Slot(72,  "Q", 3),
    "num_dim":             Slot(96,  "I"),
    "last_size":           Slot(104, "Q", 3),
    "hal_extra":           Slot(128, "Q"),
}
WG_INFO_SIZE = 136
EXEC_STATE = WG_INFO | {  # wg_info comes first, so a pointer to one is a pointer to the other
    "local_id":     Slot(136, "I", 3),
    "kernel_entry": Slot(152, "Q"),
    "packed_args":  Slot(160, "Q"),
    "magic":        Slot(168, "I"),
    "state_size":   Slot(172, "I"),
    "flags":        Slot(176, "I"),
    "next_xfer_id": Slot(180, "I"),
    "thread_id":    Slot(184, "I"),
    "num_threads":  Slot(188, "I"),  # that share work-groups; RefSi's has padding there
}
EXEC_STATE_SIZE = 192
# fmt: on
EXEC_STATE_MAGIC = 0x6953_6552  # "ReSi"
WG_MODE = 1  # of `flags`: the kernel's entry runs one work-group (a G1's ROM sees to the others)
HAS_DMA = 2  # of `flags`: each hart has the registers of a kernel DMA (RefSi's own: bit 0)
KERNEL_DMA = 0x2000_2000  # which are there, for code that has been compiled


def pack_record(layout: dict[str, Slot], size: int, **values: int | tuple[int, ...]) -> bytes:
    """A guest structure as bytes; fields not named are zero."""
    data = bytearray(size)
    for name, value in values.items():
        slot = layout[name]
        items = value if isinstance(value, tuple) else (value,)
        struct.pack_into(f"<{slot.count}{slot.format}", data, slot.offset, *items)
    return bytes(data)


def unpack_record(layout: dict[str, Slot], data: bytes) -> dict[str, tuple[int, ...]]:
    """The fields of a guest structure."""
    return {
        name: struct.unpack_from(f"<{slot.count}{slot.format}", data, slot.offset)
        for name, slot in layout.items()
    }


# -- Formosa ---------------------------------------------------------------------------------------

LOCAL_ALIGN = 8  # bytes, at least, of everything in local memory
FIXED_BASE = 0xFF00_0000  # of a program that stays there: buffers come from lower addresses


def trampoline_name(kernel: str) -> str:
    """The symbol that Formosa's start code calls: void name(args)."""
    return f"{kernel}_trampolined"


def entry_name(info: KernelInfo) -> str:
    """The symbol of a kernel's entry."""
    return trampoline_name(info.name) if info.device == "formosa" else info.name


def local_offsets(info: KernelInfo, sizes: Iterable[int]) -> tuple[tuple[int, ...], int]:
    """Lay out a group's local memory on Formosa: variables of the kernel, then arguments.

    sizes:    of the local arguments in declaration order, bytes.
    returns:  (offset of each argument from the group's local memory, bytes in all).
              Each is aligned as its elements are, at least to LOCAL_ALIGN.
    """
    offsets: list[int] = []
    end = info.local_size
    locals_ = (arg for arg in info.args if arg.kind == "local")
    for arg, size in zip(locals_, sizes, strict=True):
        end = _round_up(end, local_align(arg))
        offsets.append(end)
        end += size
    return tuple(offsets), _round_up(end, LOCAL_ALIGN)


def local_align(arg: KernelArg) -> int:
    """Bytes that what a local argument points to is aligned to."""
    element = arg.element
    if element.kind == "void":
        return MAX_ARG_ALIGN
    return max(LOCAL_ALIGN, arg_align(element.size * element.lanes))


def _round_up(number: int, align: int) -> int:
    return -(-number // align) * align


# fmt: off
FORMOSA_INFO = {  # of a work-group; its address is in mscratch
    "num_dim":             Slot(0x00, "I"),
    "group_id":            Slot(0x04, "I", 3),
    "local_size":          Slot(0x10, "I", 3),
    "num_groups":          Slot(0x1C, "I", 3),
    "global_offset":       Slot(0x28, "I", 3),
    "num_threads":         Slot(0x34, "I"),  # the product of local_size
    "trampoline":          Slot(0x38, "Q"),
    "kargs":               Slot(0x40, "Q"),
    "stack_base":          Slot(0x48, "Q"),
    "stack_size":          Slot(0x50, "I"),  # bytes, of each hardware thread
    "local_memory_base":   Slot(0x58, "Q"),
    "local_memory_size":   Slot(0x60, "I"),
    "printf_buffer":       Slot(0x68, "Q"),
    "printf_position":     Slot(0x70, "Q"),  # address of a u32
    "printf_capacity":     Slot(0x78, "I"),
}
FORMOSA_INFO_SIZE = 0x80
# fmt: on
# What a kernel reads of its work-group: fields of the same names, wherever they are.
GROUP_INFO = {
    "refsi": (WG_INFO, WG_INFO_SIZE),
    "formosa": (FORMOSA_INFO, FORMOSA_INFO_SIZE),
}

# -- DPU: tasklets of a processing-in-memory device -----------------------------------------------


class DpuCall(IntEnum):
    """Calls of the environment (ecall) by the number in a7; arguments and results in a0."""

    EXIT = 0  # a0: what main has returned; this tasklet is done
    FAULT = 1  # a0: a DpuFaultCode; all tasklets stop
    STOP = 2  # sleep until resumed; at once, if that came first
    RESUME = 3  # a0: the tasklet that is to go on
    WAIT = 4  # a0: a lock bit; sleep until it is clear
    COUNTER = 5  # a0: a DpuCounter of the whole device


class DpuCounter(IntEnum):
    CYCLES = 1
    INSTRUCTIONS = 2


class DpuFaultCode(IntEnum):
    """What a program stops with; the names are how the device tells of it."""

    HEAP_FULL = 1
    DIVISION_BY_ZERO = 2
    ASSERTION = 3
    HALT = 4
    PRINTF_OVERFLOW = 5
    ALREADY_PROFILING = 6
    NOT_PROFILING = 7
    UNALIGNED_WRITE = 8


class DpuNote(IntEnum):
    """What dpu.note tells those who check a run: kind (address, size)."""

    HEAP_RESET = 1  # (start of the heap, 0)
    ALLOC = 2  # (block, bytes): a piece of the heap is handed out
    FSB_NEW = 3  # (first block, bytes of all blocks), then:
    FSB_SIZE = 4  # (handle, bytes of a block)
    FSB_GET = 5  # (block, handle)
    FSB_FREE = 6  # (block, handle), before anything is written
    BUDDY_INIT = 7  # (arena, or 0 where it has no effect; bytes)
    BUDDY_ALLOC = 8  # (block, bytes asked for)
    BUDDY_FREE = 9  # (block, 0), before anything is written
    BUDDY_RESET = 10
    LIBRARY = 11  # (0, 1 or 0): from here on accesses are the allocators' own, or no longer
    BARRIER = 12  # (barrier, tasklets)
    INIT_RANGE = 13  # (start, bytes): has been written in ways that are not seen
    SEQREAD_INIT = 14  # (cache, bytes of a page)
    SEQREAD_PAGE = 15  # (cache, bytes of a page): a reader needs another; for a get then:
    SEQREAD_GET = 16  # (pointer, how far it goes)


# -- metadata: what the ELF says of its kernels ---------------------------------------------------


def encode_metadata(kernels: Iterable[KernelInfo]) -> bytes:
    """One ELF note record (owner "kcc") that describes `kernels`; inverse: decode_metadata."""
    body = {"version": METADATA_VERSION, "kernels": [_fields(k) for k in kernels]}
    desc = json.dumps(body, separators=(",", ":"), sort_keys=True).encode()
    name = NOTE_OWNER.encode() + b"\0"
    head = struct.pack("<III", len(name), len(desc), NOTE_TYPE)
    return head + _pad4(name) + _pad4(desc)


def decode_metadata(desc: bytes) -> tuple[KernelInfo, ...]:
    """The kernels a note describes.

    raises:  ValueError with a reason when the bytes are not what encode_metadata makes.
    """
    try:
        body = json.loads(desc.decode("utf-8"))
        if body["version"] != METADATA_VERSION:
            raise ValueError(f"kernel metadata version {body['version']} is not supported")
        return tuple(map(_checked, map(_kernel, body["kernels"])))
    except (AttributeError, KeyError, TypeError, UnicodeDecodeError, RecursionError) as e:
        raise ValueError(f"malformed kernel metadata: {e}") from e


def _fields(kernel: KernelInfo) -> dict[str, Any]:
    fields = asdict(kernel)
    if not kernel.blocking:  # as it is of nearly all
        del fields["blocking"]
    return fields


def _kernel(k: dict[str, Any]) -> KernelInfo:
    args = tuple(map(_arg, k["args"]))
    sizes = {
        key: tuple(k[key]) if k[key] else None
        for key in ("reqd_work_group_size", "work_group_size_hint")
    }
    return KernelInfo(**{**k, **sizes, "args": args})


def _checked(info: KernelInfo) -> KernelInfo:
    """raises: ValueError for a kernel that no compiler describes so."""
    texts = [info.name, *(text for a in info.args for text in (a.name, a.type))]
    sizes = [info.block_size, info.local_size, *(info.reqd_work_group_size or ())]
    sizes += [info.sub_group_size, info.item_room, info.group_room]
    sound = all(isinstance(text, str) for text in texts) and info.device in TARGETS
    sound &= all(isinstance(b, bool) for b in (info.uniform, info.by_items, info.blocking))
    for a in info.args:
        element = a.element
        sizes += [a.size, a.align, a.offset, element.size]
        widths = _WIDTHS.get(element.kind, ())
        sound &= a.kind in _KINDS and a.space in _SPACES and element.kind in _WIDTHS
        sound &= element.lanes in _LANES and (not widths or element.size in widths)
    if not sound or not all(isinstance(n, int) and 0 <= n < 1 << 32 for n in sizes):
        raise ValueError(f"malformed kernel metadata: kernel '{info.name}'")
    return info


def _arg(a: dict[str, Any]) -> KernelArg:
    info = a["info"]
    if info is not None:
        info = ArgInfo(**{**info, "qualifiers": tuple(info["qualifiers"])})
    return KernelArg(**{**a, "element": ElementType(**a["element"]), "info": info})


def _pad4(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
