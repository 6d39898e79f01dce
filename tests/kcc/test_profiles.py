"""Devices that files describe, as users of the command line and of Python meet them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import kcc
from kcc.cli import run_command

ROOT = Path(__file__).resolve().parents[2]
VECTOR_ADD = ROOT / "kernels" / "examples" / "vector_add.cl"
EIGHT = ROOT / "kernels" / "examples" / "refsi" / "m1_8.toml"
SOURCE = """
kernel void twice(global const int *x, global int *y, local int *t) {
    event_t e = async_work_group_copy(t, x + get_group_id(0) * get_local_size(0),
                                      get_local_size(0), 0);
    wait_group_events(1, &e);
    y[get_global_id(0)] = 2 * t[get_local_id(0)];
}
"""
MOVED = """
extends = "m1"
[harts]
count = 3
vlen = 1024
[memory]
tcdm = { base = 0x5000_0000, size = 0x20_0000 }
dram = { base = 0x6000_0000, size = 0x2000_0000 }
kernel_dma_private.base = 0x4000_2000
perf_counters.base = 0x4010_0000
[local]
base = 0x5000_0000
size = 0x10_0000
[stack]
base = 0x3000_0000
area = { base = 0x5010_0000, size = 0x10_0000 }
"""
SCALAR = """
extends = "m1"
harts = { count = 1, isa = "RV64GC", executes = "rv64gc", vlen = 0 }
"""
OTHER_G = """
extends = "g1"
harts = { count = 16, group_harts = 3, vlen = 256 }
stack = { base = 0x3000_0000, size = 0x2_0000 }
[memory]
tcim = { base = 0x4000, size = 0x1000 }
tcdm = { base = 0x5000_0000, size = 0x20_0000 }
dram = { base = 0x6000_0000, size = 0x2000_0000 }
perf_counters.base = 0x2020_0000
[local]
base = 0x5010_0000
size = 0x10_0000
"""


@pytest.fixture(scope="module")
def program() -> kcc.Program:
    return kcc.compile(SOURCE)


def twice(device: kcc.Device, program: kcc.Program) -> kcc.LaunchStats:
    x = np.arange(192, dtype=np.int32)
    y = np.zeros_like(x)
    sizes = {"global_size": 192, "local_size": 16}
    stats = device.load(program)["twice"](x, y, kcc.local(64), **sizes)
    np.testing.assert_array_equal(y, 2 * x)
    return stats


def described(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(text)
    return path


def test_the_example_has_eight_harts(program: kcc.Program) -> None:
    with kcc.Device(EIGHT, counters=True) as device:
        stats = twice(device, program)
    assert len(stats.retired) == 8
    assert all(stats.retired)
    assert stats.counters["instructions retired"] == stats.retired


def test_memory_and_registers_may_be_elsewhere(tmp_path: Path, program: kcc.Program) -> None:
    with kcc.Device(str(described(tmp_path, MOVED))) as device:
        assert len(twice(device, program).retired) == 3
        buffer = device.buffer(np.arange(4, dtype=np.int32))
        assert 0x6000_0000 <= buffer.addr < 0x8000_0000
        hal = device.opened()
        copy = device.buffer(16)
        assert hal.mem_copy(copy.addr, buffer.addr, 16)  # by the DMA, where it is now
        np.testing.assert_array_equal(copy.numpy().view(np.int32), buffer.numpy())


@pytest.mark.slow
def test_programs_are_compiled_for_what_harts_lack(tmp_path: Path) -> None:
    with kcc.Device(described(tmp_path, SCALAR)) as device:
        assert device.flags == ("-march=rv64gc",)
        assert len(twice(device, kcc.compile(SOURCE, device.flags)).retired) == 1


def run(*words: object) -> int:
    return run_command(["run", *map(str, words)])


def test_run_compiles_for_the_device(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = described(tmp_path, SOURCE).rename(tmp_path / "twice.cl")
    words = [source, "-g", "192", "-l", "16", "x=range:192", "y=zeros:192", "t=local:64"]
    device = described(tmp_path, SCALAR)
    assert run(*words, "--device", device, "--expect", "y == 2 * x") == 0
    assert run(*words, "--device", device, "-march=rv64gcv") == 1
    assert "illegal instruction" in capsys.readouterr().err


def test_a_wrong_file_is_an_error_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described(tmp_path, "extends = 'm1'\nharts.count = 0\n")
    with pytest.raises(kcc.DeviceError, match=r"my\.toml:2: harts\.count: a whole number"):
        kcc.Device(path)
    with pytest.raises(FileNotFoundError):
        kcc.Device("missing.toml")
    source = ROOT / "kernels" / "examples" / "copy.cl"
    assert run(source, "-g", "8", "--device", path, "src=range:8", "dst=zeros:8") == 1
    assert f"{path}:2: harts.count" in capsys.readouterr().err


def test_programs_are_linked_for_the_window(tmp_path: Path, program: kcc.Program) -> None:
    text = "extends = 'm1'\nprogram = { base = 0x8_0000, size = 0x10_0000 }\n"
    with kcc.Device(described(tmp_path, text)) as device:
        assert device.flags == ("--memory=mainmem=0x80000:0x100000",)
        twice(device, kcc.compile(SOURCE, device.flags))
        with pytest.raises(kcc.DeviceError, match="outside of the device's program memory, 0x8000"):
            device.load(program)


@pytest.mark.parametrize("mode", ["wg", pytest.param("wi", marks=pytest.mark.slow)])
def test_another_member_of_the_g_family(tmp_path: Path, mode: str) -> None:
    """Its ROM, memory, stacks and counters are elsewhere; harts find them all the same."""
    path = described(tmp_path, OTHER_G)
    with kcc.Device(path, counters=True) as device:
        stats = twice(device, kcc.compile(SOURCE, (f"-fwork-item-mode={mode}",)))
        assert len(stats.retired) == (3 if mode == "wg" else 16)
        assert stats.counters["instructions retired"] == stats.retired
        assert min(stats.counters["stores"]) > 0


def test_vectors_of_another_length(capsys: pytest.CaptureFixture[str]) -> None:
    words = [VECTOR_ADD, "-g", "64", "a=range:64", "b=range:64", "c=zeros:64", "--stats"]
    counts = []
    for vlen in ("128", "1024"):
        assert run(*words, "--device", "g1", "--vlen", vlen, "-l", "64") == 0
        counts.append(int(re.search(r", (\d+) instructions", "".join(capsys.readouterr()))[1]))
    assert counts[0] > counts[1]
    for vlen, message in ((100, "a power of two"), (2048, "a power of two")):
        with pytest.raises(kcc.DeviceError, match=message):
            kcc.Device("g1", vlen=vlen)
    with pytest.raises(kcc.DeviceError, match="no device is called 'g2'; there are: m1, g1"):
        kcc.Device("g2")


@pytest.mark.slow
def test_code_for_longer_vectors_is_refused() -> None:
    """It would not fault, but compute something else."""
    program = kcc.compile(SOURCE, ("-march=rv64gcv_zvl512b",))
    with kcc.Device("m1") as device:
        twice(device, program)
    with kcc.Device("g1") as device, pytest.raises(kcc.DeviceError, match="of 512 bits and more"):
        device.load(program)
    with kcc.Device("g1", vlen=512) as device:
        twice(device, program)
