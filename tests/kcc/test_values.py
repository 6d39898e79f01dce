"""Arguments as text: every form, every element type, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kcc.ir.abi import ElementType, KernelArg
from kcc.values import Local, Raw, ValueSpecError, parse_value

FLOAT, INT, UCHAR = ElementType("float", 4), ElementType("int", 4), ElementType("uint", 1)
LONG, ULONG = ElementType("int", 8), ElementType("uint", 8)
FLOAT3, BOOL = ElementType("float", 4, 3), ElementType("bool", 1)


def buffer(element: ElementType) -> KernelArg:
    return KernelArg("a", "global T *", "buffer", "global", element, 8, 8, 0)


def scalar(element: ElementType, size: int = 4) -> KernelArg:
    return KernelArg("n", "T", "value", "private", element, size, size, 0)


LOCAL = KernelArg("t", "local int *", "local", "local", INT, 8, 8, 0)


@pytest.mark.parametrize(
    ("element", "text", "want"),
    [
        (INT, "range:4", [0, 1, 2, 3]),
        (INT, "range:3:5:-2", [5, 3, 1]),
        (ULONG, "range:2:18446744073709551614", [(1 << 64) - 2, (1 << 64) - 1]),
        (
            LONG,
            "range:3:9223372036854775807:-9223372036854775807",
            [(1 << 63) - 1, 0, 1 - (1 << 63)],
        ),
        (FLOAT, "fill:1:inf", [float("inf")]),
        (FLOAT, "range:3:0.5:0.25", [0.5, 0.75, 1.0]),
        (FLOAT, "fill:2:1.5", [1.5, 1.5]),
        (UCHAR, "fill:2:0xff", [255, 255]),
        (INT, "zeros:3", [0, 0, 0]),
        (INT, "[1, -2,3]", [1, -2, 3]),
        (FLOAT, "[1,0x1p-1]", [1.0, 0.5]),
        (FLOAT3, "fill:2:(1,2,3)", [[1, 2, 3, 0], [1, 2, 3, 0]]),
        (BOOL, "[1,0]", [1, 0]),
    ],
)
def test_a_buffer_is_made_as_written(element: ElementType, text: str, want: object) -> None:
    made = parse_value(buffer(element), text)
    np.testing.assert_array_equal(made, want)
    assert isinstance(made, np.ndarray)
    assert made.dtype.itemsize == element.size


def test_random_is_repeatable_and_within_bounds() -> None:
    a = parse_value(buffer(FLOAT), "random:100")
    np.testing.assert_array_equal(a, parse_value(buffer(FLOAT), "random:100:0"))
    assert not np.array_equal(a, parse_value(buffer(FLOAT), "random:100:1"))
    b = parse_value(buffer(INT), "random:1000:3:-5:5")
    assert isinstance(b, np.ndarray)
    assert (b.min(), b.max()) == (-5, 4)


def test_scalars_vectors_and_local_memory() -> None:
    assert parse_value(scalar(INT), "0x1f") == 31
    assert parse_value(scalar(FLOAT), "2.5") == np.float32(2.5)
    np.testing.assert_array_equal(parse_value(scalar(FLOAT3, 16), "(1,2,3)"), [1, 2, 3, 0])
    assert parse_value(LOCAL, "local:256") == Local(256)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6, dtype=np.float32).reshape(2, 3))
    np.testing.assert_array_equal(parse_value(buffer(FLOAT), f"@{path}"), np.arange(6))
    raw = tmp_path / "raw"
    raw.write_bytes(b"12345678")
    struct = ElementType("struct", 8)
    assert parse_value(scalar(struct, 8), f"@{raw}") == Raw(b"12345678")


@pytest.mark.parametrize(
    ("arg", "text", "message"),
    [
        (buffer(INT), "42", "is no buffer"),
        (buffer(INT), "range:0", "at least one element"),
        (buffer(INT), "range:x", "not a number"),
        (buffer(INT), "range:3:0.5", "fractions|whole"),
        (buffer(INT), "[1.5]", "whole number"),
        (buffer(UCHAR), "range:300", "outside 0..255"),
        (buffer(INT), "zeros:99999999999999", "room for"),
        (buffer(INT), "fill:3", "takes N:VALUE"),
        (buffer(INT), "random:3:1:5", "takes N"),
        (buffer(INT), "random:3:1:5:5", "no integer"),
        (buffer(INT), "@/nonexistent.npy", "No such file"),
        (buffer(INT), f"@{__file__}", r"no \.npy file"),
        (buffer(FLOAT), "fill:2:1e39", "more than a float32"),
        (scalar(FLOAT), "-1e39", "more than a float32"),
        (buffer(LONG), "range:2:9223372036854775807", "outside"),
        (buffer(INT), "[1,2", "does not end"),
        (buffer(INT), "[]", "at least one"),
        (scalar(INT), "range:3", "describes a buffer"),
        (scalar(INT), "4294967296", "outside"),
        (scalar(INT), "1e3", None),
        (scalar(INT), "nan", "whole number|outside"),
        (scalar(INT), "abc", "not a number"),
        (scalar(FLOAT3, 16), "(1,2)", "2 components"),
        (LOCAL, "64", "local:BYTES"),
        (LOCAL, "local:0", "positive"),
    ],
)
def test_what_is_refused_names_the_parameter(
    arg: KernelArg, text: str, message: str | None
) -> None:
    if message is None:
        assert parse_value(arg, text) == 1000
        return
    with pytest.raises(ValueSpecError, match=message) as caught:
        parse_value(arg, text)
    assert f"'{arg.name}'" in str(caught.value)


def test_an_array_of_another_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.arange(4, dtype=np.float64))
    with pytest.raises(ValueSpecError, match="holds float64, the kernel wants float32"):
        parse_value(buffer(FLOAT), f"@{path}")


def test_a_pickled_array_is_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueSpecError):
        parse_value(buffer(FLOAT), f"@{path}")
