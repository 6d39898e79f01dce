"""The mathematical functions of doubles, by a reference in long double."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import kcc
from accuracy import check, kernel, run

pytestmark = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider reference")

SOME = ("exp", "log", "atan", "sin", "tgamma", "lgamma")
BOTH = """
kernel void both(global const double *x, global double *out) {
    double c, s = sincos(x[get_global_id(0)], &c);
    out[get_global_id(0)] = s == sin(x[get_global_id(0)]) && c == cos(x[get_global_id(0)]);
}
kernel void signs(global const double *x, global double *out) {
    int sign;
    double v = lgamma_r(x[get_global_id(0)], &sign);
    out[get_global_id(0)] = v == lgamma(x[get_global_id(0)]) ? sign : 0;
}
"""


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as device:
        yield device


def test_some_functions_of_doubles(device: kcc.Device) -> None:
    text = BOTH + "".join(kernel(name, "double") for name in SOME)
    made = device.load(kcc.compile(text, ["-march=rv64gc"]))
    for name in SOME:
        check(device, made, name, 1 << 9, "double")
    x = np.array([0.0, 1.0, -2.0, 1e5, -1e10, 1e300])
    assert run(device, made["both"], [x], np.float64).all()
    x = np.array([0.5, -0.5, -1.5, -2.5, 3.0, 0.0, -0.0, 1e30])
    got = run(device, made["signs"], [x], np.float64)
    assert got.tolist() == [1, -1, 1, -1, 1, 1, -1, 1]
