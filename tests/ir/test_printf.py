"""printf through the device library, compared with the C library's."""

from __future__ import annotations

import ctypes
import itertools
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from kcc.frontend.diag import CompileError
from kcc.ir.lower import LowerOptions
from kcc.ir.lower_builtin import PRINT_STATE_SIZE

LIBC = ctypes.CDLL(None)
LIBRARY = ("printf.cl",)


SOURCE = Path(__file__).resolve().parents[2] / "kernels" / "rt" / "printf.cl"


def test_the_caller_sets_enough_room_aside(lowered):
    enough = f'_Static_assert(sizeof(print) <= {PRINT_STATE_SIZE}, "room");'
    lowered(SOURCE.read_text() + enough, LowerOptions(runtime=True))


def c_format(spec: str, *args: object) -> str:
    room = ctypes.create_string_buffer(4096)
    LIBC.snprintf(room, ctypes.c_size_t(4096), spec.encode(), *args)
    return room.value.decode()


INT_VALUES = (0, 1, -1, 7, 42, -42, 255, 65535, 2**31 - 1, -(2**31), 123456789)
INT_FORMATS = [
    f"%{flags}{width}{precision}{letter}"
    for flags in ("", "-", "0", "+", " ", "#", "-0", "+0", "#0", "-#", "+ ")
    for width in ("", "1", "8", "14")
    for precision in ("", ".0", ".", ".5")
    for letter in "diuxXo"
]


def test_integers_print_as_in_c(build):
    lines = [f'printf("{spec}|", x);' for spec in INT_FORMATS]
    program = build("kernel void k(int x) { " + "\n".join(lines) + "}", library=LIBRARY)
    for value in INT_VALUES:
        program.printed.clear()
        program.run("k", np.int32(value))
        got = program.text.split("|")[:-1]
        want = [c_format(spec, ctypes.c_int(value)) for spec in INT_FORMATS]
        assert dict(zip(INT_FORMATS, got, strict=True)) == dict(zip(INT_FORMATS, want, strict=True))


def test_lengths_cut_and_widen(build):
    formats = [f"%{length}{letter}" for length in ("hh", "h", "", "l") for letter in "dux"]
    casts = {"hh": "(int)", "h": "(int)", "": "(int)", "l": ""}
    lines = [f'printf("{f}|", {casts[f[1:-1]]}x);' for f in formats]
    program = build("kernel void k(long x) {" + "\n".join(lines) + "}", library=LIBRARY)
    for value in (0, -1, 0x123456789ABCDEF0, -(2**63), 200, 40000):
        program.printed.clear()
        program.run("k", np.int64(value))
        want = [c_format(f, ctypes.c_long(value)) for f in formats]
        assert program.text.split("|")[:-1] == want


def test_texts_characters_and_pointers(build):
    program = build(
        """kernel void k(global int *p) {
            printf("%s|%5s|%-5s|%.2s|", "abc", "abc", "abc", "abc");
            printf("%c|%3c|%-3c|", 'a', 'b', 'c');
            printf("100%%|");
            printf("%p|%20p|%-20p|", p, p, p);
            printf("");
        }""",
        library=LIBRARY,
    )
    data = np.zeros(1, np.int32)
    program.run("k", data)
    at = f"0x{data.ctypes.data:x}"
    assert program.text == ("abc|  abc|abc  |ab|a|  b|c  |100%|" + f"{at}|{at:>20}|{at:<20}|")


def test_long_output_goes_in_pieces(build):
    program = build('kernel void k(int n) { printf("%01000d<%s>", n, "end"); }', library=LIBRARY)
    program.run("k", np.int32(1))
    assert program.text == "0" * 999 + "1<end>"
    assert [len(piece) for piece in program.printed] == [255, 255, 255, 240]


def test_a_nul_cannot_be_printed(build):
    program = build('kernel void k() { printf("a%cb\\0c", 0); }', library=LIBRARY)
    program.run("k")
    assert program.text == "ab"


FLOAT_FORMATS = [
    f"%{flags}{width}{precision}{letter}"
    for flags in ("", "+", "#", "0", "-")
    for width, precision in (("", ""), ("12", ""), ("", ".0"), ("", ".3"), ("25", ".17"))
    for letter in "feEgGaA"
]
FLOAT_VALUES = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 0.125, 9.9999995, 99999.95, 1e6, 1e-4),
    *(0.00001, 123456789.0, 3.141592653589793, 1e22, 1e23, 1e100, 1.7976931348623157e308),
    *(5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 0.1, 1 / 3, 2**53 + 1.0),
    *(float("inf"), -float("inf"), float("nan")),
)


def float_program(build):
    lines = [f'printf("{spec}|", x[0]);' for spec in FLOAT_FORMATS]
    source = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    return build(
        source + "kernel void k(global const double *x) { " + "\n".join(lines) + "}",
        library=LIBRARY,
    )


def check_floats(program, values):
    for value in values:
        program.printed.clear()
        program.run("k", np.array([value]))
        got = program.text.split("|")[:-1]
        want = [c_format(spec, ctypes.c_double(value)) for spec in FLOAT_FORMATS]
        assert dict(zip(FLOAT_FORMATS, got, strict=True)) == dict(
            zip(FLOAT_FORMATS, want, strict=True)
        ), value


def test_floats_print_as_in_c(build):
    check_floats(float_program(build), FLOAT_VALUES)


def test_rounding_may_change_the_style(build):
    # glibc 2.36 prints "1.e+06" for %#g here; C99 7.19.6.1 asks for all six digits.
    program = build(
        "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
        'kernel void k(double x) { printf("%g %#g %.2e", x, x, x); }',
        library=LIBRARY,
    )
    program.run("k", np.float64(999999.5))
    assert program.text == "1e+06 1.00000e+06 1.00e+06"


@pytest.mark.slow
def test_any_double_prints_as_in_c(build):
    draw = random.Random(1)
    bits = [draw.getrandbits(64) for _ in range(1000)]
    short = [round(draw.uniform(-1000, 1000), n) for n in range(8) for _ in range(50)]
    any_double = [struct.unpack("<d", struct.pack("<Q", b))[0] for b in bits]
    check_floats(float_program(build), [d for d in itertools.chain(any_double, short) if d == d])


def test_what_printf_cannot_do_is_an_error(lowered):
    with pytest.raises(CompileError) as caught:
        lowered('kernel void k(int x) { printf("%n", &x); }')
    assert "%n" in str(caught.value)
