"""A launch's arguments as bytes, at the places that the program's metadata names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...ir.abi import KernelArg, KernelInfo, local_offsets
from ..args import ArgumentError, encode_value
from .errors import InvalidKernelArgs
from .memory import MemObject, Memory

WORD_MAX = 1 << 64


@dataclass(frozen=True)
class Local:
    """So many bytes of local memory, for a `local` pointer."""

    size: int


# A buffer or None for a pointer, Local, bytes or a number or one number per lane by value.
Argument: TypeAlias = object


def pack(info: KernelInfo, memory: Memory, values: Sequence[Argument]) -> tuple[bytes, int]:
    """(the argument block, bytes of local memory that the group needs).

    raises:  InvalidKernelArgs for a wrong number of arguments, or one that does not suit its
             parameter; InvalidMemObject for a buffer that has been freed.
    """
    if len(values) != len(info.args):
        raise InvalidKernelArgs(
            f"'{info.name}' takes {len(info.args)} arguments, not {len(values)}"
        )
    pairs = list(zip(info.args, values, strict=True))
    sizes = [_local_size(arg, value) for arg, value in pairs if arg.kind == "local"]
    offsets, total = local_offsets(info, sizes)
    places = iter(offsets)
    block = bytearray(info.block_size)
    block[:8] = total.to_bytes(8, "little")
    for arg, value in pairs:
        if arg.kind == "local":
            data = next(places).to_bytes(8, "little")
        elif arg.kind == "buffer":
            data = _address(arg, memory, value).to_bytes(8, "little")
        else:
            data = _encoded(arg, value)
        block[arg.offset : arg.offset + arg.size] = data
    return bytes(block), total


def _local_size(arg: KernelArg, value: Argument) -> int:
    if not isinstance(value, Local) or not 0 < value.size < WORD_MAX:
        raise InvalidKernelArgs(f"argument '{arg.name}' takes an amount of local memory")
    return value.size


def _address(arg: KernelArg, memory: Memory, value: Argument) -> int:
    if value is None:
        return 0
    if not isinstance(value, MemObject):
        raise InvalidKernelArgs(f"argument '{arg.name}' takes a buffer, not {value!r}")
    return memory.address(value)


def _encoded(arg: KernelArg, value: Argument) -> bytes:
    if value is None:
        raise InvalidKernelArgs(f"argument '{arg.name}' is missing")
    try:
        return encode_value(arg, value)
    except ArgumentError as e:
        raise InvalidKernelArgs(str(e)) from e
