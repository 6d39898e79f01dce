"""What the driver itself takes: launches of an empty kernel, copies; as ratios against peers.

    python tests/bench/driver.py [--quick]

A launch is compared with a call through ctypes, a copy with numpy.copyto of as many bytes. All
have run before; of many runs the best counts, in the process's own time, and ratios say how many
times ours takes (launches) or how fast it is (copies, of 1).
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import kcc
from kcc.device.hal import Hal
from kcc.device.launch import NDRange
from kcc.device.profile import NAMES, load_profile
from kcc.device.soc.device import DeviceOptions

DEVICES = ("m1", "g1", "formosa")
SOURCE = "kernel void nothing(void) {}"
GROUPS = 2  # of one work-item: a hart each, where two run groups
SIZES = (64 << 10, 1 << 20, 16 << 20)  # bytes
BUDGET = 0.15  # seconds that one figure may take, about


def best_of(work: Callable[[], object], budget: float) -> float:
    """Seconds that `work` takes at best."""
    work()
    start = time.process_time()
    work()
    once = max(time.process_time() - start, 1e-7)
    batch = max(1, int(1e-3 / once))  # long enough for the clock
    results = []
    for _ in range(max(5, int(budget / (batch * once)))):
        start = time.process_time()
        for _ in range(batch):
            work()
        results.append((time.process_time() - start) / batch)
    return min(results)


def launches(budget: float) -> Iterator[str]:
    call = ctypes.CDLL(None).getppid
    one_call = best_of(call, budget)
    yield f"a call through ctypes  {one_call * 1e6:9.2f} us"
    for name in DEVICES:
        with kcc.Device(name) as device:
            program = kcc.compile(SOURCE, device.flags)
            kernel = device.load(program)["nothing"]
            took = best_of(lambda k=kernel: k(global_size=GROUPS, local_size=1), budget)
        yield f"launch on {name:<7}      {took * 1e6:9.1f} us  {took / one_call:7.0f} calls"
        if name not in NAMES:
            continue
        hal = Hal(DeviceOptions(), load_profile(name))
        handle = hal.program_load(program.elf)
        launch = (handle, hal.program_find_kernel(handle, "nothing"), NDRange((GROUPS, 1, 1)), b"")
        took = best_of(lambda h=hal, args=launch: h.kernel_exec(*args, 1), budget)
        hal.close()
        yield f"  by its HAL           {took * 1e6:9.1f} us  {took / one_call:7.0f} calls"


def copies(budget: float) -> Iterator[str]:
    for size in SIZES:
        source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
        peer = best_of(lambda s=source, t=target: np.copyto(t, s), budget)
        yield f"numpy.copyto of {size >> 10:6} KiB  {size / peer / 1e9:6.1f} GB/s"
        for name in DEVICES:
            with kcc.Device(name) as device:
                a, b = device.buffer(source), device.buffer(source)
                for what, work in (
                    ("to the device", lambda a=a, s=source: a.write(s)),
                    ("from the device", lambda a=a, t=target: a.read_into(t)),
                    ("on the device", lambda a=a, b=b: b.copy_from(a)),
                ):
                    took = best_of(work, budget)
                    speed = f"{size / took / 1e9:6.1f} GB/s  {peer / took:5.2f} of NumPy's"
                    yield f"  {name}, {what:<16}  {speed}"


def main() -> None:
    budget = BUDGET / 5 if "--quick" in sys.argv[1:] else BUDGET
    for lines in (launches(budget), copies(budget)):
        for line in lines:
            print(line, flush=True)


if __name__ == "__main__":
    main()
