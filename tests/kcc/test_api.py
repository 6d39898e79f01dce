"""The Python interface as a caller meets it: what it takes, what it refuses, what it gives back."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kcc

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
kernel void saxpy(global float *y, global const float *x, float a, int n) {
    size_t i = get_global_id(0);
    if (i < n) y[i] = a * x[i] + y[i];
}
kernel void use_local(global int *d, local volatile int *t) {
    t[get_local_id(0)] = get_global_id(0);
    d[get_global_id(0)] = t[get_local_id(0)];
}
kernel void wild(global int *d) { d[0] = *(global int *)4; }
"""


@pytest.fixture(scope="module")
def program() -> kcc.Program:
    return kcc.compile(SOURCE)


@pytest.fixture(scope="module")
def device() -> Iterator[kcc.Device]:
    with kcc.Device("m1") as opened:
        yield opened


@pytest.fixture(scope="module")
def kernels(device: kcc.Device, program: kcc.Program) -> dict[str, kcc.Kernel]:
    return device.load(program)


def ones(n: int = 4) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.ones(n, np.float32)


# -- programs -------------------------------------------------------------------------------------


def test_a_program_describes_its_kernels(program: kcc.Program) -> None:
    described = [(a.name, a.type, a.kind) for a in program.kernels["saxpy"]]
    assert described == [
        ("y", "global float *", "buffer"),
        ("x", "global const float *", "buffer"),
        ("a", "float", "value"),
        ("n", "int", "value"),
    ]


def test_a_program_saved_and_loaded_is_the_same(program: kcc.Program, tmp_path: Path) -> None:
    program.save(tmp_path / "k.elf")
    loaded = kcc.load(tmp_path / "k.elf")
    assert (loaded.elf, loaded.kernels) == (program.elf, program.kernels)


def test_source_is_text_or_a_path(tmp_path: Path) -> None:
    path = tmp_path / "k.cl"
    path.write_text("kernel void from_file() {}")
    assert [*kcc.compile(path).kernels] == [*kcc.compile(str(path)).kernels] == ["from_file"]
    assert [*kcc.compile("kernel void from_text() {}").kernels] == ["from_text"]
    with pytest.raises(FileNotFoundError):
        kcc.compile("missing.cl")
    with pytest.raises(TypeError, match="path or text"):
        kcc.compile(b"kernel void k() {}")  # type: ignore[arg-type]  # the point of the test


def test_c_is_known_by_name_and_by_option(tmp_path: Path) -> None:
    source = "int kernel(int half) { return half; }\n"
    path = tmp_path / "f.c"
    path.write_text(source)
    assert not kcc.compile(path).kernels
    assert not kcc.compile(source, ("-x", "c")).kernels
    with pytest.raises(kcc.CompileError):
        kcc.compile(source)


def test_what_is_wrong_with_a_program_is_listed() -> None:
    with pytest.raises(kcc.CompileError) as caught:
        kcc.compile("kernel void k(global int *a) { a[0] = b; a[1] = c; }")
    assert [d.code for d in caught.value.diagnostics] == ["undeclared", "undeclared"]
    assert "<source>:1:39" in str(caught.value)


@pytest.mark.parametrize("options", ["-O2", ["-O9"], ["-o", "x"], ["x.cl"], ["-###"], ["-c"]])
def test_options_that_make_no_program_are_refused(options: Any) -> None:
    with pytest.raises(kcc.UsageError):
        kcc.compile(SOURCE, options)


def test_the_public_names_can_be_found_before_they_are_used() -> None:
    script = (
        "import sys, kcc; missing = {*kcc.__all__} - {*dir(kcc)};"
        "sys.exit(f'{missing}' if missing or 'numpy' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False)
    assert done.returncode == 0
    assert all(getattr(kcc, name).__doc__ for name in kcc.__all__)


# -- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "view",
    [
        lambda base: base[:4, 0],
        lambda base: base[::-2, 1][:4],
        lambda base: np.asfortranarray(base[:2, :2]),
        lambda base: base[0, 0].reshape(1).repeat(4),
    ],
)
def test_arrays_of_any_layout_go_in_and_come_back(
    kernels: dict[str, kcc.Kernel], view: Any
) -> None:
    y = view(np.arange(32, dtype=np.float32).reshape(8, 4))
    want = y + 2 * np.arange(4, dtype=np.float32).reshape(y.shape)
    kernels["saxpy"](y, np.arange(4, dtype=np.float32), 2.0, 4, global_size=4)
    np.testing.assert_array_equal(y, want)


def test_a_constant_argument_may_be_read_only(kernels: dict[str, kcc.Kernel]) -> None:
    fixed = ones()
    fixed.flags.writeable = False
    kernels["saxpy"](ones(), fixed, 2.0, 4, global_size=4)
    with pytest.raises(kcc.DeviceError, match="read-only"):
        kernels["saxpy"](fixed, ones(), 2.0, 4, global_size=4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [1.0, 2.0]}, "'y'.*takes an array or a Buffer"),
        ({"y": ones().astype(np.float64)}, "'y'.*float64"),
        ({"y": ones().astype(np.int32)}, "'y'.*int32"),
        ({"y": ones().astype(">f4")}, "'y'.*>f4"),
        ({"y": ones(0)}, "'y'.*no elements"),
        ({"y": kcc.local(4)}, "'y'"),
        ({"a": "2"}, "'a'.*not a number"),
        ({"a": None}, "'a'.*not a number"),
        ({"a": 1j}, "'a'.*not a number"),
        ({"a": 1e39}, "'a'.*too large"),
        ({"a": np.ones(3)}, "'a'.*not a number"),
        ({"n": 4.5}, "'n'.*not an integer"),
        ({"n": 1 << 31}, "'n'.*range"),
        ({"n": np.uint32(1 << 31)}, "'n'.*range"),
        ({"global_size": 0}, "global_size"),
        ({"global_size": "4"}, "global_size '4'"),
        ({"global_size": ()}, "0 dimensions"),
        ({"global_size": (1,) * 4}, "4 dimensions"),
        ({"local_size": 3}, "not divided"),
        ({"local_size": (2, 2)}, "local_size.* has 2 dimensions"),
        ({"global_offset": -1}, "global_offset"),
        ({"max_instructions": -1}, "max_instructions"),
        ({"max_instructions": "x"}, "max_instructions"),
    ],
)
def test_a_wrong_argument_is_named(
    kernels: dict[str, kcc.Kernel], change: dict[str, Any], message: str
) -> None:
    named: dict[str, Any] = {"y": ones(), "x": ones(), "a": 2.0, "n": 4} | change
    args = [named.pop(name) for name in "yxan"]
    with pytest.raises(kcc.DeviceError, match=message):
        kernels["saxpy"](*args, **{"global_size": 4} | named)


def test_the_number_of_arguments_is_checked(kernels: dict[str, kcc.Kernel]) -> None:
    with pytest.raises(kcc.DeviceError, match=r"takes 4 arguments \(y, x, a, n\), not 1"):
        kernels["saxpy"](ones(), global_size=4)


def test_local_memory_is_given_as_a_size(kernels: dict[str, kcc.Kernel]) -> None:
    out = np.zeros(8, np.int32)
    kernels["use_local"](out, kcc.local(16), global_size=8, local_size=4)
    np.testing.assert_array_equal(out, np.arange(8))
    for wrong in (16, None, out, kcc.local(0), kcc.local(-1), kcc.local(1 << 20), kcc.local(1.5)):  # type: ignore[arg-type]  # the point
        with pytest.raises(kcc.DeviceError, match="'t'"):
            kernels["use_local"](out, wrong, global_size=8)


# -- buffers and devices --------------------------------------------------------------------------


def test_a_buffer_keeps_values_between_launches(
    device: kcc.Device, kernels: dict[str, kcc.Kernel]
) -> None:
    y = device.buffer(np.ones((2, 2), np.float32))
    for _ in range(3):
        kernels["saxpy"](y, ones(), 2.0, 4, global_size=4)
    np.testing.assert_array_equal(y.numpy(), np.full((2, 2), 7, np.float32))
    assert not device.buffer(64).numpy().any()


@pytest.mark.parametrize(
    "source", [0, -1, 1 << 40, 1 << 31, 1.5, [1], "x", b"x", None, np.array([{}], object), ones(0)]
)
def test_what_is_no_buffer_is_refused(device: kcc.Device, source: Any) -> None:
    with pytest.raises(kcc.DeviceError):
        device.buffer(source)


def test_a_buffer_takes_only_what_fits_it(device: kcc.Device) -> None:
    buffer = device.buffer(16)
    for wrong in (ones(3), [1, 2], np.array([{}, {}], object)):
        with pytest.raises(kcc.DeviceError):
            buffer.write(wrong)  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(kcc.DeviceError):
            buffer.read_into(wrong)  # type: ignore[arg-type]
    with pytest.raises(kcc.DeviceError, match="contiguous"):
        buffer.read_into(ones(8)[::2])


def test_what_is_gone_is_refused(program: kcc.Program) -> None:
    device, other = kcc.Device(), kcc.Device()
    kernel, buffer, kept = device.load(program)["saxpy"], device.buffer(16), device.buffer(16)
    with pytest.raises(kcc.DeviceError, match="another device"):
        other.load(program)["saxpy"](buffer, ones(), 2.0, 4, global_size=4)
    buffer.free()
    buffer.free()
    with pytest.raises(kcc.DeviceError, match="freed"):
        kernel(buffer, ones(), 2.0, 4, global_size=4)
    with pytest.raises(kcc.DeviceError, match="freed"):
        buffer.numpy()
    for one in (device, device, other):
        one.close()
    for use in (
        lambda: kernel(ones(), ones(), 2.0, 4, global_size=4),
        lambda: device.load(program),
        lambda: device.buffer(16),
        kept.numpy,
    ):
        with pytest.raises(kcc.DeviceError, match="closed"):
            use()
    kept.free()


def test_a_buffer_that_nobody_holds_is_given_back() -> None:
    with kcc.Device() as device:
        buffer = device.buffer(5000)
        addr = buffer.addr
        buffer.numpy()
        del buffer
        gc.collect()
        assert device.buffer(5000).addr == addr


def test_a_fault_tells_where_and_leaves_the_device_usable(kernels: dict[str, kcc.Kernel]) -> None:
    with pytest.raises(kcc.GuestFault) as caught:
        kernels["wild"](np.zeros(1, np.int32), global_size=1)
    fault = caught.value
    assert (fault.address, fault.hart, fault.cause) == (4, 0, 5)
    assert fault.symbol is not None
    assert fault.symbol.startswith("wild+0x")
    y = ones()
    kernels["saxpy"](y, ones(), 2.0, 4, global_size=4)
    np.testing.assert_array_equal(y, 3 * ones())


def test_a_limit_is_a_fault_without_a_cause(kernels: dict[str, kcc.Kernel]) -> None:
    with pytest.raises(kcc.GuestFault, match="5 instructions") as caught:
        kernels["saxpy"](ones(), ones(), 2.0, 4, global_size=4, max_instructions=5)
    assert caught.value.cause is None


def test_threads_may_share_a_device(kernels: dict[str, kcc.Kernel]) -> None:
    results: list[bool] = []

    def work() -> None:
        y = np.zeros(64, np.float32)
        for _ in range(20):
            kernels["saxpy"](y, ones(64), 1.0, 64, global_size=64)
        results.append(bool((y == 20).all()))

    def fault() -> None:
        for _ in range(20):
            with pytest.raises(kcc.GuestFault):
                kernels["wild"](np.zeros(1, np.int32), global_size=1)
        results.append(True)

    threads = [threading.Thread(target=target) for target in (work, fault, work, fault)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # often, for one to come between what another does
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert results == [True] * 4


@pytest.mark.slow
def test_launches_do_not_use_up_memory(program: kcc.Program) -> None:
    with kcc.Device() as device:
        device.load(program)["saxpy"](ones(), ones(), 2.0, 4, global_size=4)
        first = device.buffer(16)
        first.free()
        for _ in range(50):
            device.load(program)["saxpy"](ones(), ones(), 2.0, 4, global_size=4)
            device.buffer(1 << 26)  # dropped at once: 50 of them would not fit
        assert device.buffer(16).addr == first.addr


def test_buffers_are_copied_on_the_device(device: kcc.Device) -> None:
    source = device.buffer(np.arange(100, dtype=np.int32))
    target = device.buffer(np.zeros((10, 10), np.float32))
    target.copy_from(source)
    assert np.array_equal(target.numpy().view(np.int32).ravel(), np.arange(100))
    with pytest.raises(kcc.DeviceError, match="400 bytes for a buffer of 16"):
        device.buffer(16).copy_from(source)
    with kcc.Device() as other, pytest.raises(kcc.DeviceError, match="another device's"):
        other.buffer(400).copy_from(source)
    source.free()
    with pytest.raises(kcc.DeviceError, match="freed"):
        target.copy_from(source)
