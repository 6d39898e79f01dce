"""The mathematical functions of floats: within OpenCL's ULP, special values exact."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kcc
from accuracy import FUNCTIONS, check, errors, kernel, run

# Each second line of results says what the one before must be.
VECTORS = """
kernel void lgamma_signs(global const float *x, global float *out) {
    int sign;
    float v = lgamma_r(x[get_global_id(0)], &sign);
    out[get_global_id(0)] = v == lgamma(x[get_global_id(0)]) ? sign : 0;
}
kernel void vectors(global const float *x, global float *out) {
    size_t i = get_global_id(0);
    float2 v = vload2(i, x), c, s = sincos(v, &c);
    vstore2((float2)(sin(v.x), cos(v.y)), 6 * i, out);
    vstore2((float2)(s.x, c.y), 6 * i + 1, out);
    vstore2(native_exp(v), 6 * i + 2, out);
    vstore2((float2)(half_exp(v.x), native_exp(v.y)), 6 * i + 3, out);
    vstore2(pown(v, (int2)(3, -2)), 6 * i + 4, out);
    vstore2((float2)(v.x * v.x * v.x, 1 / (v.y * v.y)), 6 * i + 5, out);
}
"""


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as device:
        yield device


@pytest.fixture(scope="module")
def kernels(device: kcc.Device) -> Any:
    """Without vectors: these take the simulator some times as long to translate."""
    text = "".join(kernel(name, "float") for name in FUNCTIONS)
    return device.load(kcc.compile(text + VECTORS, ["-march=rv64gc"]))


def test_some_functions_are_within_their_limits(device: kcc.Device, kernels: Any) -> None:
    for name in [*FUNCTIONS][::3]:  # test_sweeps.py goes through all
        check(device, kernels, name, 1 << 9)


def test_vectors_and_second_results(device: kcc.Device, kernels: Any) -> None:
    x = np.random.default_rng(7).uniform(-8, 8, 64 * 2).astype(np.float32)
    out = device.buffer(np.zeros(x.size * 6, np.float32))
    kernels["vectors"](device.buffer(x), out, global_size=64, local_size=16)
    rows = out.numpy().reshape(64, 3, 2, 2)
    assert (rows[:, :2, 0] == rows[:, :2, 1]).all()
    np.testing.assert_array_max_ulp(rows[:, 2, 0], rows[:, 2, 1], 3)


def test_lgamma_r_has_the_sign_of_gamma(device: kcc.Device, kernels: Any) -> None:
    x = np.array([0.5, -0.5, -1.5, -2.5, 3.0, 0.0, -0.0, 1e30], np.float32)
    got = run(device, kernels["lgamma_signs"], [x], np.float32)
    assert got.tolist() == [1, -1, 1, -1, 1, 1, -1, 1]


@pytest.mark.parametrize(
    ("name", "x", "want"),
    [
        ("acospi", [1.0, -1.0, 0.0], [0.0, 1.0, 0.5]),
        ("exp10", [0.0, -math.inf, 2.0, 5.0], [1.0, 0.0, 100.0, 1e5]),
        ("log2", [8.0, 2.0**-149, 0.0, -1.0], [3.0, -149.0, -math.inf, math.nan]),
        ("log10", [1000.0, 1e10, -0.0], [3.0, 10.0, -math.inf]),
    ],
)
def test_values_that_are_exact(
    device: kcc.Device, kernels: Any, name: str, x: list[float], want: list[float]
) -> None:
    got = run(device, kernels[f"{name}_float"], [np.array(x, np.float32)], np.float32)
    assert (errors(got, np.array(want)) == 0).all(), got
