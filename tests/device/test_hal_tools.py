"""What a HAL tells of itself: traces, profiles, descriptions of counters; the environment."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import threading

import pytest

from hand_kernels import RET, increment, line, zeros
from kcc.device import refsi
from kcc.device.args import buffer_arg, value_arg
from kcc.device.environment import with_environment
from kcc.device.hal import Hal
from kcc.device.hal_platform import (
    HalInfo,
    device_create,
    device_delete,
    device_get_info,
    get_info,
)
from kcc.device.launch import NDRange
from kcc.device.profiler import Profiler, Profiling
from kcc.device.soc.counters import COUNTERS, HOST_READ, HOST_WRITE, Unit, Verbosity
from kcc.device.soc.device import DeviceOptions


@pytest.fixture
def make_hal():
    """make_hal(**device options)"""
    made = []

    def make(**options) -> Hal:
        made.append(Hal(DeviceOptions(**options)))
        return made[-1]

    yield make
    for hal in made:
        hal.close()


def test_trace_of_operations(make_hal, build_elf):
    lines: list[str] = []
    hal = make_hal(hal_trace=lines.append)
    elf = build_elf([RET], {"k": 0x1_0000})
    program = hal.program_load(elf)
    kernel = hal.program_find_kernel(program, "k")
    hal.program_find_kernel(program, "none")
    addr = hal.mem_alloc(16, 128)
    hal.mem_write(addr, bytes(16))
    args = [buffer_arg(addr), value_arg(b"\x2a\0\0\0")]
    assert hal.kernel_exec(program, kernel, NDRange((4, 1, 1), (4, 1, 1)), args, 1)
    assert hal.kernel_exec(program, kernel, NDRange((4, 1, 1), (4, 1, 1)), bytes(16), 1)
    hal.mem_fill(addr, b"ab", 8)
    hal.mem_copy(addr + 8, addr, 4)
    hal.mem_read(bytearray(16), addr)
    hal.mem_free(addr)
    hal.program_free(program)
    said = "refsi_hal_device::"
    assert lines == [
        f"{said}program_load(size={len(elf)}) -> 0x00000001",
        f"{said}program_find_kernel(name='k') -> 0x00010000",
        f"{said}program_find_kernel(name='none') -> 0x00000000",
        f"{said}mem_alloc(size=16, align=128) -> 0xb800ff80",
        f"{said}mem_write(dst=0xb800ff80, size=16)",
        f"{said}kernel_exec(kernel=0x00010000, num_args=2, global=<4:1:1>, local=<4:1:1>)",
        f"{said}pack_arg(offset=0, align=8, value=0x00000000b800ff80)",
        f"{said}pack_arg(offset=8, align=4, value=0x0000002a)",
        f"{said}kernel_exec(kernel=0x00010000, num_args=16 bytes, global=<4:1:1>, local=<4:1:1>)",
        f"{said}mem_fill(dst=0xb800ff80, pattern_size=2, size=8)",
        f"{said}mem_copy(dst=0xb800ff88, src=0xb800ff80, size=4)",
        f"{said}mem_read(src=0xb800ff80, size=16)",
        f"{said}mem_free(address=0xb800ff80)",
        f"{said}program_free(program=1)",
    ]


def profiled(make_hal, build_elf, e, tmp_path, level: int) -> tuple[list[str], list[list[str]]]:
    """The totals and the table, of two launches of `increment` on ten groups and two transfers."""
    totals: list[str] = []
    path = tmp_path / "profile.csv"
    profiling = Profiling(level, path, totals.append)
    hal = make_hal(profiling=profiling, counters=level > 2)
    program = hal.program_load(build_elf(increment(e), {"k": 0x1_0000}))
    kernel = hal.program_find_kernel(program, "k")
    out = hal.mem_alloc(40, 8)
    hal.mem_write(out, bytes(40))
    for _ in range(2):
        assert hal.kernel_exec(program, kernel, line(10), [buffer_arg(out)], 1)
    hal.mem_read(bytearray(24), out)
    hal.close()
    hal.close()  # says nothing again
    rows = list(csv.reader(path.read_text().splitlines())) if path.exists() else []
    assert len({len(row) for row in rows}) <= 1
    return totals, rows


TOTALS = [
    "[+] total retired instructions: 420",  # two launches of ten groups, 21 each
    "[+] total elapsed cycles: 420",
    "[+] total direct memory write access: 40B",
    "[+] total direct memory read access: 24B",
]


def test_level_1_tells_totals(make_hal, build_elf, e, tmp_path):
    assert profiled(make_hal, build_elf, e, tmp_path, 1) == (TOTALS, [])


def test_level_2_has_a_row_for_each_hart_and_transfer(make_hal, build_elf, e, tmp_path):
    totals, rows = profiled(make_hal, build_elf, e, tmp_path, 2)
    assert totals == TOTALS
    assert rows[0] == "kernel_name,hart,retired_inst,cycles,host_write,host_read".split(",")
    launch = [["k", str(h), n, n, "", ""] for h, n in enumerate(["63", "63", "42", "42"])]
    assert rows[1:] == [["", "", "", "", "40", ""], *launch, *launch, ["", "", "", "", "", "24"]]


def test_level_3_adds_kinds_of_instructions(make_hal, build_elf, e, tmp_path):
    _, rows = profiled(make_hal, build_elf, e, tmp_path, 3)
    assert ",".join(rows[0]) == (
        "kernel_name,hart,retired_inst,cycles,int_inst,float_inst,branches_inst,mem_read_inst,"
        "mem_read_bytes_inst,mem_read_short_inst,mem_read_word_inst,mem_read_double_inst,"
        "mem_read_quad_inst,mem_write_inst,mem_write_bytes_inst,mem_write_short_inst,"
        "mem_write_word_inst,mem_write_double_inst,mem_write_quad_inst,host_write,host_read"
    )
    row = dict(zip(rows[0], rows[2], strict=True))
    # Of each group: seven loads of 8 bytes and one of 4, one store in the kernel and one in
    # the stub, which also loads the kernel's address.
    assert (row["kernel_name"], row["hart"], row["retired_inst"]) == ("k", "0", "63")
    assert int(row["mem_read_inst"]) == 3 * 8
    assert int(row["mem_read_word_inst"]) == 3 * 2
    assert int(row["mem_write_inst"]) == int(row["mem_write_word_inst"]) == 3 * 2
    assert int(row["branches_inst"]) == 3 * 2
    assert row["host_read"] == ""


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1023, "1023B"), (1024, "1KB"), (579 << 20, "579MB"), (3 << 40, "3TB")],
)
def test_totals_in_the_largest_unit(tmp_path, size, text):
    said: list[str] = []
    profiler = Profiler(Profiling(1, tmp_path / "none", said.append))
    profiler.moved(HOST_READ, size)
    profiler.finish()
    assert said[-1] == f"[+] total direct memory read access: {text}"


def test_a_profile_that_cannot_be_written_is_an_error(tmp_path):
    hal = Hal(DeviceOptions(profiling=Profiling(2, tmp_path / "no" / "file", lambda _: None)))
    with pytest.raises(FileNotFoundError):
        hal.close()
    assert hal.device.closed


def test_an_open_device_is_profiled_at_the_end(tmp_path):
    path = tmp_path / "p.csv"
    text = (
        "from kcc.device.hal import Hal; from kcc.device.soc.device import DeviceOptions\n"
        "from kcc.device.environment import with_environment\n"
        "h = Hal(with_environment(DeviceOptions())); h.mem_write(0x40000000, bytes(7))"
    )
    environment = {"CA_PROFILE_LEVEL": "2", "CA_PROFILE_CSV_PATH": str(path)}
    from_here = {"PYTHONPATH": ":".join(p for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=environment | from_here,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "[+] total direct memory write access: 7B" in done.stdout
    assert path.read_text().endswith(",,,,7,\n")


def test_counters_are_described(make_hal):
    few, all_of_them = make_hal().info, make_hal(counters=True).info
    assert [(c.counter_id, c.name) for c in few.counters] == [
        (2, "retired_inst"), (0, "cycles"), (64, "host_write"), (65, "host_read"),
    ]  # fmt: skip
    assert (few.num_counters, all_of_them.num_counters) == (4, 19)
    assert sorted(c.counter_id for c in all_of_them.counters) == [0, *range(2, 18), 64, 65]
    cycles, written = few.counters[1], few.counters[2]
    assert (cycles.sub_value_name, cycles.contained_values, cycles.unit) == ("hart", 4, Unit.CYCLES)
    assert (cycles.min_verbosity_per_value, cycles.min_verbosity_total) == (1, 0)
    assert (written.sub_value_name, written.contained_values, written.unit) == ("", 1, Unit.BYTES)
    kinds = [c for c in COUNTERS if c.id not in (0, 2, HOST_READ, HOST_WRITE)]
    assert {(c.per_value, c.total) for c in kinds} == {(Verbosity.HIGH, Verbosity.NONE)}


def test_the_environment_adds_to_options(monkeypatch, tmp_path):
    assert with_environment(DeviceOptions()) == DeviceOptions()
    for name in ("REFSI_DEBUG", "CA_HAL_DEBUG"):
        monkeypatch.setenv(name, "cmp")  # any value but 0
    monkeypatch.setenv("CA_PROFILE_LEVEL", "3")
    monkeypatch.setenv("CA_PROFILE_CSV_PATH", str(tmp_path / "p.csv"))
    options = with_environment(DeviceOptions(guard=True))
    assert options.guard
    assert options.counters
    assert options.trace is not None
    assert options.hal_trace is not None
    assert (options.profiling.level, options.profiling.path) == (3, tmp_path / "p.csv")
    monkeypatch.setenv("REFSI_DEBUG", "0")
    monkeypatch.setenv("CA_PROFILE_LEVEL", "1")
    options = with_environment(DeviceOptions())
    assert (options.trace, options.counters, options.profiling.level) == (None, False, 1)


def test_the_driver_heeds_the_environment(monkeypatch, capfd):
    monkeypatch.setenv("REFSI_DEBUG", "1")
    refsi.refsiTerminate()
    device = refsi.refsiOpenDevice(refsi.REFSI_M)
    refsi.refsiGetMappedAddress(device, 0x4000_0000, 8)[:] = (0xC000_0100).to_bytes(8, "little")
    refsi.refsiExecuteCommandBuffer(device, 0x4000_0000, 8)
    refsi.refsiWaitForDeviceIdle(device)
    refsi.refsiTerminate()
    lines = capfd.readouterr().err.splitlines()
    assert re.fullmatch(r"\[CMP\] Finished executing command buffer in \d+\.\d{3} s", lines.pop(3))
    assert lines == [
        "[CMP] Starting.",
        "[CMP] Starting to execute command buffer at 0x40000000.",
        "[CMP] CMP_FINISH",
        "[CMP] Requesting stop.",
        "[CMP] Stopping.",
    ]


@pytest.mark.parametrize("pattern", [1, 3, 4, 99, 100, 101])
def test_fill_repeats_patterns_of_any_size(make_hal, monkeypatch, pattern):
    monkeypatch.setattr("kcc.device.soc.memory.REPEAT_PART", 100)
    hal = make_hal()
    data = bytes(i * 7 % 251 for i in range(pattern))
    size = 20 * pattern + 300
    addr = zeros(hal, size + 8)
    assert hal.mem_fill(addr, data, size)
    got = bytearray(size + 8)
    hal.mem_read(got, addr)
    assert got == (data * (size // pattern)).ljust(size + 8, b"\0")
    assert hal.counter_read(HOST_WRITE) == size // pattern * pattern


def test_fill_is_all_or_nothing(make_hal):
    hal = make_hal()
    last = 0xC000_0000 - 8
    assert not hal.mem_fill(last, b"x", 9)
    assert "cannot be filled" in hal.last_error
    got = bytearray(8)
    assert hal.mem_read(got, last)
    assert got == bytes(8)
    assert not hal.mem_fill(0x2000_2000, b"x", 8)  # registers
    assert not hal.mem_fill(0x3000_0000, b"x", 8)
    assert hal.mem_fill(last, b"too long", 7)


def test_programs_may_be_freed_by_the_collector(make_hal, build_elf):
    """In any thread, in the midst of a launch of another: nobody's lock is waited for."""
    hal = make_hal()
    program = hal.program_load(build_elf([RET], {"k": 0x1_0000}))
    with hal.lock:
        thread = threading.Thread(target=hal.program_free, args=(program,))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert not hal.program_free(program)


def test_the_platform():
    assert get_info() == HalInfo("RefSi", 2, 6)
    names = [device_get_info(i).name for i in range(2)]
    assert names == ["RefSi M1", "RefSi G1 RV64"]
    assert (
        device_get_info(2) is device_create(2) is device_get_info(-1) is device_create(-1) is None
    )
    for index in range(2):
        hal = device_create(index)
        assert hal.info == device_get_info(index)
        assert device_delete(hal)
        assert not device_delete(hal)
    assert not device_delete(None)


def test_what_is_released_is_free_for_the_next(make_hal):
    hal = make_hal()
    first = hal.mem_alloc(1000, 8)
    hal.release(first)
    assert hal.mem_alloc(1000, 8) == first
    hal.release(first)
    assert not hal.mem_free(first)
    assert "nothing is allocated" in hal.last_error
