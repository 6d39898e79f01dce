"""The library of DPUs on RefSi harts, called by OpenCL kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import kcc

SOURCE = Path(__file__).with_name("refsi.cl")


def check_meeting(device: kcc.Device, harts: int) -> dict[str, kcc.Kernel]:
    kernels = device.load(kcc.compile(SOURCE, ("-cl-std=CL3.0", f"-DHARTS={harts}")))
    words = np.arange(64 * harts, dtype=np.uint32)
    out = device.buffer(np.zeros(8 * harts, np.uint32))
    for launch in (1, 2):  # what is counted goes on
        kernels["meet"](out, device.buffer(words), global_size=harts, local_size=1)
        rows = out.numpy().reshape(harts, 8)
        assert (rows[:, 0] == words.reshape(harts, 64).sum(axis=1)).all()
        assert (rows[:, 1] == np.arange(1, harts + 1).cumsum()).all()
        assert (rows[:, 2:5] == (256, 0, 1)).all()
        assert (np.diff(rows[:, 5]) == 1 << 16).all()
        assert (rows[:, 7] == 100 * harts * launch).all()
    return kernels


def test_harts_of_an_m1_meet(capfd: pytest.CaptureFixture[str]) -> None:
    with kcc.Device("m1") as device:
        kernels = check_meeting(device, 4)
        out = device.buffer(np.zeros(3, np.int32))
        kernels["blocks"](out, global_size=1, local_size=1)
        assert out.numpy().tolist() == [16, 1, 1]
        data = (np.arange(4000) % 251).astype(np.uint8)  # pages of readers begin and end in it
        kernels["checksum"](out, device.buffer(data), np.uint32(2000), global_size=1, local_size=1)
        total = data[500:2500].sum()
        assert out.numpy()[0] == total
        assert capfd.readouterr().out == f"done\n{total}\n"
        with pytest.raises(kcc.GuestFault, match="'full': fault 1, the heap is full, in __dpu_fa"):
            kernels["full"](global_size=1, local_size=1)
        buffer = device.buffer(np.zeros(320, np.uint32))
        with pytest.raises(kcc.DeviceError, match=r"a hart each and .* 4 harts, not 5 x 1 x 1"):
            kernels["meet"](buffer, buffer, global_size=5, local_size=1)


@pytest.mark.slow
def test_harts_of_a_g1_meet() -> None:
    with kcc.Device("g1") as device:
        check_meeting(device, 2)


def test_work_items_of_one_hart_must_not_wait() -> None:
    text = "#include <barrier.h>\nBARRIER_INIT(b, 2);\nkernel void k(void) { barrier_wait(&b); }\n"
    with pytest.raises(kcc.CompileError, match="waits for other harts, which kernel 'k' must not"):
        kcc.compile(text, ("-cl-std=CL2.0",))
    with pytest.raises(kcc.CompileError, match=r"this needs -cl-std=CL2\.0 or CL3\.0"):
        kcc.compile(text)
