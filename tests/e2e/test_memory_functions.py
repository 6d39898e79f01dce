"""The device library's memory functions, as LLVM calls them: with and without vectors."""

from __future__ import annotations

import numpy as np
import pytest

import kcc

SOURCE = """
kernel void copy(global char *restrict to, global const char *restrict from, ulong n) {
    to += get_global_offset(0);
    for (ulong i = 0; i < n; i++) to[i] = from[i];
}
kernel void fill(global char *to, char value, ulong n) {
    to += get_global_offset(0);
    for (ulong i = 0; i < n; i++) to[i] = value;
}
"""


@pytest.mark.parametrize("arch", ["rv64gcv", "rv64gc"])
def test_copies_and_fills_end_where_they_should(arch: str) -> None:
    # As vectors, the kernels' own loops would not become calls; the library has its vectors.
    program = kcc.compile(SOURCE, (f"-march={arch}", "-fno-vectorize"))
    assert {"memcpy", "memset"} <= {symbol.name for symbol in program.image.symbols}
    given = np.random.default_rng(1).integers(0, 256, 600).astype(np.uint8)
    with kcc.Device("m1") as device:
        kernels = device.load(program)
        for at, size in [(0, 0), (8, 1), (1, 7), (0, 513), (3, 600)]:
            launch = {"global_size": 1, "local_size": 1, "global_offset": at}
            out = np.zeros(620, np.uint8)
            kernels["fill"](out, 37, size, **launch)
            want = np.zeros(620, np.uint8)
            want[at : at + size] = 37
            np.testing.assert_array_equal(out, want)
            kernels["copy"](out, given, size, **launch)
            want[at : at + size] = given[:size]
            np.testing.assert_array_equal(out, want)
