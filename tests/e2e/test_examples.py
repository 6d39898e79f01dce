"""Every example kernel, end to end on each device against NumPy, at sizes off the group size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcc

EXAMPLES = Path(__file__).resolve().parents[2] / "kernels" / "examples"


BY_ITEMS = ("-fwork-item-mode=wi",)
WHERE = [
    ("m1", ()),
    pytest.param(("g1", ()), marks=pytest.mark.slow),
    pytest.param(("g1", BY_ITEMS), marks=pytest.mark.slow),
]


@dataclass
class Where:
    device: kcc.Device
    flags: tuple[str, ...]


@pytest.fixture(scope="module", params=WHERE, ids=str)
def device(request: pytest.FixtureRequest) -> Iterator[Where]:
    name, flags = request.param
    with kcc.Device(name) as opened:
        yield Where(opened, flags)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def launch(device: Where, name: str, *args: Any, **sizes: Any) -> kcc.LaunchStats:
    return device.device.load(kcc.compile(EXAMPLES / f"{name}.cl", device.flags))[name](
        *args, **sizes
    )


def up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


SIZES = [1, 7, 63, 64, 65, 1000]  # below, at and off the work-group size


@pytest.mark.parametrize("n", SIZES)
def test_vector_add(device: Where, rng: np.random.Generator, n: int) -> None:
    a, b = rng.random((2, n), dtype=np.float32)
    c = np.zeros(n, np.float32)
    stats = launch(device, "vector_add", a, b, c, global_size=n)
    np.testing.assert_array_equal(c, a + b)
    assert sum(stats.retired) >= n // 8  # vector instructions do many items each


@pytest.mark.parametrize("n", SIZES)
def test_saxpy(device: Where, rng: np.random.Generator, n: int) -> None:
    x, y = rng.random((2, n), dtype=np.float32)
    before = y.copy()
    launch(device, "saxpy", x, y, 2.0, n, global_size=up(n, 16), local_size=16)
    np.testing.assert_array_equal(y, np.float32(2) * x + before)


@pytest.mark.parametrize("n", SIZES)
def test_copy(device: Where, rng: np.random.Generator, n: int) -> None:
    src = rng.integers(0, 1 << 32, n, dtype=np.uint32)
    dst = np.zeros_like(src)
    launch(device, "copy", src, dst, global_size=n)
    np.testing.assert_array_equal(dst, src)


@pytest.mark.parametrize(("m", "n", "k"), [(1, 1, 1), (17, 33, 5), (32, 32, 32)])
def test_matrix_multiply(device: Where, rng: np.random.Generator, m: int, n: int, k: int) -> None:
    a = rng.integers(-8, 8, (m, k)).astype(np.float32)  # small integers: sums are exact
    b = rng.integers(-8, 8, (k, n)).astype(np.float32)
    c = np.zeros((m, n), np.float32)
    sizes = {"global_size": (up(n, 8), up(m, 4)), "local_size": (8, 4)}
    launch(device, "matrix_multiply", a, b, c, m, n, k, **sizes)
    np.testing.assert_array_equal(c, a @ b)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 16), (37, 11)])
def test_transpose(device: Where, rng: np.random.Generator, width: int, height: int) -> None:
    src = rng.random((height, width), dtype=np.float32)
    dst = np.zeros((width, height), np.float32)
    sizes = {"global_size": (up(width, 8), up(height, 8)), "local_size": (8, 8)}
    launch(device, "transpose", src, dst, width, height, **sizes)
    np.testing.assert_array_equal(dst, src.T)


def test_mandelbrot(device: Where) -> None:
    width, height, limit = 45, 31, 60
    out = np.zeros((height, width), np.uint32)
    sizes = {"global_size": (48, 32), "local_size": (16, 4)}
    launch(device, "mandelbrot", out, width, height, limit, **sizes)
    px, py = np.meshgrid(np.arange(width), np.arange(height))
    f = np.float64
    c = (-2.5 + 3.5 * f(px) / width) + 1j * (-1.25 + 2.5 * f(py) / height)
    z, want = np.zeros_like(c), np.zeros(c.shape, np.uint32)
    inside = np.ones(c.shape, bool)
    for _ in range(limit):
        inside &= np.abs(z) ** 2 <= 4
        want[inside] += 1
        z = np.where(inside, z * z + c, z)
    # Single precision may escape a step apart near the border, where counts run high.
    assert np.mean(out == want) > 0.97
    assert out.max() == limit
    assert out[0, 0] == want[0, 0]


@pytest.mark.parametrize(("rows", "width"), [(1, 1), (5, 130), (33, 7)])
def test_prefix_rows(device: Where, rng: np.random.Generator, rows: int, width: int) -> None:
    src = rng.integers(-1000, 1000, (rows, width), dtype=np.int32)
    dst = np.zeros_like(src)
    launch(device, "prefix_rows", src, dst, width, rows, global_size=up(rows, 4), local_size=4)
    np.testing.assert_array_equal(dst, np.cumsum(src, axis=1, dtype=np.int32))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 3), (50, 29)])
def test_blur(device: Where, rng: np.random.Generator, width: int, height: int) -> None:
    src = rng.integers(0, 256, (height, width), dtype=np.uint8)
    dst = np.zeros_like(src)
    sizes = {"global_size": (up(width, 8), up(height, 4)), "local_size": (8, 4)}
    launch(device, "blur", src, dst, width, height, **sizes)
    weights = np.array([1, 4, 6, 4, 1])
    padded = np.pad(src.astype(np.int64), 2, mode="edge")
    rows = sum(w * padded[i : i + height] for i, w in enumerate(weights))
    both = sum(w * rows[:, i : i + width] for i, w in enumerate(weights))
    np.testing.assert_array_equal(dst, ((both + 128) >> 8).astype(np.uint8))


@pytest.mark.parametrize("n", SIZES)
def test_hash(device: Where, rng: np.random.Generator, n: int) -> None:
    keys = rng.integers(0, 1 << 32, n, dtype=np.uint32)
    hashes = np.zeros_like(keys)
    launch(device, "hash", keys, hashes, n, global_size=up(n, 32), local_size=32)
    h = keys.copy()
    for step in range(64):
        h = h + np.uint32(step)
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x7FEB352D)
        h ^= h >> np.uint32(15)
        h *= np.uint32(0x846CA68B)
        h ^= h >> np.uint32(16)
    np.testing.assert_array_equal(hashes, h)


@pytest.mark.parametrize(("n", "per_item"), [(1, 1), (1000, 130), (4096, 512)])
def test_histogram(device: Where, rng: np.random.Generator, n: int, per_item: int) -> None:
    data = rng.integers(0, 256, n, dtype=np.uint8)
    items = up(n, per_item) // per_item
    counts = np.full((items, 256), 99, np.uint32)
    launch(device, "histogram", data, counts, n, per_item, global_size=items, local_size=1)
    np.testing.assert_array_equal(counts.sum(axis=0), np.bincount(data, minlength=256))


def test_hello(device: Where, capfd: pytest.CaptureFixture[str]) -> None:
    launch(device, "hello", 42, global_size=8, local_size=4)
    lines = capfd.readouterr().out.splitlines()
    want = {f"Hello from kcc! tid={t}, lid={t % 4}, gid={t // 4}, answer=42" for t in range(8)}
    assert set(lines) == want
    assert len(lines) == 8
