"""Kernel arguments to bytes, by the metadata of the ELF; each value is checked."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ..ir.abi import MAX_ARG_ALIGN, KernelArg, arg_align, block_offsets

WORD = struct.Struct("<Q")
FLOATS = {2: "<e", 4: "<f", 8: "<d"}


class ArgumentError(ValueError):
    """A value does not suit a parameter; `name` is the parameter's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"argument '{name}': {message}")
        self.name = name


def encode_value(arg: KernelArg, value: Any) -> bytes:
    """One argument as its bytes in the block.

    value:   for a buffer its device address; for local memory its size in bytes; for a
             value a number, a sequence of one number per lane, or the bytes themselves.
             Anything with __index__ is an integer, with __float__ a float (NumPy's scalars).
    raises:  ArgumentError for a value of the wrong kind, out of range, or of wrong length.
    """
    if arg.kind == "buffer":
        return WORD.pack(_integer(arg, value, 0, (1 << 64) - 1))
    if arg.kind == "local":
        return WORD.pack(_integer(arg, value, 1, (1 << 32) - 1))
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        if len(data) != arg.size:
            raise ArgumentError(arg.name, f"{len(data)} bytes for {arg.type}, not {arg.size}")
        return data
    element = arg.element
    if element.kind in ("struct", "void"):
        raise ArgumentError(arg.name, f"{arg.type} takes {arg.size} bytes, not {value!r}")
    if element.lanes == 1:
        return _scalar(arg, value)
    try:
        lanes = list(value)
    except TypeError:
        raise ArgumentError(arg.name, f"{arg.type} takes {element.lanes} values") from None
    if len(lanes) != element.lanes:
        raise ArgumentError(arg.name, f"{len(lanes)} values for {arg.type}, not {element.lanes}")
    return b"".join(_scalar(arg, lane) for lane in lanes).ljust(arg.size, b"\0")


def _scalar(arg: KernelArg, value: Any) -> bytes:
    element = arg.element
    size = element.size
    match element.kind:
        case "float":
            return _float(arg, value, FLOATS[size])
        case "bool":
            return _integer(arg, value, 0, 1).to_bytes(size, "little")
        case "uint":
            return _integer(arg, value, 0, (1 << 8 * size) - 1).to_bytes(size, "little")
        case _:
            top = 1 << 8 * size - 1
            return _integer(arg, value, -top, top - 1).to_bytes(size, "little", signed=True)


def _integer(arg: KernelArg, value: Any, least: int, greatest: int) -> int:
    index = getattr(type(value), "__index__", None)
    if index is None and type(value).__name__ in ("bool", "bool_"):  # NumPy's has no __index__
        index = bool
    if index is None:
        raise ArgumentError(arg.name, f"{value!r} is not an integer, as {arg.type} needs")
    try:
        number = int(index(value))
    except TypeError:  # an array of several elements has the method, but no such value
        raise ArgumentError(arg.name, f"{arg.type} takes one integer") from None
    if not least <= number <= greatest:
        raise ArgumentError(
            arg.name, f"{number} is not in the range of {arg.type}, {least} to {greatest}"
        )
    return number


def _float(arg: KernelArg, value: Any, layout: str) -> bytes:
    if isinstance(value, str) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise ArgumentError(arg.name, f"{value!r} is not a number, as {arg.type} needs")
    try:
        number = float(value)
        return struct.pack(layout, number)
    except TypeError:
        raise ArgumentError(arg.name, f"{arg.type} takes one number") from None
    except OverflowError:
        raise ArgumentError(arg.name, f"{value!r} is too large for {arg.type}") from None


# -- arguments without metadata, as the HAL takes them -----------------------------------------


class ArgKind(IntEnum):
    ADDRESS = 0
    VALUE = 1


class ArgSpace(IntEnum):
    LOCAL = 0
    GLOBAL = 1


@dataclass(frozen=True)
class HalArg:
    """One argument: an address, bytes by value, or `size` bytes of local memory."""

    kind: ArgKind
    space: ArgSpace = ArgSpace.GLOBAL
    size: int = 8
    address: int = 0
    data: bytes = b""


def buffer_arg(address: int) -> HalArg:
    return HalArg(ArgKind.ADDRESS, address=address)


def value_arg(data: bytes) -> HalArg:
    return HalArg(ArgKind.VALUE, size=len(data), data=data)


def local_arg(size: int) -> HalArg:
    return HalArg(ArgKind.ADDRESS, ArgSpace.LOCAL, size)


def pack_hal_args(
    args: Sequence[HalArg],
    local: tuple[int, int] | None = None,
    note: Callable[[int, int, bytes], None] | None = None,
) -> bytes:
    """The argument block, by the layout that compiler and driver share; zeros in between.

    local:   first address, and the one behind the last, of what there is for local arguments,
             which are addresses then; else they are sizes.
    note:    is told of each argument its offset, its alignment and its bytes.
    raises:  ArgumentError for a value of no bytes, or one in local memory; for an address or
             a size of local memory that is negative or of more than 64 bits; for more local
             memory than there is.
    """
    parts = []
    free, end = local or (0, 0)
    for number, arg in enumerate(args):
        if arg.kind == ArgKind.ADDRESS:
            word = arg.size if arg.space == ArgSpace.LOCAL else arg.address
            if arg.space == ArgSpace.LOCAL and local is not None and arg.size >= 0:
                word = -(-free // MAX_ARG_ALIGN) * MAX_ARG_ALIGN
                free = word + arg.size
                if free > end:
                    raise ArgumentError(
                        str(number), f"{arg.size} bytes of local memory, {max(end - word, 0)} free"
                    )
            if not 0 <= word < 1 << 64:
                raise ArgumentError(str(number), f"{word} does not fit into 64 bits")
            parts.append(WORD.pack(word))
        elif arg.space != ArgSpace.GLOBAL or not arg.data or arg.size != len(arg.data):
            raise ArgumentError(str(number), "a value needs bytes, and global space")
        else:
            parts.append(arg.data)
    offsets, size = block_offsets(len(p) for p in parts)
    block = bytearray(size)
    for offset, part in zip(offsets, parts, strict=True):
        block[offset : offset + len(part)] = part
        if note is not None:
            note(offset, arg_align(len(part)), part)
    return bytes(block)
