"""Arguments to bytes: offsets, ranges, and who is told when a value does not suit."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from kcc.device.args import (
    ArgKind,
    ArgSpace,
    ArgumentError,
    HalArg,
    buffer_arg,
    encode_value,
    local_arg,
    pack_hal_args,
    value_arg,
)
from kcc.ir.abi import ElementType, KernelArg, KernelInfo, block_offsets


def arg(kind: str, size: int, lanes: int = 1, *, name: str = "x", how: str = "value") -> KernelArg:
    element = ElementType(kind, size, lanes)
    total = 8 if how != "value" else size * (4 if lanes == 3 else lanes)
    space = {"value": "private", "buffer": "global", "local": "local"}[how]
    return KernelArg(name, f"{kind}{8 * size}x{lanes}", how, space, element, total, total, 0)


INT, UINT, CHAR, LONG = arg("int", 4), arg("uint", 4), arg("int", 1), arg("int", 8)
FLOAT, DOUBLE, HALF = arg("float", 4), arg("float", 8), arg("float", 2)


# fmt: off
GOOD_VALUES = [
    (INT,    -1,                 b"\xff" * 4),
    (INT,    2**31 - 1,          b"\xff\xff\xff\x7f"),
    (INT,    True,               b"\1\0\0\0"),
    (INT,    np.int64(-2),       b"\xfe\xff\xff\xff"),
    (INT,    np.uint8(7),        b"\7\0\0\0"),
    (INT,    np.array(5),        b"\5\0\0\0"),
    (INT,    np.bool_(True),     b"\1\0\0\0"),
    (UINT,   2**32 - 1,          b"\xff" * 4),
    (CHAR,   -128,               b"\x80"),
    (LONG,   -2**63,             bytes(7) + b"\x80"),
    (FLOAT,  1.5,                struct.pack("<f", 1.5)),
    (FLOAT,  3,                  struct.pack("<f", 3)),
    (FLOAT,  np.float64(0.1),    struct.pack("<f", 0.1)),
    (FLOAT,  np.int32(4),        struct.pack("<f", 4)),
    (FLOAT,  float("-inf"),      struct.pack("<f", float("-inf"))),
    (FLOAT,  1e-60,              bytes(4)),
    (DOUBLE, 1e300,              struct.pack("<d", 1e300)),
    (HALF,   np.float16(0.5),    struct.pack("<e", 0.5)),
    (FLOAT,  b"\1\2\3\4",        b"\1\2\3\4"),
    (arg("int", 2, 2),   (1, -1),          b"\1\0\xff\xff"),
    (arg("float", 4, 3), [1, 2, 3],        struct.pack("<4f", 1, 2, 3, 0)),
    (arg("uint", 1, 4),  np.arange(4),     b"\0\1\2\3"),
    (arg("struct", 12),  bytearray(12),    bytes(12)),
    (arg("int", 4, how="buffer"), 0x4000_0000, (0x4000_0000).to_bytes(8, "little")),
    (arg("int", 4, how="buffer"), 0,           bytes(8)),
    (arg("int", 4, how="local"),  100,         b"\x64" + bytes(7)),
]
BAD_VALUES = [
    (INT,    2**31,            "range"),
    (INT,    -2**31 - 1,       "range"),
    (UINT,   -1,               "range"),
    (CHAR,   128,              "range"),
    (INT,    1.0,              "not an integer"),
    (INT,    np.float32(1),    "not an integer"),
    (INT,    "1",              "not an integer"),
    (INT,    None,             "not an integer"),
    (INT,    np.array([1, 2]), "one integer"),
    (INT,    [1],              "not an integer"),
    (FLOAT,  "1.5",            "not a number"),
    (FLOAT,  None,             "not a number"),
    (FLOAT,  1e39,             "too large"),
    (FLOAT,  10**400,          "too large"),
    (HALF,   65520.0,          "too large"),
    (FLOAT,  np.array([1., 2.]), "one number"),
    (FLOAT,  1j,               "not a number"),
    (FLOAT,  b"\1\2\3",        "3 bytes"),
    (arg("int", 2, 2),   (1,),     "1 values"),
    (arg("int", 2, 2),   5,        "takes 2 values"),
    (arg("int", 2, 2),   (1, 1.5), "not an integer"),
    (arg("int", 2, 2),   (1, 2**15), "range"),
    (arg("struct", 12),  5,        "12 bytes"),
    (arg("int", 4, how="buffer"), -1,    "range"),
    (arg("int", 4, how="buffer"), 2**64, "range"),
    (arg("int", 4, how="buffer"), "a",   "not an integer"),
    (arg("int", 4, how="local"),  0,     "range"),
]
# fmt: on


@pytest.mark.parametrize(("of", "value", "data"), GOOD_VALUES, ids=repr)
def test_values(of, value, data):
    assert encode_value(of, value) == data


@pytest.mark.parametrize(("of", "value", "message"), BAD_VALUES, ids=repr)
def test_values_that_do_not_suit(of, value, message):
    with pytest.raises(ArgumentError, match=message) as error:
        encode_value(of, value)
    assert error.value.name == "x"
    assert "argument 'x': " in str(error.value)


def kernel(*args: KernelArg) -> KernelInfo:
    offsets, size = block_offsets(a.size for a in args)
    placed = (
        KernelArg(a.name, a.type, a.kind, a.space, a.element, a.size, a.align, offset)
        for a, offset in zip(args, offsets, strict=True)
    )
    return KernelInfo("k", tuple(placed), size)


def block_of(info: KernelInfo, values) -> bytes:
    block = bytearray(info.block_size)
    for arg, value in zip(info.args, values, strict=True):
        block[arg.offset : arg.offset + arg.size] = encode_value(arg, value)
    return bytes(block)


def test_ternary_block():
    """The offsets of a published example: 0, 8, 16, 24, 28, with zeros between."""
    info = kernel(arg("int", 4, how="buffer"), INT, arg("int", 4, how="buffer"), INT, arg("int", 4))
    assert [a.offset for a in info.args] == [0, 8, 16, 24, 28]
    block = block_of(info, [0x1000, 2, 0x2000, 0, -4])
    assert block == struct.pack("<QiiQii", 0x1000, 2, 0, 0x2000, 0, -4)


def test_hal_arguments_pack_alike():
    info = kernel(arg("int", 1), arg("float", 8), arg("float", 4, how="local"), arg("int", 2, 3))
    block = block_of(info, [-1, 2.5, 64, (1, 2, 3)])
    same = [value_arg(b"\xff"), value_arg(struct.pack("<d", 2.5)), local_arg(64)]
    assert pack_hal_args([*same, value_arg(struct.pack("<4h", 1, 2, 3, 0))]) == block


@pytest.mark.parametrize(
    "bad", [HalArg(ArgKind.VALUE, ArgSpace.LOCAL, 1, data=b"x"), HalArg(ArgKind.VALUE, size=3)]
)
def test_values_in_local_memory_or_without_bytes_are_refused(bad):
    with pytest.raises(ArgumentError):
        pack_hal_args([buffer_arg(0), bad])
